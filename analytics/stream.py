"""The live service: hears the plant's readings, steps the rules, publishes what they find, then acknowledges.

It listens to the same messages as ingest: a safety alarm never waits for the database. The order is the promise:

    judge a message → save the state of the rules with what they found → publish that → acknowledge the message

so a kill at any place leaves messages unacknowledged that the state on disk does not hold, and nothing has been
published that it does not know: after the restart the same findings come out, under the same ids, and what was
found too early can still be taken back. A disk that does not answer is waited for a second only, then supervision
goes on without it: a restart may then repeat or miss what happened around it, and the status says so.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from analytics.checkpoint import CheckpointFile
from analytics.engine import Engine, History
from analytics.intake import Intake, Names
from analytics.outbox import Outbox
from analytics.past import Past, measured
from analytics.publisher import AGENT, Publisher
from analytics.status import AnalyticsStatus, Record
from plant.clock import SECOND, Clock
from plant.codec import Batch
from plant.errors import DropError, FixError, RetryError, Unavailable
from plant.model import Plant
from plant.ports import Connect, Delivery, DurableInbox, Historian
from plant.readings import Readings
from plant.service import Backoff, Outage, alone, retry

_LOG = logging.getLogger(__name__)
_LOGGED = 10
"""Messages passed over that are logged each; after them one in a thousand."""
READ_BACK = 3600 * SECOND
"""How far back stored readings are judged after a start without, or with an older, checkpoint [ns]."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the state is saved, and how long anything may be waited for; all times in seconds of real time."""

    messages: int = 16
    """Messages after which the state is saved; a broker may have as few as 20 unacknowledged (MQTT 3.1.1)."""
    interval: float = 10.0
    quiet: float = 1.0
    """Save when no message has come for so long: a broker that waits for acknowledgements gets them."""
    disk: float = 1.0
    """Longest wait of a finding for the disk before it is published."""
    past: float = 20.0
    """Longest time to read the past at the start; then supervision begins without it."""


@dataclass(slots=True)
class _Judged:
    """What the messages since the last save led to."""

    outbox: Outbox = field(default_factory=Outbox)
    deliveries: list[Delivery] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """The publisher has it: it was saved, or the disk did not answer."""


