"""Simulated meters against a real mosquitto: nothing lost without being counted."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from edge_agent.sources.mqtt_payload import parse, readings_of, tap
from plant.errors import DropError, FixError, Unavailable
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from plant.model import Area, MqttAddress, MqttSource, Plant, Point, ProcessUnit
from plant.ports import Connect
from plant.readings import Reading, Readings
from simulators.mqtt_devices import MqttDevices
from simulators.mqtt_messages import MessageMaker
from tests.support.mosquitto import Mosquitto
from tests.support.programs import need

T0 = 1_700_000_000_123_456_000


def meters(**addresses: dict[str, str]) -> Plant:
    points = tuple(
        Point(id=name, name=name, address=MqttAddress(source="m", **keys)) for name, keys in addresses.items()
    )
    unit = ProcessUnit(id="u", name="U", points=points)
    return Plant(
        id="p",
        name="P",
        schema_version=1,
        sources=(MqttSource(id="m", protocol="mqtt"),),
        areas=(Area(id="a", name="A", units=(unit,)),),
    )


TWO = meters(
    **{
        "m1.total": {"topic": "site/m1", "value": "$.energy.total", "time": "$.t", "status": "$.s"},
        "m1.power": {"topic": "site/m1", "value": "$.power", "time": "$.t", "status": "$.s"},
        "m2.total": {"topic": "site/m2", "value": "$.total", "time": "$.t", "status": "$.s"},
    }
)


def rows(n: int) -> Readings:
    found = [
        Reading(p, T0 + n * 1_000_000_000, n + shift)
        for p, shift in (("m1.total", 0.0), ("m1.power", 0.5), ("m2.total", 0.25))
    ]
    return Readings.from_rows(found)


def settings(port: int, client: str) -> MqttSettings:
    return MqttSettings(host="127.0.0.1", port=port, tls=False, client_id=client, timeout=5.0)


def connect(port: int) -> Connect:
    return lambda: MqttUplink(settings(port, "meters"))


@asynccontextmanager
async def running(devices: MqttDevices) -> AsyncIterator[None]:
    task = asyncio.create_task(devices.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Poll a real broker with a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the broker did not get there"
        await asyncio.sleep(0.02)


async def received(inbox: MqttInbox, wanted: int) -> dict[str, set[float]]:
    """Values by point until ``wanted`` different ones have come; a repeated message is the same value."""
    taps = {p.id: tap(p.id, p.kind, p.address) for p in TWO.points.values() if isinstance(p.address, MqttAddress)}
    by_topic: dict[str, list[str]] = {}
    for point in TWO.points.values():
        assert isinstance(point.address, MqttAddress)
        by_topic.setdefault(point.address.topic, []).append(point.id)
    found: dict[str, set[float]] = {p: set() for p in TWO.points}
    async with asyncio.timeout(30):
        async for delivery in inbox.messages():
            body = parse(delivery.payload)
            values, wrong = readings_of([taps[p] for p in by_topic[delivery.topic]], body, 0)
            assert not wrong
            for value in values:
                found[value.point].add(value.value)
            await inbox.acknowledge(delivery)
            if sum(map(len, found.values())) >= wanted:
                return found
    raise AssertionError


async def test_every_value_arrives_over_a_broker_restart(tmp_path: Path) -> None:
    need("mosquitto")
    with Mosquitto(tmp_path) as broker:
        inbox = MqttInbox(settings(broker.port, "reader"), ("site/#",))
        devices = MqttDevices(TWO, "m", connect(broker.port))
        async with inbox:
            pass  # from here on the broker keeps messages for the reader
        async with running(devices):
            for n in range(100):
                devices.write(rows(n))
            await until(lambda: devices.waiting < 100)
            broker.stop()
            for n in range(100, 200):
                devices.write(rows(n))
            broker.start()
            for n in range(200, 300):
                devices.write(rows(n))
            await until(lambda: devices.waiting == 0)
        async with inbox:
            found = await received(inbox, 900)
    assert found["m1.total"] == {float(n) for n in range(300)}
    assert found["m1.power"] == {n + 0.5 for n in range(300)}
    assert found["m2.total"] == {n + 0.25 for n in range(300)}
    assert devices.dropped == {}
    assert devices.undelivered == {}


async def test_a_full_outbox_drops_the_oldest_and_counts_them_exactly(tmp_path: Path) -> None:
    need("mosquitto")
    with Mosquitto(tmp_path) as broker:
        inbox = MqttInbox(settings(broker.port, "reader"), ("site/#",))
        async with inbox:
            pass
        devices = MqttDevices(TWO, "m", connect(broker.port), bound=20)
        for n in range(50):  # 2 messages a step, 20 kept: the last 10 steps
            devices.write(rows(n))
        assert devices.dropped == {"m1.total": 40, "m1.power": 40, "m2.total": 40}
        assert devices.undelivered == {"m1.total": 10, "m1.power": 10, "m2.total": 10}
        async with running(devices), inbox:
            found = await received(inbox, 30)
    assert found["m1.total"] == {float(n) for n in range(40, 50)}


class Refusing:
    """An uplink that never takes the topic ``site/m1`` and always the other."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def send(self, topic: str, payload: bytes) -> None:
        assert json.loads(payload)
        if topic == "site/m1":
            raise DropError("topic not allowed")
        self.sent.append(topic)


