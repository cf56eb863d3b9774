"""Time as an argument: the only place that reads a wall clock, and a clock that runs fast for simulations."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

SECOND = 1_000_000_000
"""Nanoseconds in a second."""

Clock = Callable[[], int]
"""Returns the present time [ns since 1970-01-01 UTC]."""


def wall_clock() -> int:
    """The machine's own clock [ns UTC]."""
    return time.time_ns()


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock at ``simulated_origin`` when the wall showed ``wall_origin``, running ``speed`` times as fast.

    Processes that are given the same three numbers agree on the simulated time.
    """

    wall_origin: int
    simulated_origin: int
    speed: float

    def __call__(self) -> int:
        """The simulated time now [ns UTC]."""
        return self.at(time.time_ns())

    def at(self, wall: int) -> int:
        """The simulated time [ns UTC] when the wall clock shows ``wall`` [ns UTC]."""
        return self.simulated_origin + int((wall - self.wall_origin) * self.speed)


def to_datetime(ns: int) -> datetime:
    """Aware UTC datetime of a time in nanoseconds (cut to microseconds)."""
    return datetime.fromtimestamp(ns // SECOND, UTC).replace(microsecond=ns % SECOND // 1000)


def from_datetime(when: datetime) -> int:
    """Nanoseconds since 1970 UTC of an aware datetime; exact to the microsecond.

    Raises:
        ValueError: ``when`` has no time zone.
    """
    if when.tzinfo is None:
        message = f"the time {when.isoformat()} has no zone; add one, for example +08:00"
        raise ValueError(message)
    whole = when.replace(microsecond=0)
    return int(whole.timestamp()) * SECOND + when.microsecond * 1000


def iso(ns: int) -> str:
    """ISO 8601 text in UTC with milliseconds, for people and JSON."""
    return to_datetime(ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")
