"""A recording put in the order of its times, on disk: one that was written tag by tag can be played as well."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from plant.errors import FixError
from plant.readings import Readings
from simulators.recording import RecordingFile

_MEMORY = "512MB"
"""Beyond it DuckDB sorts on disk."""


def sort_recording(file: RecordingFile, folder: Path) -> RecordingFile:
    """A copy of the rows that can be read, sorted by time; rows of the same time keep their order.

    Args:
        file: the recording; its survey has been made.
        folder: for the copy and what is needed on the way.

    Raises:
        FixError: the disk refuses.
    """
    plain, copy = folder / "rows.parquet", folder / "sorted.parquet"
    try:
        _write(file, plain)
        with duckdb.connect(
            config={"memory_limit": _MEMORY, "temp_directory": str(folder), "threads": "2"}
        ) as base:
            rows = base.read_parquet(str(plain)).order("time, row").project("time, point, value, status, text")
            rows.write_parquet(str(copy))
    except (OSError, duckdb.Error, pa.ArrowException) as error:
        raise FixError(f"{file.path} cannot be sorted in {folder}: {error}; sort it by time before") from error
    plain.unlink()
    return replace(file, path=copy)


def _write(file: RecordingFile, path: Path) -> None:
    schema = pa.schema(
        [
            ("row", pa.int64()),
            ("time", pa.timestamp("ns", "UTC")),
            ("point", pa.string()),
            ("value", pa.float64()),
            ("status", pa.uint32()),
            ("text", pa.string()),
        ]
    )
    done = 0
    with pq.ParquetWriter(path, schema) as writer:
        for rows in file.readings():
            writer.write_table(_table(rows, done, schema))
            done += len(rows)


def _table(rows: Readings, first: int, schema: pa.Schema) -> pa.Table:
    return pa.table(
        [
            pa.array(range(first, first + len(rows)), pa.int64()),
            pa.array(rows.time).cast(schema.field("time").type),
            pa.array(rows.points, pa.string()).take(pa.array(rows.code)),
            pa.array(rows.value),
            pa.array(rows.status),
            pa.nulls(len(rows), pa.string()) if rows.text is None else pa.array(rows.text, pa.string()),
        ],
        schema=schema,
    )
