"""Where windows start, which every historian agrees on here, and what they hold, in plain numpy."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from plant.errors import FixError
from plant.ports import Aggregate

MAX_WINDOWS = 1_000_000
"""Most windows of one aggregate: more is a slip in the window's unit, and would only fill the memory."""


def window_starts(start: int, end: int, window: int) -> NDArray[np.int64]:
    """Starts of the windows that cover ``start`` to ``end`` [ns UTC]; the last may be cut short by ``end``.

    Raises:
        FixError: the window is not positive, or there would be more than a million of them.
    """
    if window <= 0:
        raise FixError(f"window of {window} ns: give a positive length")
    if (end - start) // window > MAX_WINDOWS:
        raise FixError(
            f"{(end - start) // window} windows of {window} ns: more than {MAX_WINDOWS}; make them longer"
        )
    return np.arange(start, max(start, end), window, dtype=np.int64)


def aggregate(
    time: NDArray[np.int64],
    value: NDArray[np.float64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    how: Aggregate,
) -> NDArray[np.float64]:
    """One value for each window, from the Good rows of one point.

    Args:
        time: source times [ns UTC] in rising order, those before the first window included.
        value: their values, none of them NaN.
        starts: where each window begins [ns UTC].
        ends: where each window ends [ns UTC].
        how: what to compute.
    """
    low, high = np.searchsorted(time, starts), np.searchsorted(time, ends)
    result = np.full(len(starts), 0.0 if how is Aggregate.COUNT else np.nan)
    for i, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        if b > a:
            result[i] = _one_window(time, value, (a, b), (int(starts[i]), int(ends[i])), how)
    return result


def _one_window(
    time: NDArray[np.int64],
    value: NDArray[np.float64],
    rows: tuple[int, int],
    span: tuple[int, int],
    how: Aggregate,
) -> float:
    inside = value[rows[0] : rows[1]]
    before = value[rows[0] - 1 : rows[0]] if rows[0] else value[:0]
    if how is Aggregate.INCREASE:
        return float(np.clip(np.diff(np.concatenate([before, inside])), 0, None).sum())
    if how is Aggregate.TIME_WEIGHTED_MEAN:
        begins = time[rows[0] : rows[1]]
        if len(before):
            begins, inside = np.concatenate([[span[0]], begins]), np.concatenate([before, inside])
        held = np.diff(np.append(begins, span[1]))
        return float(np.average(inside, weights=held)) if held.sum() else float(inside[-1])
    return _SIMPLE[how](inside)


_SIMPLE: dict[Aggregate, Callable[[NDArray[np.float64]], float]] = {
    Aggregate.MEAN: lambda v: float(v.mean()),
    Aggregate.MIN: lambda v: float(v.min()),
    Aggregate.MAX: lambda v: float(v.max()),
    Aggregate.LAST: lambda v: float(v[-1]),
    Aggregate.COUNT: lambda v: float(len(v)),
}
