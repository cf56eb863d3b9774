"""Read, check, put aside what is wrong, write the rest, enter it in the ledger, and only then acknowledge.

The order is the promise: a crash at any place leaves messages unacknowledged, they come again, the historian
overwrites the same rows and the ledger knows the batch already.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from ingest.dead_letter import DeadLetter, DeadLetters
from ingest.grouping import groups
from ingest.ledger import Entry, Ledger
from ingest.ledger_view import LedgerSnapshot
from ingest.validation import Checked, Validator
from plant.clock import Clock
from plant.errors import DropError, FixError, Unavailable
from plant.model import Plant
from plant.ports import Delivery, DurableInbox, Historian
from plant.readings import Readings
from plant.service import Backoff, Outage, alone, retry

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_REASON_LENGTH = 200


class CountingHistorian(Historian, Protocol):
    """A historian that accounts for its rows."""

    async def counts(self) -> dict[str, int]:
        """Stored rows per point."""
        ...

    async def expired(self) -> dict[str, int]:
        """Rows that retention has deleted, per point."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How many messages share one historian write."""

    messages: int = 50
    """Most messages of one write; keep it below the inbox's receive maximum."""
    size: int = 8 * 1024 * 1024
    """Payload from which on a write begins [bytes]."""
    within: float = 0.05
    """Longest wait of a message for company [s]."""


@dataclass(slots=True)
class IngestStatus:
    """What ingest did since it started; the ledger has the lasting account."""

    connected: bool = False
    """The broker session is there."""
    messages: int = 0
    rows: int = 0
    """Rows handed to the historian."""
    new_rows: int = 0
    """Rows that the historian did not have before."""
    unreadable: int = 0
    rejected_rows: int = 0
    last_arrival: int | None = None
    """When the last message came [ns UTC]."""
    broker_failures: int = 0
    """Failed attempts of the present broker outage; 0 while connected."""
    historian_failures: int = 0
    """Failed attempts of the present historian outage; 0 while it stores."""


@dataclass(slots=True)
class _Sorted:
    """A group of messages, sorted into those that can be read and those put aside whole."""

    entries: list[Entry] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    topics: dict[str, str] = field(default_factory=dict)
    """Topic of each agent."""


