"""How channels vote: beyond the set point or not, usable or not, bypassed or not."""

from dataclasses import dataclass

from analytics.interlocks.window import Row
from plant.model import BadVote, Cause, Comparator
from plant.status import GOOD_LOCAL_OVERRIDE, StatusClass, status_class

_SUB_CODE = 0xFFFF_0000


@dataclass(frozen=True, slots=True)
class Vote:
    """One channel at one moment."""

    beyond: bool
    """The process is beyond the set point, as far as this channel can tell; Uncertain counts like Good."""
    counts: bool
    """The channel votes to trip: beyond and not bypassed, or Bad where Bad counts as a trip."""
    bypassed: bool
    usable: bool
    """The channel has a value whose status is not Bad."""


def vote(cause: Cause, row: Row | None, bypass: Row | None) -> Vote:
    """The vote of ``cause`` with its newest value and its bypass switch.

    A forced value (GoodLocalOverride, OPC 10000-4, 7.39) is a bypass: nobody measures behind it.
    """
    bypassed = is_on(bypass) or (row is not None and row.status & _SUB_CODE == GOOD_LOCAL_OVERRIDE)
    if row is None:
        return Vote(beyond=False, counts=False, bypassed=bypassed, usable=False)
    if status_class(row.status) is StatusClass.BAD:
        counts = cause.bad_counts_as is BadVote.TRIP and not bypassed
        return Vote(beyond=False, counts=counts, bypassed=bypassed, usable=False)
    beyond = compare(row.value, cause.comparator, cause.set_point)
    return Vote(beyond=beyond, counts=beyond and not bypassed, bypassed=bypassed, usable=True)


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


def is_on(row: Row | None) -> bool:
    """Whether a discrete point is known to be on; a Bad one is not known."""
    return row is not None and row.value >= 0.5 and status_class(row.status) is not StatusClass.BAD  # noqa: PLR2004
