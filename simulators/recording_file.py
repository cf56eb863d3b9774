"""A recording on disk, CSV or Parquet, read block by block into plain columns with the line of every row."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from plant.errors import FixError
from plant.plantfile import Problem

REQUIRED = ("time", "point", "value")
OPTIONAL = ("status", "text")
BLOCK = 20_000
"""Rows in memory at once."""
Progress = Callable[[int, int], None]
"""Called with the amount that is read and the whole [any unit]."""
_DELIMITERS = (",", ";", "\t")
_SHOWN = 60


@dataclass(slots=True)
class Block:
    """Rows as they stand in the file."""

    lines: list[int]
    """Line of each row, or its number in a Parquet file, from 1."""
    columns: dict[str, Any]
    """pyarrow array by column name, each as long as ``lines``."""
    problems: list[Problem] = field(default_factory=list)
    """Of lines that are no rows at all."""


def read_blocks(path: Path, progress: Progress = lambda _done, _all: None) -> Iterator[Block]:
    """The blocks of a file whose name ends in ``.csv`` or ``.parquet``.

    Raises:
        FixError: the file cannot be read, is of another kind, or lacks a column.
    """
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FixError(f"{path}: the name must end in .csv or .parquet, so that the format is clear")
    try:
        yield from reader(path, progress)
    except OSError as error:
        raise FixError(f"{path} cannot be read: {error.strerror or error}") from error
    except (pa.ArrowException, ValueError) as error:  # pyarrow lets some damage through as a bare ValueError
        raise FixError(f"{path} is damaged: {error}") from error


def shown(value: object) -> str:
    """A value in an error text, shortened."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


# --- CSV ----------------------------------------------------------------------------------------


def _read_csv(path: Path, progress: Progress) -> Iterator[Block]:
    size = path.stat().st_size
    # What is no UTF-8 is kept as surrogates: such a row is reported by its line, and its neighbours are read.
    with path.open("rb") as raw, TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") as file:
        first = file.readline()
        rows = csv.reader(file, delimiter=max(_DELIMITERS, key=first.count))
        names = _header(path, next(csv.reader([first], delimiter=max(_DELIMITERS, key=first.count)), []))
        taker = _Taker(path, names, rows)
        while block := taker.take():
            yield block
            progress(raw.tell(), size)


@dataclass(slots=True)
class _Taker:
    """Takes records off a CSV reader, with the line on which each begins."""

    path: Path
    names: list[str]
    rows: Any
    line: int = 1
    """Line of the last record's end; the header is line 1."""

    def take(self) -> Block | None:
        """The next rows; None at the end."""
        lines: list[int] = []
        taken: list[list[str]] = []
        problems: list[Problem] = []
        ended = False
        while len(taken) + len(problems) < BLOCK and not ended:
            begin, row = self.line + 1, None
            try:
                row = next(self.rows, None)
                ended = row is None
                wrong = "" if not row or len(row) == len(self.names) else self._width(row)
            except csv.Error as error:
                wrong = f"this is not CSV: {error}"
            self.line = 1 + self.rows.line_num
            if wrong:
                problems.append(
                    Problem(
                        str(self.path), begin, 1, "row", shown(",".join(row or [])) if row else "", wrong, _HINT
                    )
                )
            elif row:
                lines.append(begin)
                taken.append(row)
        if not taken and not problems:
            return None
        columns = zip(*taken, strict=True) if taken else [()] * len(self.names)
        return Block(lines, {n: _strings(c) for n, c in zip(self.names, columns, strict=True) if n}, problems)

    def _width(self, row: list[str]) -> str:
        return f"{len(row)} columns, but the first line names {len(self.names)}"


_HINT = "Mend the line, or leave it out with --skip-unreadable."


def _header(path: Path, cells: list[str]) -> list[str]:
    """Names of the columns that are read; an empty one for every other."""
    names = [c.strip().lower() for c in cells]
    missing = [n for n in REQUIRED if n not in names]
    doubled = sorted({n for n in names if n in {*REQUIRED, *OPTIONAL} and names.count(n) > 1})
    if missing or doubled:
        what = f"lacks the columns {', '.join(missing)}" if missing else f"names {', '.join(doubled)} twice"
        raise FixError(
            f"{path}:1: the first line {what}; it must name the columns time, point, value, and if you like"
            " status and text"
        )
    return [n if n in {*REQUIRED, *OPTIONAL} else "" for n in names]


def _strings(cells: tuple[str, ...]) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """An array of strings, null where nothing stands; what is no UTF-8 keeps its bytes' place with a mark."""
    try:
        return pa.array([c or None for c in cells], pa.string())
    except UnicodeEncodeError:
        return pa.array([c.encode("utf-8", "replace").decode() or None for c in cells], pa.string())


# --- Parquet ------------------------------------------------------------------------------------


def _read_parquet(path: Path, progress: Progress) -> Iterator[Block]:
    with pq.ParquetFile(path) as file:
        present = {name.lower(): name for name in file.schema_arrow.names}
        missing = [n for n in REQUIRED if n not in present]
        if missing:
            raise FixError(f"{path} lacks the columns {', '.join(missing)}; it has {', '.join(present)}")
        wanted = {n: present[n] for n in (*REQUIRED, *OPTIONAL) if n in present}
        done, total = 0, file.metadata.num_rows
        for batch in file.iter_batches(batch_size=BLOCK, columns=list(wanted.values())):
            columns = {n: _sound(batch.column(name)) for n, name in wanted.items()}
            for name in columns.keys() & {"point", "text"}:
                kind = columns[name].type
                if not (pa.types.is_string(kind) or pa.types.is_null(kind)):
                    raise FixError(f"{path}: column {name!r} holds {kind}; it must hold texts")
            yield Block(list(range(done + 1, done + len(batch) + 1)), columns)
            done += len(batch)
            progress(done, total)


def _sound(column: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """The column with plain texts that are UTF-8: what is not is marked, as in a CSV file."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    try:
        column.validate(full=True)
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        cells = column.cast(pa.large_binary()).to_pylist()
        return pa.array([None if c is None else c.decode("utf-8", "replace") for c in cells], pa.string())
