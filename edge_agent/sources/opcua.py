"""OPC UA source: subscriptions read straight into columns, with every gap filled from history or declared.

Services: OPC 10000-4, 5.13 (monitored items), 5.14 (subscriptions), 5.11.3 (HistoryRead).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from typing import NoReturn

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaStatusCodeError

from edge_agent.sources.opcua_backfill import Backfill
from edge_agent.sources.opcua_decode import Notification, decode_publish, decode_republish
from edge_agent.sources.opcua_history import microseconds
from edge_agent.sources.opcua_intake import Intake
from edge_agent.sources.opcua_items import NEVER, ItemTable, forget, item_table, subscribe
from edge_agent.sources.opcua_session import CONNECTION_ERRORS, Session, open_session, unavailable
from edge_agent.sources.opcua_settings import OpcUaSettings
from edge_agent.sources.source import Deliver, Receipt, Vitals
from plant.clock import SECOND, Clock
from plant.errors import DropError, Unavailable
from plant.model import OpcUaSource as SourceModel
from plant.model import Plant

_log = logging.getLogger(__name__)

_IN_FLIGHT = 2
"""Publish requests at the server: one to answer at once, one behind it."""
_LIFETIME = 10
"""Life of the subscription without a publish request, in keep-alive times."""
_MAX_REPUBLISH = 100
"""Missing messages that are asked for again; more are read from history."""


class OpcUaSource:
    """All points of one OPC UA server. ``run`` connects, subscribes, and delivers until the connection is lost."""

    def __init__(self, plant: Plant, model: SourceModel, settings: OpcUaSettings, clock: Clock) -> None:
        self._plant, self._model, self._settings, self._clock = plant, model, settings, clock
        self._vitals = Vitals()

    @property
    def id(self) -> str:
        """Id of the source in the plant file."""
        return self._model.id

    @property
    def vitals(self) -> Vitals:
        """Counters and failing items, kept over reconnects."""
        return self._vitals

    async def run(self, marks: Mapping[str, int], deliver: Deliver) -> None:
        """Connect and deliver; see ``Source.run``.

        Raises:
            Unavailable: no connection, lost connection, silent server.
            FixError: certificate or key that cannot be used.
        """
        table = item_table(self._plant, self.id)
        self._resume(table, marks)
        try:
            async with open_session(self._settings) as session:
                await self._connected(session, table, deliver)
        except (*CONNECTION_ERRORS, ExceptionGroup) as error:
            self._lost(error)
        finally:
            self._vitals.connected = False

    def _resume(self, table: ItemTable, marks: Mapping[str, int]) -> None:
        first_look = self._clock() - int(self._settings.backfill * SECOND) if self._settings.backfill else None
        for item in table.items:
            item.resume = marks.get(item.point, first_look)
            table.last[item.handle] = marks.get(item.point, NEVER)

    def _lost(self, error: Exception) -> NoReturn:
        leaves = list(_leaves(error))
        known = [e for e in leaves if isinstance(e, (*CONNECTION_ERRORS, Unavailable, DropError))]
        if len(known) != len(leaves):
            raise error
        first = known[0]
        raise (first if isinstance(first, Unavailable) else unavailable(self._settings.url, first)) from error

    async def _connected(self, session: Session, table: ItemTable, deliver: Deliver) -> None:
        link = _Link(session, await _create_subscription(session, self._model, self._settings), table)
        intake = Intake(table, self._vitals, self._clock, deliver)
        backfill = Backfill(session, intake)
        await subscribe(session, link.subscription, table, table.items)
        self._vitals.failing = table.failing()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish(link, intake, backfill))
            tasks.create_task(backfill.run())
            tasks.create_task(self._tend(link, intake))

    # --- publishing -------------------------------------------------------------------------------

    async def _publish(self, link: "_Link", intake: Intake, backfill: Backfill) -> None:
        """Keep publish requests at the server and pass on what they bring, in order.

        No new request goes out while the agent is behind: the server's queues then hold the values, and what they
        cannot hold is declared by the overflow bit.
        """
        waiting: deque[asyncio.Task[bytes]] = deque()
        try:
            while True:
                while len(waiting) < _IN_FLIGHT:
                    waiting.append(asyncio.create_task(link.request()))
                # Twice the keep-alive time without an answer is a connection that only looks alive.
                answer = await asyncio.wait_for(
                    asyncio.shield(waiting[0]), self._settings.keep_alive * 2 + self._settings.timeout
                )
                waiting.popleft()
                note = decode_publish(answer)
                await self._take(link, note, intake, backfill)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _take(self, link: "_Link", note: Notification, intake: Intake, backfill: Backfill) -> None:
        if note.status_change is not None and note.status_change & 0x8000_0000:
            raise Unavailable(f"{self._settings.url}: the subscription ended with {note.status_change:#010x}")
        expected = link.next_sequence
        if expected is not None and note.sequence != expected:
            if not note.empty and _before(note.sequence, expected):
                return  # a repeat of what we have
            await self._repair(link, expected, note.sequence, intake, backfill)
        link.next_sequence = note.sequence if note.empty else _following(note.sequence)
        if note.empty:
            return
        receipt = await intake.live(note.columns)
        link.acknowledge_after(receipt, note.sequence)
        backfill.add(intake.take_gaps())

    async def _repair(self, link: "_Link", sequence: int, until: int, intake: Intake, backfill: Backfill) -> None:
        """Ask for the missing messages again; what the server no longer has is read from history."""
        missing = until - sequence
        _log.warning("%s: messages %d to %d are missing", self.id, sequence, until - 1)
        for number in range(sequence, until) if 0 < missing <= _MAX_REPUBLISH else ():
            note = await link.repeat(number)
            if note is None or note.sequence != number:
                break
            await intake.live(note.columns)
            sequence = number + 1
        if sequence != until:
            intake.suspect_all(f"messages {sequence} to {until - 1} never arrived")
        backfill.add(intake.take_gaps())

    # --- tending ----------------------------------------------------------------------------------

    async def _tend(self, link: "_Link", intake: Intake) -> None:
        """Retry failing items, keep the list of failing items true, notice silence."""
        table, settings, loop = link.table, self._settings, asyncio.get_running_loop()
        started = loop.time()
        pace = min(settings.retry, 1.0)
        next_retry = started + settings.retry
        while True:
            await asyncio.sleep(pace)
            now = loop.time()
            if now >= next_retry:
                next_retry = now + settings.retry
                await self._retry(link)
            failing = table.failing()
            if now - started > settings.first_value:
                failing.update(_unheard(table, now - started))
            silent = now - max(started, intake.last_heard)
            if silent > self._model.silent_after and len(table.refused) < len(table.items):
                failing[self.id] = f"silent: nothing has arrived for {silent:.0f} s"
                self._vitals.connected, self._vitals.failing = False, failing
                await self._probe(link, intake, silent)
                intake.last_heard = max(intake.last_heard, now)
                continue
            self._vitals.failing = failing
            heard = all(p in failing for p in _unheard(table, 0.0))
            self._vitals.connected = heard and silent <= self._model.silent_after

    async def _retry(self, link: "_Link") -> None:
        table = link.table
        gone = [table.items[h] for h, reason in table.troubled.items() if reason == "BadNodeIdUnknown"]
        if gone:
            await forget(link.session, link.subscription, gone)
            for item in gone:
                table.refused[item.handle] = table.troubled.pop(item.handle)
                item.resume = int(table.last[item.handle]) if table.last[item.handle] != NEVER else item.resume
                table.delivered[item.handle] = False
        if table.refused:
            wanted = [table.items[h] for h in list(table.refused)]
            await subscribe(link.session, link.subscription, table, wanted)

    async def _probe(self, link: "_Link", intake: Intake, silent: float) -> None:
        """Compare what the server holds with what it has sent: other values there mean a dead subscription."""
        table, heard = link.table, intake.last_heard
        alive = [item for item in table.items if item.monitored is not None and not item.address.deadband]
        nodes = [item.node for item in alive if item.node is not None]
        values = await link.session.read(nodes, AttributeIds.Value)
        # What the server holds now is on its way to us for up to two publishing intervals.
        await asyncio.sleep(2 * self._model.publishing_interval)
        if intake.last_heard != heard:
            return
        for item, value in zip(alive, values, strict=True):
            last, when = int(table.last[item.handle]), value.SourceTimestamp
            if last == NEVER or (when is not None and microseconds(when) != last // 1000):
                raise Unavailable(
                    f"{self._settings.url}: silent for {silent:.0f} s though {item.point} has a newer value"
                )


class _Link:
    """A subscription on a session: publish requests, sequence numbers, acknowledgements."""

    def __init__(self, session: Session, subscription: int, table: ItemTable) -> None:
        self.session, self.subscription, self.table = session, subscription, table
        self.next_sequence: int | None = None
        self._stored: list[int] = []

    async def request(self) -> bytes:
        """Ask for the next notification; acknowledges what is on our disk by now."""
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements = [
            ua.SubscriptionAcknowledgement(ua.IntegerId(self.subscription), ua.Counter(n)) for n in self._stored
        ]
        self._stored = []
        # The reader of the answer has its own time limit; this one only ends a forgotten request.
        return await self.session.call(request, timeout=3600)

    def acknowledge_after(self, receipt: Receipt, sequence: int) -> None:
        """Acknowledge a message once its values are stored."""

        def stored(done: Receipt) -> None:
            if not done.cancelled() and done.exception() is None:
                self._stored.append(sequence)

        receipt.add_done_callback(stored)

    async def repeat(self, sequence: int) -> Notification | None:
        """A message once more; None when the server no longer has it."""
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = ua.IntegerId(self.subscription)
        request.Parameters.RetransmitSequenceNumber = ua.Counter(sequence)
        try:
            return decode_republish(await self.session.call(request), self.subscription)
        except (UaStatusCodeError, DropError) as error:
            _log.info("message %d cannot be repeated: %s", sequence, error)
            return None


async def _create_subscription(session: Session, model: SourceModel, settings: OpcUaSettings) -> int:
    interval = max(model.publishing_interval, 0.01)
    wanted = ua.CreateSubscriptionParameters()
    wanted.RequestedPublishingInterval = ua.Duration(interval * 1000)
    wanted.RequestedMaxKeepAliveCount = ua.Counter(max(1, int(settings.keep_alive / interval)))
    wanted.RequestedLifetimeCount = ua.Counter(wanted.RequestedMaxKeepAliveCount * _LIFETIME)
    wanted.MaxNotificationsPerPublish = ua.Counter(0)
    wanted.PublishingEnabled = True
    request = ua.CreateSubscriptionRequest()
    request.Parameters = wanted
    # Sent raw: the library's call would start its own publish loop beside ours.
    data = await session.call(request)
    response = ua.ua_binary.struct_from_binary(ua.CreateSubscriptionResponse, Buffer(data))
    response.ResponseHeader.ServiceResult.check()
    return int(response.Parameters.SubscriptionId)


def _unheard(table: ItemTable, waited: float) -> dict[str, str]:
    return {
        item.point: f"no value within {waited:.0f} s of subscribing"
        for item in table.items
        if not table.delivered[item.handle]
        and item.handle not in table.refused
        and item.handle not in table.troubled
    }


def _following(sequence: int) -> int:
    return sequence + 1 if sequence < 0xFFFF_FFFF else 1  # noqa: PLR2004 - wraps to 1, OPC 10000-4, 7.26


def _before(sequence: int, expected: int) -> bool:
    return (expected - sequence) % 0xFFFF_FFFF < 0x7FFF_FFFF  # noqa: PLR2004 - half of the circle


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [error]
