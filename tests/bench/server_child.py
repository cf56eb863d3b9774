"""The whole server as in production, in a process of its own: ``python -m tests.bench.server_child <config>``."""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from plant.settings import HttpServer, MqttConnection, Settings
from plantwatch.server import Server
from tests.bench.children import cpu_seconds, say, words
from tests.bench.demands import plant_with
from tests.support.mosquitto import free_port

_POLL = 0.05


async def main(config: dict[str, Any]) -> None:
    """Serve until told to stop; say when the wanted number of values is stored and judged."""
    wait, plant = await words(), plant_with(config["points"])
    async with AsyncExitStack() as stack:
        server = await Server.open(stack, plant, _settings(config))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(server.run())
            while not all(server.health().parts.values()):  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(_POLL)
            say("ready")
            await wait("go")
            cpu = cpu_seconds()
            while await _done(server) < config["wanted"]:  # noqa: ASYNC110 - as above
                await asyncio.sleep(_POLL)
            say("stored", at=time.time_ns(), cpu=cpu_seconds() - cpu)
            await wait("stop")
            running.cancel()


async def _done(server: Server) -> int:
    """Rows that are both stored and judged."""
    counts = await server.historian.counts()
    stored = sum(n for point, n in counts.items() if point in server.plant.points)
    return min(stored, server.analytics.status.rows)


def _settings(config: dict[str, Any]) -> Settings:
    trusted = config["broker"]["authority"]
    return Settings(
        data=Path(config["folder"]) / "server",
        mqtt=MqttConnection(
            host="localhost" if trusted else "127.0.0.1",
            port=config["broker"]["port"],
            tls=trusted is not None,
            ca_file=trusted,
        ),
        http=HttpServer(port=free_port()),
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
