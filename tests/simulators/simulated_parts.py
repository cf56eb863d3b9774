"""Parts that the tests of the simulators share: a small plant, a scripted plant to serve, a client."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC

import numpy as np
from asyncua import Client, ua
from pydantic import SecretStr

from plant.clock import SECOND, from_datetime
from plant.model import (
    Area,
    Cause,
    Comparator,
    Effect,
    Interlock,
    Kind,
    OpcUaAddress,
    OpcUaSource,
    Plant,
    Point,
    ProcessUnit,
)
from plant.readings import Reading, Readings
from simulators.opcua_server import SimulatedOpcUa
from simulators.opcua_settings import OpcUaServerSettings, SecurityMode
from simulators.truth import Truth
from tests.support.mosquitto import free_port

URI = "urn:test:plant"
T0 = 1_700_000_000 * SECOND


def point(name: str, *, node: str | None = None, **changes: object) -> Point:
    values: dict[str, object] = {
        "id": name,
        "name": f"The {name}",
        "unit": "degC",
        "range": (0.0, 100.0),
        "period": 1.0,
        "address": OpcUaAddress(source="dcs", node=node or f"nsu={URI};s={name}"),
    }
    return Point.model_validate({**values, **changes})


def plant_of(points: Sequence[Point], interlocks: Sequence[Interlock] = ()) -> Plant:
    unit = ProcessUnit(id="boiler", name="Boiler 1", points=tuple(points))
    return Plant(
        id="p1",
        name="Works",
        schema_version=1,
        sources=(OpcUaSource(id="dcs", protocol="opcua"),),
        areas=(Area(id="steam", name="Steam area", units=(unit,)),),
        interlocks=tuple(interlocks),
    )


SWITCH = point("IL.bypass", kind=Kind.DISCRETE, range=None, unit="1", period=None)
INTERLOCK = Interlock(
    id="IL",
    name="IL",
    voting="1oo1",
    causes=(Cause(point="t", comparator=Comparator.GE, set_point=90),),
    response=5,
    command="IL.bypass",
    bypass="IL.bypass",
    effects=(Effect(id="e", name="e", feedback="t", safe_state=0, travel=1),),
)
SMALL = plant_of([point("t"), point("u"), SWITCH], [INTERLOCK])
"""Two temperatures and a bypass switch."""


def step(n: int, *, plant: Plant = SMALL, status: int = 0) -> Readings:
    """One row per point at second ``n``, over the dictionary of the plant's points."""
    points = tuple(plant.points)
    k = len(points)
    return Readings(
        points,
        np.arange(k, dtype=np.int32),
        np.full(k, T0 + n * SECOND, np.int64),
        np.arange(k) + float(n),
        np.full(k, status, np.uint32),
    )


class Script:
    """A plant whose values are counted up: point ``i`` shows ``i + n`` at step ``n``; implements ``Playable``."""

    def __init__(self, plant: Plant = SMALL, *, start: int = T0) -> None:
        self.plant, self.points = plant, tuple(plant.points)
        self._start, self.steps = start, 0
        self.step_size = SECOND
        self.finished = False
        self.switched: list[tuple[str, float]] = []

    @property
    def time(self) -> int:
        return self._start + self.steps * SECOND

    @property
    def produced(self) -> dict[str, int]:
        return dict.fromkeys(self.points, self.steps)

    def advance(self) -> Readings:
        self.steps += 1
        made = step(self.steps, plant=self.plant)
        return Readings(made.points, made.code, made.time - T0 + self._start, made.value, made.status)

    def switch(self, name: str, value: float) -> None:
        self.switched.append((name, value))

    def truth(self) -> list[Truth]:
        return []


def plain_settings(**changes: object) -> OpcUaServerSettings:
    return OpcUaServerSettings.model_validate({"port": free_port(), "security": SecurityMode.NONE, **changes})


def secure_settings(folder: object, **changes: object) -> OpcUaServerSettings:
    return OpcUaServerSettings.model_validate(
        {
            "port": free_port(),
            "certificate": f"{folder}/server.der",
            "private_key": f"{folder}/server-key.pem",
            "users": {"agent": SecretStr("read"), "operator": SecretStr("operate")},
            "operators": ["operator"],
            **changes,
        }
    )


@asynccontextmanager
async def serving(
    settings: OpcUaServerSettings, plant: Plant = SMALL, on_write: Callable[[str, float], None] | None = None
) -> AsyncIterator[SimulatedOpcUa]:
    server = SimulatedOpcUa(plant, tuple(plant.points), settings, on_write or (lambda _point, _value: None))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def node_of(client: Client, name: str, uri: str = URI) -> object:
    return client.get_node(ua.NodeId(name, await client.get_namespace_index(uri)))


def reading(name: str, value: ua.DataValue) -> Reading:
    """What a client was given, as a reading."""
    shown = value.Value.Value if value.Value is not None else None
    assert value.SourceTimestamp is not None
    stamp = value.SourceTimestamp
    when = from_datetime(stamp if stamp.tzinfo is not None else stamp.replace(tzinfo=UTC))
    return Reading(name, when, float("nan") if shown is None else shown, value.StatusCode.value)
