"""The agent's spool on this disk, with its durability settings as they are: every append is an fsync."""

import tempfile
import time
from pathlib import Path

from edge_agent.spool import Spool
from plant.clock import SECOND
from tests.bench.columns import SOURCE, START, names, rows
from tests.bench.figures import Effort, Figure

_POINTS, _ROWS, _IN_FLIGHT = 2000, 20_000, 8
_NOTE = "SQLite WAL, synchronous=FULL, marks of 2,000 points in each append"


def spool(effort: Effort) -> list[Figure]:
    """Into the spool, and out of it again."""
    batches, small = effort.amount(50), effort.amount(200)
    written, sent, appends = [], [], []
    for _ in range(effort.repeats):
        with tempfile.TemporaryDirectory() as folder, Spool(Path(folder) / "s.db", "bench", time.time_ns) as disk:
            written.append(batches * _ROWS / _append(disk, _POINTS, _ROWS, batches))
            sent.append(batches * _ROWS / _drain(disk))
            appends.append(small / _append(disk, 200, 200, small))
    return [
        Figure("spool write", "values/s", tuple(written), note=f"20,000 rows an append; {_NOTE}"),
        Figure("spool drain", "values/s", tuple(sent), note="oldest 8 read, then removed, until empty"),
        Figure("spool appends", "1/s", tuple(appends), note="200 rows each: the rate of durable commits"),
    ]


def _append(disk: Spool, points: int, count: int, batches: int) -> float:
    ids = names(points)
    made = [rows(ids, count, first=START + n * count * SECOND) for n in range(batches)]
    begin = time.perf_counter()
    for n, readings in enumerate(made):
        disk.append(SOURCE, readings, marks=dict.fromkeys(ids, START + n))
    return time.perf_counter() - begin


def _drain(disk: Spool) -> float:
    begin = time.perf_counter()
    while found := disk.oldest(_IN_FLIGHT):
        disk.remove(found)
    return time.perf_counter() - begin