class Analytics:
    """The service. ``run`` ends only by cancellation, or by an error that a person must fix."""

    def __init__(
        self,
        plant: Plant,
        engine: Engine,
        inbox: DurableInbox,
        uplink: Connect,
        historian: Historian,
        checkpoint: Path | CheckpointFile,
        clock: Clock,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        """Compose; ``inbox`` listens to the readings of the plant, ``historian`` is entered already."""
        self._plant, self._engine, self._inbox = plant, engine, inbox
        self._historian, self._clock = historian, clock
        self._file = CheckpointFile(checkpoint) if isinstance(checkpoint, Path) else checkpoint
        self._backoff = Backoff(0.2, 5.0) if backoff is None else backoff
        self.rhythm = Rhythm()
        self._publisher = Publisher(plant.id, uplink, clock, self._backoff)
        self._intake = Intake(plant, engine.parameters.ahead)
        self._broker = Outage("MQTT broker", _LOG)
        self._disk = Outage("disk of the analytics checkpoint", _LOG)
        self._epoch, self._sequence = clock(), 0
        self._names, self._judged = Names(), _Judged()
        self._due = asyncio.Event()
        self._last_message = self._last_save = 0.0
        self._rules, self._files = asyncio.Lock(), asyncio.Lock()
        self._writing: asyncio.Task[None] | None = None
        self._torn = False
        """The rules have taken a message whose findings are nowhere yet: their state must not be saved."""
        self._caught_up = self._read_twice = 0
        """Up to where stored readings were judged at the start [ns UTC]; late rows of messages from before it."""
        self._asked: History | None = None
        """What the energy accounts still lack of the past."""
        self._status = AnalyticsStatus()
        self._delay, self._processing = Record(), Record()

    @property
    def status(self) -> AnalyticsStatus:
        """A copy of the present state."""
        publisher = self._publisher
        return replace(
            self._status,
            findings=publisher.findings,
            results=publisher.results,
            too_late=self._engine.too_late - self._read_twice,
            waiting=len(publisher.outbox) + len(self._judged.outbox),
            dropped=publisher.outbox.dropped,
            unsaved=self._disk.failures,
            latency=publisher.latency.spread(),
            delay=self._delay.spread(),
            processing=self._processing.spread(),
        )

    async def run(self) -> None:
        """Hear, judge and publish for ever; a lost broker is waited for."""
        try:
            await self._begin()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear())
                group.create_task(self._publisher.run())
                group.create_task(self._keep())
                group.create_task(self._complete())
        finally:
            if not self._torn:
                await self._save()

    # --- the start --------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Take the saved state and read what has been stored since; neither keeps supervision waiting for long."""
        await self._restore()
        self._asked = self._engine.history(self._clock())
        past = Past(
            self._historian,
            self._engine,
            partial(alone, self._rules),
            asyncio.get_running_loop().time() + self.rhythm.past,
        )
        try:
            await self._feed(past)
            await self._catch_up(past)
        except TimeoutError:
            self._status.gap = f"reading the past took longer than {self.rhythm.past:g} s and was given up"
        except RetryError as error:
            self._status.gap = f"the past could not be read: {error}"
        if self._status.gap is not None:
            _LOG.warning("supervision begins without what was stored before: %s", self._status.gap)
        self._due.set()

    async def _restore(self) -> None:
        try:
            state = await alone(self._files, self._file.load)
        except Unavailable as error:
            _LOG.warning("supervision begins with an empty state: %s", error)
            return
        if state is None:
            _LOG.info("no checkpoint: supervision begins with what is stored of the last hour")
            return
        try:
            outbox, names = Outbox.load(state["waiting"]), Names.load(state["names"])
            told = int(state["told"]) + SECOND  # more than was told after it was saved
            await alone(self._rules, lambda: self._engine.restore(state["engine"]))
        except (FixError, DropError, ValueError, TypeError, KeyError, AttributeError) as error:
            reason = str(error)
            await alone(self._files, lambda: self._file.put_aside(reason))
            return
        self._names, self._publisher.told = names, told
        self._publisher.add(outbox)

    async def _catch_up(self, past: Past) -> None:
        """Judge what has been stored and was not heard, as far back as ``READ_BACK``.

        Raises:
            Unavailable: the historian is away.
            TimeoutError: it takes too long.
        """
        now, newest = self._clock(), self._engine.newest
        reached = 0 if newest is None else newest - self._engine.lateness
        since = max(reached, now - READ_BACK)
        await past.prime(reached, since)
        async for until, rows in past.read(measured(self._plant), since, now):
            if len(rows):
                await self._step(rows)
            self._caught_up = until

    async def _complete(self) -> None:
        """Feed the energy accounts when the historian is back, if it was away at the start."""
        past = Past(self._historian, self._engine, partial(alone, self._rules))
        outage = Outage("historian", _LOG)
        await retry(lambda: self._feed(past), outage=outage, backoff=replace(self._backoff))

    async def _feed(self, past: Past) -> None:
        if self._asked is not None:
            await past.feed(self._asked, self._clock())
        self._asked = None

    # --- hearing ----------------------------------------------------------------------------------

    async def _hear(self) -> None:
        waits = replace(self._backoff)
        while True:
            try:
                async with self._inbox as inbox:
                    self._broker.over()
                    waits.reset()
                    self._judged.deliveries.clear()
                    self._status.connected = True
                    async for delivery in inbox.messages():
                        await self._take(delivery)
            except Unavailable as error:
                self._broker.failed(error)
            finally:
                self._status.connected = False
            await asyncio.sleep(waits.next())

    async def _take(self, delivery: Delivery) -> None:
        """Judge one message, and let what it leads to be saved."""
        began = self._last_message = time.monotonic()
        self._status.messages += 1
        try:
            batch = await asyncio.to_thread(self._intake.open, delivery.topic, delivery.payload)
        except DropError as error:
            self._passed_over(str(error))
            batch = None
        if batch is not None and batch.agent != AGENT:
            await self._judge(batch, began)
        self._judged.deliveries.append(delivery)
        if len(self._judged.outbox):
            self._due.set()
            await self._judged.released.wait()
        elif len(self._judged.deliveries) >= self.rhythm.messages:
            self._due.set()

    def _passed_over(self, reason: str) -> None:
        """Count a message that cannot be judged; ingest keeps it. A flood of them does not flood the log."""
        self._status.poison += 1
        if self._status.poison <= _LOGGED or self._status.poison % _LOGGED**3 == 0:
            _LOG.warning("message passed over (%d so far): %.200s", self._status.poison, reason)

    async def _judge(self, batch: Batch, began: float) -> None:
        if self._names.knows(batch):
            self._status.repeats += 1
            return
        rows = self._intake.believable(batch, self._clock())
        self._status.rows += len(rows)
        self._status.rejected += len(batch.readings) - len(rows)
        if not len(rows):
            return
        late = self._engine.too_late
        try:
            await self._step(rows, batch)
        except Exception as error:  # noqa: BLE001 - whatever one message provokes must not end supervision
            _LOG.debug("the rules failed over a batch of %s", batch.agent, exc_info=True)
            self._passed_over(f"defect while judging a batch of {batch.agent}: {error!r}")
            self._torn = False
            return
        if batch.sent <= self._caught_up:
            self._read_twice += self._engine.too_late - late
        self._processing.add(time.monotonic() - began)
        self._delay.add((self._clock() - int(rows.time.max())) / SECOND)

    async def _step(self, rows: Readings, batch: Batch | None = None) -> None:
        """Let the rules take rows; what they find waits to be saved."""
        self._torn = True
        output = await alone(self._rules, lambda: self._engine.step(rows))
        # No await from here on: a save in between would hold the rows but not what they led to.
        newest, outbox = int(rows.time.max()), self._judged.outbox
        for finding in output.findings:
            outbox.add(finding, newest)
        if len(output.results):
            self._sequence += 1
            outbox.add_batch(Batch(AGENT, self._epoch, self._sequence, self._clock(), output.results))
        if batch is not None:
            self._names.add(batch)
        self._torn = False

    # --- saving -----------------------------------------------------------------------------------

    async def _keep(self) -> None:
        rhythm = self.rhythm
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rhythm.quiet):
                    await self._due.wait()
            now = time.monotonic()
            old = now - self._last_save >= rhythm.interval or now - self._last_message >= rhythm.quiet
            if self._due.is_set() or (old and self._judged.deliveries):
                self._due.clear()
                await self._save()

    async def _save(self) -> None:
        """Save the state of the rules with what waits; then publish that and acknowledge the messages."""
        state = await alone(self._rules, self._engine.dump)
        # No await until the rest has been taken: it belongs to the same moment.
        judged, self._judged = self._judged, _Judged()
        waiting = Outbox()
        waiting.take(self._publisher.outbox)
        waiting.take(judged.outbox)
        body = {
            "engine": state,
            "waiting": waiting.dump(),
            "names": self._names.dump(),
            "told": self._publisher.told,
        }
        self._last_save = time.monotonic()
        try:
            await self._write(body)
        finally:
            self._publisher.add(judged.outbox)
            judged.released.set()
        for delivery in judged.deliveries:
            await self._inbox.acknowledge(delivery)

    async def _write(self, body: Any) -> None:  # noqa: ANN401 - JSON
        """Write the checkpoint. A disk that does not answer is not waited for, nor written to before it does."""
        if await self._written():
            self._writing = asyncio.create_task(alone(self._files, partial(self._file.save, body)))
            await self._written()

    async def _written(self) -> bool:
        """Whether no write is under way any more, after a short wait."""
        if self._writing is None:
            return True
        done, _ = await asyncio.wait({self._writing}, timeout=self.rhythm.disk)
        if not done:
            self._disk.failed(f"no answer within {self.rhythm.disk:g} s")
            return False
        writing, self._writing = self._writing, None
        try:
            writing.result()
        except Unavailable as error:
            self._disk.failed(error)
        else:
            self._disk.over()
        return True
