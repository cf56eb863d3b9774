"""A recording played as a plant: surveyed first, then streamed, so that memory stays the same for any length."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np

from plant.clock import SECOND
from plant.errors import FixError
from plant.model import Plant
from plant.plantfile import MAX_PROBLEMS, PlantFileError, Problem
from plant.readings import Readings
from simulators.recording_file import Progress, read_blocks
from simulators.recording_rows import RowReader
from simulators.truth import Truth

_GRAIN = 0.02
"""Rows whose times are nearer than this are handed out together [s of wall clock]."""


class Unreadable(StrEnum):
    """What to do with rows that cannot be read, and those of unknown points."""

    REFUSE = "refuse"
    """Report them all and play nothing."""
    SKIP = "skip"
    """Leave them out, count them, and play the others."""


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """A recording and the plant that it is of."""

    path: Path
    plant: Plant
    zone: str | None = None
    """Zone of times that name none; None refuses them."""
    unreadable: Unreadable = Unreadable.REFUSE

    def reader(self) -> RowReader:
        """A new reader of its rows.

        Raises:
            FixError: there is no such time zone.
        """
        return RowReader(self.plant, str(self.path), self.zone)

    def readings(self) -> Iterator[Readings]:
        """The good rows, block by block."""
        reader = self.reader()
        for block in read_blocks(self.path):
            yield reader.read(block)[0]


@dataclass(slots=True)
class Survey:
    """What is in a recording."""

    rows: int = 0
    """Rows that can be played."""
    start: int = 0
    """Earliest time [ns UTC]."""
    end: int = 0
    """Latest time [ns UTC]."""
    points: tuple[str, ...] = ()
    """Points that have rows, in the order of the plant file."""
    computed: int = 0
    """Rows of points that plantwatch computes itself: left out."""
    skipped: int = 0
    """Rows left out because they cannot be read."""
    problems: list[Problem] = field(default_factory=list)
    """The first of them."""
    ordered: bool = True
    """Whether the rows stand in the order of their times."""

    def add(self, readings: Readings) -> None:
        """Take account of the next block."""
        if not len(readings):
            return
        first, last = int(readings.time.min()), int(readings.time.max())
        in_order = bool((np.diff(readings.time) >= 0).all())
        self.ordered = self.ordered and in_order and (not self.rows or first >= self.end)
        self.start = min(self.start, first) if self.rows else first
        self.end = max(self.end, last) if self.rows else last
        self.rows += len(readings)


def survey(file: RecordingFile, progress: Progress = lambda _done, _all: None) -> Survey:
    """Read a whole recording once, without keeping it.

    Raises:
        PlantFileError: rows cannot be read or are of unknown points: all of them, up to a bound.
        FixError: the file cannot be read, or there is nothing in it to play.
    """
    reader, found = file.reader(), Survey()
    seen = np.zeros(len(reader.points), np.int64)
    for block in read_blocks(file.path, progress):
        readings, problems = reader.read(block)
        found.problems += problems[: MAX_PROBLEMS - len(found.problems)]
        if file.unreadable is Unreadable.REFUSE and len(found.problems) >= MAX_PROBLEMS:
            break
        found.add(readings)
        seen += np.bincount(readings.code, minlength=len(seen))
    if found.problems and file.unreadable is Unreadable.REFUSE:
        raise PlantFileError(found.problems)
    if not found.rows:
        raise FixError(f"{file.path} has no row that can be played as plant {file.plant.id!r}")
    found.points = tuple(p for p, n in zip(reader.points, seen.tolist(), strict=True) if n)
    found.computed, found.skipped = reader.computed, reader.skipped
    return found


class Recording:
    """Hands out the rows of a recording in the order of their times; implements ``Playable``."""

    def __init__(self, file: RecordingFile, found: Survey, *, shift: int, speed: float) -> None:
        """Prepare.

        Args:
            file: the recording; its rows stand in the order of their times.
            found: the survey of it.
            shift: added to every time [ns].
            speed: factor of the clock that paces it.
        """
        self.plant, self.points = file.plant, found.points
        self._shift, self._grain = shift, round(_GRAIN * speed * SECOND)
        self._time = found.start + shift
        self._counts = np.zeros(len(self.points), np.int64)
        place = {p: i for i, p in enumerate(self.points)}
        self._place = np.array([place.get(p, 0) for p in file.reader().points], np.int32)
        self._blocks = file.readings()
        self._block = Readings.empty()
        self._next = self._take()

    @property
    def time(self) -> int:
        """Time of the last rows handed out [ns UTC]; before them that of the first."""
        return self._time

    @property
    def step_size(self) -> int:
        """From the last rows handed out to the next [ns]."""
        return 0 if self._next is None else int(self._next.time[-1]) - self._time

    @property
    def finished(self) -> bool:
        """Whether all rows are handed out."""
        return self._next is None

    @property
    def produced(self) -> dict[str, int]:
        """Values handed out so far per point, exact."""
        return dict(zip(self.points, self._counts.tolist(), strict=True))

    def advance(self) -> Readings:
        """The next rows: those whose times are as good as the same at this speed."""
        rows = self._next
        if rows is None:
            return Readings.empty()
        self._time = int(rows.time[-1])
        self._counts += np.bincount(rows.code, minlength=len(self._counts))
        self._next = self._take()
        return rows

    def switch(self, point: str, value: float) -> None:
        """Refuse: what has been recorded does not change."""
        raise FixError(f"switch {point!r} to {value:g}: this plant is a recording, nothing in it can be operated")

    def truth(self) -> list[Truth]:
        """Nothing: a recording does not say what is wrong in it."""
        return []

    def _take(self) -> Readings | None:
        while not len(self._block):
            block = next(self._blocks, None)
            if block is None:
                return None
            self._block = block
        time = self._block.time
        n = max(1, int(np.searchsorted(time, time[0] + self._grain)))
        rows, self._block = self._block[:n], self._block[n:]
        return Readings(
            self.points, self._place[rows.code], rows.time + self._shift, rows.value, rows.status, rows.text
        )
