"""Limit alarms from readings, in event time: deadband, delays, and a Bad status that never clears an alarm.

A deadband delays only the return. Timers run out by the time of the data, so that replayed and accelerated data
give the same alarms as live data; and by the data of the same source, as one may be minutes behind another.
Sources: ISA-18.2 (delays, deadband); OPC 10000-9, B.1.5.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from alerts.arrival import Arrivals
from plant.clock import SECOND
from plant.model import AlarmKind, AlarmLimit, Plant
from plant.readings import Reading, Readings
from plant.status import StatusClass

TOLERANCE = 2 * SECOND
"""How far behind the newest reading of its source a point's own reading may come [ns]."""
QUIET = 60 * SECOND
"""A source that says nothing for so long stops no raising timer any more [ns]."""


class Move(StrEnum):
    """What a limit did."""

    RAISE = "raise"
    RETURN = "return"
    BAD = "bad"
    USABLE = "usable"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one limit."""

    alarm: str
    move: Move
    time: int
    """Event time [ns UTC]: when the delay had run out, not when it was seen."""
    value: float
    status: int


@dataclass(frozen=True, slots=True)
class Timer:
    """A delay that runs, with all that is needed to let it run on after a restart."""

    since: int
    """Start of the condition [ns UTC]."""
    last: Reading
    """What its point last sent."""
    source: str


@dataclass(slots=True)
class _Watch:
    """A limit with what it has seen."""

    limit: AlarmLimit
    active: bool = False
    since: int | None = None
    """Start of the opposite condition while its delay runs [ns UTC]."""
    bad: bool = False
    last: Reading | None = None
    source: str = ""
    """Who sent ``last``."""

    def due(self) -> int | None:
        """When the running delay is over [ns UTC]; None when none runs or the signal is Bad."""
        frozen = self.bad and self.limit.kind is not AlarmKind.BAD_STATUS
        if self.since is None or frozen:
            return None
        delay = self.limit.off_delay if self.active else self.limit.on_delay
        return self.since + round(delay * SECOND)


@dataclass(slots=True)
class _Source:
    """How far one source's data have come."""

    watermark: int = -(2**63)
    """Its newest time [ns UTC]."""
    heard: int = -(2**63)
    """Our clock when it last sent anything [ns UTC]."""


@dataclass(slots=True)
class Limits:
    """All limit alarms of a plant. Within a source's tolerance, batches may come split and in any order."""

    watches: dict[str, list[_Watch]] = field(default_factory=dict)
    """By point."""
    arrivals: Arrivals = field(default_factory=Arrivals)
    timers: dict[str, Timer] = field(default_factory=dict)
    """Delays that run, by alarm."""
    _running: dict[str, _Watch] = field(default_factory=dict)
    _sources: dict[str, _Source] = field(default_factory=dict)

    @classmethod
    def of(cls, plant: Plant, *, speed: float = 1.0) -> "Limits":
        """The limits of a plant file, all normal; a clock at ``speed`` times the real one stretches tolerances."""
        watches = {p.id: [_Watch(limit) for limit in p.alarms] for p in plant.points.values() if p.alarms}
        return cls(watches, Arrivals(speed))

    def restore(self, states: Mapping[str, tuple[bool, bool, int | None]], timers: Mapping[str, Timer]) -> None:
        """Begin with what the journal says: (active, quality bad, time of the last change) by alarm id.

        Readings up to that time, or to the last of a timer, were judged before: their redelivery changes nothing.
        """
        for point, watches in self.watches.items():
            for watch in watches:
                watch.active, watch.bad, time = states.get(watch.limit.id, (False, False, None))
                if time is not None:
                    self.arrivals.restore(point, time)
                timer = timers.get(watch.limit.id)
                if timer is not None and timer.last.point == point:
                    watch.since, watch.last, watch.source = timer.since, timer.last, timer.source
                    self.arrivals.restore(point, timer.last.time)
                    self._noted(watch, [])

    def step(self, readings: Readings, now: int, *, source: str = "") -> list[Change]:
        """The changes that a batch makes, in the order of event time.

        Args:
            readings: any rows, in any order.
            now: our clock [ns UTC]; only to know wrong clocks by.
            source: who sent the batch.
        """
        changes: list[Change] = []
        for row in readings.select(self.watches).in_time_order().rows():
            news = self.arrivals.news(row, now)
            if news is not None:
                for watch in self.watches[row.point]:
                    watch.source = source
                    changes += self._noted(watch, _see(watch, news))
        here = self._sources.setdefault(source, _Source())
        here.heard, newest = now, self.arrivals.newest(readings.time, now)
        if newest is not None:
            here.watermark = max(here.watermark, newest)
        until = here.watermark - round(TOLERANCE * self.arrivals.speed)
        for watch in [w for w in self._running.values() if w.source == source]:
            changes += self._noted(watch, _expire(watch, until))
        return sorted(changes, key=lambda c: c.time)

    def quiet(self, now: int) -> list[Change]:
        """Raise what was about to be raised when its source fell silent: silence is no proof of a return."""
        until = now - round(QUIET * self.arrivals.speed)
        changes: list[Change] = []
        for watch in [w for w in self._running.values() if not w.active]:
            if self._sources.setdefault(watch.source, _Source(heard=now)).heard < until:
                changes += self._noted(watch, _expire(watch, until))
        return sorted(changes, key=lambda c: c.time)

    def _noted(self, watch: _Watch, changes: list[Change]) -> list[Change]:
        alarm, last = watch.limit.id, watch.last
        if watch.since is None or last is None:
            self._running.pop(alarm, None)
            self.timers.pop(alarm, None)
        elif alarm not in self.timers or self.timers[alarm].since != watch.since:
            self._running[alarm] = watch
            self.timers[alarm] = Timer(watch.since, last, watch.source)
        return changes


