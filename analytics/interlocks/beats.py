"""When each source was heard: seconds with a value, the newest time, and what passed for the others since."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from analytics.interlocks.window import BEAT, LONG_AGO, Row
from plant.clock import SECOND
from plant.model import Plant
from plant.readings import Readings
from plant.virtual import SYSTEM

_LEAST_PAUSE = 2.0
_PAUSE_PERIODS = 2
"""A source is heard without a break when its values are no further apart than two of its shortest periods, and two
seconds; one second more, as beats are counted in whole seconds."""
OWN = " agents"
"""No id of a source: the agents, whose health readings tell that time passes even when every source is silent."""


def pause(plant: Plant, source: str) -> int:
    """Longest time between two values of a source that counts as being heard [ns]."""
    periods = [
        p.period
        for p in plant.points.values()
        if p.address is not None and p.address.source == source and p.period is not None
    ]
    return int((max(_LEAST_PAUSE, _PAUSE_PERIODS * min(periods, default=0.0)) + 1.0) * SECOND)


def seconds(time: NDArray[np.int64]) -> list[Row]:
    """Beats: one row for each whole second that holds a time, in order."""
    return [Row(t, BEAT, 0, 0.0) for t in np.unique(time // SECOND * SECOND).tolist()]


def edges(time: NDArray[np.int64]) -> list[Row]:
    """First and last time within each second, in order: all that a pause of more than a second can end at."""
    ordered = np.sort(time)
    second = ordered // SECOND
    first = np.append([True], second[1:] != second[:-1])
    last = np.append(first[1:], [True])
    return [Row(t, BEAT, 0, 0.0) for t in np.unique(ordered[first | last]).tolist()]


class Progress:
    """How far each source has come, by its own clock: one that is minutes behind the others is not late."""

    def __init__(self, sources: Iterable[str]) -> None:
        self.newest: dict[str, int] = {}
        """Newest time by source that was heard [ns UTC]."""
        self.seen: dict[str, dict[str, int]] = {s: {} for s in sources}
        """For each source, the newest time of the others when it came forward last [ns UTC]."""

    def step(self, here: Mapping[str, int]) -> None:
        """Take the newest time in a batch by source [ns UTC]."""
        before = dict(self.newest)
        for source, time in here.items():
            self.newest[source] = max(time, self.newest.get(source, LONG_AGO))
        for source, time in here.items():
            if source in self.seen and time > before.get(source, LONG_AGO):
                # What others sent in the same batch with a later time came after it, if their clocks agree.
                now = self.newest[source]
                self.seen[source] = {
                    other: max(before.get(other, LONG_AGO), min(reached, now))
                    for other, reached in self.newest.items()
                    if other != source
                }

    def passed(self, source: str) -> int:
        """Time since ``source`` came forward last [ns], by the progress of whoever else came furthest."""
        seen = self.seen[source]
        steps = (time - seen.get(other, time) for other, time in self.newest.items() if other != source)
        return max(steps, default=0)


def sources(plant: Plant) -> dict[str, str]:
    """Source by point, of every point that has one."""
    return {p.id: p.address.source for p in plant.points.values() if p.address is not None}


def regular(plant: Plant) -> dict[str, str]:
    """Source by point, of the points that show whether their source is alive.

    Those with a period, where the source has any: a point that reports by exception tells the time of its last
    change, which may be days ago when it is heard for the first time.
    """
    every = sources(plant)
    periodic = {p: s for p, s in every.items() if plant.points[p].period is not None}
    irregular = set(every.values()) - set(periodic.values())
    return periodic | {p: s for p, s in every.items() if s in irregular}


def times_by_source(readings: Readings, source_of: Mapping[str, str]) -> dict[str, NDArray[np.int64]]:
    """Times of the rows of each source that has any [ns UTC]; agents' health counts as ``OWN``."""
    names = [source_of.get(p, OWN if p.startswith(SYSTEM) else None) for p in readings.points]
    order = {name: i for i, name in enumerate(dict.fromkeys(n for n in names if n is not None))}
    column = np.array([order.get(n, -1) if n is not None else -1 for n in names], np.int64)[readings.code]
    times = {name: readings.time[column == i] for name, i in order.items()}
    return {name: time for name, time in times.items() if len(time)}
