"""One connection to an MQTT broker: a fresh client object each time, so that none is confused with an old one.

aiomqtt drives paho inside the event loop. Its own ``publish`` forgets the PUBACK's reason code and its inbox
acknowledges on arrival, so this one file reaches for the paho client behind it (``_client``) and for the future
that aiomqtt completes on loss (``_disconnected``); nothing else in plantwatch does. A callback that
raises would end paho's reading of the socket for good, so no callback here may fail.
"""

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal

import aiomqtt
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from plant.errors import FixError, Unavailable

NO_MATCHING_SUBSCRIBERS = 0x10
"""PUBACK reason code: accepted, but nobody will get it (MQTT 5.0, table 3-4)."""
_NOWHERE = "plantwatch/nowhere"
"""A filter that nobody subscribes to."""
_SETTLE_WITHIN = 2.0
"""Longest wait for the broker to have seen the last acknowledgements [s]."""
FAILURE = 0x80
"""Reason codes from here on are refusals (MQTT 5.0, 2.4)."""


class MqttSettings(BaseModel):
    """Where the broker is and how to speak to it. TLS unless switched off by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8883
    client_id: Annotated[str, Field(min_length=1, max_length=128)]
    """Unique at the broker: a second client with the same id throws the first one out."""
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = True
    ca_file: Path | None = None
    """Certificates that the broker's must lead to; None takes the system's."""
    protocol: Literal[5, 311] = 5
    """MQTT 5, or 3.1.1 for brokers that know no other; 3.1.1 cannot tell that nobody is subscribed."""
    keepalive: Annotated[int, Field(ge=1, le=3600)] = 15
    """Longest silence before the broker is asked for a sign of life [s]."""
    timeout: Annotated[float, Field(gt=0)] = 10.0
    """Longest wait for any answer of the broker [s]."""
    in_flight: Annotated[int, Field(ge=1, le=1000)] = 20
    """Messages sent but not acknowledged by the broker yet."""

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """The context for the connection; None when TLS is switched off.

        Raises:
            FixError: the file of certificates cannot be read.
        """
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        except (OSError, ssl.SSLError) as error:
            raise FixError(f"MQTT certificates {self.ca_file} cannot be read: {error}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class Connection:
    """One connection from ``open`` to ``close``; ``lost`` completes with the reason when the broker goes away."""

    def __init__(
        self, settings: MqttSettings, *, session_expiry: int = 0, receive_maximum: int | None = None
    ) -> None:
        """Prepare, inside a running event loop.

        Args:
            settings: the broker.
            session_expiry: how long the broker keeps the session after a loss [s]; 0 starts clean each time.
            receive_maximum: messages the broker may have unacknowledged with us (MQTT 5 only).
        """
        self.settings = settings
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        modern = settings.protocol == 5  # noqa: PLR2004 - the version's own name
        password = settings.password
        self._client = aiomqtt.Client(
            settings.host,
            settings.port,
            identifier=settings.client_id,
            username=settings.username,
            password=None if password is None else password.get_secret_value(),
            protocol=aiomqtt.ProtocolVersion.V5 if modern else aiomqtt.ProtocolVersion.V311,
            clean_session=None if modern else session_expiry == 0,
            clean_start=session_expiry == 0 if modern else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=_properties(session_expiry, receive_maximum) if modern else None,
            tls_context=settings.tls_context(),
            timeout=settings.timeout,
            keepalive=settings.keepalive,
            max_inflight_messages=settings.in_flight,
        )
        self.paho: paho.Client = self._client._client  # noqa: SLF001 - see the module's docstring

    async def open(self) -> None:
        """Connect.

        Raises:
            Unavailable: nobody answers, the certificate is not trusted, or the broker refuses us.
        """
        try:
            await self._client.__aenter__()
        except (aiomqtt.MqttError, OSError) as error:
            self.paho.disconnect()
            raise Unavailable(
                f"MQTT broker {self.settings.place} does not accept client {self.settings.client_id!r}: {error}"
            ) from error
        self._client._disconnected.add_done_callback(self._on_lost)  # noqa: SLF001 - see the module's docstring

    async def settle(self) -> None:
        """Return when the broker has seen everything that was sent, or after a short time; never raises.

        A broker may pass over what lies unread before a DISCONNECT. It answers in order: when it has answered
        this request, which changes nothing, it has taken every acknowledgement before it.
        """
        with contextlib.suppress(aiomqtt.MqttError, OSError):
            await self._client.unsubscribe(_NOWHERE, timeout=min(self.settings.timeout, _SETTLE_WITHIN))

    async def close(self) -> None:
        """Say goodbye if the broker is still there; never raises."""
        try:
            await self._client.__aexit__(None, None, None)
        except (aiomqtt.MqttError, OSError) as error:
            self._mark_lost(str(error))
        self._mark_lost("closed")

    async def subscribe(self, filters: tuple[str, ...]) -> None:
        """Subscribe to all filters with QoS 1.

        Raises:
            Unavailable: no answer, or the broker refuses one of the filters.
        """
        try:
            granted = await self._client.subscribe([(f, 1) for f in filters])
        except (aiomqtt.MqttError, OSError) as error:
            raise Unavailable(f"MQTT broker {self.settings.place} does not answer SUBSCRIBE: {error}") from error
        for topic_filter, code in zip(filters, granted, strict=True):
            if _number(code) >= FAILURE:
                raise Unavailable(
                    f"MQTT broker {self.settings.place} refuses {self.settings.client_id!r} the subscription "
                    f"{topic_filter!r} ({code}); grant it in the broker's access list"
                )

    def gone(self) -> Unavailable:
        """The error to raise after the loss."""
        why = self.lost.result() if self.lost.done() else "not connected"
        return Unavailable(f"MQTT broker {self.settings.place}: connection lost ({why})")

    def _on_lost(self, disconnected: "asyncio.Future[None]") -> None:
        error = None if disconnected.cancelled() else disconnected.exception()
        self._mark_lost("closed" if error is None else str(error))

    def _mark_lost(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)


def _properties(session_expiry: int, receive_maximum: int | None) -> Properties:
    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # its attributes are made at run time
    properties.SessionExpiryInterval = session_expiry
    if receive_maximum is not None:
        properties.ReceiveMaximum = receive_maximum
    return properties  # type: ignore[no-any-return]


def _number(code: Any) -> int:  # noqa: ANN401 - paho gives an int for 3.1.1 and a ReasonCode for 5
    return int(getattr(code, "value", code))
