"""How channels vote: beyond the set point, clear of it, or not to be known; and what a bypass holds back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from analytics.interlocks.window import Row
from plant.model import BadVote, Cause, Comparator, Interlock
from plant.status import GOOD_LOCAL_OVERRIDE

_SUB_CODE = 0xFFFF_0000


class Process(Enum):
    """Where the process is, as far as one channel can tell; Uncertain counts like Good."""

    BEYOND = "beyond the set point"
    CLEAR = "not beyond the set point"
    UNKNOWN = "not to be known"
    """No value yet, a Bad status, or a forced value that nobody measures."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One channel at one moment."""

    process: Process
    bypassed: bool
    """By its switch or by a forced value."""
    bad_trips: bool
    """The channel is Bad, and a Bad channel votes to trip."""

    @property
    def trips(self) -> bool:
        """The logic solver must count this channel as a vote to trip."""
        return not self.bypassed and (self.process is Process.BEYOND or self.bad_trips)

    @property
    def may_trip(self) -> bool:
        """It trips, or cannot be known not to."""
        return not self.bypassed and (self.trips or self.process is Process.UNKNOWN)


def vote(cause: Cause, row: Row | None, *, bypassed: bool, voting: bool) -> Vote:
    """The vote of ``cause`` with its newest value.

    Args:
        cause: the channel.
        row: its newest reading; None before the first.
        bypassed: its bypass switch is on. A forced value (GoodLocalOverride, OPC 10000-4, 7.39) is a bypass too.
        voting: it was beyond a moment ago: then it is so until it has returned by the hysteresis.
    """
    if row is None:
        return Vote(Process.UNKNOWN, bypassed, bad_trips=False)
    if row.bad:
        return Vote(Process.UNKNOWN, bypassed, cause.bad_counts_as is BadVote.TRIP)
    if is_forced(row):
        return Vote(Process.UNKNOWN, bypassed=True, bad_trips=False)
    beyond = compare(row.value, cause.comparator, cause.set_point) or (voting and _still(row.value, cause))
    return Vote(Process.BEYOND if beyond else Process.CLEAR, bypassed, bad_trips=False)


class Presence(Enum):
    """Whether the logic solver must trip."""

    PRESENT = "enough channels vote to trip"
    ABSENT = "too few channels can vote to trip"
    UNKNOWN = "it depends on channels that cannot be known"


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of one interlock at one moment."""

    votes: tuple[Vote, ...]
    needed: int
    whole_bypassed: bool

    @classmethod
    def of(
        cls, interlock: Interlock, last: Mapping[str, Row], on: frozenset[str], beyond: frozenset[int]
    ) -> "Tally":
        """Count.

        Args:
            interlock: its causes and voting.
            last: newest reading by point.
            on: bypass switches that are on.
            beyond: indices of the causes that were beyond a moment ago.
        """
        votes = tuple(
            vote(c, last.get(c.point), bypassed=c.bypass in on, voting=i in beyond)
            for i, c in enumerate(interlock.causes)
        )
        return cls(votes, interlock.votes_needed, interlock.bypass in on)

    @property
    def beyond(self) -> frozenset[int]:
        """Indices of the causes that are beyond."""
        return frozenset(i for i, v in enumerate(self.votes) if v.process is Process.BEYOND)

    @property
    def presence(self) -> Presence:
        """The vote, bypasses taken into account; of a bypassed interlock nothing is demanded."""
        if self.whole_bypassed or sum(v.may_trip for v in self.votes) < self.needed:
            return Presence.ABSENT
        return Presence.PRESENT if sum(v.trips for v in self.votes) >= self.needed else Presence.UNKNOWN

    @property
    def held_back(self) -> bool:
        """The process is beyond enough set points, and only a bypass keeps the interlock from tripping."""
        return len(self.beyond) >= self.needed and self.presence is not Presence.PRESENT

    @property
    def may_be_held_back(self) -> bool:
        """It is, or channels that cannot be known may hide it."""
        may = sum(v.process is not Process.CLEAR for v in self.votes)
        return may >= self.needed and self.presence is not Presence.PRESENT

    def points(self, causes: Sequence[Cause], process: Process) -> tuple[str, ...]:
        """The points of the channels that say ``process``."""
        return tuple(c.point for c, v in zip(causes, self.votes, strict=True) if v.process is process)


def compare(value: float, comparator: Comparator, set_point: float) -> bool:
    """``value comparator set_point``; False for NaN."""
    match comparator:
        case Comparator.GE:
            return value >= set_point
        case Comparator.GT:
            return value > set_point
        case Comparator.LE:
            return value <= set_point
        case Comparator.LT:
            return value < set_point
        case Comparator.EQ:
            return value == set_point


def _still(value: float, cause: Cause) -> bool:
    """Whether a value that was beyond has not returned by the hysteresis yet; False for NaN."""
    match cause.comparator:
        case Comparator.GE | Comparator.GT:
            return value > cause.set_point - cause.hysteresis
        case Comparator.LE | Comparator.LT:
            return value < cause.set_point + cause.hysteresis
        case Comparator.EQ:
            return abs(value - cause.set_point) < cause.hysteresis


def is_forced(row: Row) -> bool:
    """Whether a person has put a value in place of the measured one."""
    return row.status & _SUB_CODE == GOOD_LOCAL_OVERRIDE


def is_on(row: Row | None) -> bool:
    """Whether a discrete point is known to be on."""
    return row is not None and not row.bad and row.value >= 0.5  # noqa: PLR2004


def is_off(row: Row | None) -> bool:
    """Whether a discrete point is known to be off."""
    return row is not None and not row.bad and row.value < 0.5  # noqa: PLR2004
