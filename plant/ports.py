"""Ports that two or more packages need. Each docstring is the promise every implementation keeps."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from plant.readings import Readings


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it came from the broker. Pass it to ``Inbox.acknowledge`` once it is stored."""

    topic: str
    payload: bytes
    token: object
    """The adapter's own handle for the acknowledgement."""


class Uplink(Protocol):
    """Sends messages to the broker. Entering connects, leaving closes; loss raises ``Unavailable``."""

    async def send(self, topic: str, payload: bytes) -> None:
        """Return only after the broker has taken responsibility (PUBACK) for a session that will get it.

        Raises:
            Unavailable: not delivered, or nobody is subscribed; the caller keeps the payload and tries again.
        """
        ...


Connect = Callable[[], AbstractAsyncContextManager[Uplink]]
"""Makes a new connection to the broker: a fresh object each time."""


class Inbox(Protocol):
    """Receives messages at least once over a durable session, in order, unacknowledged until told."""

    def messages(self) -> AsyncIterator[Delivery]:
        """Deliveries as they come; ends by raising ``Unavailable`` when the connection is lost."""
        ...

    async def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that this one is stored; it will not come again."""
        ...


class DurableInbox(Inbox, Protocol):
    """An inbox that is entered anew for each connection; entering raises ``Unavailable`` when it cannot."""

    async def __aenter__(self) -> Self:
        """Connect and resume the session."""
        ...

    async def __aexit__(self, *error: object) -> None:
        """Disconnect; what is not acknowledged comes again."""
        ...


class Aggregate(StrEnum):
    """What ``Historian.aggregate`` computes for each window, from Good values only."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    LAST = "last"
    TIME_WEIGHTED_MEAN = "time_weighted_mean"
    """Each value holds until the next one; the value in force at the window's start counts too."""
    INCREASE = "increase"
    """Sum of the positive steps of a counter; a fall is a roll-over or a reset, and adds nothing by itself."""
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Windows:
    """Aggregates of one point, one row a window; a window without a Good value is NaN, never zero."""

    start: NDArray[np.int64]
    """Window starts [ns UTC], shape (n,), evenly spaced."""
    value: NDArray[np.float64]
    """Shape (n,); NaN where the window holds no Good value (COUNT gives 0)."""


class Historian(Protocol):
    """Stores readings for good. Entering opens, leaving flushes and closes."""

    async def write(self, readings: Readings) -> int:
        """Store durably before returning; the number of rows that were new.

        Idempotent on (point, time, status class): the same key again replaces value, status and text.

        Raises:
            Unavailable: nothing of this call is stored; the caller keeps the readings and tries again.
        """
        ...

    async def read(self, points: Sequence[str], start: int, end: int) -> Readings:
        """All rows with ``start <= time < end`` [ns UTC] of these points, in time order."""
        ...

    async def aggregate(self, point: str, start: int, end: int, *, window: int, how: Aggregate) -> Windows:
        """One value for each ``window`` [ns] from ``start`` to ``end`` [ns UTC]."""
        ...
