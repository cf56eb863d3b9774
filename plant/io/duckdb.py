"""``Historian`` in one DuckDB file: the embedded store. Columns in, columns out; no server to run."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from plant.clock import SECOND
from plant.errors import DropError, FixError, Unavailable
from plant.io import duckdb_sql as sql
from plant.io.duckdb_arrow import Registered, columns, readings_of
from plant.io.rows import last_of_each_key
from plant.io.windows import window_starts
from plant.ports import Aggregate, Windows
from plant.readings import Readings
from plant.service import alone

T = TypeVar("T")

_HOUR = 3600 * SECOND
_LOOK_BACK = (_HOUR, 24 * _HOUR, 24 * 366 * 100 * _HOUR)
_NEVER = np.iinfo(np.int64).min


class DuckDbHistorian:
    """Implements ``plant.ports.Historian``; one process at a time may have the file open.

    A write is on disk (write-ahead log, fsync) when it returns. Console and ingest share one object: a lock lets
    one statement at a time through the single connection.
    """

    def __init__(self, path: Path, *, memory: str = "1GB", threads: int = 2) -> None:
        """Prepare.

        Args:
            path: the database file; made with its folder if missing.
            memory: most memory that DuckDB may take, as it spells it, for example ``1GB``.
            threads: CPU cores that DuckDB may use.
        """
        self._path = path
        self._config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "threads": threads,
            "checkpoint_threshold": "64MB",
        }
        self._lock = asyncio.Lock()
        self._base: duckdb.DuckDBPyConnection | None = None
        self._codes: dict[str, int] = {}
        self._names: list[str] = []
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._newest: NDArray[np.int64] = np.zeros(0, np.int64)

    async def __aenter__(self) -> Self:
        """Open the file.

        Raises:
            FixError: the file is damaged, or is no historian.
            Unavailable: another process has it open, or the disk refuses.
        """
        await self._run(lambda _: None)
        return self

    async def __aexit__(self, *error: object) -> None:
        """Write the log into the file and close it."""

        def close() -> None:
            base, self._base = self._base, None
            if base is not None:
                base.close()

        await alone(self._lock, close)

    async def write(self, readings: Readings) -> int:
        """Store durably; the number of rows that were new.

        Raises:
            Unavailable: nothing of this call is stored; keep the readings and try again.
        """
        return await self._run(lambda base: self._write(base, readings)) if len(readings) else 0

    async def read(self, points: Sequence[str], start: int, end: int) -> Readings:
        """All rows with ``start <= time < end`` [ns UTC] of these points, in time order.

        Raises:
            Unavailable: the file cannot be read now.
        """

        def work(base: duckdb.DuckDBPyConnection) -> Readings:
            wanted = [self._codes[p] for p in dict.fromkeys(points) if p in self._codes]
            query = base.sql(sql.READ, params={"points": wanted, "start": start, "end": end})
            return readings_of(query.to_arrow_table(), self._names).compact().in_time_order()

        return await self._run(work)

    async def aggregate(self, point: str, start: int, end: int, *, window: int, how: Aggregate) -> Windows:
        """One value for each ``window`` [ns] from ``start`` to ``end`` [ns UTC].

        Raises:
            FixError: the window is not positive, or there are more than a million.
            Unavailable: the file cannot be read now.
        """
        starts = window_starts(start, end, window)
        value = np.full(len(starts), 0.0 if how is Aggregate.COUNT else np.nan)

        def work(base: duckdb.DuckDBPyConnection) -> None:
            if point not in self._codes or not len(starts):
                return
            ask = {"point": self._codes[point], "start": start}
            held = how in {Aggregate.INCREASE, Aggregate.TIME_WEIGHTED_MEAN}
            first = _in_force(base, ask) if held else start
            answer = base.execute(
                sql.AGGREGATES[how], {**ask, "from": first, "end": end, "window": window}
            ).fetchnumpy()
            value[np.asarray(answer["slot"], np.int64)] = np.asarray(answer["result"], np.float64)

        await self._run(work)
        return Windows(starts, value)

    async def counts(self) -> dict[str, int]:
        """Stored rows per point that has any."""
        return await self._run(
            lambda _: {n: c for n, c in zip(self._names, self._rows.tolist(), strict=True) if c}
        )

    async def expired(self) -> dict[str, int]:
        """Rows that retention has deleted since the file was made, per point that lost any."""
        return await self._run(
            lambda base: dict(base.execute("SELECT name, expired FROM point WHERE expired > 0").fetchall())
        )

    async def points(self) -> tuple[str, ...]:
        """Every point that has a row, sorted."""
        return tuple(sorted(await self.counts()))

    async def retain(self, before: int) -> int:
        """Delete rows older than ``before`` [ns UTC]; how many.

        Raises:
            Unavailable: nothing was deleted.
        """

        def work(base: duckdb.DuckDBPyConnection) -> int:
            base.execute("BEGIN")
            try:
                base.execute(sql.EXPIRE, {"before": before})
                row = base.execute(sql.RETAIN, {"before": before}).fetchone()
                base.execute("COMMIT")
            except BaseException:
                self._give_up(base)
                raise
            self._load(base)
            with contextlib.suppress(duckdb.Error):  # frees the room now; else the next one does
                base.execute("CHECKPOINT")
            return 0 if row is None else int(row[0])

        return await self._run(work)

    async def _run(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        return await alone(self._lock, lambda: self._guarded(work))

    def _guarded(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        if self._base is None:
            self._base = self._open()
        try:
            return work(self._base)
        except (duckdb.FatalException, duckdb.InternalException) as error:
            self._give_up(self._base)
            raise Unavailable(f"historian {self._path} had to be closed: {error}") from error
        except duckdb.DataError as error:
            raise DropError(f"historian {self._path} can never store or answer this: {error}") from error
        except duckdb.Error as error:
            raise Unavailable(f"historian {self._path} cannot work now: {error}") from error

    def _open(self) -> duckdb.DuckDBPyConnection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FixError(f"folder {self._path.parent} of the historian cannot be made: {error}") from error
        try:
            base = duckdb.connect(str(self._path), config=self._config)
        except duckdb.Error as error:
            if "lock" in str(error).lower():
                raise Unavailable(f"historian {self._path} is open in another process; end that one") from error
            raise FixError(
                f"historian {self._path} cannot be opened: {error}. Move it and its .wal file away and restore a "
                "backup, or start with a new file: the agents still send what they have not got rid of"
            ) from error
        base.execute(sql.TABLES)
        self._load(base)
        return base

    def _give_up(self, base: duckdb.DuckDBPyConnection) -> None:
        """Close after a failure that may leave file and dictionary apart; the next call opens and reads it again.

        What the failed transaction did is undone: by the roll-back, or by not being in the log.
        """
        self._base = None
        with contextlib.suppress(duckdb.Error):
            base.rollback()
        with contextlib.suppress(duckdb.Error):
            base.close()

    def _load(self, base: duckdb.DuckDBPyConnection) -> None:
        """Read the dictionary of points, and how many rows and up to when each one has."""
        self._names = [name for _, name in sorted(base.execute("SELECT code, name FROM point").fetchall())]
        self._codes = {name: code for code, name in enumerate(self._names)}
        self._rows = np.zeros(len(self._names), np.int64)
        self._newest = np.full(len(self._names), _NEVER, np.int64)
        for code, rows, newest in base.execute(sql.SUMMARY).fetchall():
            self._rows[code], self._newest[code] = rows, newest

    def _write(self, base: duckdb.DuckDBPyConnection, readings: Readings) -> int:
        rows = last_of_each_key(readings)
        base.execute("BEGIN")
        try:
            code = self._code(base, rows.points)[rows.code]
            incoming, new = self._changes(base, columns(code, rows), code, rows.time)
            if incoming.num_rows:
                with Registered(base, "incoming", incoming):
                    base.execute(sql.APPEND)
            base.execute("COMMIT")
        except BaseException:
            self._give_up(base)
            raise
        self._rows += np.bincount(code[new], minlength=len(self._names))
        np.maximum.at(self._newest, code, rows.time)
        return int(new.sum())

    def _code(self, base: duckdb.DuckDBPyConnection, points: tuple[str, ...]) -> NDArray[np.int32]:
        """Codes of the points; new ones are added to the dictionary."""
        unknown = [p for p in points if p not in self._codes]
        if unknown:
            first = len(self._names)
            codes = np.arange(first, first + len(unknown), dtype=np.int32)
            with Registered(base, "fresh", pa.table({"code": codes, "name": unknown})):
                base.execute(sql.NAME)
            self._names += unknown
            self._codes.update({name: first + i for i, name in enumerate(unknown)})
            self._rows = np.append(self._rows, np.zeros(len(unknown), np.int64))
            self._newest = np.append(self._newest, np.full(len(unknown), _NEVER, np.int64))
        return np.array([self._codes[p] for p in points], np.int32)

    def _changes(
        self,
        base: duckdb.DuckDBPyConnection,
        table: Any,  # noqa: ANN401 - pyarrow ships no types
        code: NDArray[np.int32],
        time: NDArray[np.int64],
    ) -> tuple[Any, NDArray[np.bool_]]:
        """What has to be inserted, and which rows are new; changed rows are taken away from the file.

        A row later than everything stored of its point is new without looking: with live data, all of them.
        """
        new = time > self._newest[code]
        if new.all():
            return table, new
        suspect = np.flatnonzero(~new)
        span = {"low": int(time[suspect].min()), "high": int(time[suspect].max())}
        rows = table.take(suspect).append_column("row", pa.array(suspect))
        with Registered(base, "suspect", rows):
            found = base.execute(sql.STORED, span).fetchnumpy()
        stored, same = np.asarray(found["row"], np.int64), np.asarray(found["same"], np.bool_)
        if not same.all():
            with Registered(base, "changed", table.take(stored[~same])):
                base.execute(sql.REPLACE, span)
        insert = np.ones(len(time), np.bool_)
        insert[stored[same]] = False
        new[suspect] = True
        new[stored] = False
        return table.filter(pa.array(insert)), new


def _in_force(base: duckdb.DuckDBPyConnection, ask: dict[str, int]) -> int:
    """Time [ns UTC] of the last Good value before ``start``; ``start`` when there is none.

    Looks a short way back first: the newest rows are together, and the rest of the file is not touched.
    """
    for back in _LOOK_BACK:
        row = base.execute(sql.FORCE, {**ask, "since": ask["start"] - back}).fetchone()
        if row is not None and row[0] is not None:
            return int(row[0])
    return ask["start"]
