"""The last reading of every point, with its arrival: what the overview shows as live."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from plant.clock import Clock
from plant.codec import Batch, decode_batch
from plant.errors import DropError
from plant.ports import Inbox
from plant.readings import Reading, Readings

_log = logging.getLogger(__name__)
MAX_POINTS = 100_000
"""Points kept at most; further ones are counted and left out."""


@dataclass(frozen=True, slots=True)
class Live:
    """A last reading and when it came."""

    reading: Reading
    arrival: int
    """Our clock when its batch arrived [ns UTC]; freshness is judged by this, not by the source's clock."""


class LatestValues:
    """Keeps the newest reading of each point by source time; a batch costs one sort, not one step a value."""

    def __init__(self) -> None:
        self._live: dict[str, Live] = {}
        self.refused = 0
        """Readings left out because ``MAX_POINTS`` were known already."""
        self.unreadable = 0
        """Messages that were no batch; ingest puts the same messages aside with their reason."""

    def __len__(self) -> int:
        return len(self._live)

    @property
    def values(self) -> Mapping[str, Live]:
        """The last reading of every point that has ever sent one."""
        return self._live

    def add(self, batch: Batch, *, arrival: int) -> None:
        """Take the newest reading of each point in the batch."""
        rows = batch.readings
        if not len(rows):
            return
        order = np.lexsort((rows.status, rows.time, rows.code))
        last = np.append(np.diff(rows.code[order]) != 0, [True])
        for reading in rows[order[last]].rows():
            known = self._live.get(reading.point)
            if known is None and len(self._live) >= MAX_POINTS:
                self.refused += 1
            elif known is None or reading.time >= known.reading.time:
                self._live[reading.point] = Live(reading, arrival)

    def restore(self, readings: Readings) -> None:
        """Take what was stored before we began; it counts as arrived at its own source time."""
        for row in readings.in_time_order().rows():
            known = self._live.get(row.point)
            if known is None or row.time > known.reading.time:
                self._live[row.point] = Live(row, row.time)

    async def run(self, inbox: Inbox, clock: Clock, heard: Callable[[Readings], None] = lambda _: None) -> None:
        """Follow the readings of the bus until cancelled or the connection is lost.

        Args:
            inbox: the readings of the plant.
            clock: for the arrival [ns UTC].
            heard: is handed every batch that could be read.

        Raises:
            Unavailable: the connection is lost; call again over a new one.
        """
        async with contextlib.aclosing(inbox.messages()) as messages:  # type: ignore[type-var]
            async for delivery in messages:
                try:
                    batch = await asyncio.to_thread(decode_batch, delivery.payload)
                except DropError:
                    self.unreadable += 1
                else:
                    self.add(batch, arrival=clock())
                    heard(batch.readings)
                await inbox.acknowledge(delivery)
