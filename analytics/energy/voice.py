"""When a source delivered anything: a meter is not at fault while its whole source is silent."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analytics.energy.checkpoint import SavedVoice


@dataclass(slots=True)
class Voice:
    """One source of meters. A pause longer than ``silent_after`` [ns] is a silence of the source (rule IA-14)."""

    silent_after: int
    first: int | None = None
    """Its first value [ns UTC]; None before it."""
    newest: int | None = None
    """Its newest value [ns UTC]."""
    pauses: list[tuple[int, int]] = field(default_factory=list)
    """Silences of the source that are over: last value before, first value after [ns UTC]."""

    def hear(self, time: NDArray[np.int64]) -> None:
        """Take the times [ns UTC] of its values in a batch, in any order."""
        fresh = np.unique(time if self.newest is None else time[time > self.newest])
        if not len(fresh):
            return
        if self.newest is None:
            self.first = int(fresh[0])
        else:
            fresh = np.append([self.newest], fresh)
        for i in np.flatnonzero(np.diff(fresh) > self.silent_after).tolist():
            self.pauses.append((int(fresh[i]), int(fresh[i + 1])))
        self.newest = int(fresh[-1])

    def spoke(self, start: int, end: int) -> int:
        """How long [ns] it delivered values from ``start`` to ``end`` [ns UTC]."""
        silent = sum(max(min(end, b) - max(start, a), 0) for a, b in self.pauses)
        return end - start - silent

    def dump(self) -> SavedVoice:
        """The state."""
        return SavedVoice(first=self.first, newest=self.newest, pauses=self.pauses)

    def restore(self, saved: SavedVoice) -> None:
        """Take a state."""
        self.first, self.newest, self.pauses = saved.first, saved.newest, list(saved.pauses)

    def forget(self, before: int) -> None:
        """Drop the pauses that ended before ``before`` [ns UTC]."""
        self.pauses = [p for p in self.pauses if p[1] >= before]
