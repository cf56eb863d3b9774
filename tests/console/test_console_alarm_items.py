"""The real alarm desk and the real access rules, seen through the console's eyes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_fake import HIGH, ORIGIN, load_plant

from alerts.desk import AlarmDesk
from alerts.journal import Journal
from alerts.lifecycle import What
from plant.access import Principal, Role
from plant.clock import SECOND
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


@pytest.mark.parametrize("role", Role)
def test_only_a_regulator_may_do_nothing(role: Role) -> None:
    assert viewer(Principal("x", role)).may == (frozenset() if role is Role.REGULATOR else frozenset(Act))


def test_every_event_of_the_journal_has_its_words() -> None:
    assert {f"event_{what}" for what in What} <= set(TEXTS)
