"""Meters behind gateways: JSON messages over MQTT with QoS 1, kept until the broker acknowledges them."""

import asyncio
import logging
from collections import Counter, deque

from plant.errors import DropError, RetryError
from plant.model import Plant
from plant.ports import Connect, Uplink
from plant.readings import Readings
from plant.service import Backoff, Outage
from simulators.mqtt_messages import Message, MessageMaker

_log = logging.getLogger(__name__)

OUTBOX = 100_000
"""Messages that wait for the broker at most, where nothing else is asked for."""
_IN_FLIGHT = 20
"""Messages that are on their way to the broker at once."""


class MqttDevices:
    """Makes and sends the messages of all points of one MQTT source: each at least once, or counted as dropped."""

    def __init__(self, plant: Plant, source: str, connect: Connect, *, bound: int = OUTBOX) -> None:
        """Prepare.

        Args:
            plant: the plant file.
            source: id of the MQTT source whose points are the devices.
            connect: makes a new connection to the devices' broker.
            bound: messages kept while the broker is away; beyond it the oldest are dropped and counted.

        Raises:
            FixError: an address is one that no device can publish to.
        """
        self.source = source
        self._maker = MessageMaker(plant, source)
        self._connect, self._bound = connect, bound
        self._outbox: deque[Message] = deque()
        self._sending: list[Message] = []
        self._filled = asyncio.Event()
        self._dropped: Counter[str] = Counter()
        self._outage = Outage(f"the MQTT broker of the simulated devices of {source!r}", _log)
        self.connected = False

    @property
    def dropped(self) -> Counter[str]:
        """Values dropped from a full outbox, or refused for good, per point.

        One that was on its way when the connection was lost may have arrived all the same.
        """
        return Counter(self._dropped)

    @property
    def waiting(self) -> int:
        """Messages not acknowledged by the broker yet."""
        return len(self._outbox) + len(self._sending)

    @property
    def undelivered(self) -> Counter[str]:
        """Values in the waiting messages, per point."""
        return Counter(p for m in (*self._sending, *self._outbox) for p in m.points)

    def write(self, readings: Readings) -> None:
        """Put one step's values into the outbox, one message per device and time."""
        for message in self._maker.messages(readings):
            self._outbox.append(message)
        self._trim()
        if self._outbox:
            self._filled.set()

    async def run(self) -> None:
        """Send until cancelled; connects again after every loss."""
        backoff = Backoff(first=0.2, most=5.0)
        while True:
            try:
                async with self._connect() as uplink:
                    self.connected = True
                    while True:
                        await self._send_some(uplink)
                        self._outage.over()
                        backoff.reset()
            except RetryError as error:
                self._outage.failed(error)
            finally:
                self.connected = False
            await asyncio.sleep(backoff.next())

    async def _send_some(self, uplink: Uplink) -> None:
        if not self._outbox:
            self._filled.clear()
            # With nothing to send a lost connection shows at the next message; nothing is lost by that.
            await self._filled.wait()
        self._sending = [self._outbox.popleft() for _ in range(min(len(self._outbox), _IN_FLIGHT))]
        sends = [asyncio.ensure_future(uplink.send(m.topic, m.payload)) for m in self._sending]
        try:
            await asyncio.wait(sends)
        finally:
            for send in sends:
                send.cancel()
            self._settle(sends)
        for send in sends:
            error = send.exception()
            if error is not None and not isinstance(error, DropError):
                raise error

    def _settle(self, sends: list["asyncio.Task[None]"]) -> None:
        """Keep what was not acknowledged, in its old place; count what can never be sent."""
        kept = []
        for message, send in zip(self._sending, sends, strict=True):
            error = send.exception() if send.done() and not send.cancelled() else asyncio.CancelledError()
            if isinstance(error, DropError):
                _log.error("a message of %d values can never be sent: %s", len(message.points), error)
                self._dropped.update(message.points)
            elif error is not None:
                kept.append(message)
        self._sending = []
        self._outbox.extendleft(reversed(kept))
        self._trim()

    def _trim(self) -> None:
        while len(self._outbox) > self._bound:
            self._dropped.update(self._outbox.popleft().points)
