"""Order out of disorder: evaluate at once, and evaluate again when an older row comes.

A monitor is a pure fold over rows in one fixed order. The window keeps the rows of the last minutes and three
states: ``base`` behind which no row is put any more, ``sure`` up to where the data have come for certain, and
``ahead`` with the rows beyond that. A conclusion from absence (a deadline passed, no
update) waits until its time is sure; a conclusion from a row does not wait. A row that comes late is put in its
place and ``sure`` is folded anew. So any order of arrival within the lateness, any duplicates and any split into
batches lead to the same findings: those that vanish are withdrawn, those that change are sent again under the
same id.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

from analytics.saved import SavedFinding, SavedValue, one_nan
from plant.findings import Finding, FindingState
from plant.readings import Reading

MOST_ROWS = 2_000
"""Rows that a window keeps at most; when more come, the oldest are settled before their time."""
LONG_AGO = -(1 << 62)
_UNCERTAIN, _BAD = 0x4000_0000, 0x8000_0000
"""Status codes from which on they are Uncertain and Bad: their two top bits, see ``plant.status``."""
BEAT = ""
"""Point name of the rows that are no reading but a second in which a source was heard."""


class Row(NamedTuple):
    """One reading of a monitored point; the field order is the evaluation order."""

    time: int
    """Source time [ns UTC]."""
    point: str
    status: int
    value: SavedValue

    @property
    def bad(self) -> bool:
        """Status Bad; a value that is not there is Bad, whatever the status says."""
        return self.status >= _BAD or self.value != self.value

    @property
    def good(self) -> bool:
        """Status Good, with any sub-code, and a value."""
        return self.status < _UNCERTAIN and self.value == self.value

    @property
    def key(self) -> tuple[int, str, int]:
        """What the historian stores one row of: a later arrival with the same key replaces the earlier one."""
        return self.time, self.point, self.status >> 30

    def reading(self) -> Reading:
        """As evidence."""
        return Reading(self.point, self.time, self.value, self.status)


def row(time: int, point: str, status: int, value: float) -> Row:
    """A row; values that are no number become one and the same NaN, so that equal rows are equal."""
    return Row(time, point, status, one_nan(value))


class Monitor(Protocol):
    """The state of one monitor. ``copy`` must share nothing that ``apply`` or ``advance`` change."""

    @property
    def findings(self) -> dict[str, Finding]:
        """Findings by id, as the rows so far give them."""
        ...

    def copy(self) -> Self:
        """An independent copy."""
        ...

    def apply(self, rows: Sequence[Row]) -> None:
        """Take all rows of one moment; ``advance`` has been called up to just before it where that is sure."""
        ...

    def advance(self, now: int) -> bool:
        """Judge what is due up to ``now`` [ns UTC], all rows up to then being applied; whether anything was."""
        ...

    def dump(self) -> Any:  # noqa: ANN401 - JSON
        """The state as plain JSON data."""
        ...

    def load(self, state: object) -> Self:
        """A monitor with a state from ``dump``; raises ``ValueError`` when it cannot be read."""
        ...


@dataclass(slots=True)
class SavedWindow:
    """A window as it is saved."""

    base: Any
    rows: list[Row]
    due: int
    horizon: int
    settled: dict[str, int]
    told: dict[str, SavedFinding]
    too_late: int


class Window:
    """One monitor with its recent rows."""

    def __init__(self, fresh: Monitor, *, most_rows: int = MOST_ROWS) -> None:
        self._base, self._sure = fresh, fresh.copy()
        self._most_rows = most_rows
        self._rows: list[Row] = []
        """Rows that are not in the base, in evaluation order."""
        self._folded = 0
        """How many of them are in ``sure``: all up to ``due``."""
        self._ahead: Monitor | None = None
        """``sure`` with all other rows applied; None when it must be made anew."""
        self._due = self._horizon = LONG_AGO
        self._settled: dict[str, int] = {}
        """Time of the last row in the base, by point [ns UTC]."""
        self._told: dict[str, Finding] = {}
        self.too_late = 0
        """Rows that could not be put in their place any more: left to the replay over stored history."""

    def save(self) -> SavedWindow:
        """The state; what is sure is folded anew from it."""
        return SavedWindow(
            self._base.dump(), self._rows, self._due, self._horizon, self._settled, self._told, self.too_late
        )

    def load(self, saved: SavedWindow) -> "Window":
        """A window with a saved state.

        Raises:
            ValueError: the state of the monitor cannot be read.
        """
        window = Window(self._base.load(saved.base), most_rows=self._most_rows)
        window._rows, window._settled, window._told = saved.rows, saved.settled, saved.told
        window._due, window._horizon, window.too_late = saved.due, saved.horizon, saved.too_late
        return window

    def step(self, rows: Sequence[Row], *, due: int, horizon: int, until: int | None = None) -> list[Finding]:
        """Take rows in evaluation order; the findings that are new, changed or withdrawn.

        Args:
            rows: sorted by key, each key once.
            due: up to here nothing more is expected to come [ns UTC]: deadlines before it may be judged.
            horizon: rows from here on may still be put in their place [ns UTC].
            until: judge what is due up to here, for this once and without keeping it [ns UTC]; None for ``due``.
        """
        if rows and self._take(rows):
            self._from_base()
        self._due = max(self._due, due)
        end = bisect_right(self._rows, self._due, lo=self._folded, key=_time)
        judged = _fold(self._sure, self._rows[self._folded : end])
        if self._sure.advance(self._due) or judged:
            self._ahead = None
        self._folded = end
        changed = self._changes(self._whole(until).findings)
        self._settle(horizon)
        return changed

    def prime(self, rows: Sequence[Row]) -> None:
        """Take rows in evaluation order as the past: behind everything that is in the window already."""
        self._into_base(self._newer(rows))
        self._from_base()

    def _from_base(self) -> None:
        self._sure, self._folded, self._ahead = self._base.copy(), 0, None

    def _take(self, rows: Sequence[Row]) -> bool:
        """Put rows in their places; whether ``sure`` must be folded anew."""
        first = bisect_left(rows, self._horizon, key=_time)
        again = first > 0 and self._take_overdue(rows[:first])
        timely = rows[first:]
        if not timely:
            return again
        place = bisect_left(self._rows, timely[0].time, key=_time)
        if place == len(self._rows):
            self._rows += timely
            _apply(self._ahead, timely)
            return again or timely[0].time <= self._due
        merged = {r.key: r for r in self._rows[place:]}
        news = [r for r in timely if merged.get(r.key) != r]
        if not news:
            return again
        merged |= {r.key: r for r in news}
        self._rows[place:] = sorted(merged.values())
        self._ahead = None
        return again or news[0].time <= self._due

    def _take_overdue(self, rows: Sequence[Row]) -> bool:
        """Rows before the horizon: one that is the newest of its point is news, however old, and holds from now.

        A switch that was turned during an outage tells its own old time when it is heard again.
        """
        rows = [r for r in rows if r.point != BEAT]
        newer = self._newer(rows)
        repeats = sum(r.time == self._settled.get(r.point) for r in rows)
        self.too_late += len(rows) - len(newer) - repeats
        self._into_base(newer)
        return bool(newer)

    def _newer(self, rows: Sequence[Row]) -> list[Row]:
        waiting = {r.point for r in self._rows}
        return [r for r in rows if r.point not in waiting and r.time > self._settled.get(r.point, LONG_AGO)]

    def _whole(self, until: int | None) -> Monitor:
        """The state with the rows that came already but are not sure to be all."""
        rest = self._rows[self._folded :]
        if not rest:
            self._ahead = None
        elif self._ahead is None:
            self._ahead = self._sure.copy()
            _apply(self._ahead, rest)
        state = self._sure if self._ahead is None else self._ahead
        if until is not None:
            state = state.copy()
            state.advance(until)
        return state

    def _changes(self, now: dict[str, Finding]) -> list[Finding]:
        changed = [f for key, f in now.items() if self._told.get(key) != f]
        changed += [f.withdrawn() for key, f in self._told.items() if key not in now]
        if changed:
            self._told = dict(now)
        return changed

    def _settle(self, horizon: int) -> None:
        """Rows that nothing can come before any more go into the base, and what has ended there is forgotten."""
        if len(self._rows) > self._most_rows:
            horizon = max(horizon, self._rows[-self._most_rows].time)
        horizon = min(horizon, self._due)
        if horizon <= self._horizon:
            return
        self._horizon = horizon
        count = bisect_left(self._rows, horizon, key=_time)
        if count:
            self._into_base(self._rows[:count])
            del self._rows[:count]
            self._folded -= count
        over = [key for key, f in self._base.findings.items() if f.state is FindingState.CLOSED]
        states = [s.findings for s in (self._base, self._sure, self._ahead) if s is not None]
        for key in over:
            for findings in (*states, self._told):
                findings.pop(key, None)

    def _into_base(self, rows: Sequence[Row]) -> None:
        _fold(self._base, rows)
        for r in rows:
            self._settled[r.point] = max(r.time, self._settled.get(r.point, LONG_AGO))


def _time(row: Row) -> int:
    return row.time


def _fold(state: Monitor, rows: Sequence[Row]) -> bool:
    """Apply the rows moment by moment, judging what falls due between them; whether anything was."""
    judged = False
    for moment in _moments(rows):
        judged = state.advance(moment[0].time - 1) or judged
        state.apply(moment)
    return judged


def _apply(state: Monitor | None, rows: Sequence[Row]) -> None:
    """Apply the rows moment by moment and judge nothing that falls due between them."""
    if state is not None:
        for moment in _moments(rows):
            state.apply(moment)


def _moments(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start = 0
    for i in range(1, len(rows) + 1):
        if i == len(rows) or rows[i].time != rows[start].time:
            yield rows[start:i]
            start = i
