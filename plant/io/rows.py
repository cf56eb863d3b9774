"""What every historian must agree on: which row a key keeps, and where windows start."""

import numpy as np
from numpy.typing import NDArray

from plant.errors import FixError
from plant.readings import Readings
from plant.status import status_classes

MAX_WINDOWS = 1_000_000
"""Most windows of one aggregate: more is a slip in the window's unit, and would only fill the memory."""


def last_of_each_key(rows: Readings) -> Readings:
    """One row per (point, time, status class): the last given; points without a row are left out."""
    if not len(rows):
        return Readings.empty()
    rows = _each_name_once(rows).compact()
    kind = status_classes(rows.status).astype(np.int8)
    order = np.lexsort((kind, rows.time, rows.code))  # stable: rows of one key stay in the order given
    code, time, kind = rows.code[order], rows.time[order], kind[order]
    last = np.append((np.diff(code) != 0) | (np.diff(time) != 0) | (np.diff(kind) != 0), True)
    return rows if last.all() else rows[np.sort(order[last])]


def _each_name_once(rows: Readings) -> Readings:
    """A dictionary from the wire may name a point twice; rows of both are of one point."""
    index: dict[str, int] = {}
    place = np.array([index.setdefault(p, len(index)) for p in rows.points], np.int32)
    if len(index) == len(rows.points):
        return rows
    return Readings(tuple(index), place[rows.code], rows.time, rows.value, rows.status, rows.text)


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
