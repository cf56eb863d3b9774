"""The chlor-alkali plant with more points than it has, and demands on its interlocks at known source times.

Four interlocks are bypassed as a whole, so that each demand is a finding of rule IA-09, which is told at once. A
conclusion from absence (IA-01, IA-02) waits longer by design: until its deadline and the skew of the ways.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_agent.sources.source import Deliver, Vitals
from plant.model import Area, Plant, Point, ProcessUnit
from plant.plantfile import load_plant
from plant.readings import Readings
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.parameters import CaseName, load_case
from tests.bench.column_source import ColumnSource
from tests.bench.columns import SOURCE, START, names

FILE = Path(__file__).parents[2] / "simulators" / "plants" / "chlor_alkali.yaml"
_SECOND = 1.0
_SHORT, _LONG = 0.1, 0.3
"""How long a demand lasts, and the pause after it [s]: random, so that it meets no rhythm of the chain."""
_WARM_UP = 600
"""Steps before the first value is shown: sensors have settled [1]."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One cause of one interlock, and values on both sides of its set point."""

    interlock: str
    point: str
    normal: float
    beyond: float


CHANNELS = (
    Channel("IL-111", "E-101.cell_voltage_max", 3.3, 4.5),
    Channel("IL-112", "E-102.cell_voltage_max", 3.3, 4.5),
    Channel("IL-121", "RC-101.dc_current", 14.0, 18.0),
    Channel("IL-122", "RC-102.dc_current", 14.0, 18.0),
)
"""Set points: 4 V and 17 kA in the plant file."""


@dataclass(frozen=True, slots=True)
class Step:
    """One value of one channel."""

    after: float
    """Time after the start [s]."""
    channel: int
    beyond: bool


def schedule(seconds: float, seed: int) -> list[Step]:
    """Demands that come and go at random moments, for ``seconds`` [s], in time order; all are over at the end."""
    rng, steps = np.random.default_rng(seed), []
    for channel in range(len(CHANNELS)):
        moments = np.cumsum(rng.uniform(_SHORT, _LONG, int(seconds / _SHORT)))
        wanted = moments[moments < seconds]
        for n, after in enumerate(wanted[: len(wanted) // 2 * 2].tolist()):
            steps.append(Step(after, channel, n % 2 == 0))
    return sorted(steps, key=lambda s: s.after)


def plant_with(points: int) -> Plant:
    """The example plant with ``points`` points more, which no rule looks at."""
    plant = load_plant(FILE)
    more = tuple(Point(id=name, name=name) for name in names(points))
    area = Area(id="bench-area", name="Bench", units=(ProcessUnit(id="bench-unit", name="Bench", points=more),))
    # A new object rather than a copy: a copy would keep the cached table of points.
    fields = {name: getattr(plant, name) for name in Plant.model_fields}
    return Plant.model_validate({**fields, "areas": (*plant.areas, area)})


class DemandSource:
    """Background columns, the plant's own points once a second, and the demands of a schedule."""

    def __init__(self, plant: Plant, background: ColumnSource, steps: list[Step], *, seconds: int) -> None:
        self._background, self._steps, self._seconds = background, steps, seconds
        self._process = ChlorAlkali(plant, load_case(CaseName.AFTER), seed=1, start=START)
        self._process.run(_WARM_UP)
        for channel in CHANNELS:
            self._process.switch(f"{channel.interlock}.bypass", 1.0)
        ours = {c.point for c in CHANNELS}
        self._shown = np.array([i for i, p in enumerate(self._process.points) if p not in ours])
        self._points = tuple(self._process.points[i] for i in self._shown.tolist())
        self._done = 0
        self.demands: list[tuple[str, int]] = []
        """Interlock and source time [ns UTC] of each demand made."""
        self.gate = background.gate

    @property
    def id(self) -> str:
        return SOURCE

    @property
    def vitals(self) -> Vitals:
        return self._background.vitals

    @property
    def late(self) -> float:
        """How much later than planned a tick of the background came at worst [s]."""
        return self._background.late

    @property
    def finished(self) -> bool:
        """True when every value has been made and is on the agent's disk."""
        return self._done == 2 and self._background.finished

    async def run(self, marks: Mapping[str, int], deliver: Deliver) -> None:  # noqa: ARG002 - no history to resume
        await self.gate.wait()
        await self._own_points(deliver)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._background.make(deliver))
            tasks.create_task(self._every_second(deliver))
            tasks.create_task(self._make_demands(deliver))
        await asyncio.Event().wait()  # a source runs until it is cancelled

    async def _every_second(self, deliver: Deliver) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for n in range(1, self._seconds):
            await asyncio.sleep(max(0.0, begin + n * _SECOND - loop.time()))
            await self._own_points(deliver)
        self._done += 1

    async def _own_points(self, deliver: Deliver) -> None:
        value, status = self._process.step()
        made, n = time.time_ns(), len(self._points)
        code = np.arange(n, dtype=np.int32)
        shown = Readings(self._points, code, np.full(n, made, np.int64), value[self._shown], status[self._shown])
        await self._background.handover.give(deliver, shown, made)

    async def _make_demands(self, deliver: Deliver) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for step in self._steps:
            await asyncio.sleep(max(0.0, begin + step.after - loop.time()))
            channel, made = CHANNELS[step.channel], time.time_ns()
            value = channel.beyond if step.beyond else channel.normal
            one = Readings.of_point(channel.point, np.array([made], np.int64), np.array([value]))
            if step.beyond:
                self.demands.append((channel.interlock, made))
            await self._background.handover.give(deliver, one, made)
        self._done += 1
