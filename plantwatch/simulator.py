"""A simulated plant or a recording as a program: OPC UA server, MQTT devices, report, a line on how it goes."""

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import rich
from rich.text import Text

from plant.clock import SECOND, ScaledClock, iso
from plant.errors import FixError
from plant.model import MqttAddress, MqttSource, OpcUaAddress
from plant.ports import Connect
from plant.settings import HttpServer, Settings
from plantwatch import wiring
from plantwatch.certificates import Authority
from simulators.mqtt_devices import MqttDevices
from simulators.opcua_nodes import NAMESPACE
from simulators.opcua_server import SimulatedOpcUa
from simulators.opcua_settings import OpcUaServerSettings, SecurityMode
from simulators.playable import Playable, Player
from simulators.serve import Served

_log = logging.getLogger("plantwatch.simulate")

OPERATOR = "operator"
"""User who may operate switches."""
_HEAD_START = 2
"""Time that the servers have to begin listening before the first value [s]."""
_LOG_EVERY = 60.0
"""Time between two lines of progress in a log file [s]."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """What a plant is served over."""

    opcua: OpcUaServerSettings | None
    mqtt: bool
    report: Path | None


def plant_clock(settings: Settings, *, start: int | None, speed: float | None) -> ScaledClock:
    """The clock of the environment, which other programs share; else one that begins in a moment.

    Args:
        settings: may hold the clock.
        start: simulated start [ns UTC]; None for now.
        speed: factor; None for 1.

    Raises:
        FixError: the environment's clock cannot be read, or was given together with a start or a speed.
    """
    shared = wiring.clock(settings)
    if isinstance(shared, ScaledClock):
        if start is not None or speed is not None:
            raise FixError(
                "PLANTWATCH_CLOCK says start and speed already: leave --start and --speed out, or unset it"
            )
        return shared
    wall = (time.time_ns() // SECOND + 1 + _HEAD_START) * SECOND
    return ScaledClock(wall, wall if start is None else start, 1.0 if speed is None else speed)


def opcua_settings(settings: Settings, *, port: int, insecure: bool) -> OpcUaServerSettings:
    """The simulated OPC UA server as the environment asks for it.

    Raises:
        FixError: no password without ``insecure``; ``insecure`` where other machines can reach it; half a
            certificate.
    """
    own = settings.simulator
    if insecure:
        if not HttpServer.model_construct(host=own.host).local:
            raise FixError(f"--insecure at {own.host}: without encryption it may listen on 127.0.0.1 only")
        return OpcUaServerSettings(host=own.host, port=port, security=SecurityMode.NONE)
    if own.password is None:
        raise FixError(
            "the OPC UA server needs a password: set PLANTWATCH_SIMULATOR__PASSWORD"
            f" (user {own.username!r}), or add --insecure for a test on this machine"
        )
    if own.username == OPERATOR:
        raise FixError(
            f"PLANTWATCH_SIMULATOR__USERNAME={OPERATOR!r} is the user who operates switches; take another"
        )
    if (own.certificate is None) != (own.private_key is None):
        raise FixError(
            "give both PLANTWATCH_SIMULATOR__CERTIFICATE and PLANTWATCH_SIMULATOR__PRIVATE_KEY, or neither"
        )
    users = {own.username: own.password}
    if own.operator_password is not None:
        users[OPERATOR] = own.operator_password
    certificate, key = own.certificate, own.private_key
    if certificate is None:
        made = Authority(wiring.folder(settings) / "certificates").issue("simulator", application_uri=NAMESPACE)
        certificate, key = made.certificate, made.key
    return OpcUaServerSettings(
        host=own.host,
        port=port,
        certificate=certificate,
        private_key=key,
        users=users,
        operators=frozenset(users.keys() & {OPERATOR}),
    )


def served(
    sim: Playable,
    settings: Settings,
    outlets: Outlets,
    clock: ScaledClock,
    *,
    player: Player | None,
    until: int | None,
) -> Served:
    """The plant with the servers that it needs.

    Raises:
        FixError: an address of the plant file cannot be served, or nothing would be served at all.
    """
    addresses = [a for p in sim.points if (a := sim.plant.points[p].address) is not None]
    opcua, mqtt = None, []
    if outlets.opcua is not None and any(isinstance(a, OpcUaAddress) for a in addresses):
        opcua = SimulatedOpcUa(sim.plant, sim.points, outlets.opcua, sim.switch)
    if outlets.mqtt:
        used = {a.source for a in addresses if isinstance(a, MqttAddress)}
        sources = [s.id for s in sim.plant.sources if isinstance(s, MqttSource) and s.id in used]
        mqtt = [MqttDevices(sim.plant, s, _connect(settings, sim.plant.id, s)) for s in sources]
    if opcua is None and not mqtt:
        raise FixError("nothing to serve: leave out --no-opcua or --no-mqtt, or give points an address")
    return Served(sim, clock, player=player, opcua=opcua, mqtt=mqtt, report=outlets.report, until=until)


def _connect(settings: Settings, plant: str, source: str) -> Connect:
    return lambda: wiring.field_uplink(settings, source, f"{plant}-{source}-simulated")


def places(plant: Served, settings: Settings, outlets: Outlets) -> str:
    """One line for a person: where to connect, as whom, how secured, and where to look."""
    parts = [f"{plant.sim.plant.id}: {len(plant.sim.points)} points, {plant.clock.speed:g} times real time"]
    if plant.opcua is not None and outlets.opcua is not None:
        secure = outlets.opcua.security is not SecurityMode.NONE
        users = ", ".join(outlets.opcua.users) if secure else "anonymous, everybody may operate switches"
        how = "signed and encrypted" if secure else "NOT ENCRYPTED"
        parts.append(f"{plant.opcua.url} ({how}; users: {users})")
    for source in plant.mqtt:
        broker = settings.field_mqtt.get(source.source, settings.mqtt)
        parts.append(
            f"MQTT {source.source!r} at {broker.host}:{broker.port} ({'TLS' if broker.tls else 'no TLS'})"
        )
    if outlets.report is not None:
        parts.append(f"report {outlets.report}")
    return " | ".join(parts)


def progress(plant: Served) -> str:
    """One line on how it goes."""
    made = sum(plant.sim.produced.values())
    parts = [iso(plant.sim.time), f"{made:,} values"]
    if not plant.producing:
        parts.append("all produced, still serving: stop with Ctrl-C")
    if plant.lateness >= 1.0:
        parts.append(f"{plant.lateness:.0f} s late: too fast for this machine?")
    for source in plant.mqtt:
        state = "connected" if source.connected else "not connected"
        parts.append(
            f"MQTT {source.source!r} {state}, {source.waiting} messages wait, {sum(source.dropped.values())} lost"
        )
    return " · ".join(parts)


async def run_served(plant: Served, line: str) -> None:
    """Serve until cancelled and tell how it goes: a moving line on a terminal, else a line a minute in the log."""
    async with asyncio.TaskGroup() as group:
        started = asyncio.Event()
        group.create_task(_tell(plant, line, started))
        await plant.run(started.set)


async def _tell(plant: Served, line: str, started: asyncio.Event) -> None:
    await started.wait()
    console = rich.get_console()  # the log's own, so that its lines do not break the moving one
    console.print(line, markup=False, highlight=False, soft_wrap=True)
    if console.is_terminal:
        with console.status("") as status:
            while True:
                status.update(Text(progress(plant)))
                await asyncio.sleep(1.0)
    while True:
        _log.info("%s", progress(plant))
        await asyncio.sleep(_LOG_EVERY)
