"""Serve a simulated plant to the outside: paced by a clock at any speed, with faults, restarts and a report."""

import asyncio
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plant.clock import SECOND, ScaledClock, iso
from plant.service import Outage
from simulators import faults as f
from simulators.mqtt_devices import MqttDevices
from simulators.opcua_server import SimulatedOpcUa
from simulators.pace import Pace
from simulators.playable import Playable, Player

_log = logging.getLogger(__name__)

_REPORT_EVERY = 1.0
"""Time between two reports [s]."""
_BURST = 10
"""Steps made at most before others may run, when the pace is late."""


@dataclass(slots=True)
class Served:
    """A plant being served. Steps are never skipped: when late it catches up, and the report says how late."""

    sim: Playable
    clock: ScaledClock
    player: Player | None = None
    opcua: SimulatedOpcUa | None = None
    mqtt: Sequence[MqttDevices] = ()
    report: Path | None = None
    until: int | None = None
    """Produce no more after this time [ns UTC], but still answer."""
    worst_lateness: float = 0.0
    """Longest time a step came late [s of wall clock]."""
    _pace: Pace = field(init=False)
    _started: int = field(init=False)
    _late: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    _restarts: list[tuple[f.ServerRestart, bool]] = field(default_factory=list)
    _restart_due: asyncio.Event = field(default_factory=asyncio.Event)
    _outage: Outage = field(default_factory=lambda: Outage("the simulator's report", _log))

    def __post_init__(self) -> None:
        """Remember where it starts."""
        self._pace, self._started = Pace(self.clock), self.sim.time

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until cancelled; ``ready`` is called once clients can connect.

        Raises:
            FixError: a port is taken.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for devices in self.mqtt:
                    group.create_task(devices.run())
                group.create_task(self._report_forever())
                if self.opcua is not None:
                    await self.opcua.prepare()
                    await self._keep_pace(steps=1)  # so that no client meets points without a value
                    await self.opcua.listen()
                ready()
                group.create_task(self._restart_when_due())
                await self._keep_pace()
        finally:
            self.write_report()
            if self.opcua is not None:
                await self.opcua.stop()

    @property
    def producing(self) -> bool:
        """Whether there are steps left before ``until``."""
        return not self.sim.finished and (self.until is None or self._due <= self.until)

    @property
    def lateness(self) -> float:
        """How far the plant is behind its clock now [s of wall clock]."""
        return self._pace.late(self._due) if self.producing else 0.0

    @property
    def _due(self) -> int:
        return self.sim.time + self.sim.step_size

    async def _keep_pace(self, *, steps: int | None = None) -> None:
        """Make every step when it is due, all or the next ``steps``."""
        burst = 0
        while self.producing and steps != 0:
            size = self.sim.step_size
            wait = self._pace.wait(self._due, size)
            if wait > 0 or burst >= _BURST:
                burst = 0
                await asyncio.sleep(max(wait, 0.0))
                continue
            self.worst_lateness = max(self.worst_lateness, self._pace.late(self._due))
            await self.step()
            self._pace.made(size)
            burst += 1
            steps = None if steps is None else steps - 1

    async def step(self) -> None:
        """One step to all servers, with the faults that begin or end now."""
        for fault, begins in self.player.tick() if self.player is not None else ():
            if isinstance(fault, f.ServerRestart):
                self._restarts.append((fault, begins))
                self._restart_due.set()
        await self._appear()
        readings = self.sim.advance()
        for devices in self.mqtt:
            devices.write(readings)
        if self.opcua is not None:
            await self.opcua.write(readings)

    async def _restart_when_due(self) -> None:
        """Stop and start the OPC UA server beside the plant, which goes on meanwhile."""
        while self.opcua is not None:
            await self._restart_due.wait()
            self._restart_due.clear()
            while self._restarts:
                fault, down = self._restarts.pop(0)
                if down:
                    await self.opcua.stop()
                    continue
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
            "lateness": self.lateness,
            "mqtt_waiting": sum(d.waiting for d in self.mqtt),
            "mqtt_undelivered": sum((d.undelivered for d in self.mqtt), Counter()),
            "mqtt_dropped": sum((d.dropped for d in self.mqtt), Counter()),
            "opcua_lacking": [] if self.opcua is None else sorted(self.opcua.lacking),
            "history_overwritten": 0 if self.opcua is None else self.opcua.ring.overwritten,
        }

    def write_report(self) -> None:
        """Write the report so that a reader never sees half of it; a full disk is no end of the plant."""
        if self.report is None:
            return
        part = self.report.with_name(self.report.name + ".part")
        try:
            part.write_text(json.dumps(self.as_json(), indent=1))
            os.replace(part, self.report)  # noqa: PTH105 - atomic on the same file system
        except OSError as error:
            self._outage.failed(error)
        else:
            self._outage.over()
