"""From deployment settings to adapters: the one place where implementations are chosen."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from edge_agent.sources.mqtt import ConnectInbox, MqttSource
from edge_agent.sources.opcua import OpcUaSource
from edge_agent.sources.opcua_settings import OpcUaSettings, SecurityPolicy
from edge_agent.sources.source import Source
from plant.clock import Clock, ScaledClock, wall_clock
from plant.errors import FixError
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from plant.model import MqttSource as MqttModel
from plant.model import OpcUaSource as OpcUaModel
from plant.model import Plant
from plant.ports import Uplink
from plant.settings import MqttConnection, OpcUaConnection, Settings
from plant.topics import Channel, subscription
from plantwatch.certificates import Authority

CLIENT_URI = "urn:plantwatch:client"
"""OPC UA application URI of the agent and of ``plantwatch browse``."""


def clock(settings: Settings) -> Clock:
    """The real clock, or the simulated one that the environment describes.

    Raises:
        FixError: the description cannot be read.
    """
    if settings.clock is None:
        return wall_clock
    try:
        wall, simulated, speed = settings.clock.split(",")
        return ScaledClock(int(wall), int(simulated), float(speed))
    except ValueError as error:
        raise FixError(f"PLANTWATCH_CLOCK={settings.clock!r} is not wall,simulated,speed") from error


def speed(settings: Settings) -> float:
    """How fast the clock runs; 1 for the real one."""
    found = clock(settings)
    return found.speed if isinstance(found, ScaledClock) else 1.0


def mqtt(connection: MqttConnection, client_id: str) -> MqttSettings:
    """The adapter's settings of one connection."""
    return MqttSettings(
        host=connection.host,
        port=connection.port,
        client_id=client_id,
        username=connection.username,
        password=connection.password,
        tls=connection.tls,
        ca_file=connection.ca_file,
        protocol=connection.protocol,
    )


def uplink(settings: Settings, client_id: str) -> AbstractAsyncContextManager[Uplink]:
    """A connection to the platform's broker for sending."""
    return MqttUplink(mqtt(settings.mqtt, client_id))


def field_uplink(settings: Settings, source: str, client_id: str) -> AbstractAsyncContextManager[Uplink]:
    """A connection to the broker of one MQTT source's devices for sending, as a simulated device."""
    return MqttUplink(mqtt(settings.field_mqtt.get(source, settings.mqtt), client_id))


def inbox(settings: Settings, plant: Plant, client_id: str, *channels: Channel) -> MqttInbox:
    """A durable session at the platform's broker for what a plant's agents and services publish."""
    filters = tuple(subscription(plant.id, channel) for channel in channels)
    return MqttInbox(mqtt(settings.mqtt, client_id), filters)


def sources(plant: Plant, settings: Settings, agent: str, now: Clock) -> list[Source]:
    """Every source of the plant file, connected as the environment says.

    Raises:
        FixError: an OPC UA source has no address.
    """
    found: list[Source] = []
    for model in plant.sources:
        match model:
            case OpcUaModel():
                found.append(OpcUaSource(plant, model, _opcua(settings, model.id), now))
            case MqttModel():
                connection = settings.field_mqtt.get(model.id, settings.mqtt)
                found.append(MqttSource(plant, model, _field_inbox(connection, f"{agent}-{model.id}"), now))
    return found


def _field_inbox(connection: MqttConnection, client_id: str) -> ConnectInbox:
    return lambda filters: MqttInbox(mqtt(connection, client_id), filters)


def _opcua(settings: Settings, source: str) -> OpcUaSettings:
    connection = settings.opcua.get(source)
    if connection is None:
        raise FixError(
            f"source {source!r} of the plant file has no address; set "
            f'PLANTWATCH_OPCUA=\'{{"{source}": {{"url": "opc.tcp://host:4840"}}}}\''
        )
    return opcua(connection, settings)


def opcua(connection: OpcUaConnection, settings: Settings) -> OpcUaSettings:
    """The adapter's settings of one OPC UA connection; a secure one without a certificate gets one of our own.

    Raises:
        FixError: only one of certificate and private key is given.
    """
    if (connection.certificate is None) != (connection.private_key is None):
        raise FixError(f"OPC UA server {connection.url}: give both certificate and private_key, or neither")
    certificate, key = connection.certificate, connection.private_key
    if certificate is None and not connection.insecure:
        own = Authority(folder(settings) / "certificates").issue("opcua-client", application_uri=CLIENT_URI)
        certificate, key = own.certificate, own.key
    return OpcUaSettings(
        url=connection.url,
        policy=SecurityPolicy.NONE if connection.insecure else SecurityPolicy(connection.policy),
        certificate=certificate,
        private_key=key,
        server_certificate=connection.server_certificate,
        username=connection.username,
        password=connection.password,
        backfill=connection.backfill,
    )


def folder(settings: Settings) -> Path:
    """The data folder, made if it is not there, closed to other users.

    Raises:
        FixError: it cannot be made.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise FixError(
            f"data folder {settings.data} cannot be made: {error.strerror}; set PLANTWATCH_DATA"
        ) from error
    return settings.data
