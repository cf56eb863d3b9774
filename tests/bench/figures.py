"""What a benchmark gives: plain numbers with unit and spread, and the target where the project sets one."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any


class Better(StrEnum):
    """Which way a figure is good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity; ``samples`` holds one number for each repeat."""

    name: str
    unit: str
    samples: tuple[float, ...]
    better: Better = Better.HIGHER
    target: float | None = None
    """What the project asks for, in ``unit``; None where nothing is asked."""
    note: str = ""
    """What a reader must know to judge the number."""

    @property
    def median(self) -> float:
        """The figure itself."""
        return median(self.samples)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        return self.median >= self.target if self.better is Better.HIGHER else self.median <= self.target

    def as_json(self) -> dict[str, Any]:
        """Everything about it, for the file."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "lowest": min(self.samples),
            "highest": max(self.samples),
            "samples": list(self.samples),
            "better": self.better.value,
            "target": self.target,
            "met": self.met,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work a benchmark may make of it."""

    repeats: int
    share: float
    """Share of the full amount of data per repeat [0..1]."""
    tell: Callable[[str], None]
    """Called with what is being done now, for people."""

    def amount(self, full: int) -> int:
        """``full`` cut down to this effort, at least 1."""
        return max(1, round(full * self.share))


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark; ``run`` may give several figures that come out of the same work."""

    name: str
    about: str
    run: Callable[[Effort], list[Figure]]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one benchmark."""

    name: str
    seconds: float
    """How long it took [s]."""
    load: tuple[float, float, float]
    """Load average of the machine when it began: 1, 5 and 15 minutes."""
    figures: tuple[Figure, ...] = ()
    failed: str | None = None
    """Why there is no valid number."""


class BenchError(Exception):
    """The run gave no valid number: values were lost, or a process ended. Never for a number that is too small."""
