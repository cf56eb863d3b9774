"""An edge agent in a process of its own: ``python -m tests.bench.agent_child <config as JSON>``."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_agent.agent import Agent
from edge_agent.sources.opcua import OpcUaSource
from edge_agent.sources.opcua_settings import OpcUaSettings, SecurityPolicy
from edge_agent.spool import Spool
from plant.clock import wall_clock
from plant.io.mqtt import MqttUplink
from tests.bench.broker import settings
from tests.bench.children import cpu_seconds, say, words
from tests.bench.column_source import ColumnSource
from tests.bench.columns import SOURCE, names, plant

_AGENT = "edge-1"
_POLL = 0.02


async def main(config: dict[str, Any]) -> None:
    """Run the agent; measure from ``go`` until the broker has every value; end at ``stop``."""
    wait, points = await words(), config["points"]
    site, ids = plant(points), names(points)
    source: ColumnSource | OpcUaSource
    if "server" in config:
        source = OpcUaSource(site, site.sources[0], _opcua(config["server"]), wall_clock)
    else:
        source = ColumnSource(SOURCE, ids, ticks=config["ticks"], interval=config["interval"])
    with Spool(Path(config["folder"]) / "spool.db", _AGENT, wall_clock) as spool:
        agent = Agent(
            site, _AGENT, [source], spool, lambda: MqttUplink(settings(config["broker"], _AGENT)), wall_clock
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(agent.run())
            await _until(lambda: source.vitals.connected)
            await _measure(config, source, spool, wait)
            await wait("stop")
            running.cancel()


async def _measure(config: dict[str, Any], source: ColumnSource | OpcUaSource, spool: Spool, wait: Any) -> None:  # noqa: ANN401
    wanted = config["points"] * (config["ticks"] + config["initial"])
    say("ready")
    await wait("go")
    before, cpu, begun = source.vitals.received, cpu_seconds(), time.time_ns()
    if isinstance(source, ColumnSource):
        source.gate.set()
    backlog = 0

    def sent() -> bool:
        nonlocal backlog
        backlog = max(backlog, spool.waiting(SOURCE))
        made = source.finished if isinstance(source, ColumnSource) else source.vitals.received >= wanted
        return made and spool.waiting(SOURCE) == 0

    await _until(sent)
    say(
        "sent",
        begun=begun,
        values=source.vitals.received - before,
        cpu=cpu_seconds() - cpu,
        backlog=backlog,
        late=source.late if isinstance(source, ColumnSource) else 0.0,
        lost=source.vitals.lost,
    )


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
