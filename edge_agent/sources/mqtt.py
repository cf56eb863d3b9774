"""MQTT source: field devices that publish to a broker, acknowledged only after the values are on disk.

The connection is a ``plant.ports.Inbox``: durable session, manual acknowledgement, a new client per connection.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from paho.mqtt.client import topic_matches_sub

from edge_agent.sources.mqtt_payload import Tap, parse, readings_of, tap
from edge_agent.sources.source import Arrival, Deliver, Receipt, Vitals
from plant.clock import Clock
from plant.codec import Loss
from plant.errors import DropError, PlantError, Unavailable
from plant.model import MqttAddress, Plant
from plant.model import MqttSource as SourceModel
from plant.ports import Delivery, Inbox
from plant.readings import Reading, Readings

_log = logging.getLogger(__name__)

ConnectInbox = Callable[[tuple[str, ...]], AbstractAsyncContextManager[Inbox]]
"""Makes a connection with a durable session for these topic filters."""

_MAX_TOPICS = 10_000
"""Distinct topics whose taps are remembered [1]."""
_UNACKNOWLEDGED = 10_000
"""Messages that may wait for their acknowledgement here [1]; the receive maximum usually keeps it lower."""


@dataclass(frozen=True, slots=True)
class _Entry:
    topic_filter: str
    tap: Tap


class MqttSource:
    """All points of one MQTT broker. ``run`` connects, subscribes, and delivers until the connection is lost."""

    def __init__(self, plant: Plant, model: SourceModel, connect: ConnectInbox, clock: Clock) -> None:
        """Prepare.

        Raises:
            FixError: a point's path cannot be understood.
        """
        self._model, self._connect, self._clock = model, connect, clock
        self._vitals = Vitals()
        self._entries = [
            _Entry(p.address.topic, tap(p.id, p.kind, p.address))
            for p in plant.points.values()
            if isinstance(p.address, MqttAddress) and p.address.source == model.id
        ]
        self._taps: dict[str, list[Tap]] = {}
        self._wrong: dict[str, str] = {}
        self._heard: set[str] = set()
        self._last_heard = 0.0

    @property
    def id(self) -> str:
        """Id of the source in the plant file."""
        return self._model.id

    @property
    def vitals(self) -> Vitals:
        """Counters and failing items, kept over reconnects."""
        return self._vitals

    async def run(self, marks: Mapping[str, int], deliver: Deliver) -> None:  # noqa: ARG002 - the broker keeps our place
        """Connect and deliver; see ``Source.run``. The broker's session, not ``marks``, knows what we have.

        Raises:
            Unavailable: no connection, lost connection, silence.
        """
        filters = tuple(sorted({e.topic_filter for e in self._entries}))
        self._heard.clear()
        self._wrong.clear()
        try:
            async with self._connect(filters) as inbox, asyncio.TaskGroup() as tasks:
                self._last_heard = asyncio.get_running_loop().time()
                waiting: asyncio.Queue[tuple[Receipt, Delivery]] = asyncio.Queue(_UNACKNOWLEDGED)
                tasks.create_task(self._read(inbox, deliver, waiting))
                tasks.create_task(_acknowledge(inbox, waiting))
                tasks.create_task(self._tend())
        except* PlantError as group:
            error: BaseException = group
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            lost = error
        else:
            return
        finally:
            self._vitals.connected = False
        raise lost

    async def _read(
        self, inbox: Inbox, deliver: Deliver, waiting: asyncio.Queue[tuple[Receipt, Delivery]]
    ) -> None:
        async for delivery in inbox.messages():
            now = self._clock()
            arrival = self.arrival(delivery.topic, delivery.payload, now)
            self._vitals.received += len(arrival.readings)
            self._vitals.lost += sum(loss.count for loss in arrival.losses)
            if len(arrival.readings):
                self._vitals.last_arrival = now
            self._last_heard = asyncio.get_running_loop().time()
            await waiting.put((await deliver(arrival), delivery))

    def arrival(self, topic: str, payload: bytes, now: int) -> Arrival:
        """What one message brings: values, and losses for what cannot be read. Never raises for bad bytes."""
        taps = self._taps_of(topic)
        try:
            rows, wrong = readings_of(taps, parse(payload), now) if taps else ([], {})
        except DropError as error:
            rows, wrong = [], {one.point: str(error) for one in taps}
        if wrong:
            self._vitals.rejected += 1
            if not self._wrong:
                _log.warning("%s: message on %s: %s", self.id, topic, next(iter(wrong.values())))
        self._note(rows, wrong)
        losses = tuple(Loss(point, 1, now, now, reason) for point, reason in wrong.items())
        return Arrival(Readings.from_rows(rows), losses=losses)

    def _note(self, rows: list[Reading], wrong: dict[str, str]) -> None:
        for row in rows:
            self._heard.add(row.point)
            self._wrong.pop(row.point, None)
        self._wrong.update(wrong)

    def _taps_of(self, topic: str) -> list[Tap]:
        taps = self._taps.get(topic)
        if taps is None:
            if len(self._taps) >= _MAX_TOPICS:
                self._taps.clear()
            taps = [e.tap for e in self._entries if topic_matches_sub(e.topic_filter, topic)]
            self._taps[topic] = taps
        return taps

    async def _tend(self) -> None:
        """Keep the list of failing points true; raise on silence."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(1.0, self._model.silent_after / 4))
            silent = loop.time() - self._last_heard
            unheard = {e.tap.point: "no value yet" for e in self._entries if e.tap.point not in self._heard}
            self._vitals.failing = {**unheard, **self._wrong}
            if silent > self._model.silent_after:
                raise Unavailable(f"source {self.id}: silent, no message for {silent:.0f} s")
            self._vitals.connected = all(point in self._wrong for point in unheard)


async def _acknowledge(inbox: Inbox, waiting: asyncio.Queue[tuple[Receipt, Delivery]]) -> None:
    """Acknowledge in order, each message once its values are on disk."""
    while True:
        receipt, delivery = await waiting.get()
        await receipt
        await inbox.acknowledge(delivery)
