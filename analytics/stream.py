"""The live service: hears the plant's readings, steps the rules, publishes what they find, then acknowledges.

It listens to the same messages as ingest, so a safety alarm never waits for the database. A message is
acknowledged only when what it led to has been published: after a loss of the broker or of this process it comes
again, and the same findings come out under the same ids.
"""

import asyncio
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol, Self

from analytics.engine import Engine, EngineOutput
from analytics.intake import believable, open_batch
from analytics.outbox import Outbox
from analytics.status import AnalyticsStatus, Record
from plant.clock import SECOND, Clock
from plant.codec import Batch, encode_batch, encode_finding
from plant.errors import DropError, Unavailable
from plant.model import Plant
from plant.ports import Connect, Delivery, Historian, Inbox, Uplink
from plant.readings import Readings
from plant.service import Backoff, Outage, alone
from plant.topics import Channel, Topic

_LOG = logging.getLogger(__name__)
AGENT = "analytics"
"""Origin of the findings and of the batches with results."""


class DurableInbox(Inbox, Protocol):
    """An inbox that is entered anew for each connection; entering raises ``Unavailable`` when it cannot."""

    async def __aenter__(self) -> Self:
        """Connect and resume the session."""
        ...

    async def __aexit__(self, *error: object) -> None:
        """Disconnect; what is not acknowledged comes again."""
        ...


class Analytics:
    """The service. ``run`` ends only by cancellation, or by an error that a person must fix."""

    def __init__(
        self,
        plant: Plant,
        engine: Engine,
        inbox: DurableInbox,
        uplink: Connect,
        historian: Historian,
        checkpoint: Path,
        clock: Clock,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        """Compose; ``inbox`` listens to the readings of the plant, ``historian`` is entered already."""
        self._plant, self._engine, self._inbox, self._uplink = plant, engine, inbox, uplink
        self._historian, self._checkpoint, self._clock = historian, checkpoint, clock
        self._backoff = Backoff(0.2, 5.0) if backoff is None else backoff
        self._broker = Outage("MQTT broker", _LOG)
        self._receivers = Outage("receiver of findings and results", _LOG)
        self._epoch, self._sequence, self._told = clock(), 0, 0
        self._outbox, self._news = Outbox(), asyncio.Event()
        self._unacknowledged: list[Delivery] = []
        self._rules = asyncio.Lock()
        self._status = AnalyticsStatus()
        self._latency, self._delay, self._processing = Record(), Record(), Record()

    @property
    def status(self) -> AnalyticsStatus:
        """A copy of the present state."""
        return replace(
            self._status,
            too_late=self._engine.too_late,
            waiting=len(self._outbox),
            dropped=self._outbox.dropped,
            latency=self._latency.spread(),
            delay=self._delay.spread(),
            processing=self._processing.spread(),
        )

    async def run(self) -> None:
        """Hear, judge and publish for ever; a lost broker is waited for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear())
            group.create_task(self._publish())

    # --- hearing ----------------------------------------------------------------------------------

    async def _hear(self) -> None:
        waits = replace(self._backoff)
        while True:
            try:
                async with self._inbox as inbox:
                    self._broker.over()
                    waits.reset()
                    self._unacknowledged.clear()
                    self._status.connected = True
                    async for delivery in inbox.messages():
                        await self._take(delivery)
                        self._unacknowledged.append(delivery)
                        await self._acknowledge()
            except Unavailable as error:
                self._status.connected = False
                self._broker.failed(error)
                await asyncio.sleep(waits.next())

    async def _take(self, delivery: Delivery) -> None:
        """Judge one message; what it leads to waits in the outbox."""
        began = time.perf_counter()
        self._status.messages += 1
        try:
            batch = await asyncio.to_thread(open_batch, self._plant.id, delivery.topic, delivery.payload)
        except DropError as error:
            self._status.poison += 1
            _LOG.warning("message passed over (%d so far): %.200s", self._status.poison, error)
            return
        if batch.agent == AGENT:
            return
        rows = believable(batch)
        self._status.rows += len(rows)
        self._status.rejected += len(batch.readings) - len(rows)
        if len(rows):
            output = await alone(self._rules, lambda: self._engine.step(rows))
            self._judged(rows, output, began)

    def _judged(self, rows: Readings, output: EngineOutput, began: float) -> None:
        newest = int(rows.time.max())
        self._processing.add(time.perf_counter() - began)
        self._delay.add((self._clock() - newest) / SECOND)
        for finding in output.findings:
            self._outbox.add(finding, newest)
        if len(output.results):
            self._sequence += 1
            self._outbox.add_batch(Batch(AGENT, self._epoch, self._sequence, self._clock(), output.results))
        self._news.set()

    async def _acknowledge(self) -> None:
        """Acknowledge everything once nothing that it led to waits any more."""
        if len(self._outbox):
            return
        done, self._unacknowledged = self._unacknowledged, []
        for delivery in done:
            await self._inbox.acknowledge(delivery)

    # --- publishing -------------------------------------------------------------------------------

    async def _publish(self) -> None:
        waits = replace(self._backoff)
        while True:
            await self._news.wait()
            try:
                async with self._uplink() as uplink:
                    while True:
                        self._news.clear()
                        await self._send_all(uplink)
                        self._receivers.over()
                        waits.reset()
                        await self._acknowledge()
                        await self._news.wait()
            except Unavailable as error:
                self._receivers.failed(error)
                self._news.set()
                await asyncio.sleep(waits.next())

    async def _send_all(self, uplink: Uplink) -> None:
        """Send both lanes; one that nobody takes does not stop the other.

        Raises:
            Unavailable: something could not be sent; it goes on waiting.
        """
        failures = []
        for lane in (self._send_findings, self._send_batches):
            try:
                await lane(uplink)
            except Unavailable as error:
                failures.append(error)
        if failures:
            raise failures[0]

    async def _send_findings(self, uplink: Uplink) -> None:
        topic = str(Topic(self._plant.id, Channel.FINDINGS, AGENT))
        while self._outbox.findings:
            finding, newest = next(iter(self._outbox.findings.values()))
            self._told = max(self._told + 1, self._clock())
            await uplink.send(topic, encode_finding(replace(finding, told=self._told)))
            self._outbox.sent(finding)
            self._latency.add((self._clock() - newest) / SECOND)
            self._status.findings += 1

    async def _send_batches(self, uplink: Uplink) -> None:
        topic = str(Topic(self._plant.id, Channel.READINGS, AGENT))
        while self._outbox.batches:
            batch = next(iter(self._outbox.batches.values()))
            await uplink.send(topic, encode_batch(batch))
            self._outbox.sent_batch(batch)
            self._status.results += len(batch.readings)
