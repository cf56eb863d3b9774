"""The edge agent: sources into the spool, the spool to the broker, health beside them; one event loop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from edge_agent.health import HEALTH, Flow, health_readings
from edge_agent.outbox import Outbox
from edge_agent.sources.source import Arrival, Source
from edge_agent.spool import Spool, Spooled
from plant.clock import SECOND, Clock
from plant.errors import DropError, FixError, RetryError
from plant.model import Plant
from plant.ports import Connect, Uplink
from plant.topics import Channel, Topic

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

HEALTH_INTERVAL = 5.0
"""Simulated seconds between health readings."""
_SHORTEST_HEALTH = 0.5
"""Real seconds that health readings are at least apart."""
_IN_FLIGHT = 8
"""Batches that are on their way to the broker at once."""
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 5.0
_SETTLED = 30.0
"""A connection that held this long starts the back-off anew [s]."""


@dataclass(slots=True)
class _Outage:
    """Back-off and log-once for one connection."""

    what: str
    wait: float = _FIRST_WAIT
    since: float | None = None
    reason: str | None = None

    def lost(self, reason: str) -> None:
        if self.reason is None:
            _log.warning("%s lost: %s", self.what, reason)
        self.reason = reason

    def restored(self) -> None:
        if self.reason is not None:
            _log.warning("%s is back", self.what)
        self.reason, self.wait = None, _FIRST_WAIT

    async def pause(self) -> None:
        await asyncio.sleep(self.wait)
        self.wait = min(self.wait * 2, _LONGEST_WAIT)


@dataclass(slots=True)
class _Lane:
    """One source with its outbox and its counters."""

    source: Source
    outbox: Outbox
    sent: int = 0


class Agent:
    """Runs the sources of a plant and sends what they give. ``spool`` must be entered; cancel ``run`` to stop."""

    def __init__(
        self, plant: Plant, agent_id: str, sources: Sequence[Source], spool: Spool, uplink: Connect, clock: Clock
    ) -> None:
        self._topic = str(Topic(plant.id, Channel.READINGS, agent_id))
        self._id, self._spool, self._uplink, self._clock = agent_id, spool, uplink, clock
        self._disk = asyncio.Lock()
        self._ready = asyncio.Event()
        self._ready.set()
        self._lanes = {s.id: _Lane(s, self._outbox(s.id)) for s in sources}
        self._health = self._outbox(HEALTH)
        self._uplink_trouble: str | None = None

    def _outbox(self, name: str) -> Outbox:
        return Outbox(name, self._spool, self._disk, self._ready.set)

    async def run(self) -> None:
        """Run until cancelled; on cancellation what is in memory goes to the spool first.

        Raises:
            FixError: a source's settings are wrong; no retry can help.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in self._lanes.values():
                    tasks.create_task(lane.outbox.run())
                    tasks.create_task(self._keep(lane))
                tasks.create_task(self._health.run())
                tasks.create_task(self._report())
                tasks.create_task(self._send())
        except* FixError as wrong:
            raise _first(wrong) from wrong
        finally:
            await self._flush()

    async def _flush(self) -> None:
        for outbox in (*(lane.outbox for lane in self._lanes.values()), self._health):
            try:
                async with asyncio.timeout(5):
                    await outbox.flush()
            except TimeoutError:
                _log.exception("values in memory could not be written to %s", self._spool.path)

    # --- sources ----------------------------------------------------------------------------------

    async def _keep(self, lane: _Lane) -> None:
        """Run a source; connect it again with a growing pause for as long as it takes."""
        outage, loop = _Outage(f"source {lane.source.id}"), asyncio.get_running_loop()
        watch = asyncio.create_task(_watch(lane.source, outage))
        try:
            while True:
                # What is still in memory counts as received: without it on disk the marks would be too old.
                await lane.outbox.drained()
                marks = self._spool.marks(lane.source.id)
                started = loop.time()
                try:
                    await lane.source.run(marks, lane.outbox.deliver)
                except RetryError as error:
                    lane.source.vitals.connected = False
                    lane.source.vitals.failing = {lane.source.id: str(error)}
                    outage.lost(str(error))
                if loop.time() - started > _SETTLED:
                    outage.wait = _FIRST_WAIT
                await outage.pause()
        finally:
            watch.cancel()

    # --- uplink -----------------------------------------------------------------------------------

    async def _send(self) -> None:
        """Send the spool oldest first, several batches at a time; connect again for as long as it takes."""
        outage = _Outage("uplink")
        while True:
            try:
                async with self._uplink() as uplink:
                    while True:
                        await self._send_some(uplink)
                        outage.restored()
                        self._uplink_trouble = None
            except RetryError as error:
                outage.lost(str(error))
                self._uplink_trouble = str(error)
            finally:
                self._spool.release()
            await outage.pause()

    async def _send_some(self, uplink: Uplink) -> None:
        self._ready.clear()
        batches = await self._at_disk(self._spool.oldest, _IN_FLIGHT)
        if not batches:
            await self._ready.wait()
            return
        results = await asyncio.gather(
            *(uplink.send(self._topic, b.payload) for b in batches), return_exceptions=True
        )
        arrived = [b for b, error in zip(batches, results, strict=True) if error is None]
        if arrived:
            await self._at_disk(self._spool.remove, arrived)
            self._count_sent(arrived)
        for batch, error in zip(batches, results, strict=True):
            if isinstance(error, DropError):
                _log.error("batch %d of %d values can never be sent: %s", batch.sequence, batch.rows, error)
                await self._at_disk(self._spool.abandon, batch, str(error))
            elif error is not None:
                raise error

    async def _at_disk(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Run a spool call in a thread, alone; a cancelled one is seen through before the next may start."""
        async with self._disk:
            call = asyncio.create_task(asyncio.to_thread(work, *arguments))
            try:
                return await asyncio.shield(call)
            except asyncio.CancelledError:
                await asyncio.wait([call])
                raise

    def _count_sent(self, batches: list[Spooled]) -> None:
        for batch in batches:
            lane = self._lanes.get(batch.source)
            if lane is not None:
                lane.sent += batch.rows

    # --- health -----------------------------------------------------------------------------------

    async def _report(self) -> None:
        """Health readings every 5 s of the given clock, though not more often than the wall allows."""
        last = self._clock()
        while True:
            await asyncio.sleep(_SHORTEST_HEALTH)
            now = self._clock()
            if now - last < HEALTH_INTERVAL * SECOND:
                continue
            last = now
            states = {}
            for name, lane in self._lanes.items():
                trouble = lane.outbox.trouble or self._uplink_trouble or _quarantine(self._spool)
                dropped = self._spool.dropped.get(name, 0)
                states[name] = (lane.source.vitals, Flow(lane.sent, self._spool.waiting(name), dropped, trouble))
            await self._health.deliver(Arrival(health_readings(self._id, states, now)))


async def _watch(source: Source, outage: _Outage) -> None:
    """Say once that a source is back."""
    while True:
        await asyncio.sleep(0.5)
        if source.vitals.connected:
            outage.restored()


def _quarantine(spool: Spool) -> str | None:
    return (
        None if spool.quarantined is None else f"the spool was corrupt at start and is kept as {spool.quarantined}"
    )


def _first(group: BaseExceptionGroup[FixError]) -> FixError:
    error = group.exceptions[0]
    return error if isinstance(error, FixError) else _first(error)
