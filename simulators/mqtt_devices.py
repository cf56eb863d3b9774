"""Meters behind gateways: JSON messages over MQTT with QoS 1, kept until the broker acknowledges them."""

import asyncio
import json
import logging
import ssl
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Annotated, Any, Literal

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from plant.clock import iso
from plant.errors import FixError
from plant.model import MqttAddress, Plant
from plant.readings import Readings
from plant.service import Backoff, Outage

_SESSION = 86_400
"""Time that the broker keeps the session [s]."""


class MqttDeviceSettings(BaseModel):
    """The broker of the field devices. TLS unless switched off by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8883
    client_id: Annotated[str, Field(min_length=1, max_length=128)] = "plantwatch-simulated-meters"
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = True
    ca_file: Path | None = None
    """Certificates that the broker's must lead to; None takes the system's."""
    protocol: Literal[5, 311] = 5
    outbox: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    """Messages kept while the broker is away; beyond it the oldest are dropped and counted."""
    in_flight: Annotated[int, Field(ge=1, le=100)] = 20
    timeout: Annotated[float, Field(gt=0)] = 10.0
    """Longest wait for an acknowledgement [s]."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one device."""

    topic: str
    payload: bytes
    points: tuple[str, ...]
    """Points whose values it carries."""


class MqttDevices:
    """Makes and sends the messages of all MQTT points of a plant."""

    def __init__(self, plant: Plant, settings: MqttDeviceSettings) -> None:
        """Prepare.

        Raises:
            FixError: a topic is a wildcard: a device needs one topic to publish to.
        """
        self._settings = settings
        self._addresses = {p.id: p.address for p in plant.points.values() if isinstance(p.address, MqttAddress)}
        for point, address in self._addresses.items():
            if "+" in address.topic or "#" in address.topic:
                raise FixError(
                    f"point {point!r}: topic {address.topic!r} has a wildcard; a device needs one topic"
                )
        self._outbox: deque[Message] = deque()
        self._filled = asyncio.Event()
        self._dropped: Counter[str] = Counter()
        self._outage = Outage(f"MQTT broker {settings.host}:{settings.port}", logging.getLogger(__name__))
        self.connected = False

    @property
    def dropped(self) -> dict[str, int]:
        """Values dropped from a full outbox, per point."""
        return dict(self._dropped)

    @property
    def waiting(self) -> int:
        """Messages not acknowledged by the broker yet."""
        return len(self._outbox)

    def write(self, readings: Readings) -> None:
        """Put one step's values into the outbox, one message per device and time."""
        for message in self._messages(readings):
            if len(self._outbox) >= self._settings.outbox:
                self._dropped.update(self._outbox.popleft().points)
            self._outbox.append(message)
            self._filled.set()

    def _messages(self, readings: Readings) -> Iterable[Message]:
        devices: dict[tuple[str, int], list[tuple[str, float, int]]] = {}
        for row in readings.select(self._addresses).rows():
            topic = self._addresses[row.point].topic
            devices.setdefault((topic, row.time), []).append((row.point, row.value, row.status))
        for (topic, time), values in devices.items():
            yield Message(topic, self._payload(time, values), tuple(point for point, _, _ in values))

    def _payload(self, time: int, values: list[tuple[str, float, int]]) -> bytes:
        body: dict[str, Any] = {}
        for point, value, status in values:
            address = self._addresses[point]
            shown = None if isnan(value) else value
            if address.value == "$":
                return json.dumps(shown).encode()
            _put(body, address.value, shown)
            if address.time is not None:
                _put(body, address.time, iso(time))
            if address.status is not None:
                _put(body, address.status, status)
        return json.dumps(body).encode()

    async def run(self) -> None:
        """Send until cancelled; connects again after every loss."""
        backoff = Backoff(first=0.2, most=5.0)
        while True:
            try:
                async with self._client() as client:
                    self.connected = True
                    self._outage.over()
                    backoff.reset()
                    await self._send_all(client)
            except aiomqtt.MqttError as error:
                self._outage.failed(error)
            finally:
                self.connected = False
            await asyncio.sleep(backoff.next())

    async def _send_all(self, client: aiomqtt.Client) -> None:
        while True:
            if not self._outbox:
                self._filled.clear()
                # With nothing to send a lost connection shows at the next message; nothing is lost by that.
                await self._filled.wait()
            batch = [self._outbox.popleft() for _ in range(min(len(self._outbox), self._settings.in_flight))]
            sends = [client.publish(m.topic, m.payload, qos=1, timeout=self._settings.timeout) for m in batch]
            tasks = [asyncio.ensure_future(send) for send in sends]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                unsent = [m for m, t in zip(batch, tasks, strict=True) if not _acknowledged(t)]
                self._outbox.extendleft(reversed(unsent))

    def _client(self) -> aiomqtt.Client:
        s = self._settings
        five = s.protocol == 5  # noqa: PLR2004 - the protocol's number
        session: dict[str, Any] = {"clean_session": False}
        if five:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = _SESSION
            session = {"clean_start": False, "properties": properties}
        return aiomqtt.Client(
            s.host,
            s.port,
            identifier=s.client_id,
            username=s.username,
            password=None if s.password is None else s.password.get_secret_value(),
            protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
            tls_context=_tls(s),
            timeout=s.timeout,
            keepalive=15,
            **session,
        )


def _acknowledged(task: "asyncio.Future[None]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _put(body: dict[str, Any], path: str, value: object) -> None:
    """Set ``$.a.b`` in a JSON object."""
    *inner, last = path.removeprefix("$.").split(".")
    for key in inner:
        body = body.setdefault(key, {})
    body[last] = value


def _tls(settings: MqttDeviceSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise FixError(f"{settings.ca_file}: cannot read certificates: {error}; give a PEM file") from error