def _see(watch: _Watch, row: Reading) -> list[Change]:
    changes = _expire(watch, row.time)
    was_bad, watch.last = watch.bad, row
    # A reading without a value cannot be judged, whatever its status says.
    watch.bad = row.quality is StatusClass.BAD or (
        math.isnan(row.value) and watch.limit.kind is not AlarmKind.BAD_STATUS
    )
    if watch.limit.kind is AlarmKind.BAD_STATUS:
        _time(watch, row, sets=watch.bad, clears=not watch.bad)
        return changes + _expire(watch, row.time)
    if watch.bad != was_bad:
        changes.append(
            Change(watch.limit.id, Move.BAD if watch.bad else Move.USABLE, row.time, row.value, row.status)
        )
    if watch.bad:
        # A return must be seen without a break; a growing excursion keeps its start, to err towards the alarm.
        watch.since = None if watch.active else watch.since
        return changes
    sets, clears = _compare(watch.limit, row.value)
    # An uncertain value may raise an alarm, but is not proof enough to take one back.
    _time(watch, row, sets=sets, clears=clears and row.quality is StatusClass.GOOD)
    return changes + _expire(watch, row.time)


def _time(watch: _Watch, row: Reading, *, sets: bool, clears: bool) -> None:
    opposite = clears if watch.active else sets
    if not opposite:
        watch.since = None
    elif watch.since is None or row.time < watch.since:  # earlier only when the device's clock was set back
        watch.since = row.time


def _compare(limit: AlarmLimit, value: float) -> tuple[bool, bool]:
    """(sets, clears): neither while the value lies inside the deadband."""
    if limit.limit is None:
        return False, False
    match limit.kind:
        case AlarmKind.HIGH:
            return value >= limit.limit, value < limit.limit - limit.deadband
        case AlarmKind.LOW:
            return value <= limit.limit, value > limit.limit + limit.deadband
        case _:
            return value == limit.limit, value != limit.limit


def _expire(watch: _Watch, until: int) -> list[Change]:
    due = watch.due()
    if due is None or due > until or watch.last is None:
        return []
    watch.active, watch.since = not watch.active, None
    move = Move.RAISE if watch.active else Move.RETURN
    return [Change(watch.limit.id, move, due, watch.last.value, watch.last.status)]
