"""Which alarm goes to which receiver: by least priority and by plant area."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from alerts.journal import Entry
from alerts.lifecycle import What
from alerts.standing import RANK, load
from plant.model import Priority

_FATE = frozenset(
    {
        What.RETURNED,
        What.ACKNOWLEDGED,
        What.RESET,
        What.SHELVED,
        What.UNSHELVED,
        What.SHELF_EXPIRED,
        What.SUPPRESSED,
        What.UNSUPPRESSED,
        What.OUT_OF_SERVICE,
        What.IN_SERVICE,
        "removed",
    }
)
"""What became of an alarm: without these a receiver would think for ever that it stands."""
_WATCHDOG = frozenset({"notifier_failed"})
"""Told to everyone: when one road is closed, somebody must hear so by another."""
_SUPPRESSING = frozenset({What.SHELVED, What.SUPPRESSED, What.OUT_OF_SERVICE})


class Route(BaseModel):
    """What one receiver wants to hear."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Annotated[str, Field(min_length=1, max_length=80)]
    """Name of the notifier."""
    priority: Priority = Priority.HIGH
    """Least priority that is sent."""
    areas: frozenset[str] | None = None
    """Plant areas; None all. An alarm outside every area goes to everyone."""


def wants(route: Route, entry: Entry) -> bool:
    """Whether this line of the journal is news for the receiver.

    Sent are calls for attention that nothing suppresses, and what became of them. What happens under a
    suppression is not sent: its end carries the state that then holds.
    """
    if entry.alarm is None:
        return entry.event in _WATCHDOG
    after = {} if entry.after is None else entry.after
    standing = load(after)
    if standing is None:
        return False
    alarm = standing.alarm
    if RANK[alarm.priority] > RANK[route.priority]:
        return False
    if route.areas is not None and alarm.area is not None and alarm.area not in route.areas:
        return False
    silent = standing.state.suppressed and entry.event not in _SUPPRESSING
    return bool(after.get("annunciate")) or (entry.event in _FATE and not silent)
