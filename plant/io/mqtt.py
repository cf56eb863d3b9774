"""``Uplink`` and ``Inbox`` over MQTT, QoS 1. Loss raises ``Unavailable``: enter again to reconnect."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

import paho.mqtt.client as paho

from plant.errors import DropError, FixError, Unavailable
from plant.io.mqtt_connection import FAILURE, NO_MATCHING_SUBSCRIBERS, Connection, MqttSettings
from plant.ports import Delivery

__all__ = ["MqttInbox", "MqttSettings", "MqttUplink"]

_BACKLOG = 50
"""Deliveries held unread, in receive maxima, before the connection is dropped: the broker has the rest."""


class MqttUplink:
    """Sends with QoS 1; implements ``plant.ports.Uplink``. Several sends may be awaited at once."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._connection: Connection | None = None
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._slots = asyncio.Semaphore(settings.in_flight)

    async def __aenter__(self) -> Self:
        """Connect; after a loss, enter again.

        Raises:
            Unavailable: the broker cannot be reached or refuses us.
        """
        connection = Connection(self._settings)
        connection.paho.on_publish = self._on_publish
        await connection.open()
        self._waiting.clear()
        connection.lost.add_done_callback(lambda _: self._fail_all(connection.gone()))
        self._connection = connection
        return self

    async def __aexit__(self, *error: object) -> None:
        """Disconnect; sends still waiting raise ``Unavailable``."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def send(self, topic: str, payload: bytes) -> None:
        """Publish and return at the broker's PUBACK.

        With MQTT 3.1.1 the broker cannot say that nobody is subscribed; then such a message is lost silently.

        Raises:
            Unavailable: connection lost, no PUBACK in time, quota exceeded, or no session will get the message.
            DropError: the topic or the size of the payload is not allowed in MQTT.
        """
        async with self._slots:
            connection = self._connection
            if connection is None or connection.lost.done():
                raise Unavailable(f"MQTT broker {self._settings.place}: not connected")
            answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            mid = self._publish(connection, topic, payload)
            self._waiting[mid] = answer
            try:
                code = await asyncio.wait_for(answer, self._settings.timeout)
            except TimeoutError as error:
                raise Unavailable(
                    f"MQTT broker {self._settings.place}: no PUBACK for {topic!r} in time"
                ) from error
            finally:
                self._waiting.pop(mid, None)
        _judge(code, topic, self._settings)

    def _publish(self, connection: Connection, topic: str, payload: bytes) -> int:
        try:
            info = connection.paho.publish(topic, payload, qos=1)
        except ValueError as error:
            raise DropError(
                f"MQTT message for {topic!r} with {len(payload)} bytes cannot be sent: {error}"
            ) from error
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise connection.gone()
        return info.mid

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason: Any, _properties: Any) -> None:  # noqa: ANN401
        answer = self._waiting.get(mid)
        if answer is not None and not answer.done():
            answer.set_result(int(reason.value))

    def _fail_all(self, error: Unavailable) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)


class MqttInbox:
    """Receives over a durable session; implements ``plant.ports.Inbox``.

    The broker keeps what is not acknowledged, and sends it again on the next connection, so acknowledge only what
    is stored. An acknowledgement for a delivery of an earlier connection is ignored: that delivery comes again.
    """

    def __init__(
        self,
        settings: MqttSettings,
        filters: tuple[str, ...],
        *,
        session_expiry: int = 7 * 86_400,
        receive_maximum: int = 100,
    ) -> None:
        """Prepare.

        Args:
            settings: the broker; ``client_id`` names the durable session, so keep it the same over restarts.
            filters: topic filters.
            session_expiry: how long the broker keeps the session while we are away [s].
            receive_maximum: deliveries that the broker may have unacknowledged with us (MQTT 5 only).
        """
        if session_expiry < 1:
            raise FixError(f"MQTT session expiry of {session_expiry} s: the session would not outlive a restart")
        self._settings = settings
        self._filters = filters
        self._session_expiry = session_expiry
        self._receive_maximum = receive_maximum
        self._connection: Connection | None = None
        self._arrived: deque[Delivery] = deque()
        self._news = asyncio.Event()
        self.stale_acknowledgements = 0
        """Acknowledgements that came after their connection was gone; those deliveries come again [1]."""

    async def __aenter__(self) -> Self:
        """Connect, resume the session and subscribe; after a loss, enter again.

        Raises:
            Unavailable: the broker cannot be reached or refuses us.
        """
        self._arrived, self._news = deque(), asyncio.Event()
        connection = Connection(
            self._settings, session_expiry=self._session_expiry, receive_maximum=self._receive_maximum
        )
        # Before connecting: queued messages arrive with the CONNACK and would be acknowledged at once.
        connection.paho.manual_ack_set(True)
        connection.paho.on_message = self._receiver(connection)
        connection.lost.add_done_callback(lambda _: self._news.set())
        await connection.open()
        try:
            await connection.subscribe(self._filters)
        except Unavailable:
            await connection.close()
            raise
        self._connection = connection
        return self

    async def __aexit__(self, *error: object) -> None:
        """Disconnect; the broker keeps the session and everything unacknowledged."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if not connection.lost.done():
                await connection.settle()
            await connection.close()

    async def messages(self) -> AsyncIterator[Delivery]:
        """Deliveries as they come.

        Raises:
            Unavailable: the connection is lost.
        """
        connection, arrived, news = self._connection, self._arrived, self._news
        if connection is None:
            raise Unavailable(f"MQTT broker {self._settings.place}: not connected")
        while not connection.lost.done():
            if arrived:
                yield arrived.popleft()
            else:
                news.clear()
                await news.wait()
        raise connection.gone()

    async def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that this delivery is stored."""
        if not isinstance(delivery.token, tuple):
            raise FixError(f"delivery of {delivery.topic!r} did not come from this inbox")
        came_by, mid, qos = delivery.token
        connection = self._connection
        if connection is None or connection is not came_by or connection.lost.done():
            self.stale_acknowledgements += 1
        elif qos > 0:
            connection.paho.ack(mid, qos)

    def _receiver(self, connection: Connection) -> Callable[[Any, Any, paho.MQTTMessage], None]:
        arrived, news, bound = self._arrived, self._news, self._receive_maximum * _BACKLOG

        def on_message(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:  # noqa: ANN401 - paho's own
            if len(arrived) >= bound:
                connection.paho.disconnect()  # the broker keeps the rest; MQTT 3.1.1 has no other brake
                return
            arrived.append(
                Delivery(_topic(message), bytes(message.payload), (connection, message.mid, message.qos))
            )
            news.set()

        return on_message


def _topic(message: paho.MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return ""  # forbidden by MQTT 5.0, 1.5.4; as no topic of ours it ends in the dead letters


def _judge(code: int, topic: str, settings: MqttSettings) -> None:
    if code == NO_MATCHING_SUBSCRIBERS:
        raise Unavailable(
            f"nobody has a session at MQTT broker {settings.place} for {topic!r}; start the receiver once, "
            "then the broker keeps messages for it"
        )
    if code >= FAILURE:
        raise Unavailable(
            f"MQTT broker {settings.place} refused the message for {topic!r} (reason code {code:#04x}); "
            "check the access list and quota of this user"
        )