async def test_what_can_never_be_sent_is_counted_and_its_neighbours_arrive() -> None:
    uplink = Refusing()
    devices = MqttDevices(TWO, "m", lambda: uplink)
    async with running(devices):
        for n in range(5):
            devices.write(rows(n))
        await until(lambda: devices.waiting == 0)
    assert uplink.sent == ["site/m2"] * 5
    assert devices.dropped == {"m1.total": 5, "m1.power": 5}


class Flaky(Refusing):
    """Takes every second message, then loses the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.payloads: list[bytes] = []

    async def send(self, topic: str, payload: bytes) -> None:
        del topic
        self.calls += 1
        if self.calls % 2:
            raise Unavailable("lost")
        self.payloads.append(payload)


async def test_only_what_was_not_acknowledged_is_sent_again() -> None:
    uplink = Flaky()
    devices = MqttDevices(TWO, "m", lambda: uplink)
    async with running(devices):
        for n in range(4):
            devices.write(rows(n))
        await until(lambda: devices.waiting == 0)
    assert len(uplink.payloads) == len(set(uplink.payloads)) == 8
    assert devices.dropped == {}


def test_a_message_carries_value_time_and_status_where_the_paths_say() -> None:
    made = Readings(
        ("m1.total", "m1.power"),
        np.array([0, 1], np.int32),
        np.array([T0, T0], np.int64),
        np.array([12.5, np.nan]),
        np.array([0, 0x808C0000], np.uint32),
    )
    first, second = MessageMaker(TWO, "m").messages(made)
    assert json.loads(first.payload) == {"energy": {"total": 12.5}, "t": "2023-11-14T22:13:20.123456Z", "s": 0}
    assert json.loads(second.payload) == {"power": None, "t": "2023-11-14T22:13:20.123456Z", "s": 0x808C0000}


@pytest.mark.parametrize(
    ("addresses", "text"),
    [
        pytest.param({"a": {"topic": "site/+"}}, "has a wildcard", id="wildcard"),
        pytest.param({"a": {"topic": "t", "value": "$.x[0]"}}, "cannot be simulated", id="list"),
        pytest.param(
            {"a": {"topic": "t"}, "b": {"topic": "t", "value": "$.b"}}, "whole payload", id="plain number"
        ),
        pytest.param(
            {"a": {"topic": "t", "value": "$.x"}, "b": {"topic": "t", "value": "$.x.y"}},
            "leads through",
            id="through",
        ),
        pytest.param(
            {"a": {"topic": "t", "value": "$.x.y"}, "b": {"topic": "t", "value": "$.x"}}, "other values", id="over"
        ),
        pytest.param(
            {"a": {"topic": "t", "value": "$.x"}, "b": {"topic": "t", "value": "$.x"}}, "another point", id="same"
        ),
    ],
)
def test_an_address_that_no_device_can_have_is_refused(addresses: dict[str, dict[str, str]], text: str) -> None:
    with pytest.raises(FixError, match=text):
        MessageMaker(meters(**addresses), "m")