class Ingest:
    """The service. ``run`` ends only by cancellation, or by an error that a person must fix."""

    def __init__(
        self,
        plant: Plant,
        inbox: DurableInbox,
        historian: CountingHistorian,
        ledger: Ledger,
        dead_letters: DeadLetters,
        clock: Clock,
        *,
        pace: Pace | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Compose; ``historian`` is entered already and is shared with its readers."""
        self._validator = Validator(plant)
        self._inbox = inbox
        self._historian = historian
        self._ledger = ledger
        self._dead_letters = dead_letters
        self._clock = clock
        self._pace = Pace() if pace is None else pace
        self._backoff = Backoff() if backoff is None else backoff
        self._broker_outage = Outage("MQTT broker", _LOG)
        self._storage_outage = Outage("storage", _LOG)
        self._status = IngestStatus()
        self._files = asyncio.Lock()

    @property
    def status(self) -> IngestStatus:
        """A copy of the present state."""
        return replace(
            self._status,
            broker_failures=self._broker_outage.failures,
            historian_failures=self._storage_outage.failures,
        )

    async def snapshot(self) -> LedgerSnapshot:
        """The loss ledger beside the historian's own counts.

        Raises:
            Unavailable: the ledger or the historian cannot be read now.
        """
        written, expired = await self._historian.counts(), await self._historian.expired()
        return await self._off_loop(lambda: self._ledger.snapshot(written, expired))

    async def run(self) -> None:
        """Receive and store for ever; a lost broker or historian is waited for."""
        waits = replace(self._backoff)
        while True:
            try:
                async with self._inbox as inbox:
                    self._broker_outage.over()
                    waits.reset()
                    self._status.connected = True
                    await self._receive(inbox)
            except Unavailable as error:
                self._status.connected = False
                self._broker_outage.failed(error)
                await asyncio.sleep(waits.next())

    async def _receive(self, inbox: DurableInbox) -> None:
        pace = self._pace
        async for group in groups(inbox.messages(), most=pace.messages, most_bytes=pace.size, within=pace.within):
            arrival = self._clock()
            self._status.messages += len(group)
            self._status.last_arrival = arrival
            await self._store_surely(group, arrival)
            for delivery in group:
                await inbox.acknowledge(delivery)

    async def _store_surely(self, group: Sequence[Delivery], arrival: int) -> None:
        """Store the group; if something in it breaks the store, store one by one and put the culprit aside."""
        try:
            await self._store(group, arrival)
        except FixError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one message provokes must not stop the others
            _LOG.exception("storing %d messages failed", len(group))
            if len(group) == 1:
                await self._put_aside(group[0], arrival, f"defect while storing: {error!r}")
                return
            for delivery in group:
                await self._store_surely((delivery,), arrival)

    async def _store(self, group: Sequence[Delivery], arrival: int) -> None:
        """Each step is repeated until it works, so nothing is put aside twice while the historian is away."""
        found = self._sort(group, arrival)
        batches = [entry.checked.batch for entry in found.entries]
        known = await self._surely(lambda: self._off_loop(lambda: self._ledger.known(batches)))
        fresh = _first_of_each([e.checked for e, old in zip(found.entries, known, strict=True) if not old])
        letters = found.letters + [letter for c in fresh for letter in _letters(c, arrival, found.topics)]
        await self._surely(lambda: self._off_loop(lambda: self._dead_letters.add(letters)))
        readings = Readings.concat([c.kept for c in fresh])
        new = await self._surely(lambda: self._historian.write(readings)) if len(readings) else 0
        reasons = [letter.reason for letter in found.letters]
        await self._surely(lambda: self._off_loop(lambda: self._ledger.enter(found.entries, reasons)))
        self._status.rows += len(readings)
        self._status.new_rows += new
        self._status.unreadable += len(reasons)
        self._status.rejected_rows += sum(letter.rows or 0 for letter in letters)

    def _sort(self, group: Sequence[Delivery], arrival: int) -> _Sorted:
        found = _Sorted()
        for delivery in group:
            try:
                batch = self._validator.open(delivery.topic, delivery.payload)
            except DropError as error:
                reason = str(error)[:_REASON_LENGTH]
                found.letters.append(DeadLetter(arrival, delivery.topic, reason, delivery.payload))
            else:
                found.entries.append(Entry(self._validator.check(batch), arrival))
                found.topics[batch.agent] = delivery.topic
        return found

    async def _put_aside(self, delivery: Delivery, arrival: int, reason: str) -> None:
        letter = DeadLetter(arrival, delivery.topic, reason[:_REASON_LENGTH], delivery.payload)
        await self._surely(lambda: self._off_loop(lambda: self._dead_letters.add([letter])))
        await self._surely(lambda: self._off_loop(lambda: self._ledger.enter((), (letter.reason,))))
        self._status.unreadable += 1

    async def _surely(self, work: Callable[[], Awaitable[T]]) -> T:
        return await retry(work, outage=self._storage_outage, backoff=replace(self._backoff))

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await alone(self._files, work)


def _first_of_each(batches: Sequence[Checked]) -> list[Checked]:
    """Without the repeats within one group; the ledger cannot know those yet."""
    named: dict[tuple[str, int, int], Checked] = {}
    for checked in batches:
        named.setdefault((checked.batch.agent, checked.batch.epoch, checked.batch.sequence), checked)
    return list(named.values())


def _letters(checked: Checked, arrival: int, of_agent: Mapping[str, str]) -> list[DeadLetter]:
    """One dead letter for each reason, holding the rejected rows as a batch of their own; one for false losses."""
    batch, topic = checked.batch, of_agent[checked.batch.agent]
    aside = [(str(r.reason), replace(batch, readings=r.readings, losses=())) for r in checked.rejections]
    if checked.impossible_losses:
        false = replace(batch, readings=Readings.empty(), losses=checked.impossible_losses)
        aside.append(("impossible loss", false))
    return [DeadLetter.of_rows(arrival, topic, reason, rows) for reason, rows in aside]
