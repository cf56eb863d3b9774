"""Stored history into a CSV or Parquet file, window by window, so that memory stays the same for any length."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from plant.clock import SECOND
from plant.errors import FixError
from plant.ports import Historian
from plant.readings import Readings

WINDOW = 3600 * SECOND
"""Time that is read at once [ns]."""

_SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("ns", "UTC")),
        ("point", pa.string()),
        ("value", pa.float64()),
        ("status", pa.uint32()),
        ("text", pa.string()),
    ]
)


class ExportFormat(StrEnum):
    """File format of an export."""

    CSV = "csv"
    """With a header line; time in ISO 8601 UTC to the nanosecond, an empty value where there is none."""
    PARQUET = "parquet"


class Existing(StrEnum):
    """What to do with a file that is there already."""

    REFUSE = "refuse"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Span:
    """The history to export: ``start <= time < end`` [ns UTC]."""

    start: int
    end: int
    window: int = WINDOW
    """Time that is read at once [ns]."""


async def export(
    historian: Historian,
    points: Sequence[str],
    span: Span,
    path: Path,
    *,
    file_format: ExportFormat = ExportFormat.CSV,
    existing: Existing = Existing.REFUSE,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the rows of the points to a file; the number of rows. The file appears when it is complete.

    Args:
        historian: where from.
        points: point ids.
        span: from when to when.
        path: the file; its folder must exist.
        file_format: CSV or Parquet.
        existing: what to do when the file exists.
        progress: called with windows done and windows in all.

    Raises:
        FixError: the file exists, the folder does not, the span is empty, or the disk refuses.
        Unavailable: the historian cannot be read now; no file is left.
    """
    _check(span, path, existing)
    windows = range(span.start, span.end, span.window)
    total = 0
    try:
        with ExitStack() as stack:
            temporary = Path(stack.enter_context(_temporary(path)))
            writer = _writer(temporary, file_format)
            try:
                for done, start in enumerate(windows, 1):
                    rows = await historian.read(points, start, min(start + span.window, span.end))
                    await asyncio.to_thread(writer.write_table, _table(rows))
                    total += len(rows)
                    if progress is not None:
                        progress(done, len(windows))
            finally:
                writer.close()
            await asyncio.to_thread(_publish, temporary, path)
    except (OSError, pa.ArrowException) as error:
        raise FixError(f"export to {path} failed: {error}; choose a folder that can be written") from error
    return total


def _publish(temporary: Path, path: Path) -> None:
    temporary.chmod(0o644)
    temporary.replace(path)


def _check(span: Span, path: Path, existing: Existing) -> None:
    if span.end <= span.start or span.window <= 0:
        raise FixError(f"export from {span.start} to {span.end} [ns UTC] holds nothing: the end must be later")
    if path.exists() and existing is Existing.REFUSE:
        raise FixError(f"export file {path} exists already; choose another name, or ask for it to be replaced")
    if not path.parent.is_dir():
        raise FixError(f"folder {path.parent} of the export file does not exist; make it first")


class _temporary:  # noqa: N801 - used as a function
    """A temporary file beside the target, removed unless it was renamed to it."""

    def __init__(self, path: Path) -> None:
        handle, self._name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)

    def __enter__(self) -> str:
        return self._name

    def __exit__(self, *error: object) -> None:
        Path(self._name).unlink(missing_ok=True)


def _writer(path: Path, file_format: ExportFormat) -> Any:  # noqa: ANN401 - pyarrow ships no types
    if file_format is ExportFormat.PARQUET:
        return pq.ParquetWriter(path, _SCHEMA, compression="zstd")
    return pc.CSVWriter(path, _SCHEMA)


def _table(rows: Readings) -> Any:  # noqa: ANN401 - pyarrow ships no types
    names = pa.array(rows.points, pa.string())
    text = pa.nulls(len(rows), pa.string()) if rows.text is None else pa.array(rows.text, pa.string())
    columns = [
        pa.array(rows.time).cast(_SCHEMA.field("time").type),
        names.take(pa.array(rows.code)),
        pa.array(rows.value, mask=np.isnan(rows.value)),
        pa.array(rows.status),
        text,
    ]
    return pa.table(columns, schema=_SCHEMA)
