"""Serving a plant: the pace against its clock, restarts beside it, and a report that is exact."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from asyncua import Client

from plant.clock import SECOND, ScaledClock
from plant.errors import Unavailable
from plant.model import MqttAddress, MqttSource, Plant
from simulators import faults as f
from simulators.mqtt_devices import MqttDevices
from simulators.opcua_server import SimulatedOpcUa
from simulators.pace import Pace
from simulators.serve import Served
from tests.simulators.simulated_parts import SMALL, T0, Script, node_of, plain_settings, point, reading

# --- pace -----------------------------------------------------------------------------------------


@dataclass
class HandClock:
    """A scaled clock that only a test moves."""

    now: int
    speed: float

    def __call__(self) -> int:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let so much wall-clock time pass."""
        self.now += round(seconds * self.speed * SECOND)


def steps_in(pace: Pace, clock: HandClock, reached: int, seconds: float) -> int:
    """How many steps of 1 s are made in so much wall-clock time, at no cost of their own."""
    made, end = 0, clock.now + round(seconds * clock.speed * SECOND)
    while True:
        due = reached + (made + 1) * SECOND
        wait = pace.wait(due, SECOND)
        if clock.now + wait * clock.speed * SECOND > end:
            clock.now = end
            return made
        if wait > 0:
            clock.pass_by(wait)
            clock.now += 1  # timers never fire early
        pace.made(SECOND)
        made += 1


@pytest.mark.parametrize("speed", [1.0, 60.0, 3000.0])
def test_a_plant_in_time_keeps_to_its_clock(speed: float) -> None:
    clock = HandClock(T0, speed)
    pace = Pace(clock)
    assert steps_in(pace, clock, T0, 600 / speed) in {599, 600}
    assert pace.late(clock.now) == 0.0


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_late_plant_skips_nothing_and_catches_up_at_twice_the_pace(speed: float) -> None:
    clock = HandClock(T0, speed)
    pace, reached = Pace(clock), T0
    reached += steps_in(pace, clock, reached, 100 / speed) * SECOND
    clock.pass_by(50 / speed)  # the machine was busy: 50 steps are late
    assert pace.late(reached + SECOND) == pytest.approx(50 / speed, abs=2 / speed)
    slack = round(0.05 * speed) + 1
    caught_up = steps_in(pace, clock, reached, 20 / speed)
    assert 40 <= caught_up <= 40 + 2 * slack
    reached += caught_up * SECOND
    reached += steps_in(pace, clock, reached, 80 / speed) * SECOND
    assert reached in {T0 + 249 * SECOND, T0 + 250 * SECOND}


def test_a_long_silence_in_a_recording_is_no_delay() -> None:
    clock = HandClock(T0, 1.0)
    pace = Pace(clock)
    clock.pass_by(3600)
    assert pace.wait(T0 + 3600 * SECOND, 3600 * SECOND) <= 0
    pace.made(3600 * SECOND)
    assert pace.wait(T0 + 3601 * SECOND, SECOND) == pytest.approx(1.0)


# --- serving --------------------------------------------------------------------------------------


@dataclass
class Restarts:
    """Restarts the server at a step, and notes at each step whether it runs; a ``Player``."""

    sim: Script
    opcua: SimulatedOpcUa
    down: int
    up: int
    fault: f.ServerRestart
    running: list[bool]

    def tick(self) -> list[tuple[f.Fault, bool]]:
        self.running.append(self.opcua.running)
        events = {self.down: [(self.fault, True)], self.up: [(self.fault, False)]}
        return events.get(self.sim.steps, [])


@asynccontextmanager
async def served(plant: Served) -> AsyncIterator[Served]:
    ready = asyncio.Event()
    task = asyncio.create_task(plant.run(ready.set))
    try:
        await asyncio.wait({task, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        yield plant
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_produced(plant: Served) -> None:
    end = time.monotonic() + 60
    while plant.producing:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def test_a_restart_costs_no_value_and_times_are_those_of_the_simulated_clock(tmp_path: Path) -> None:
    sim = Script()
    opcua = SimulatedOpcUa(SMALL, sim.points, plain_settings(), sim.switch)
    player = Restarts(sim, opcua, 100, 200, f.ServerRestart(late_nodes=("u",), late_by=50.0), [])
    report, clock = tmp_path / "report.json", ScaledClock(time.time_ns(), T0, 100.0)
    plant = Served(sim, clock, player=player, opcua=opcua, report=report, until=T0 + 600 * SECOND)
    async with served(plant):
        await until_produced(plant)
        end = time.monotonic() + 30
        while not opcua.running or opcua.lacking:
            assert time.monotonic() < end
            await plant.step()  # goes beyond `until`, which a fault may outlast
            await asyncio.sleep(0.01)
        async with Client(opcua.url) as client:
            for name, first in (("t", 0), ("u", 1)):
                node = await node_of(client, name)
                rows = [reading(name, v) for v in (await node.read_raw_history())[::-1]]
                assert [(r.time, r.value) for r in rows] == [
                    (T0 + n * SECOND, float(n + first)) for n in range(1, sim.steps + 1)
                ]
    assert False in player.running
    assert player.running[99]
    found = json.loads(report.read_text())
    assert found["produced"] == dict.fromkeys(sim.points, sim.steps)
    assert found["started"] == "2023-11-14T22:13:20.000Z"
    assert found["producing"] is False


class Away:
    """A broker that never answers."""

    async def __aenter__(self) -> None:
        raise Unavailable("nobody there")

    async def __aexit__(self, *error: object) -> None:
        pass


async def test_values_that_no_broker_took_are_in_the_report(tmp_path: Path) -> None:
    meter = point("m", address=MqttAddress(source="meters", topic="x/m", value="$.v", time="$.t"))
    plant = SMALL.model_copy(
        update={
            "sources": (*SMALL.sources, MqttSource(id="meters", protocol="mqtt")),
            "areas": (SMALL.areas[0].model_copy(update={"units": (_unit_with(SMALL, meter),)}),),
        }
    )
    plant = Plant.model_validate(plant.model_dump())
    devices = MqttDevices(plant, "meters", Away, bound=5)
    report = tmp_path / "report.json"
    clock = ScaledClock(time.time_ns(), T0, 200.0)
    serving = Served(Script(plant), clock, mqtt=(devices,), report=report, until=T0 + 8 * SECOND)
    async with served(serving):
        await until_produced(serving)
    found = json.loads(report.read_text())
    assert (found["produced"]["m"], found["mqtt_undelivered"], found["mqtt_dropped"]) == (8, {"m": 5}, {"m": 3})


def _unit_with(plant: Plant, added: object) -> object:
    unit = plant.areas[0].units[0]
    return unit.model_copy(update={"points": (*unit.points, added)})


def test_a_report_that_cannot_be_written_is_told_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "gone"
    plant = Served(Script(), ScaledClock(0, T0, 1.0), report=folder / "report.json")
    with caplog.at_level(logging.WARNING):
        plant.write_report()
        plant.write_report()
        folder.mkdir()
        plant.write_report()
    assert [r.message.split(":")[0] for r in caplog.records] == [
        "the simulator's report is away",
        "the simulator's report is back after 2 failed attempts",
    ]
    assert [p.name for p in folder.iterdir()] == ["report.json"]
