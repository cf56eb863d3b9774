"""A ``Source`` without a device: columns, made as fast as wanted, for measuring everything behind it."""

import asyncio
import time
from collections.abc import Mapping

import numpy as np

from edge_agent.sources.source import Arrival, Deliver, Receipt, Vitals
from plant.readings import Readings


class ColumnSource:
    """Every tick gives each point one value, the tick's number; its source time is the moment of making it."""

    def __init__(self, name: str, points: tuple[str, ...], *, ticks: int, interval: float) -> None:
        """Prepare ``ticks`` ticks, ``interval`` [s] apart; 0 makes the next one as soon as this one is taken."""
        self._id, self._points, self._ticks, self._interval = name, points, ticks, interval
        self._vitals = Vitals(connected=True)
        self._code = np.arange(len(points), dtype=np.int32)
        self._good = np.zeros(len(points), np.uint32)
        self._undone = 0
        self.gate = asyncio.Event()
        """Set it to begin."""
        self.late = 0.0
        """How much later than planned a tick came at worst [s]."""
        self.produced = 0

    @property
    def id(self) -> str:
        return self._id

    @property
    def vitals(self) -> Vitals:
        return self._vitals

    @property
    def finished(self) -> bool:
        """True when every value has been made and is on the agent's disk."""
        return self.produced == self._ticks * len(self._points) and not self._undone

    async def run(self, marks: Mapping[str, int], deliver: Deliver) -> None:  # noqa: ARG002 - no history to resume
        await self.gate.wait()
        loop, made = asyncio.get_running_loop(), 0
        begin = loop.time()
        for tick in range(self._ticks):
            ahead = begin + tick * self._interval - loop.time()
            await asyncio.sleep(max(0.0, ahead) if self._interval else 0.0)
            self.late = max(self.late, loop.time() - begin - tick * self._interval) if self._interval else 0.0
            made = max(time.time_ns(), made + 1)
            await self._hand_over(deliver, tick, made)
        await asyncio.Event().wait()  # a source runs until it is cancelled

    async def _hand_over(self, deliver: Deliver, tick: int, made: int) -> None:
        n = len(self._points)
        readings = Readings(
            self._points, self._code, np.full(n, made, np.int64), np.full(n, float(tick)), self._good
        )
        # A mark for each point, as the OPC UA source gives.
        receipt = await deliver(Arrival(readings, dict.fromkeys(self._points, made)))
        self._undone += 1
        receipt.add_done_callback(self._stored)
        self.produced += n
        self._vitals.received += n
        self._vitals.last_arrival = made

    def _stored(self, receipt: Receipt) -> None:
        if not receipt.cancelled():
            self._undone -= 1
