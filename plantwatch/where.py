"""What a scenario's faults are called, and on which page of the console they show."""

from collections.abc import Iterator
from dataclasses import dataclass

from plant.clock import SECOND
from plant.model import Named, Plant
from plantwatch.console.shown import clock_text
from simulators import faults as f
from simulators.scenario import Scenario

_WORDS = {
    "frozen": ("sensor {subject} stands still", "/trends?points={subject}"),
    "drift": ("sensor {subject} drifts", "/trends?points={subject}"),
    "spike": ("sensor {subject} shows a spike", "/trends?points={subject}"),
    "out_of_range": ("sensor {subject} leaves its range", "/alarms"),
    "bad_status": ("sensor {subject} reports its own failure", "/alarms"),
    "stale": ("sensor {subject} sends nothing any more", "/data"),
    "meter_rollover": ("meter {subject} is about to roll over: its account must not notice", "/energy"),
    "meter_reset": ("meter {subject} starts again from zero", "/alarms"),
    "meter_stuck": ("meter {subject} stands still while the plant runs", "/alarms"),
    "demand": ("a true demand on interlock {subject}: it must trip, and nothing is wrong", "/interlocks"),
    "interlock_missed": ("a demand on interlock {subject} that it will miss", "/interlocks"),
    "interlock_slow": ("a demand on interlock {subject} that it answers too slowly", "/interlocks"),
    "demand_under_bypass": ("a demand on interlock {subject} while it is bypassed", "/interlocks"),
    "interlock_spurious": ("interlock {subject} trips without a cause", "/interlocks"),
    "bypass_left_on": ("the bypass of interlock {subject} is left on", "/interlocks"),
    "device_offline": ("device {subject} falls silent", "/data"),
    "server_restart": ("the OPC UA server restarts: nothing may be lost", "/data"),
    "clock_wrong": ("the clock of source {subject} is wrong", "/data"),
}
"""By kind of fault: what happens, and the page that shows it."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One fault that begins."""

    time: int
    """When it begins [ns UTC of the plant's clock]."""
    what: str
    page: str

    def text(self, zone: str, address: str) -> str:
        """One line for a person: time of day in ``zone``, what happens, where to look."""
        return f"{clock_text(self.time, zone, form='%H:%M:%S')}  {self.what}  →  {address}{self.page}"


def announcements(scenario: Scenario, plant: Plant, start: int) -> Iterator[Announcement]:
    """The faults of a scenario that begins at ``start`` [ns UTC], in time order."""
    for timed in sorted(scenario.faults, key=lambda t: t.at):
        what, page = _WORDS[timed.fault.kind]
        name = _subject(timed.fault)
        shown = f"{name} ({title})" if (title := _title(plant, name)) else name
        time = start + round(timed.at * SECOND)
        yield Announcement(time, what.format(subject=shown), page.format(subject=name))


def _subject(fault: f.Fault) -> str:
    """The id that the fault names; nothing for one that is about a whole server."""
    for field in ("point", "meter", "interlock", "device", "source"):
        name = getattr(fault, field, None)
        if name is not None:
            return str(name)
    return ""


def _title(plant: Plant, name: str) -> str:
    others: tuple[Named, ...] = (*plant.interlocks, *plant.meters, *(p.production for p in plant.products))
    found: Named | None = plant.points.get(name) or next((o for o in others if o.id == name), None)
    return "" if found is None else found.title("en")
