"""Collects arrivals of one source into batches and puts each on disk before its receipts are done."""

import asyncio
import logging
from collections.abc import Callable

from edge_agent.sources.source import Arrival, Receipt
from edge_agent.spool import Spool
from plant.errors import RetryError
from plant.readings import Readings

_log = logging.getLogger(__name__)

MAX_ROWS = 20_000
"""A batch is closed at this size at the latest [1]."""
MAX_WAIT = 0.25
"""… or this long after its first value [s]."""
MAX_PENDING = 4 * MAX_ROWS
"""Rows in memory after which sources have to wait [1]."""
_RETRY = 1.0


class Outbox:
    """Bounded: at most ``MAX_PENDING`` rows (and one arrival more) are in memory, then ``deliver`` waits."""

    def __init__(self, source: str, spool: Spool, disk: asyncio.Lock, on_stored: Callable[[], None]) -> None:
        self._source, self._spool, self._disk, self._on_stored = source, spool, disk, on_stored
        self._pending: list[tuple[Arrival, Receipt]] = []
        self._rows = 0
        self._changed = asyncio.Condition()
        self.trouble: str | None = None
        """Why the last write failed; None when it succeeded."""

    async def deliver(self, arrival: Arrival) -> Receipt:
        """Take an arrival; see ``Deliver``."""
        receipt: Receipt = asyncio.get_running_loop().create_future()
        async with self._changed:
            await self._changed.wait_for(lambda: self._rows < MAX_PENDING)
            self._pending.append((arrival, receipt))
            self._rows += max(len(arrival.readings), 1)
            self._changed.notify_all()
        return receipt

    async def drained(self) -> None:
        """Wait until everything delivered so far is on disk."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._pending)

    async def run(self) -> None:
        """Write batches until cancelled."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._pending))
            await self._fill()
            await self.flush()

    async def flush(self) -> None:
        """Write what is pending, trying again for as long as the disk refuses."""
        while self._pending:
            # A write in a thread cannot be stopped half-way: on cancellation it is seen through, so that nothing
            # is written twice and no second writer meets the first.
            write = asyncio.create_task(self._write())
            try:
                stored = await asyncio.shield(write)
            except asyncio.CancelledError:
                await asyncio.wait([write])
                raise
            if stored:
                return
            await asyncio.sleep(_RETRY)

    async def _write(self) -> bool:
        taken, rows = self._take()
        arrivals = [arrival for arrival, _ in taken]
        readings = Readings.concat([a.readings for a in arrivals])
        losses = tuple(loss for a in arrivals for loss in a.losses)
        marks = {point: time for a in arrivals for point, time in a.marks.items()}
        try:
            async with self._disk:
                await asyncio.to_thread(self._spool.append, self._source, readings, losses, marks)
        except RetryError as error:
            self._report(str(error))
            return False
        self._report(None)
        async with self._changed:
            del self._pending[: len(taken)]
            self._rows -= rows
            self._changed.notify_all()
        for _, receipt in taken:
            if not receipt.done():
                receipt.set_result(None)
        self._on_stored()
        return True

    def _take(self) -> tuple[list[tuple[Arrival, Receipt]], int]:
        """The first arrivals that fit one batch; they stay pending until they are on disk."""
        rows = count = 0
        for arrival, _ in self._pending:
            if count and rows + len(arrival.readings) > MAX_ROWS:
                break
            rows += max(len(arrival.readings), 1)
            count += 1
        return self._pending[:count], rows

    async def _fill(self) -> None:
        try:
            async with asyncio.timeout(MAX_WAIT), self._changed:
                await self._changed.wait_for(lambda: self._rows >= MAX_ROWS)
        except TimeoutError:
            return

    def _report(self, trouble: str | None) -> None:
        if trouble is not None and self.trouble is None:
            _log.error("%s", trouble)
        elif trouble is None and self.trouble is not None:
            _log.warning("spool %s: writes again", self._spool.path)
        self.trouble = trouble
