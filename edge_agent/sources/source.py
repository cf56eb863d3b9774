"""What every source promises, what it hands over, and what it tells about itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from plant.codec import Loss
from plant.readings import Readings


@dataclass(frozen=True, slots=True)
class Arrival:
    """Readings on their way to the spool, with what must be remembered together with them."""

    readings: Readings
    marks: Mapping[str, int] = field(default_factory=dict)
    """Per point the source time [ns UTC] up to which nothing is missing: stored with the readings."""
    losses: tuple[Loss, ...] = ()


Receipt = asyncio.Future[None]
"""Done once the arrival is on disk; cancelled when it never will be."""

Deliver = Callable[[Arrival], Awaitable[Receipt]]
"""Takes an arrival for the spool. Waits while the agent is behind: that is the back-pressure."""


@dataclass(slots=True)
class Vitals:
    """What a source says about itself; the agent turns it into health points. Lives as long as the agent."""

    received: int = 0
    """Values that came from the device [1]."""
    lost: int = 0
    """Values declared lost [1]; a loss of unknown count counts at least 1."""
    rejected: int = 0
    """Messages put aside because they cannot be read [1]."""
    untimed: int = 0
    """Values that came without a source time and took the server's or the arrival's [1]."""
    connected: bool = False
    """True only when every item has delivered or is listed in ``failing``."""
    last_arrival: int | None = None
    """The agent's clock when the last value came [ns UTC]."""
    failing: dict[str, str] = field(default_factory=dict)
    """Failing item (a point, or the source itself) with its reason."""


class Source(Protocol):
    """One field protocol connection. ``run`` connects on entering and closes on leaving.

    It delivers until cancelled. A lost or silent connection raises ``Unavailable``; the agent then calls
    ``run`` again. An arrival is acknowledged to the device only after its receipt is done.
    """

    @property
    def id(self) -> str:
        """Id of the source in the plant file."""
        ...

    @property
    def vitals(self) -> Vitals:
        """Counters and failing items, kept over reconnects."""
        ...

    async def run(self, marks: Mapping[str, int], deliver: Deliver) -> None:
        """Connect and deliver, from ``marks`` on where the device keeps history.

        Raises:
            Unavailable: the connection cannot be made or is lost.
            FixError: settings that no retry can help.
        """
        ...
