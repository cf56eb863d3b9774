"""Columns of a recording into readings; what cannot be read is a problem with its line, not a lost neighbour."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from plant.errors import FixError
from plant.model import Kind, Plant
from plant.plantfile import Problem
from plant.readings import Readings
from plant.status import BAD_NO_DATA
from plant.virtual import SYSTEM
from simulators.recording_file import Block, shown

_UTC = pa.timestamp("ns", "UTC")
_LOCAL = pa.timestamp("ns")
_FIRST, _LAST = 631_152_000 * 10**9, 7_258_118_400 * 10**9
"""1990 and 2200, the times that OPC UA and a count of nanoseconds both hold [ns UTC]."""
_MICROSECOND = 1_000
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class RowReader:
    """Reads blocks against one plant file."""

    plant: Plant
    file: str
    """Name in messages."""
    zone: str | None = None
    """Zone of times that name none; None refuses them."""
    computed: int = 0
    """Rows left out because plantwatch computes those points again."""
    skipped: int = 0
    """Rows left out because they cannot be read or their point is unknown."""
    points: tuple[str, ...] = field(init=False)
    """Dictionary of the readings: every point of the plant with an address."""
    _code: dict[str, int] = field(init=False)
    _text: Mask = field(init=False)
    _unknown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Prepare.

        Raises:
            FixError: there is no such time zone.
        """
        self.points = tuple(p.id for p in self.plant.points.values() if p.address is not None)
        self._code = {p: i for i, p in enumerate(self.points)}
        self._text = np.array([self.plant.points[p].kind is Kind.TEXT for p in self.points], np.bool_)
        if self.zone is not None:
            try:
                _in_zone(pa.array(["2026-01-01T00:00:00"]), self.zone)
            except pa.ArrowException as error:
                raise FixError(f"no time zone {self.zone!r}: name one like Asia/Shanghai") from error

    def read(self, block: Block) -> tuple[Readings, list[Problem]]:
        """The good rows in their order, with whole microseconds, and what is wrong with the others."""
        problems, before = list(block.problems), self.computed
        code, good = self._codes(block, problems)
        time, ok = self._column(block, "time", problems, good, self._time)
        good &= ok
        value, ok = self._column(block, "value", problems, good, _value)
        good &= ok
        status, ok = self._column(block, "status", problems, good, _status)
        good &= ok
        texts = self._texts(block, code, good)
        numbers = value.astype(np.float64)
        codes = status.astype(np.uint32)
        missing = np.isnan(numbers) & (codes >> np.uint32(31) == 0)
        if texts is not None:
            missing &= np.array([t is None for t in texts], np.bool_)
        codes[missing] = BAD_NO_DATA
        time -= time % _MICROSECOND
        rows = Readings(self.points, code, time, numbers, codes, texts)[good]
        self.skipped += len(block.problems) + len(code) - len(rows) - (self.computed - before)
        return rows, problems

    def _codes(self, block: Block, problems: list[Problem]) -> tuple[NDArray[np.int32], Mask]:
        """Index of each row's point; false for those that are no point of this plant, or are computed."""
        names = block.columns["point"].cast(pa.string()).dictionary_encode()
        index = names.indices.fill_null(len(names.dictionary)).to_numpy(zero_copy_only=False)
        known = [self._known(name) for name in names.dictionary.to_pylist()]
        table = np.array([*known, _NO_POINT], np.int64)
        code = table[index]
        self.computed += int(np.count_nonzero(code == _COMPUTED))
        for row in np.flatnonzero(code == _NO_POINT).tolist():
            name = names[row].as_py()
            if name is None or name not in self._unknown:
                problems.append(self._problem(block, row, "point", name, *self._what_point(name)))
            if name is not None:
                self._unknown.add(name)
        return np.maximum(code, 0).astype(np.int32), code >= 0

    def _known(self, name: str) -> int:
        code = self._code.get(name.strip())
        if code is not None:
            return code
        results = tuple(f"{p.result}/" for p in self.plant.products)
        computed = name in self.plant.points or name.startswith((SYSTEM, *results))
        return _COMPUTED if computed else _NO_POINT

    def _what_point(self, name: str | None) -> tuple[str, str]:
        if name is None:
            return "the point is missing", "Name it, or leave the row out with --skip-unreadable."
        close = difflib.get_close_matches(name, self.points, n=1)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        return (
            f"the plant file {self.plant.id!r} has no such point",
            f"{meant}Add it there, or leave its rows out with --skip-unreadable.",
        )

    def _column(
        self, block: Block, name: str, problems: list[Problem], wanted: Mask, parse: Callable[[Any], "Parsed"]
    ) -> tuple[NDArray[Any], Mask]:
        """A column as numbers: all at once, or row by row where something in it is wrong."""
        cells = block.columns.get(name)
        if cells is None:
            return np.zeros(len(block.lines), np.int64), np.ones(len(block.lines), np.bool_)
        try:
            return parse(cells), np.ones(len(cells), np.bool_)
        except (pa.ArrowException, ValueError):
            return self._cell_by_cell(block, name, problems, wanted, parse)

    def _cell_by_cell(
        self, block: Block, name: str, problems: list[Problem], wanted: Mask, parse: Callable[[Any], "Parsed"]
    ) -> tuple[NDArray[Any], Mask]:
        """A column with something wrong in it: what, and on which line."""
        cells = block.columns[name]
        found = np.zeros(len(cells), np.float64 if name == "value" else np.int64)
        good = np.ones(len(cells), np.bool_)
        for row in range(len(cells)):
            try:
                found[row] = parse(_stripped(cells[row : row + 1]))[0]
            except (pa.ArrowException, ValueError):
                good[row] = False
                if wanted[row]:
                    problems.append(self._problem(block, row, name, cells[row].as_py(), *_WRONG[name]))
        return found, good

    def _time(self, cells: Any) -> "Parsed":  # noqa: ANN401 - pyarrow ships no types
        """Times [ns UTC] of a column of timestamps or texts."""
        if cells.null_count:
            raise ValueError
        if pa.types.is_timestamp(cells.type):
            exact = cells if cells.type.tz is not None else _in_zone(cells, self.zone)
        elif self.zone is not None:
            exact = _with_or_without_zone(cells, self.zone)
        else:
            exact = cells.cast(_UTC)
        time: NDArray[np.int64] = exact.cast(_UTC).cast(pa.int64()).to_numpy(zero_copy_only=False).copy()
        if len(time) and not (time.min() >= _FIRST and time.max() < _LAST):
            raise ValueError
        return time

    def _texts(self, block: Block, code: NDArray[np.int32], good: Mask) -> NDArray[np.object_] | None:
        """Texts of the text points; None when there is not a single one."""
        cells = block.columns.get("text")
        if cells is None or not (self._text[code] & good).any():
            return None
        texts = np.array(cells.cast(pa.string()).to_pylist(), np.object_)
        texts[~self._text[code]] = None
        return texts

    def _problem(self, block: Block, row: int, name: str, value: object, message: str, hint: str) -> Problem:
        column = 1 + list(block.columns).index(name)
        text = "nothing" if value is None else shown(value)
        return Problem(self.file, block.lines[row], column, name, text, message, hint)


