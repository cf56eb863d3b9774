"""Parts that the tests of the edge agent share: small plants, servers, fake uplinks."""

# ruff: noqa: ANN001, ANN202 - pytest calls these, nobody imports them

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from asyncua import Server, ua

from edge_agent.sources.opcua_settings import OpcUaSettings, SecurityPolicy
from edge_agent.sources.source import Arrival, Receipt
from plant.codec import Batch, decode_batch
from plant.errors import Unavailable
from plant.model import Area, MqttSource, OpcUaAddress, OpcUaSource, Plant, Point, ProcessUnit
from plant.readings import Readings

URI = "urn:test:plant"
T0 = 1_700_000_000_000_000_000


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


async def until(condition: Callable[[], bool], seconds: float = 15.0, what: str = "condition") -> None:
    """Poll real I/O with a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        await asyncio.sleep(0.02)


def plant_of(points: Sequence[Point], *, silent_after: float = 30, interval: float = 0.05) -> Plant:
    return Plant(
        id="p1",
        name="Test",
        schema_version=1,
        sources=(
            OpcUaSource(id="dcs", protocol="opcua", publishing_interval=interval, silent_after=silent_after),
            MqttSource(id="meters", protocol="mqtt", silent_after=silent_after),
        ),
        areas=(Area(id="a", name="A", units=(ProcessUnit(id="u", name="U", points=tuple(points)),)),),
    )


def opc_point(name: str, *, queue: int = 1000, deadband: float = 0, period: float | None = None) -> Point:
    address = OpcUaAddress(source="dcs", node=f"nsu={URI};s={name}", queue=queue, deadband=deadband)
    return Point(id=name, name=name, address=address, period=period)


def opc_settings(port: int, **changes: object) -> OpcUaSettings:
    values: dict[str, object] = {
        "url": f"opc.tcp://127.0.0.1:{port}/",
        "policy": SecurityPolicy.NONE,
        "timeout": 3.0,
        "keep_alive": 1.0,
        "retry": 0.3,
        "first_value": 2.0,
    }
    return OpcUaSettings(**{**values, **changes})  # type: ignore[arg-type]


def when(ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)


def data_value(value: object, ns: int | None, status: int = 0) -> ua.DataValue:
    variant = ua.Variant(value, ua.VariantType.Double) if isinstance(value, float) else ua.Variant(value)
    return ua.DataValue(variant, ua.StatusCode(ua.UInt32(status)), None if ns is None else when(ns), when(T0 + 5))


class TestServer:
    """A real asyncua server with nodes by name, and history kept outside it so that it survives a restart."""

    __test__ = False

    def __init__(self, port: int, *, history: dict[str, list[ua.DataValue]] | None = None) -> None:
        self.port, self.history = port, history
        self.server = Server()
        self.server.iserver.disabled_clock = True  # its loop would hold up every stop for a second
        self.nodes: dict[str, object] = {}

    async def start(self, names: Sequence[str]) -> "TestServer":
        await self.server.init()
        self.server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/")
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        self.ns = await self.server.register_namespace(URI)
        if self.history is not None:
            self.server.iserver.history_manager.set_storage(_History(self.history))
        await self.add(names)
        await self.server.start()
        return self

    async def add(self, names: Sequence[str]) -> None:
        for name in names:
            node = await self.server.nodes.objects.add_variable(
                ua.NodeId(name, self.ns), ua.QualifiedName(name, self.ns), 0.0
            )
            if self.history is not None:
                await node.set_attr_bit(ua.AttributeIds.AccessLevel, ua.AccessLevel.HistoryRead)
                await node.set_attr_bit(ua.AttributeIds.UserAccessLevel, ua.AccessLevel.HistoryRead)
            self.nodes[name] = node

    async def write(self, name: str, value: object, ns: int | None, status: int = 0) -> None:
        value_ = data_value(value, ns, status)
        if self.history is not None:
            self.history.setdefault(name, []).append(value_)
        await self.server.write_attribute_value(ua.NodeId(name, self.ns), value_)

    async def stop(self) -> None:
        await self.server.stop()


class _History:
    max_history_data_response_size = 7

    def __init__(self, rows: dict[str, list[ua.DataValue]]) -> None:
        self._rows = rows

    async def init(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def read_node_history(self, node_id, start, end, nb_values):  # noqa: ARG002
        found = [v for v in self._rows.get(node_id.Identifier, []) if start <= v.SourceTimestamp <= end]
        limit = self.max_history_data_response_size
        return found[:limit], (found[limit].SourceTimestamp if len(found) > limit else None)


class Collector:
    """A ``deliver`` that keeps everything and confirms at once."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.marks: dict[str, int] = {}
        self.gate = asyncio.Event()
        self.gate.set()

    async def deliver(self, arrival: Arrival) -> Receipt:
        await self.gate.wait()
        self.arrivals.append(arrival)
        self.marks.update(arrival.marks)
        receipt: Receipt = asyncio.get_running_loop().create_future()
        receipt.set_result(None)
        return receipt

    @property
    def readings(self) -> Readings:
        return Readings.concat([a.readings for a in self.arrivals])

    def values(self, point: str) -> list[float]:
        return self.readings.select([point]).value.tolist()

    @property
    def losses(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for arrival in self.arrivals:
            for loss in arrival.losses:
                found[loss.point] = found.get(loss.point, 0) + loss.count
        return found


class FakeUplink:
    """Keeps batches by (epoch, sequence); ``up = False`` plays an outage."""

    def __init__(self) -> None:
        self.up = True
        self.batches: dict[tuple[int, int], Batch] = {}
        self.order: list[int] = []

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["FakeUplink"]:
        if not self.up:
            raise Unavailable("broker down")
        yield self

    async def send(self, topic: str, payload: bytes) -> None:
        assert topic.startswith("plantwatch/v1/p1/readings/")
        if not self.up:
            raise Unavailable("broker down")
        batch = decode_batch(payload)
        self.batches[batch.epoch, batch.sequence] = batch
        self.order.append(batch.sequence)

    def values(self, point: str) -> list[float]:
        return Readings.concat([b.readings for b in self.batches.values()]).select([point]).value.tolist()

    @property
    def losses(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for batch in self.batches.values():
            for loss in batch.losses:
                found[loss.point] = found.get(loss.point, 0) + loss.count
        return found


@asynccontextmanager
async def running(work: object) -> AsyncIterator[asyncio.Task]:
    task = asyncio.ensure_future(work)  # type: ignore[arg-type]
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
