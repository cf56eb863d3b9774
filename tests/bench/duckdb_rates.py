"""The embedded historian in a file on this disk: durable writes, aggregates, reading back."""

import asyncio
import tempfile
import time
from pathlib import Path

from plant.clock import SECOND
from plant.io.duckdb import DuckDbHistorian
from plant.ports import Aggregate
from tests.bench.columns import START, names, rows
from tests.bench.figures import Better, Effort, Figure

_POINTS = 200
_WRITE, _SMALL = 100_000, 1000
_SECONDS = 2 * 3600
"""History per point [s], one value a second."""
_QUERIES = 8
_WINDOW = 60 * SECOND


def duckdb(effort: Effort) -> list[Figure]:
    """Write, then ask."""
    return asyncio.run(_measure(effort))


async def _measure(effort: Effort) -> list[Figure]:
    seconds = effort.amount(_SECONDS)
    written, small, reads = [], [], []
    asked: dict[Aggregate, list[float]] = {
        a: [] for a in (Aggregate.MEAN, Aggregate.TIME_WEIGHTED_MEAN, Aggregate.INCREASE)
    }
    for _ in range(effort.repeats):
        with tempfile.TemporaryDirectory() as folder:
            async with DuckDbHistorian(Path(folder) / "history.duckdb") as historian:
                total = _POINTS * seconds
                written.append(total / await _write(historian, START, total, _WRITE))
                later, few = START + (seconds + 10) * SECOND, effort.amount(100) * _SMALL
                small.append(few / await _write(historian, later, few, _SMALL))
                for how, times in asked.items():
                    times.append(await _ask(historian, seconds, how))
                reads.append(await _read(historian, seconds))
    note = f"of one point with {seconds} values in 1-minute windows; the file holds {_POINTS * seconds:,} rows"
    return [
        Figure("DuckDB write", "values/s", tuple(written), note="100,000 rows a write, each fsynced on return"),
        Figure("DuckDB write, small", "values/s", tuple(small), note="1,000 rows a write"),
        *(
            Figure(f"DuckDB {how.value.replace('_', ' ')}", "values/s", tuple(seconds / t for t in times),
                   note=f"{1000 * sorted(times)[len(times) // 2]:.1f} ms a query, {note}")
            for how, times in asked.items()
        ),
        Figure("DuckDB read", "values/s", tuple(reads), Better.HIGHER, note="20 points, in time order"),
    ]  # fmt: skip


async def _write(historian: DuckDbHistorian, first: int, total: int, size: int) -> float:
    """Seconds spent in ``write`` for ``total`` new rows in pieces of ``size``."""
    ids, spent = names(_POINTS), 0.0
    for start in range(0, total, size):
        block = rows(ids, min(size, total - start), first=first + start // _POINTS * SECOND)
        begin = time.perf_counter()
        await historian.write(block)
        spent += time.perf_counter() - begin
    return spent


async def _ask(historian: DuckDbHistorian, seconds: int, how: Aggregate) -> float:
    """Mean time of a query [s]."""
    end = START + seconds * SECOND
    begin = time.perf_counter()
    for point in names(_QUERIES):
        await historian.aggregate(point, START, end, window=_WINDOW, how=how)
    return (time.perf_counter() - begin) / _QUERIES


async def _read(historian: DuckDbHistorian, seconds: int) -> float:
    begin = time.perf_counter()
    found = await historian.read(names(20), START, START + seconds * SECOND)
    return len(found) / (time.perf_counter() - begin)
