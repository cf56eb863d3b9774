"""Measured data as columns: the only currency between the edge, the historian and the analytics."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plant.status import Codes, StatusClass, is_good, status_class


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one point: a view for rules and tests, never used on the hot path."""

    point: str
    time: int
    """Source time [ns UTC]."""
    value: float
    """In the point's unit; NaN when the device gave none."""
    status: int = 0
    """OPC UA status code, all 32 bits."""
    text: str | None = None

    @property
    def quality(self) -> StatusClass:
        """Good, Uncertain or Bad."""
        return status_class(self.status)


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Equal-length columns of readings; row ``i`` belongs to point ``points[code[i]]``.

    A missing value is NaN with a status that says why: never zero, never the last good value.
    """

    points: tuple[str, ...]
    """Dictionary of point ids; ids may stand here without a row."""
    code: NDArray[np.int32]
    """Index into ``points``, shape (n,)."""
    time: NDArray[np.int64]
    """Source time [ns UTC], shape (n,)."""
    value: NDArray[np.float64]
    """In each point's unit; NaN for none, shape (n,)."""
    status: Codes
    """OPC UA status codes, shape (n,)."""
    text: NDArray[np.object_] | None = None
    """``str`` or None per row for string points; None when the batch has no text at all."""

    def __post_init__(self) -> None:
        """Check that the columns fit together.

        Raises:
            ValueError: lengths differ, or a code points outside ``points``.
        """
        lengths = {len(c) for c in (self.code, self.time, self.value, self.status)}
        if self.text is not None:
            lengths.add(len(self.text))
        if len(lengths) != 1:
            message = f"columns of different lengths: {sorted(lengths)}"
            raise ValueError(message)
        if len(self.code) and not (self.code.min() >= 0 and self.code.max() < len(self.points)):
            message = f"a point code lies outside the {len(self.points)} points of this batch"
            raise ValueError(message)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.code)

    def __getitem__(self, rows: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """The chosen rows, with the same dictionary of points."""
        text = None if self.text is None else self.text[rows]
        return type(self)(self.points, self.code[rows], self.time[rows], self.value[rows], self.status[rows], text)

    @property
    def good(self) -> NDArray[np.bool_]:
        """True per row where the status says Good."""
        return is_good(self.status)

    def rows(self) -> Iterator[Reading]:
        """Row by row, for rules and tests."""
        texts: Iterable[str | None] = [None] * len(self) if self.text is None else self.text
        columns = zip(
            self.code.tolist(),
            self.time.tolist(),
            self.value.tolist(),
            self.status.tolist(),
            texts,
            strict=True,
        )
        for code, time, value, status, text in columns:
            yield Reading(self.points[code], time, value, status, text)

    def select(self, wanted: Iterable[str]) -> Self:
        """Only the rows of the wanted points, in their present order."""
        names = frozenset(wanted)
        chosen = np.fromiter((p in names for p in self.points), np.bool_, len(self.points))
        return self[chosen[self.code]] if len(self.points) else self

    def between(self, start: int, end: int) -> Self:
        """Rows with ``start <= time < end`` [ns UTC]."""
        return self[(self.time >= start) & (self.time < end)]

    def in_time_order(self) -> Self:
        """Rows sorted by time, then by point id, then by status: one order for the same data."""
        rank = np.argsort(np.argsort(np.array(self.points, dtype=str))) if self.points else self.code
        return self[np.lexsort((self.status, rank[self.code], self.time))]

    def compact(self) -> Self:
        """The same rows with only the points that have one, in sorted order."""
        used, code = np.unique(self.code, return_inverse=True)
        names = [self.points[i] for i in used.tolist()]
        order = np.argsort(np.array(names, dtype=str), kind="stable")
        place = np.empty(len(names), np.int32)
        place[order] = np.arange(len(names), dtype=np.int32)
        points = tuple(names[i] for i in order.tolist())
        return type(self)(points, place[code].astype(np.int32), self.time, self.value, self.status, self.text)

    def counts(self) -> dict[str, int]:
        """Number of rows per point that has any."""
        per_code = np.bincount(self.code, minlength=len(self.points)).tolist()
        totals: dict[str, int] = {}
        for point, n in zip(self.points, per_code, strict=True):
            if n:
                totals[point] = totals.get(point, 0) + n
        return totals

    @classmethod
    def empty(cls) -> Self:
        """No rows and no points."""
        return cls.from_rows(())

    @classmethod
    def from_rows(cls, rows: Iterable[Reading]) -> Self:
        """Columns from single readings: for tests, rules and rare events."""
        listed = list(rows)
        index: dict[str, int] = {}
        code = [index.setdefault(r.point, len(index)) for r in listed]
        text = None
        if any(r.text is not None for r in listed):
            text = np.array([r.text for r in listed], dtype=np.object_)
        return cls(
            tuple(index),
            np.array(code, np.int32),
            np.array([r.time for r in listed], np.int64),
            np.array([r.value for r in listed], np.float64),
            np.array([r.status for r in listed], np.uint32),
            text,
        )

    @classmethod
    def of_point(
        cls, point: str, time: NDArray[np.int64], value: NDArray[np.float64], status: Codes | None = None
    ) -> Self:
        """Columns of one point; status Good where none is given."""
        codes = np.zeros(len(time), np.uint32) if status is None else status
        return cls((point,), np.zeros(len(time), np.int32), time, value, codes)

    @classmethod
    def concat(cls, batches: Sequence[Self]) -> Self:
        """All rows of the batches one after the other, over one merged dictionary."""
        full = [b for b in batches if len(b)]
        if len(full) == 1:
            return full[0]
        if not full:
            return cls((), *_no_columns())
        index: dict[str, int] = {}
        maps = [np.array([index.setdefault(p, len(index)) for p in b.points], np.int32) for b in full]
        text = None
        if any(b.text is not None for b in full):
            text = np.concatenate([np.full(len(b), None, np.object_) if b.text is None else b.text for b in full])
        return cls(
            tuple(index),
            np.concatenate([m[b.code] for m, b in zip(maps, full, strict=True)]),
            np.concatenate([b.time for b in full]),
            np.concatenate([b.value for b in full]),
            np.concatenate([b.status for b in full]),
            text,
        )


def _no_columns() -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], Codes]:
    return (
        np.empty(0, np.int32),
        np.empty(0, np.int64),
        np.empty(0, np.float64),
        np.empty(0, np.uint32),
    )


MISSING = nan
"""The value of a reading that has none; its status says why."""
