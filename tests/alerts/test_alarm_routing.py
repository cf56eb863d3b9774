"""Who hears what: by priority and area, calls and what became of them, nothing from under a suppression."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.desk import AlarmDesk
from alerts.journal import Entry, Journal
from alerts.routing import Route, wants
from plant.clock import SECOND
from plant.model import Priority
from plant.readings import Reading, Readings
from tests.alerts.alarm_plant import make_plant

T0 = 1_800_000_000 * SECOND
ALL = Route(target="all", priority=Priority.LOW)
Story = Callable[[AlarmDesk], None]


def see(value: float, second: int, point: str = "p/1") -> Story:
    return lambda d: d.readings(Readings.from_rows([Reading(point, T0 + second * SECOND, value)]))


def lines(tmp_path: Path, *story: Story) -> list[Entry]:
    with Journal(tmp_path / "journal.db") as journal:
        desk = AlarmDesk(make_plant(), journal, lambda: T0)
        for step in story:
            step(desk)
        return [line.entry for line in journal.since(0)]


def heard(route: Route, entries: list[Entry]) -> list[tuple[str, str]]:
    return [(e.alarm or "", e.event) for e in entries if wants(route, e)]


@pytest.mark.parametrize(
    ("least", "alarms"),
    [
        (Priority.LOW, {"p/1.H", "p/1.HH", "l.H"}),
        (Priority.MEDIUM, {"p/1.H", "p/1.HH", "l.H"}),
        (Priority.HIGH, {"p/1.HH", "l.H"}),
        (Priority.CRITICAL, {"p/1.HH"}),
    ],
)
def test_a_receiver_hears_its_priority_and_above(tmp_path: Path, least: Priority, alarms: set[str]) -> None:
    # p/1.H is medium, l.H high, p/1.HH critical
    entries = lines(tmp_path, see(100, 1), see(90, 1, "l"))
    assert {alarm for alarm, _ in heard(Route(target="x", priority=least), entries)} == alarms


def test_a_receiver_hears_its_areas(tmp_path: Path) -> None:
    entries = lines(tmp_path, see(95, 1))
    assert heard(Route(target="x", priority=Priority.LOW, areas=frozenset({"a"})), entries)
    assert not heard(Route(target="x", priority=Priority.LOW, areas=frozenset({"b"})), entries)


def test_a_receiver_hears_the_call_and_what_became_of_it(tmp_path: Path) -> None:
    def acknowledge(desk: AlarmDesk) -> None:
        desk.acknowledge(next(v.occurrence or "" for v in desk.active()), "li")

    entries = lines(tmp_path, see(95, 1), acknowledge, see(10, 2))
    assert [event for _, event in heard(ALL, entries)] == ["raised", "acknowledged", "returned"]


def test_what_happens_on_the_shelf_is_not_told_but_the_way_there_and_back_is(tmp_path: Path) -> None:
    """Otherwise a receiver would think for ever that the alarm stands."""
    entries = lines(
        tmp_path,
        see(95, 1),
        lambda d: d.shelve("p/1.H", 60, "sensor change", "li"),
        see(10, 2),
        see(95, 3),
        see(10, 4),
        lambda d: d.unshelve("p/1.H", "li"),
    )
    assert [e.event for e in entries] == ["raised", "shelved", "returned", "raised", "returned", "unshelved"]
    assert [event for _, event in heard(ALL, entries)] == ["raised", "shelved", "unshelved"]


def test_lines_without_an_alarm_and_damaged_ones_are_for_nobody() -> None:
    for after in (None, {}, {"alarm": 1, "annunciate": True}, {"alarm": {"id": "x"}, "state": {}}):
        assert not wants(ALL, Entry(1, 1, "raised", "x", "o", after=after))


def test_no_route_has_an_unknown_setting() -> None:
    with pytest.raises(ValueError, match="extra"):
        Route.model_validate({"target": "x", "prio": "low"})
