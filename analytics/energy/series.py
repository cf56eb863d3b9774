"""The recent values of one meter, kept in time order whatever order they come in; bounded."""

import numpy as np
from numpy.typing import NDArray

from analytics.energy.metering import Samples

MOST = 400_000
"""Values kept per meter at most: two days at two a second; the oldest go first and are counted."""


class MeterSeries:
    """Collects Good values in blocks and sorts them once when they are asked for."""

    def __init__(self) -> None:
        self._time: list[NDArray[np.int64]] = []
        self._value: list[NDArray[np.float64]] = []
        self._sorted: Samples | None = None
        self.dropped = 0
        """Values that the bound pushed out before their period was closed."""
        self.newest: int | None = None
        self.last_change: int | None = None
        """Time of the newest value that differs from the one before it [ns UTC]."""
        self.newest_value = float("nan")
        """The newest value."""

    def add(self, time: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Add Good values, in any order."""
        if not len(time):
            return
        self._time.append(time)
        self._value.append(value)
        self._sorted = None
        order = np.argsort(time, kind="stable")
        time, value = time[order], value[order]
        if self.newest is None or time[-1] > self.newest:
            self._note_change(time, value)

    def samples(self) -> Samples:
        """All values in time order, each time once; of two at the same time the later arrival."""
        if self._sorted is None:
            time = np.concatenate(self._time) if self._time else np.empty(0, np.int64)
            value = np.concatenate(self._value) if self._value else np.empty(0, np.float64)
            order = np.argsort(time, kind="stable")
            time, value = time[order], value[order]
            last = np.append(np.diff(time) != 0, [True])[: len(time)]
            time, value = time[last], value[last]
            if len(time) > MOST:
                self.dropped += len(time) - MOST
                time, value = time[-MOST:], value[-MOST:]
            self._time, self._value = [time], [value]
            self._sorted = Samples(time, value)
        return self._sorted

    def forget(self, before: int) -> None:
        """Drop what lies before ``before`` [ns UTC], except the last value before it: a step needs it."""
        samples = self.samples()
        keep = max(int(np.searchsorted(samples.time, before, side="right")) - 1, 0)
        self._time, self._value = [samples.time[keep:]], [samples.value[keep:]]
        self._sorted = None

    def _note_change(self, time: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        fresh = time > (self.newest if self.newest is not None else -(1 << 62))
        time, value = time[fresh], value[fresh]
        before = np.append([self.newest_value], value[:-1])
        changed = np.flatnonzero(value != before)
        if len(changed):
            self.last_change = int(time[changed[-1]])
        self.newest, self.newest_value = int(time[-1]), float(value[-1])
