"""The recent values of one meter, kept in time order whatever order they come in; bounded."""

import numpy as np
from numpy.typing import NDArray

from analytics.energy.metering import Samples

MOST = 400_000
"""Values kept per meter at most: two days at two a second; the oldest go first and are counted."""
_ROOM = 1024


class MeterSeries:
    """Good values in one growing pair of columns: what comes late is put in its place."""

    def __init__(self) -> None:
        self._time = np.empty(_ROOM, np.int64)
        self._value = np.empty(_ROOM, np.float64)
        self._n = 0
        self.dropped = 0
        """Values that the bound pushed out before their period was closed."""

    def add(self, time: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Add Good values, in any order; of two at the same time the later arrival stays."""
        if not len(time):
            return
        if (self._n and time[0] <= self._time[self._n - 1]) or not np.all(np.diff(time) > 0):
            time, value = self._merged(time, value)
            self._n = 0
        self._append(time, value)
        if self._n > MOST:
            self.dropped += self._n - MOST
            self._keep_from(self._n - MOST)

    def samples(self) -> Samples:
        """All values in time order, each time once: views, valid until the next change."""
        return Samples(self._time[: self._n], self._value[: self._n])

    def from_before(self, start: int, end: int | None = None) -> Samples:
        """The values from the last one at or before ``start`` to ``end`` [ns UTC, inclusive]."""
        time = self._time[: self._n]
        first = max(int(np.searchsorted(time, start, side="right")) - 1, 0)
        last = self._n if end is None else int(np.searchsorted(time, end, side="right"))
        return Samples(time[first:last], self._value[first:last])

    def first_since(self, start: int) -> int | None:
        """Time of the first value at or after ``start`` [ns UTC]; None when there is none."""
        first = int(np.searchsorted(self._time[: self._n], start))
        return int(self._time[first]) if first < self._n else None

    def forget(self, before: int) -> None:
        """Drop what lies before ``before`` [ns UTC], except the last value before it: a step needs it."""
        self._keep_from(max(int(np.searchsorted(self._time[: self._n], before, side="right")) - 1, 0))

    def _append(self, time: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        need = self._n + len(time)
        if need > len(self._time):
            grown = np.empty(2 * need, np.int64), np.empty(2 * need, np.float64)
            grown[0][: self._n], grown[1][: self._n] = self._time[: self._n], self._value[: self._n]
            self._time, self._value = grown
        self._time[self._n : need], self._value[self._n : need] = time, value
        self._n = need

    def _merged(
        self, time: NDArray[np.int64], value: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        time = np.concatenate([self._time[: self._n], time])
        value = np.concatenate([self._value[: self._n], value])
        order = np.argsort(time, kind="stable")
        time, value = time[order], value[order]
        last = np.append(time[1:] != time[:-1], [True])
        return time[last], value[last]

    def _keep_from(self, first: int) -> None:
        if first:
            kept = self._n - first
            self._time[:kept] = self._time[first : self._n].copy()
            self._value[:kept] = self._value[first : self._n].copy()
            self._n = kept
