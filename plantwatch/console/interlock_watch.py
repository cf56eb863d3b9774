"""Remembers what present values cannot tell: since when a bypass is on, and when the last demand and trip were."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from plant.model import BadVote, Cause, Interlock, Plant
from plant.readings import Reading, Readings
from plant.status import StatusClass
from plantwatch.console.data import InterlockHistory
from plantwatch.console.interlock_view import compare

_ON = 0.5
"""A discrete value above this is 1."""


@dataclass(slots=True)
class _Memory:
    """What is known of one interlock."""

    on_since: dict[str, int] = field(default_factory=dict)
    """Bypass switches that are on, with the time of their rise."""
    demanding: bool = False
    tripped: bool = False
    last_demand: int | None = None
    last_trip: int | None = None


class InterlockWatch:
    """Fed with readings, live or stored; looks only at the points of interlocks, by their own source time."""

    def __init__(self, plant: Plant) -> None:
        self._interlocks = plant.interlocks
        self._last: dict[str, Reading] = {}
        self._memory = {i.id: _Memory() for i in plant.interlocks}
        self._users: dict[str, list[Interlock]] = {}
        for interlock in plant.interlocks:
            for point in _points(interlock):
                self._users.setdefault(point, []).append(interlock)

    @property
    def points(self) -> tuple[str, ...]:
        """The points that it looks at."""
        return tuple(self._users)

    @property
    def switches(self) -> tuple[str, ...]:
        """Commands and bypass switches: few values, enough to restore bypasses and trips from the historian."""
        return tuple(
            dict.fromkeys(p for i in self._interlocks for p in (i.command, *_bypasses(i)) if p is not None)
        )

    def add(self, readings: Readings) -> None:
        """Take what is new; a row older than the last one of its point is left out."""
        for row in readings.select(self._users).in_time_order().rows():
            known = self._last.get(row.point)
            if known is not None and row.time < known.time:
                continue
            self._last[row.point] = row
            for interlock in self._users[row.point]:
                self._note(interlock, row)

    def history(self) -> Mapping[str, InterlockHistory]:
        """By interlock id."""
        return {
            name: InterlockHistory(min(m.on_since.values(), default=None), m.last_demand, m.last_trip)
            for name, m in self._memory.items()
        }

    def _note(self, interlock: Interlock, row: Reading) -> None:
        memory = self._memory[interlock.id]
        good = row.quality is not StatusClass.BAD
        if row.point in _bypasses(interlock) and good:
            if row.value > _ON:
                memory.on_since.setdefault(row.point, row.time)
            else:
                memory.on_since.pop(row.point, None)
        if row.point == interlock.command and good:
            if row.value > _ON and not memory.tripped:
                memory.last_trip = row.time
                if not memory.demanding and not self._knows_causes(interlock):
                    memory.last_demand = row.time  # a trip from before we could see its causes
            memory.tripped = row.value > _ON
        demanding = sum(self._votes(c, memory) for c in interlock.causes) >= interlock.votes_needed
        if demanding and not memory.demanding:
            memory.last_demand = row.time
        memory.demanding = demanding

    def _knows_causes(self, interlock: Interlock) -> bool:
        return all(c.point in self._last for c in interlock.causes)

    def _votes(self, cause: Cause, memory: _Memory) -> bool:
        row = self._last.get(cause.point)
        if row is None or cause.bypass in memory.on_since:
            return False
        if row.quality is StatusClass.BAD:
            return cause.bad_counts_as is BadVote.TRIP
        return compare(row.value, cause.comparator, cause.set_point)


def _bypasses(interlock: Interlock) -> list[str]:
    switches: Iterable[str | None] = (interlock.bypass, *(c.bypass for c in interlock.causes))
    return [s for s in switches if s is not None]


def _points(interlock: Interlock) -> list[str]:
    return list(dict.fromkeys([interlock.command, *_bypasses(interlock), *(c.point for c in interlock.causes)]))
