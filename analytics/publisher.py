"""Publishes what waits in the outbox over connections of its own, for as long as it takes."""

import asyncio
import logging
from dataclasses import replace

from analytics.outbox import Outbox
from analytics.status import Record
from plant.clock import SECOND, Clock
from plant.codec import encode_batch, encode_finding
from plant.errors import Unavailable
from plant.ports import Connect, Uplink
from plant.service import Backoff, Outage
from plant.topics import Channel, Topic

_LOG = logging.getLogger(__name__)
AGENT = "analytics"
"""Origin of the findings and of the batches with results."""


class Publisher:
    """Findings first, in order, then results. What is sent again has the same id or name: nothing is doubled."""

    def __init__(self, plant: str, uplink: Connect, clock: Clock, backoff: Backoff) -> None:
        """Prepare.

        Args:
            plant: its id.
            uplink: makes a connection.
            clock: the plant's clock.
            backoff: waiting times after a loss, or while nobody listens.
        """
        self._findings = str(Topic(plant, Channel.FINDINGS, AGENT))
        self._readings = str(Topic(plant, Channel.READINGS, AGENT))
        self._uplink, self._clock, self._backoff = uplink, clock, backoff
        self._outage = Outage("receiver of findings and results", _LOG)
        self._news = asyncio.Event()
        self.told = 0
        """When the last finding was told [ns UTC]; rises over restarts, whatever the clock does."""
        self.outbox = Outbox()
        self.findings = self.results = 0
        """Findings, and rows of results, that the broker has taken."""
        self.latency = Record()
        """From the newest source time in a message until its findings were published [s of the plant's clock]."""

    def add(self, outbox: Outbox) -> None:
        """Publish what waits in ``outbox``."""
        self.outbox.take(outbox)
        self._news.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        waits = replace(self._backoff)
        while True:
            await self._news.wait()
            try:
                async with self._uplink() as uplink:
                    while True:
                        self._news.clear()
                        await self._send_all(uplink)
                        self._outage.over()
                        waits.reset()
                        await self._news.wait()
            except Unavailable as error:
                self._outage.failed(error)
                self._news.set()
                await asyncio.sleep(waits.next())

    async def _send_all(self, uplink: Uplink) -> None:
        """Send findings and results; one kind that nobody takes does not stop the other.

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
        while self.outbox.findings:
            finding, newest = next(iter(self.outbox.findings.values()))
            self.told = max(self.told + 1, self._clock())
            await uplink.send(self._findings, encode_finding(replace(finding, told=self.told)))
            self.outbox.sent(finding)
            self.latency.add((self._clock() - newest) / SECOND)
            self.findings += 1

    async def _send_batches(self, uplink: Uplink) -> None:
        while self.outbox.batches:
            batch = next(iter(self.outbox.batches.values()))
            await uplink.send(self._readings, encode_batch(batch))
            self.outbox.sent_batch(batch)
            self.results += len(batch.readings)
