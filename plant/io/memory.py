"""Adapters that keep everything in memory: a broker with durable sessions, and a historian in plain numpy.

For tests and for playing with the engine; they keep the same promises as the real ones, except durability.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from paho.mqtt.client import topic_matches_sub

from plant.errors import FixError, Unavailable
from plant.io.rows import last_of_each_key
from plant.io.windows import aggregate, window_starts
from plant.ports import Aggregate, Delivery, Windows
from plant.readings import Readings


@dataclass(slots=True)
class _Session:
    """What the broker keeps of one receiver while it is away."""

    filters: tuple[str, ...]
    pending: deque[tuple[int, str, bytes]] = field(default_factory=deque)
    """Unacknowledged messages, oldest first."""
    news: asyncio.Event = field(default_factory=asyncio.Event)


class MemoryBroker:
    """A broker with durable sessions in this process. ``stop`` and ``start`` play an outage."""

    def __init__(self) -> None:
        self.running = True
        self._sessions: dict[str, _Session] = {}
        self._number = 0

    def uplink(self) -> "MemoryUplink":
        """A sender."""
        return MemoryUplink(self)

    def inbox(self, filters: tuple[str, ...], *, client_id: str = "inbox") -> "MemoryInbox":
        """A receiver; the session lives under ``client_id`` from its first entering on."""
        return MemoryInbox(self, filters, client_id)

    def stop(self) -> None:
        """Everyone loses the connection; the sessions stay."""
        self.running = False
        for session in self._sessions.values():
            session.news.set()

    def start(self) -> None:
        """Accept connections again."""
        self.running = True

    def session(self, client_id: str, filters: tuple[str, ...]) -> _Session:
        """The session of a receiver, made where there is none."""
        session = self._sessions.setdefault(client_id, _Session(filters))
        session.filters = filters
        return session

    def publish(self, topic: str, payload: bytes) -> int:
        """Put the message in every matching session; how many."""
        self._number += 1
        reached = 0
        for session in self._sessions.values():
            if any(topic_matches_sub(f, topic) for f in session.filters):
                session.pending.append((self._number, topic, payload))
                session.news.set()
                reached += 1
        return reached


class MemoryUplink:
    """Implements ``plant.ports.Uplink`` over a ``MemoryBroker``."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._open = False

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            Unavailable: the broker is stopped.
        """
        _check(self._broker)
        self._open = True
        return self

    async def __aexit__(self, *error: object) -> None:
        """Disconnect."""
        self._open = False

    async def send(self, topic: str, payload: bytes) -> None:
        """Hand the message to every matching session.

        Raises:
            Unavailable: the broker is stopped, or no session matches.
        """
        await asyncio.sleep(0)
        if not self._open:
            raise Unavailable("memory broker: not connected")
        try:
            _check(self._broker)
        except Unavailable:
            self._open = False
            raise
        if not self._broker.publish(topic, payload):
            raise Unavailable(f"nobody has a session at the memory broker for {topic!r}; start the receiver once")


class MemoryInbox:
    """Implements ``plant.ports.Inbox`` over a ``MemoryBroker``: what is not acknowledged comes again."""

    def __init__(self, broker: MemoryBroker, filters: tuple[str, ...], client_id: str) -> None:
        self._broker = broker
        self._filters = filters
        self._client_id = client_id
        self._session: _Session | None = None
        self._connection = 0
        self._last = 0
        """Number of the last message handed out over this connection."""

    async def __aenter__(self) -> Self:
        """Connect and resume the session.

        Raises:
            Unavailable: the broker is stopped.
        """
        _check(self._broker)
        self._session = self._broker.session(self._client_id, self._filters)
        self._connection += 1
        self._last = 0
        return self

    async def __aexit__(self, *error: object) -> None:
        """Disconnect; the broker keeps the session and everything unacknowledged."""
        session, self._session = self._session, None
        if session is not None:
            session.news.set()

    async def messages(self) -> AsyncIterator[Delivery]:
        """Deliveries as they come.

        Raises:
            Unavailable: the broker stopped, or this inbox was left.
        """
        session, connection = self._session, self._connection
        while self._broker.running and session is not None and session is self._session:
            waiting = next((m for m in session.pending if m[0] > self._last), None)
            if waiting is not None:
                self._last, topic, payload = waiting
                yield Delivery(topic, payload, (self, connection, self._last))
            else:
                session.news.clear()
                await session.news.wait()
        raise Unavailable("memory broker: connection lost")

    async def acknowledge(self, delivery: Delivery) -> None:
        """Drop the message from the session; one of an earlier connection is ignored, and comes again."""
        if not isinstance(delivery.token, tuple) or delivery.token[0] is not self:
            raise FixError(f"delivery of {delivery.topic!r} did not come from this inbox")
        _, connection, number = delivery.token
        session = self._session
        if session is None or connection != self._connection or not self._broker.running:
            return
        remaining = [m for m in session.pending if m[0] != number]
        session.pending.clear()
        session.pending.extend(remaining)


def _check(broker: MemoryBroker) -> None:
    if not broker.running:
        raise Unavailable("memory broker: stopped")


class MemoryHistorian:
    """Implements ``plant.ports.Historian`` in memory. ``available = False`` plays an outage."""

    def __init__(self) -> None:
        self.available = True
        self._stored = Readings.empty()
        self._expired: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close; the rows stay for the next entering."""

    async def write(self, readings: Readings) -> int:
        """Store, the same key replacing what was there; the number of rows that were new.

        Raises:
            Unavailable: ``available`` is False.
        """
        await asyncio.sleep(0)
        self._need()
        before = len(self._stored)
        self._stored = last_of_each_key(Readings.concat([self._stored, readings]))
        return len(self._stored) - before

    async def read(self, points: Sequence[str], start: int, end: int) -> Readings:
        """All rows with ``start <= time < end`` [ns UTC] of these points, in time order.

        Raises:
            Unavailable: ``available`` is False.
        """
        await asyncio.sleep(0)
        self._need()
        return self._stored.select(points).between(start, end).compact().in_time_order()

    async def aggregate(self, point: str, start: int, end: int, *, window: int, how: Aggregate) -> Windows:
        """One value for each ``window`` [ns] from ``start`` to ``end`` [ns UTC].

        Raises:
            FixError: the window is not positive, or there are more than a million.
            Unavailable: ``available`` is False.
        """
        await asyncio.sleep(0)
        self._need()
        starts = window_starts(start, end, window)
        chosen = self._stored.select((point,))
        rows = chosen[chosen.good & ~np.isnan(chosen.value)].in_time_order()
        return Windows(starts, aggregate(rows.time, rows.value, starts, np.minimum(starts + window, end), how))

    async def counts(self) -> dict[str, int]:
        """Stored rows per point."""
        return self._stored.counts()

    async def expired(self) -> dict[str, int]:
        """Rows that retention has deleted, per point that lost any."""
        return dict(self._expired)

    async def points(self) -> tuple[str, ...]:
        """Every point that has a row, sorted."""
        return tuple(sorted(self._stored.counts()))

    async def retain(self, before: int) -> int:
        """Delete rows older than ``before`` [ns UTC]; how many."""
        old = self._stored.time < before
        self._expired.update(self._stored[old].counts())
        self._stored = self._stored[~old]
        return int(old.sum())

    def _need(self) -> None:
        if not self.available:
            raise Unavailable("memory historian: switched off")
