"""Serve a simulated plant to the outside: paced by a clock at any speed, with faults, restarts and a report."""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from plant.clock import SECOND, ScaledClock, iso
from plant.model import Plant
from plant.readings import Readings
from simulators import faults as f
from simulators.mqtt_devices import MqttDevices, MqttDeviceSettings
from simulators.opcua_server import SimulatedOpcUa
from simulators.opcua_settings import OpcUaServerSettings
from simulators.truth import Truth

_REPORT_EVERY = 1.0
"""Time between two reports [s]."""
_BURST = 10
"""Steps made at most before others may run, when the pace is late."""


class Player(Protocol):
    """Begins and ends faults as the simulated time passes; ``simulators.scenario.Player`` is one."""

    def tick(self) -> list[tuple[f.Fault, bool]]:
        """Apply what is due before the next step; what began (True) and ended (False)."""
        ...


class Playable(Protocol):
    """What can be served: a ``SimulatedPlant`` or a ``Recording``."""

    @property
    def plant(self) -> Plant:
        """The plant file that says where each point lives."""
        ...

    @property
    def points(self) -> tuple[str, ...]:
        """Point ids in column order."""
        ...

    @property
    def time(self) -> int:
        """Simulated time of the last step [ns UTC]."""
        ...

    @property
    def step_size(self) -> int:
        """Length of one step [ns]."""
        ...

    @property
    def produced(self) -> dict[str, int]:
        """Values handed out so far per point, exact."""
        ...

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to hand out, ever."""
        ...

    def advance(self) -> Readings:
        """One step."""
        ...

    def switch(self, point: str, value: float) -> None:
        """Operate a switch by hand."""
        ...

    def truth(self) -> list[Truth]:
        """What the rules should find so far."""
        ...


@dataclass(slots=True)
class Served:
    """A plant being served."""

    sim: Playable
    clock: ScaledClock
    player: Player | None = None
    opcua: SimulatedOpcUa | None = None
    mqtt: MqttDevices | None = None
    report: Path | None = None
    until: int | None = None
    worst_lateness: float = 0.0
    """Longest time a step came late [s of wall clock]."""
    _started: int = 0
    _late: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; ``ready`` is called once clients can connect."""
        self._started = self.sim.time
        try:
            if self.opcua is not None:
                await self.opcua.start()
            async with asyncio.TaskGroup() as group:
                if self.mqtt is not None:
                    group.create_task(self.mqtt.run())
                group.create_task(self._report_forever())
                ready()
                await self._pace()
        finally:
            self.write_report()
            if self.opcua is not None:
                await self.opcua.stop()

    @property
    def producing(self) -> bool:
        """Whether there are steps left before ``until``."""
        return not self.sim.finished and (self.until is None or self.sim.time + self.sim.step_size <= self.until)

    async def _pace(self) -> None:
        burst = 0
        while self.producing:
            due = self.sim.time + self.sim.step_size
            ahead = (due - self.clock()) / SECOND / self.clock.speed
            if ahead > 0 or burst >= _BURST:
                burst = 0
                await asyncio.sleep(max(ahead, 0.0))
                continue
            self.worst_lateness = max(self.worst_lateness, -ahead)
            await self.step()
            burst += 1

    async def step(self) -> None:
        """One step to all servers, with the faults that begin or end now."""
        for fault, begins in self.player.tick() if self.player is not None else ():
            if isinstance(fault, f.ServerRestart):
                await self._restart(fault, down=begins)
        await self._appear()
        readings = self.sim.advance()
        if self.opcua is not None:
            await self.opcua.write(readings)
        if self.mqtt is not None:
            self.mqtt.write(readings)

    async def _restart(self, fault: f.ServerRestart, *, down: bool) -> None:
        if self.opcua is None:
            return
        if down:
            await self.opcua.stop()
            return
        await self.opcua.start(without=fault.late_nodes)
        self._late.append((self.sim.time + round(fault.late_by * SECOND), fault.late_nodes))

    async def _appear(self) -> None:
        due = [names for when, names in self._late if when <= self.sim.time]
        self._late = [item for item in self._late if item[0] > self.sim.time]
        for names in due:
            if self.opcua is not None:
                await self.opcua.add(names)

    async def _report_forever(self) -> None:
        while True:
            self.write_report()
            await asyncio.sleep(_REPORT_EVERY)

    def as_json(self) -> dict[str, Any]:
        """The report: what was produced, what should be found, and how well the pace was kept."""
        return {
            "started": iso(self._started),
            "ended": iso(self.sim.time),
            "producing": self.producing,
            "speed": self.clock.speed,
            "produced": self.sim.produced,
            "truth": [t.as_json() for t in self.sim.truth()],
            "worst_lateness": self.worst_lateness,
            "lateness": max(0.0, (self.clock() - self.sim.time) / SECOND / self.clock.speed)
            if self.producing
            else 0.0,
            "mqtt_waiting": 0 if self.mqtt is None else self.mqtt.waiting,
            "mqtt_dropped": {} if self.mqtt is None else self.mqtt.dropped,
            "history_overwritten": 0 if self.opcua is None else self.opcua.ring.overwritten,
        }

    def write_report(self) -> None:
        """Write the report so that a reader never sees half of it."""
        if self.report is None:
            return
        part = self.report.with_name(self.report.name + ".part")
        part.write_text(json.dumps(self.as_json(), indent=1))
        os.replace(part, self.report)  # noqa: PTH105 - atomic on the same file system


async def serve(
    sim: Playable,
    *,
    clock: ScaledClock,
    player: Player | None = None,
    opcua: OpcUaServerSettings | None = None,
    mqtt: MqttDeviceSettings | None = None,
    report: Path | None = None,
    until: int | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve ``sim`` until cancelled; after ``until`` [ns UTC] it produces no more but still answers.

    Steps are never skipped: when late it catches up in bursts and says how late it was in the report.

    Raises:
        FixError: a port is taken, or a setting is wrong.
    """
    served = Served(
        sim=sim,
        clock=clock,
        player=player,
        opcua=None if opcua is None else SimulatedOpcUa(sim.plant, sim.points, opcua, sim.switch),
        mqtt=None if mqtt is None else MqttDevices(sim.plant, mqtt),
        report=report,
        until=until,
    )
    await served.run(ready)
