"""Which readings of a point are news, and at what time they count: a device's clock must not blind an alarm.

Per point, source times rise. What is older than the newest is late, what comes twice is repeated; neither is
judged again. Three kinds of wrong clock are known by what they do:

- before the year 2000, or more than ten seconds ahead of ours: the value counts when it arrives, and when it comes
  twice, twice: without a time nothing tells the two apart;
- set back: late readings that keep the pace of our own clock for a minute are believed from then on;
- standing still: another value or status under the same time counts a nanosecond later.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from plant.clock import SECOND
from plant.readings import Reading

EARLIEST = 946_684_800 * SECOND
"""2000-01-01T00:00:00Z [ns UTC]: devices whose clock was never set tell a time before it."""
AHEAD = 10 * SECOND
"""How far a source time may lie ahead of our clock [ns]."""
PATIENCE = 60 * SECOND
"""How long late readings must keep the pace of our clock before a clock counts as set back [ns]."""
_PACE = 4
"""Keeping the pace: within a quarter of the time that has passed. A backlog comes many times faster."""


@dataclass(slots=True)
class ArrivalCounts:
    """What was out of the order of time, in readings of points with alarms."""

    late: int = 0
    """Older than the newest of their point: ignored."""
    repeated: int = 0
    """Came twice: ignored."""
    wrong_clock: int = 0
    """Before 2000 or ahead of our clock: counted at their arrival."""
    set_back: int = 0
    """Times that a device's clock was found to be set back."""


@dataclass(slots=True)
class _Back:
    """Late readings that may come from a clock that was set back."""

    since: int
    """Our clock at the first one [ns UTC]."""
    first: int
    """Its source time [ns UTC]."""


@dataclass(slots=True)
class _Heard:
    """The newest of one point."""

    source: int
    """Its source time [ns UTC]."""
    time: int
    """The time at which it counted [ns UTC]."""
    values: dict[int, float] | None
    """By status class, what came under this source time; None when that was before a restart."""
    back: _Back | None = None


@dataclass(slots=True)
class Arrivals:
    """The order of arrival of every point with an alarm."""

    speed: float = 1.0
    """How fast our clock runs: a simulated one stretches the ways of values."""
    counts: ArrivalCounts = field(default_factory=ArrivalCounts)
    _heard: dict[str, _Heard] = field(default_factory=dict)

    def restore(self, point: str, time: int) -> None:
        """Readings of the point up to ``time`` [ns UTC] were judged before a restart."""
        heard = self._heard.get(point)
        if heard is None or heard.time < time:
            self._heard[point] = _Heard(time, time, None)

    def newest(self, times: NDArray[np.int64], now: int) -> int | None:
        """The newest believable time [ns UTC], never after ``now``; None when there is none."""
        believable = times[(times >= EARLIEST) & (times <= self._ahead(now))]
        return min(int(believable.max()), now) if len(believable) else None

    def news(self, row: Reading, now: int) -> Reading | None:
        """The reading at the time at which it counts; None when it is to be ignored."""
        heard = self._heard.get(row.point)
        if not EARLIEST <= row.time <= self._ahead(now):
            self.counts.wrong_clock += 1
            time = now if heard is None else max(now, heard.time + 1)
            return self._take(replace(row, time=time), time)
        if heard is None:
            return self._take(row, row.time)
        if row.time > heard.source:
            return self._take(replace(row, time=max(row.time, heard.time + 1)), row.time)
        if row.time == heard.source:
            return self._same_time(heard, row)
        if self._set_back(heard, row, now):
            return self._take(row, row.time)
        self.counts.late += 1
        return None

    def _ahead(self, now: int) -> int:
        return now + round(AHEAD * self.speed)

    def _take(self, row: Reading, source: int) -> Reading:
        self._heard[row.point] = _Heard(source, row.time, {row.quality: row.value})
        return row

    def _same_time(self, heard: _Heard, row: Reading) -> Reading | None:
        known = heard.values
        if known is None or (row.quality in known and _same(known[row.quality], row.value)):
            self.counts.repeated += 1
            return None
        known[row.quality] = row.value
        heard.time += 1
        return replace(row, time=heard.time)

    def _set_back(self, heard: _Heard, row: Reading, now: int) -> bool:
        back = heard.back
        if back is None:
            heard.back = _Back(now, row.time)
            return False
        waited, moved = now - back.since, row.time - back.first
        if waited < PATIENCE * self.speed:
            return False
        if abs(moved - waited) * _PACE > waited:
            heard.back = _Back(now, row.time)  # a backlog, or history that was read again
            return False
        self.counts.set_back += 1
        return True


def _same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)  # noqa: PLR0124 - NaN is the value of no value
