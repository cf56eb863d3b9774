"""Readings as the agent hands them on, made without any source: every point once in each block of rows."""

import numpy as np

from plant.clock import SECOND
from plant.model import Area, OpcUaAddress, OpcUaSource, Plant, Point, ProcessUnit
from plant.readings import Readings

START = 1_790_000_000 * SECOND
NAMESPACE = "urn:plantwatch:bench"
SOURCE = "dcs"


def names(points: int) -> tuple[str, ...]:
    """Ids as long as a plant's own."""
    return tuple(f"area-1/unit-{i // 100}/PT-{i:05d}.pressure" for i in range(points))


def plant(points: int) -> Plant:
    """A plant file with one OPC UA source and nothing but points."""
    listed = tuple(
        Point(
            id=name, name=name, address=OpcUaAddress(source=SOURCE, node=f"nsu={NAMESPACE};s={name}", queue=1000)
        )
        for name in names(points)
    )
    return Plant(
        id="bench",
        name="Bench",
        schema_version=1,
        sources=(OpcUaSource(id=SOURCE, protocol="opcua", publishing_interval=0.25, silent_after=600),),
        areas=(Area(id="area-1", name="Area", units=(ProcessUnit(id="unit", name="Unit", points=listed),)),),
    )


def rows(points: tuple[str, ...], count: int, *, first: int = START, seed: int = 1) -> Readings:
    """``count`` rows, point by point in turn, one second from one turn to the next, with noisy values."""
    turn, code = np.divmod(np.arange(count, dtype=np.int64), len(points))
    value = np.random.default_rng(seed).normal(50.0, 5.0, count)
    return Readings(points, code.astype(np.int32), first + turn * SECOND, value, np.zeros(count, np.uint32))
