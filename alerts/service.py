"""The live service: hears readings and findings, feeds the desk, acknowledges only what is in the journal."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from alerts.desk import AlarmDesk
from alerts.journal import Line
from plant.codec import decode_batch, decode_finding
from plant.errors import DropError, Unavailable
from plant.findings import Finding
from plant.model import Plant
from plant.ports import Delivery, Inbox
from plant.readings import Readings
from plant.service import Backoff, Outage, retry
from plant.topics import Channel, parse

_LOG = logging.getLogger(__name__)
_TICK = 1.0
"""How often shelves are looked at and a journal that was away is tried again [s]."""
_LINES = 200


class DurableInbox(Inbox, Protocol):
    """An inbox that is entered anew for each connection; entering raises ``Unavailable`` when it cannot."""

    async def __aenter__(self) -> Self:
        """Connect and resume the session."""
        ...

    async def __aexit__(self, *error: object) -> None:
        """Disconnect; what is not acknowledged comes again."""
        ...


class Notifier(Protocol):
    """Tells someone. Remembers on disk what it was offered, so that a restart loses nothing."""

    @property
    def cursor(self) -> int:
        """Number of the last journal line that was offered."""
        ...

    def offer(self, lines: list[Line]) -> None:
        """Take journal lines in without waiting for the receiver; raises ``Unavailable`` when it cannot."""
        ...

    async def run(self) -> None:
        """Deliver until cancelled."""
        ...


@dataclass(slots=True)
class AlertsStatus:
    """What the service did since it started."""

    connected: bool = False
    messages: int = 0
    poison: int = 0
    """Messages that nobody can read: acknowledged and put away."""


class Alerts:
    """The service. ``run`` ends only by cancellation, or by an error that a person must fix."""

    def __init__(
        self,
        plant: Plant,
        inbox: DurableInbox,
        desk: AlarmDesk,
        notifiers: Sequence[Notifier] = (),
        *,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Compose; ``inbox`` listens to the readings and findings of the plant."""
        self._plant, self._inbox, self._desk, self._notifiers = plant, inbox, desk, notifiers
        self._backoff = Backoff() if backoff is None else backoff
        self._sleep = sleep
        self._broker = Outage("MQTT broker", _LOG)
        self._storage = Outage("alarm journal", _LOG)
        self._outbox = Outage("outbox", _LOG)
        self._news = asyncio.Event()
        self.status = AlertsStatus()
        desk.changed = self._news.set

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear())
            group.create_task(self._watch())
            if self._notifiers:
                group.create_task(self._forward())
            for notifier in self._notifiers:
                group.create_task(notifier.run())

    async def _hear(self) -> None:
        while True:
            try:
                async with self._inbox as inbox:
                    self.status.connected = True
                    self._broker.over()
                    self._backoff.reset()
                    async for delivery in inbox.messages():
                        await self._take(delivery)
                        await inbox.acknowledge(delivery)
            except Unavailable as error:
                self.status.connected = False
                self._broker.failed(error)
                await self._sleep(self._backoff.next())

    async def _take(self, delivery: Delivery) -> None:
        """Return once the message is judged and its alarms are durable, or once it is found unreadable."""
        self.status.messages += 1
        try:
            found = await self._read(delivery)
        except DropError as error:
            self.status.poison += 1
            _LOG.warning("message put aside (%d so far): %.200s", self.status.poison, error)
            return
        try:
            if isinstance(found, Finding):
                self._desk.finding(found)
            else:
                self._desk.readings(found)
        except Unavailable as error:
            self._storage.failed(error)
            # A finding may not have been judged yet, as that reads the journal; judging twice changes nothing.
            await retry(lambda: self._again(found), outage=self._storage, backoff=Backoff(), sleep=self._sleep)

    async def _again(self, found: Finding | Readings) -> None:
        self._desk.flush()
        if isinstance(found, Finding):
            self._desk.finding(found)

    async def _read(self, delivery: Delivery) -> Finding | Readings:
        topic = parse(delivery.topic)
        if topic.plant != self._plant.id:
            raise DropError(f"topic {delivery.topic!r} is of another plant than {self._plant.id!r}")
        if topic.channel is Channel.FINDINGS:
            return decode_finding(delivery.payload)
        return (await asyncio.to_thread(decode_batch, delivery.payload)).readings

    async def _watch(self) -> None:
        while True:
            self._desk.tick()
            await self._sleep(_TICK)

    async def _forward(self) -> None:
        """Offer new journal lines to every notifier; one that cannot take them waits for the next round."""
        while True:
            self._news.clear()
            behind = False
            for notifier in self._notifiers:
                try:
                    lines = self._desk.lines_since(notifier.cursor, _LINES)
                    if lines:
                        notifier.offer(lines)
                        behind |= len(lines) == _LINES
                except Unavailable as error:
                    self._outbox.failed(error)
                    await self._sleep(_TICK)
                    behind = True
                else:
                    self._outbox.over()
            await (asyncio.sleep(0) if behind else self._news.wait())
