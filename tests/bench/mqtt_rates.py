"""MQTT devices at the agent: one JSON message, as a gateway publishes it, into readings."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edge_agent.sources.mqtt import MqttSource
from plant.clock import wall_clock
from plant.errors import Unavailable
from plant.model import Area, MqttAddress, Plant, Point, ProcessUnit
from plant.model import MqttSource as SourceModel
from plant.ports import Inbox
from tests.bench.columns import START
from tests.bench.figures import BenchError, Effort, Figure

_DEVICES, _VALUES = 100, 10
_MESSAGES = 20_000


def mqtt(effort: Effort) -> list[Figure]:
    """Messages of 10 values from 100 devices, without the network."""
    source, messages = _source(), effort.amount(_MESSAGES)
    payloads = [
        (f"plant/meter-{i % _DEVICES}", _payload(START // 1_000_000 + i)) for i in range(messages)
    ]  # fmt: skip
    found = []
    for _ in range(effort.repeats):
        begin = time.perf_counter()
        rows = sum(len(source.arrival(topic, payload, START).readings) for topic, payload in payloads)
        found.append(rows / (time.perf_counter() - begin))
        if rows != messages * _VALUES:
            raise BenchError(f"{messages} messages of {_VALUES} values gave {rows} readings")
    note = "one core; JSON with time and status by path, 10 values a message; no network, no spool"
    return [Figure("MQTT at the agent", "values/s", tuple(found), note=note)]


def _payload(milliseconds: int) -> bytes:
    values = {f"v{k}": 100.0 + k for k in range(_VALUES)}
    return json.dumps({"ts": milliseconds, "status": 0, "values": values}).encode()


def _source() -> MqttSource:
    points = tuple(
        Point(id=f"meter-{i}.v{k}", name="Meter", address=_address(i, k))
        for i in range(_DEVICES)
        for k in range(_VALUES)
    )
    model = SourceModel(id="meters", protocol="mqtt")
    areas = (Area(id="area-1", name="Area", units=(ProcessUnit(id="unit", name="Unit", points=points),)),)
    plant = Plant(id="bench", name="Bench", schema_version=1, sources=(model,), areas=areas)
    return MqttSource(plant, model, lambda _: _nowhere(), wall_clock)


def _address(device: int, value: int) -> MqttAddress:
    return MqttAddress(
        source="meters", topic=f"plant/meter-{device}", value=f"$.values.v{value}", time="$.ts", status="$.status"
    )


@asynccontextmanager
async def _nowhere() -> AsyncIterator[Inbox]:
    """Messages are handed over directly."""
    raise Unavailable("there is no broker in this benchmark")
    yield  # a generator by its shape
