"""An edge agent in a process of its own: ``python -m tests.bench.agent_child <config as JSON>``."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from edge_agent.agent import Agent
from edge_agent.sources.opcua import OpcUaSource
from edge_agent.sources.opcua_settings import OpcUaSettings, SecurityPolicy
from edge_agent.sources.source import Source
from edge_agent.spool import Spool
from plant.clock import wall_clock
from plant.io.mqtt import MqttUplink
from plant.model import Plant
from tests.bench.broker import settings
from tests.bench.children import cpu_seconds, say, words
from tests.bench.column_source import ColumnSource
from tests.bench.columns import SOURCE, names, plant
from tests.bench.demands import DemandSource, Step, plant_with

_AGENT = "edge-1"
_POLL = 0.02


class Probe(Protocol):
    """A source as the benchmark sees it."""

    @property
    def source(self) -> Source:
        """What the agent runs."""
        ...

    def begin(self) -> None:
        """Let it make values."""
        ...

    def finished(self) -> bool:
        """Whether every value has been made and is on the agent's disk."""
        ...

    def facts(self) -> dict[str, Any]:
        """What the parent is told at the end."""
        ...


class Device:
    """A real OPC UA server, which the parent lets begin."""

    def __init__(self, config: dict[str, Any], site: Plant) -> None:
        self.source = OpcUaSource(site, site.sources[0], _opcua(config["server"]), wall_clock)
        self._wanted = config["points"] * (config["ticks"] + 1)

    def begin(self) -> None:
        pass

    def finished(self) -> bool:
        return self.source.vitals.received >= self._wanted

    def facts(self) -> dict[str, Any]:
        return {}


class Made:
    """Values made in this process."""

    def __init__(self, config: dict[str, Any], site: Plant) -> None:
        columns = ColumnSource(SOURCE, names(config["points"]), ticks=config["ticks"], interval=config["interval"])
        self._columns, self.source = columns, columns
        self._demands: DemandSource | None = None
        if "steps" in config:
            seconds = int(config["ticks"] * config["interval"])
            steps = [Step(*s) for s in config["steps"]]
            self.source = self._demands = DemandSource(site, columns, steps, seconds=seconds)

    def begin(self) -> None:
        self._columns.gate.set()

    def finished(self) -> bool:
        return self.source.finished

    def facts(self) -> dict[str, Any]:
        demands = [] if self._demands is None else self._demands.demands
        return {
            "late": self._columns.late,
            "produced": Counter(self._columns.handover.produced),
            "demands": demands,
        }


async def main(config: dict[str, Any]) -> None:
    """Run the agent; measure from ``go`` until the broker has every value; end at ``stop``."""
    wait = await words()
    site = plant_with(config["points"]) if "steps" in config else plant(config["points"])
    probe: Probe = Device(config, site) if "server" in config else Made(config, site)
    with Spool(Path(config["folder"]) / "spool.db", _AGENT, wall_clock) as spool:
        agent = Agent(
            site, _AGENT, [probe.source], spool, lambda: MqttUplink(settings(config["broker"], _AGENT)), wall_clock
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(agent.run())
            await _until(lambda: probe.source.vitals.connected)
            say("ready")
            await wait("go")
            await _measure(probe, spool)
            await wait("stop")
            running.cancel()


async def _measure(probe: Probe, spool: Spool) -> None:
    vitals, backlog = probe.source.vitals, 0
    before, cpu, begun = vitals.received, cpu_seconds(), time.time_ns()
    probe.begin()

    def sent() -> bool:
        nonlocal backlog
        waiting = spool.waiting(SOURCE)
        backlog = max(backlog, waiting)
        return probe.finished() and waiting == 0

    await _until(sent)
    spent = cpu_seconds() - cpu
    values = vitals.received - before
    say("sent", begun=begun, values=values, cpu=spent, backlog=backlog, lost=vitals.lost, **probe.facts())


async def _until(condition: Callable[[], bool]) -> None:
    """Poll real I/O; the parent has the deadline."""
    while not condition():  # noqa: ASYNC110 - there is no event for what sockets and disks do
        await asyncio.sleep(_POLL)


def _opcua(server: dict[str, Any]) -> OpcUaSettings:
    secure = server["certificate"] is not None
    return OpcUaSettings(
        server["url"],
        policy=SecurityPolicy.AES256 if secure else SecurityPolicy.NONE,
        certificate=Path(server["certificate"]) if secure else None,
        private_key=Path(server["key"]) if secure else None,
        timeout=20.0,
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
