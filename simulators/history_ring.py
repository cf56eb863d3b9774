"""The last values of every point, bounded: what a server's HistoryRead answers from."""

import numpy as np
from numpy.typing import NDArray

from plant.readings import Readings
from plant.status import Codes


class HistoryRing:
    """Columns of the last ``depth`` values per point; the oldest are overwritten and counted."""

    def __init__(self, points: tuple[str, ...], depth: int) -> None:
        self.index = {p: i for i, p in enumerate(points)}
        self.depth = depth
        self._time = np.zeros((len(points), depth), np.int64)
        self._value = np.zeros((len(points), depth))
        self._status = np.zeros((len(points), depth), np.uint32)
        self._written = np.zeros(len(points), np.int64)

    @property
    def overwritten(self) -> int:
        """Values no longer in the history."""
        return int(np.maximum(self._written - self.depth, 0).sum())

    def keep(self, readings: Readings) -> None:
        """Keep one step: at most one row per point, over this ring's own points."""
        row = readings.code
        place = self._written[row] % self.depth
        self._time[row, place] = readings.time
        self._value[row, place] = readings.value
        self._status[row, place] = readings.status
        self._written[row] += 1

    def read(
        self, point: str, start: int | None, end: int | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], Codes]:
        """Times [ns UTC], values and statuses with ``start <= time <= end``, oldest first."""
        i = self.index[point]
        written = int(self._written[i])
        order = np.arange(max(0, written - self.depth), written) % self.depth
        time = self._time[i, order]
        inside = np.ones(len(time), np.bool_)
        if start is not None:
            inside &= time >= start
        if end is not None:
            inside &= time <= end
        chosen = order[inside]
        rank = np.argsort(self._time[i, chosen], kind="stable")
        chosen = chosen[rank]
        return self._time[i, chosen], self._value[i, chosen], self._status[i, chosen]
