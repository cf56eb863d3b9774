"""What faulty instruments and meters make of true values, applied to whole columns."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plant.clock import SECOND
from plant.status import Codes, StatusClass, status_class

Change = Callable[["Columns", int], None]
"""Changes the columns of a step at a time [ns UTC] in place."""


@dataclass(slots=True)
class Columns:
    """One step of all points, shape (points,) each."""

    value: NDArray[np.float64]
    status: Codes
    time: NDArray[np.int64]
    """Source time [ns UTC]."""
    due: NDArray[np.bool_]
    """Whether a row is handed out."""


@dataclass(slots=True)
class _Counter:
    """A counter that no longer shows what the process counted."""

    modulus: float
    offset: float = 0.0
    start_at: float | None = None
    """What it must show at the next step."""
    held: float | None = None
    stuck: bool = False

    def show(self, raw: float) -> float:
        """What it shows when the process has counted ``raw``."""
        if self.start_at is not None:
            self.offset, self.start_at = self.start_at - raw, None
        if self.stuck:
            self.held = self._shown(raw) if self.held is None else self.held
            return self.held
        if self.held is not None:
            self.offset, self.held = self.held - raw, None
        return self._shown(raw)

    def _shown(self, raw: float) -> float:
        total = round(raw + self.offset, 6)
        return total % self.modulus if self.modulus else total


@dataclass(slots=True)
class Overlay:
    """The changes in force, by the fault that made them; moved counters stay moved."""

    _changes: list[tuple[object, Change]] = field(default_factory=list)
    _counters: dict[int, _Counter] = field(default_factory=dict)
    _stuck: list[tuple[object, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything differs from the truth."""
        return bool(self._changes or self._counters)

    def apply(self, columns: Columns, now: int) -> None:
        """Change the columns of the step at ``now`` [ns UTC] in place."""
        for column, counter in self._counters.items():
            columns.value[column] = counter.show(float(columns.value[column]))
        for _, change in self._changes:
            change(columns, now)

    def end(self, fault: object) -> None:
        """Take back what ``fault`` changed."""
        self._changes = [(owner, change) for owner, change in self._changes if owner != fault]
        for owner, column in self._stuck:
            if owner == fault:
                self._counters[column].stuck = False
        self._stuck = [(owner, column) for owner, column in self._stuck if owner != fault]

    def hold(self, fault: object, column: int, value: float) -> None:
        """Show ``value`` whatever the truth is; NaN: the value of the next step."""
        kept = [value]

        def change(c: Columns, now: int) -> None:
            del now
            if np.isnan(kept[0]):
                kept[0] = float(c.value[column])
            c.value[column] = kept[0]

        self._changes.append((fault, change))

    def drift(self, fault: object, column: int, per_hour: float, start: int) -> None:
        """Add ``per_hour`` [unit/h] times the time since ``start`` [ns UTC]."""

        def change(c: Columns, now: int) -> None:
            c.value[column] += per_hour * (now - start) / (3600 * SECOND)

        self._changes.append((fault, change))

    def shift(self, fault: object, column: int, size: float) -> None:
        """Add ``size``."""

        def change(c: Columns, now: int) -> None:
            del now
            c.value[column] += size

        self._changes.append((fault, change))

    def say(self, fault: object, columns: NDArray[np.int64], status: int) -> None:
        """Give a status; a Bad one takes the value away."""
        bad = status_class(status) is StatusClass.BAD

        def change(c: Columns, now: int) -> None:
            del now
            c.status[columns] = status
            if bad:
                c.value[columns] = np.nan

        self._changes.append((fault, change))

    def silence(self, fault: object, columns: NDArray[np.int64]) -> None:
        """Hand out nothing."""

        def change(c: Columns, now: int) -> None:
            del now
            c.due[columns] = False

        self._changes.append((fault, change))

    def move_clock(self, fault: object, columns: NDArray[np.int64], offset: int) -> None:
        """Add ``offset`` [ns] to the source times."""

        def change(c: Columns, now: int) -> None:
            del now
            c.time[columns] += offset

        self._changes.append((fault, change))

    def count_from(self, column: int, value: float, modulus: float) -> None:
        """Let a counter show ``value`` at the next step and count on from there."""
        self._counters.setdefault(column, _Counter(modulus)).start_at = value

    def stick(self, fault: object, column: int, modulus: float) -> None:
        """Let a counter stand still until the fault ends."""
        self._counters.setdefault(column, _Counter(modulus)).stuck = True
        self._stuck.append((fault, column))
