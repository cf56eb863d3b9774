"""Which row a key keeps: every historian agrees on it here."""

import numpy as np

from plant.readings import Readings
from plant.status import status_classes


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
