"""Order out of disorder: evaluate at once, and evaluate again when an older row comes.

A monitor is a pure fold over rows in one fixed order. The window keeps the state before the last few seconds and
the rows since. A row that comes in order is folded on; a row that comes late is put in its place and the window
is folded anew. So any order of arrival within the lateness, any duplicates and any split into batches lead to the
same findings: those that vanish are withdrawn, those that change are sent again under the same id.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol, Self

from plant.findings import Finding, FindingState


class Row(NamedTuple):
    """One reading of a monitored point; the field order is the evaluation order."""

    time: int
    """Source time [ns UTC]."""
    point: str
    status: int
    value: float


class Monitor(Protocol):
    """The state of one monitor. ``copy`` must share nothing that ``apply`` or ``advance`` change."""

    findings: dict[str, Finding]
    """Findings by id, as the rows so far give them."""

    def copy(self) -> Self:
        """An independent copy."""
        ...

    def apply(self, rows: Sequence[Row]) -> None:
        """Take all rows of one moment, then judge that moment."""
        ...

    def advance(self, now: int) -> None:
        """Judge what is due up to ``now`` [ns UTC] when nothing more has come."""
        ...

    def forget(self, before: int) -> None:
        """Drop closed findings that ended before ``before`` [ns UTC]."""
        ...


class Window:
    """One monitor with its recent rows."""

    def __init__(self, fresh: Monitor, lateness: int) -> None:
        self._base, self._state = fresh, fresh.copy()
        self._lateness = lateness
        self._rows: list[Row] = []
        self._horizon = self._judged = -(1 << 62)
        self._told: dict[str, Finding] = {}
        self.too_late = 0
        """Rows older than the window: left to the replay over stored history."""

    def step(self, rows: Sequence[Row], *, newest: int, due: int) -> list[Finding]:
        """Take rows in evaluation order; the findings that are new, changed or withdrawn.

        Args:
            rows: sorted, all of this monitor's points.
            newest: newest time of any reading of the plant [ns UTC].
            due: up to here nothing more is expected to come [ns UTC]: deadlines before it may be judged.
        """
        self._take(rows)
        self._state.advance(due)
        self._judged = max(self._judged, due)
        changed = self._changes()
        self._settle(newest - self._lateness)
        return changed

    def _take(self, rows: Sequence[Row]) -> None:
        timely = [r for r in rows if r.time >= self._horizon]
        self.too_late += len(rows) - len(timely)
        if not timely:
            return
        last = max(self._judged, self._rows[-1].time if self._rows else self._judged)
        if timely[0].time > last:
            self._rows += timely
            _fold(self._state, timely)
            return
        merged = sorted({*self._rows, *timely})
        if len(merged) == len(self._rows):
            return
        self._rows = merged
        self._state = self._base.copy()
        _fold(self._state, merged)

    def _changes(self) -> list[Finding]:
        now = self._state.findings
        changed = [f for key, f in now.items() if self._told.get(key) != f]
        gone = [f for key, f in self._told.items() if key not in now and f.state is not FindingState.WITHDRAWN]
        changed += [replace(f, state=FindingState.WITHDRAWN) for f in gone]
        self._told = {**now, **{f.id: f for f in changed}}
        return changed

    def _settle(self, horizon: int) -> None:
        """Rows that nothing can come before any more go into the base."""
        if horizon <= self._horizon:
            return
        self._horizon = horizon
        count = bisect_left(self._rows, horizon, key=_time)
        if count:
            _fold(self._base, self._rows[:count])
            del self._rows[:count]
        for state in (self._base, self._state):
            state.forget(horizon)
        self._told = {k: f for k, f in self._told.items() if k in self._state.findings}


def _time(row: Row) -> int:
    return row.time


def _fold(state: Monitor, rows: Sequence[Row]) -> None:
    """Apply the rows moment by moment."""
    start = 0
    for i in range(1, len(rows) + 1):
        if i == len(rows) or rows[i].time != rows[start].time:
            state.apply(rows[start:i])
            start = i
