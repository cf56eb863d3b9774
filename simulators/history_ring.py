"""The last values of every point, bounded: what a server's HistoryRead answers from."""

import numpy as np
from numpy.typing import NDArray

from plant.readings import Readings


class HistoryRing:
    """Columns of the last ``depth`` values per point; the oldest are overwritten and counted."""

    def __init__(self, points: tuple[str, ...], depth: int) -> None:
        self.index = {p: i for i, p in enumerate(points)}
        self.depth = depth
        self._time = np.zeros((len(points), depth), np.int64)
        self._value = np.zeros((len(points), depth))
        self._status = np.zeros((len(points), depth), np.uint32)
        self._text: NDArray[np.object_] | None = None
        """Made with the first text."""
        self._written = np.zeros(len(points), np.int64)

    @property
    def overwritten(self) -> int:
        """Values no longer in the history."""
        return int(np.maximum(self._written - self.depth, 0).sum())

    def keep(self, readings: Readings) -> None:
        """Keep the rows of one step, whose codes are this ring's own points."""
        row = readings.code
        place = (self._written[row] + _occurrence(row)) % self.depth
        self._time[row, place] = readings.time
        self._value[row, place] = readings.value
        self._status[row, place] = readings.status
        if readings.text is not None and self._text is None:
            self._text = np.full(self._time.shape, None, np.object_)
        if self._text is not None:
            self._text[row, place] = readings.text
        self._written += np.bincount(row, minlength=len(self._written))

    def read(self, point: str, start: int | None, end: int | None) -> Readings:
        """Rows of a point with ``start <= time <= end`` [ns UTC], oldest first."""
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
        chosen = chosen[np.argsort(self._time[i, chosen], kind="stable")]
        return Readings(
            (point,),
            np.zeros(len(chosen), np.int32),
            self._time[i, chosen],
            self._value[i, chosen],
            self._status[i, chosen],
            None if self._text is None else self._text[i, chosen],
        )


def _occurrence(code: NDArray[np.int32]) -> NDArray[np.int64]:
    """For each row how many rows before it have the same code."""
    seen = np.zeros(len(code), np.int64)
    if len(code) > 1 and np.bincount(code).max() > 1:
        order = np.argsort(code, kind="stable")
        ordered = code[order]
        first = np.searchsorted(ordered, ordered, side="left")
        seen[order] = np.arange(len(code)) - first
    return seen
