"""Which alarm goes to which receiver: by least priority and by plant area."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from alerts.journal import Entry
from plant.model import Priority

_RANK = {Priority.LOW: 0, Priority.MEDIUM: 1, Priority.HIGH: 2, Priority.CRITICAL: 3}
_ALWAYS = frozenset({"returned", "acknowledged"})


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

    Sent are calls for attention that nothing suppresses, and what became of them: acknowledged, returned.
    """
    after = entry.after
    if after is None:
        return False
    alarm = after["alarm"]
    if _RANK[Priority(alarm["priority"])] < _RANK[route.priority]:
        return False
    if route.areas is not None and alarm["area"] is not None and alarm["area"] not in route.areas:
        return False
    suppressed = after["phase"] in {"shlvd", "dsupr", "oosrv"}
    return bool(after["annunciate"]) or (entry.event in _ALWAYS and not suppressed)
