"""Stored readings into an engine, window by window: after a start, and in a replay. Memory stays bounded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from analytics.engine import Engine, History
from plant.clock import SECOND
from plant.model import Plant
from plant.ports import Historian
from plant.readings import Readings

SWITCHES = 30 * 86_400 * SECOND
"""How far back points that report by exception are read [ns]: an older bypass shows at its next change."""
_ROWS = 200_000
"""Rows that one read aims at."""
_FIRST = 600 * SECOND
"""Length of the first read [ns]; the next ones follow from its rows."""
_LONGEST = 10 * 86_400 * SECOND

OffLoop = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs blocking work beside the event loop, one at a time."""


def measured(plant: Plant) -> tuple[str, ...]:
    """Every point that a source delivers: rules need them all to know which sources are alive."""
    return tuple(p.id for p in plant.points.values() if p.address is not None)


@dataclass(frozen=True, slots=True)
class Past:
    """What is stored, for an engine."""

    historian: Historian
    engine: Engine
    off_loop: OffLoop
    deadline: float | None = None
    """Loop time after which nothing more is read [s]; None for never."""

    async def read(self, points: Sequence[str], start: int, end: int) -> AsyncIterator[tuple[int, Readings]]:
        """Stored rows from ``start`` to ``end`` [ns UTC], each part with the time up to which it reaches.

        Raises:
            Unavailable: the historian is away.
            TimeoutError: the deadline has passed.
        """
        length = _FIRST
        while start < end:
            until = min(start + length, end)
            async with asyncio.timeout_at(self.deadline):
                rows = await self.historian.read(points, start, until)
            yield until, rows
            start = until
            length = min(max(SECOND, int(length * min(4.0, _ROWS / max(len(rows), 1)))), _LONGEST)

    async def prime(self, start: int, end: int) -> None:
        """Tell the engine what its switches said before ``end`` [ns UTC], back to ``start`` or for ``SWITCHES``.

        Raises:
            Unavailable: the historian is away.
            TimeoutError: the deadline has passed.
        """
        if self.engine.switches:
            async for _, rows in self.read(self.engine.switches, max(start, end - SWITCHES), end):
                await self.off_loop(partial(self.engine.prime, rows))

    async def feed(self, asked: History, now: int) -> None:
        """Give the energy accounts the stored readings that they ask for, up to ``now`` [ns UTC].

        Raises:
            Unavailable: the historian is away.
            TimeoutError: the deadline has passed.
        """
        async for _, rows in self.read(asked.points, asked.since, now):
            await self.off_loop(partial(self.engine.feed, rows))
