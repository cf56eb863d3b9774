"""A ``Source`` without a device: columns, made as fast as wanted, for measuring everything behind it."""

import asyncio
import time
from collections.abc import Mapping

import numpy as np

from edge_agent.sources.source import Deliver, Vitals
from plant.readings import Readings
from tests.bench.handover import Handover


class ColumnSource:
    """Every tick gives each point one value, the tick's number; its source time is the moment of making it."""

    def __init__(self, name: str, points: tuple[str, ...], *, ticks: int, interval: float) -> None:
        """Prepare ``ticks`` ticks, ``interval`` [s] apart; 0 makes the next one as soon as this one is taken."""
        self._id, self._points, self._ticks, self._interval = name, points, ticks, interval
        self._code = np.arange(len(points), dtype=np.int32)
        self._good = np.zeros(len(points), np.uint32)
        self._made = 0
        self.handover = Handover()
        self.gate = asyncio.Event()
        """Set it to begin."""
        self.late = 0.0
        """How much later than planned a tick came at worst [s]."""

    @property
    def id(self) -> str:
        return self._id

    @property
    def vitals(self) -> Vitals:
        return self.handover.vitals

    @property
    def finished(self) -> bool:
        """True when every value has been made and is on the agent's disk."""
        return self._made == self._ticks and self.handover.stored

    async def run(self, marks: Mapping[str, int], deliver: Deliver) -> None:  # noqa: ARG002 - no history to resume
        await self.gate.wait()
        await self.make(deliver)
        await asyncio.Event().wait()  # a source runs until it is cancelled

    async def make(self, deliver: Deliver) -> None:
        """Make all ticks."""
        loop, made = asyncio.get_running_loop(), 0
        begin = loop.time()
        for tick in range(self._ticks):
            due = begin + tick * self._interval
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self._interval:
                self.late = max(self.late, loop.time() - due)
            made = max(time.time_ns(), made + 1)
            await self.handover.give(deliver, self._columns(tick, made), made)
            self._made += 1

    def _columns(self, tick: int, made: int) -> Readings:
        n = len(self._points)
        return Readings(self._points, self._code, np.full(n, made, np.int64), np.full(n, float(tick)), self._good)
