"""The live service: hears readings and findings, feeds the desk, acknowledges only what is in the journal."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from alerts.desk import AlarmDesk
from alerts.journal import Line
from alerts.notes import SparingNotes
from plant.codec import Batch, decode_batch, decode_finding
from plant.errors import DropError, Unavailable
from plant.findings import Finding
from plant.model import Plant
from plant.ports import Delivery, DurableInbox
from plant.readings import Readings
from plant.service import Backoff, Outage, retry
from plant.topics import Channel, parse

_LOG = logging.getLogger(__name__)
_TICK = 1.0
"""How often shelves are looked at and a journal that was away is tried again [s]."""
_LINES = 200
_MOST_HELD = 1000
"""Most messages that are judged ahead of a journal that is away; the broker keeps the rest."""
_AT_ONCE = 2000
"""Most rows that are judged without a pause: about 20 ms."""


class Notifier(Protocol):
    """Tells someone. Remembers on disk what it was offered, so that a restart loses nothing."""

    @property
    def name(self) -> str:
        """Who is told; for the journal."""
        ...

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
    """Messages that nobody can read: acknowledged, and noted in the journal."""
    held: int = 0
    """Messages that were judged and wait for the journal before they are acknowledged."""
    notifier_failures: int = 0
    """Times that a notifier ended by a defect and was started again."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """One message as read."""

    what: Finding | Readings
    source: str


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
        self._held: list[tuple[Delivery, _Heard | None]] = []
        self._notes = SparingNotes(desk.note, desk.clock, "unreadable")
        self._news = {id(n): asyncio.Event() for n in notifiers}
        self.status = AlertsStatus()
        desk.changed = self._changed

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear())
            group.create_task(self._watch())
            for notifier in self._notifiers:
                group.create_task(self._forward(notifier, self._news[id(notifier)]))
                group.create_task(self._deliver(notifier))

    # --- hearing ----------------------------------------------------------------------------------

    async def _hear(self) -> None:
        while True:
            try:
                async with self._inbox as inbox:
                    self.status.connected = True
                    self._broker.over()
                    self._backoff.reset()
                    self._held.clear()  # of an earlier connection: they come again
                    async for delivery in inbox.messages():
                        self._held.append((delivery, await self._take(delivery)))
                        await self._settle()
                        if len(self._held) >= _MOST_HELD:
                            await retry(self._written, outage=self._storage, backoff=Backoff(), sleep=self._sleep)
            except Unavailable as error:
                self.status.connected = False
                self._broker.failed(error)
                await self._sleep(self._backoff.next())

    async def _take(self, delivery: Delivery) -> _Heard | None:
        """Judge a message: its alarms stand at once. None when it cannot be read, or judging it is a defect."""
        self.status.messages += 1
        try:
            heard = await self._read(delivery)
            await self._judge(heard)
        except DropError as error:
            self._put_aside(delivery, str(error))
        except Exception as error:  # noqa: BLE001 - one message must not stop all others, nor come again for ever
            _LOG.exception("message on %s cannot be judged", delivery.topic)
            self._put_aside(delivery, f"cannot be judged: {error!r}")
        else:
            return heard
        return None

    def _put_aside(self, delivery: Delivery, reason: str) -> None:
        self.status.poison += 1
        _LOG.warning("message put aside (%d so far): %.200s", self.status.poison, reason)
        kind = "finding" if f"/{Channel.FINDINGS}/" in delivery.topic else "readings"
        self._notes.add(kind, f"{delivery.topic[:200]}, {len(delivery.payload)} bytes: {reason[:300]}")

    async def _judge(self, heard: _Heard) -> None:
        if isinstance(heard.what, Finding):
            with self._remembered():
                self._desk.finding(heard.what)
            return
        rows = heard.what
        for start in range(0, max(1, len(rows)), _AT_ONCE):
            with self._remembered():
                self._desk.readings(rows[start : start + _AT_ONCE], source=heard.source)
            await asyncio.sleep(0)  # a backlog must not keep the loop from everything else

    @contextmanager
    def _remembered(self) -> Iterator[None]:
        """A journal that is away: what was judged stands in memory, ``_settle`` writes it."""
        try:
            yield
        except Unavailable as error:
            self._storage.failed(error)

    async def _settle(self) -> None:
        """Acknowledge what was judged, once the journal has it."""
        with self._remembered():
            await self._written()

    async def _written(self) -> None:
        self._desk.flush()
        for _, heard in self._held:
            # A finding may not have been judged yet, as that reads the journal; judging twice changes nothing.
            if heard is not None and isinstance(heard.what, Finding) and self._storage.failures:
                self._desk.finding(heard.what)
        self._storage.over()
        held, self._held = self._held, []
        self.status.held = 0
        for delivery, _ in held:
            await self._inbox.acknowledge(delivery)

    async def _read(self, delivery: Delivery) -> _Heard:
        topic = parse(delivery.topic)
        if topic.plant != self._plant.id:
            raise DropError(f"topic {delivery.topic!r} is of another plant than {self._plant.id!r}")
        if topic.channel is Channel.FINDINGS:
            return _Heard(decode_finding(delivery.payload), topic.origin)
        batch, rows = await asyncio.to_thread(_in_order, delivery.payload)
        if batch.agent != topic.origin:
            raise DropError(f"batch names agent {batch.agent!r} but came over the topic of {topic.origin!r}")
        return _Heard(rows, batch.agent)

    async def _watch(self) -> None:
        """Let time pass: shelves, timers of silent sources, a journal that was away, notes that were held back."""
        while True:
            self._desk.tick()
            self._notes.turn()
            self.status.held = len(self._held)
            if self._held:
                await self._settle()
            await self._sleep(_TICK)

    # --- telling ----------------------------------------------------------------------------------

    def _changed(self) -> None:
        for news in self._news.values():
            news.set()

    async def _forward(self, notifier: Notifier, news: asyncio.Event) -> None:
        """Offer new journal lines; what cannot be taken now waits in the journal."""
        outage = Outage(f"outbox of {notifier.name}", _LOG)
        while True:
            news.clear()
            try:
                lines = self._desk.lines_since(notifier.cursor, _LINES)
                if lines:
                    notifier.offer(lines)
            except Unavailable as error:
                outage.failed(error)
                await self._sleep(_TICK)
            else:
                outage.over()
                await (asyncio.sleep(0) if lines else news.wait())

    async def _deliver(self, notifier: Notifier) -> None:
        """Keep a notifier running: its defect is written down, told by the others, and stops no alarm."""
        backoff = Backoff(1.0, 60.0)
        while True:
            try:
                await notifier.run()
            except Exception as error:  # noqa: BLE001 - whatever it is, the alarms and the other notifiers go on
                self.status.notifier_failures += 1
                _LOG.exception("notifier %s failed and is started again", notifier.name)
                with self._remembered():
                    self._desk.note("notifier_failed", f"{notifier.name}: {error!r}"[:300])
                await self._sleep(backoff.next())
            else:
                return


def _in_order(payload: bytes) -> tuple[Batch, Readings]:
    batch = decode_batch(payload)
    return batch, batch.readings.in_time_order()