Parsed = NDArray[Any]
_COMPUTED, _NO_POINT = -2, -1
_OR = "Mend it, or leave the row out with --skip-unreadable."
_WRONG = {
    "time": (
        "not a time from 1990 to 2199 with a zone",
        "Write it like 2026-01-01T08:00:00+08:00, or give the zone with --zone, or use --skip-unreadable.",
    ),
    "value": ("not a finite number", _OR),
    "status": ("not an OPC UA status code (0 to 4294967295)", _OR),
}


def _stripped(cells: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    return pc.utf8_trim_whitespace(cells) if pa.types.is_string(cells.type) else cells


def _value(cells: Any) -> Parsed:  # noqa: ANN401 - pyarrow ships no types
    """Numbers; NaN where there is none."""
    number: NDArray[np.float64] = cells.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    if np.isinf(number).any():
        raise ValueError
    return number.copy()


def _status(cells: Any) -> Parsed:  # noqa: ANN401 - pyarrow ships no types
    """Status codes; Good where there is none."""
    code: NDArray[np.uint32] = cells.cast(pa.uint32()).fill_null(0).to_numpy(zero_copy_only=False)
    return code.astype(np.int64)


def _in_zone(cells: Any, zone: str | None) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Times without a zone as those of ``zone``; the hour that a summer time repeats is its first."""
    if zone is None:
        raise ValueError
    return pc.assume_timezone(cells.cast(_LOCAL), zone, ambiguous="earliest", nonexistent="latest")


def _with_or_without_zone(cells: Any, zone: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    try:
        return cells.cast(_UTC)
    except pa.ArrowException:
        return _in_zone(cells, zone)
