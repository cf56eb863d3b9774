"""The real alarm desk and the real access rules, seen through the console's eyes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from console_fake import HIGH, ORIGIN, load_plant

from alerts.desk import AlarmDesk
from alerts.journal import Journal
from alerts.lifecycle import What
from plant.access import Principal, Role
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.readings import Reading, Readings
from plantwatch.console.alarm_items import event, item, viewer
from plantwatch.console.data import Act, AlarmState
from plantwatch.console.texts import TEXTS


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[AlarmDesk]:
    journal = Journal(tmp_path / "journal.db")
    yield AlarmDesk(load_plant(), journal, lambda: ORIGIN + 60 * SECOND)
    journal.close()


def test_an_alarm_of_the_desk_is_shown_acknowledged_and_shelved(desk: AlarmDesk) -> None:
    desk.readings(Readings.from_rows(Reading(HIGH, ORIGIN + n * SECOND, 150.0) for n in range(30)))
    shown = item(desk.active()[0])
    assert shown is not None
    assert (shown.subject, shown.state) == (HIGH, AlarmState.UNACK)
    assert shown.occurrence is not None
    desk.acknowledge(shown.occurrence, "Li Na")
    acknowledged = item(desk.active()[0])
    assert acknowledged is not None
    assert (acknowledged.state, acknowledged.acknowledged_by) == (AlarmState.ACKED, "Li Na")
    desk.shelve(shown.alarm, 600, "gauge under repair", "Li Na")
    shelved = item(desk.active()[0])
    assert shelved is not None
    assert (shelved.state, shelved.shelve_reason) == (AlarmState.SHELVED, "gauge under repair")
    assert [event(line).user for line in desk.history(2)] == ["Li Na", "Li Na"]


def test_the_alarm_of_a_finding_and_its_history_are_told_in_both_languages(desk: AlarmDesk) -> None:
    found = Finding(
        "IA-09", "IL-401", Severity.CRITICAL, ORIGIN, None, "no demand", "A beyond", "16.2", told=ORIGIN,
        expected_zh="不出现要求", seen_zh="A 已越过联锁设定值",
    )  # fmt: skip
    desk.finding(found)
    shown = item(desk.active()[0])
    assert shown is not None
    assert shown.message == "IA-09 demand under bypass, IL-401: expected no demand; seen A beyond"
    assert shown.message_zh == "IA-09 旁路期间出现要求，IL-401：应为：不出现要求；实际：A 已越过联锁设定值"
    raised = event(desk.history(1)[0])
    assert (raised.detail, raised.detail_zh) == (shown.message, shown.message_zh)
    desk.finding(replace(found.closed(ORIGIN + SECOND), told=ORIGIN + 1))
    assert event(desk.history(1)[0]).detail_zh is None, "ended: that is not its message"


def test_the_alarm_of_a_finding_told_in_english_only_falls_back_to_english(desk: AlarmDesk) -> None:
    desk.finding(Finding("IA-09", "IL-401", Severity.HIGH, ORIGIN, None, "no demand", "A beyond", "16.2", told=1))
    shown = item(desk.active()[0])
    assert shown is not None
    assert shown.message_zh is None
    assert event(desk.history(1)[0]).detail_zh is None


@pytest.mark.parametrize("role", Role)
def test_only_a_regulator_may_do_nothing(role: Role) -> None:
    assert viewer(Principal("x", role)).may == (frozenset() if role is Role.REGULATOR else frozenset(Act))


def test_every_event_of_the_journal_has_its_words() -> None:
    assert {f"event_{what}" for what in What} <= set(TEXTS)
