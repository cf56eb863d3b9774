"""An agent in a process of its own, to be killed: python agent_process.py <port> <folder> <point>…"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from edge_parts import opc_point, opc_settings, plant_of

from edge_agent.agent import Agent
from edge_agent.sources.opcua import OpcUaSource
from edge_agent.spool import Spool


class FileUplink:
    """A broker that keeps every batch in a file of its own, durably, before it acknowledges."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["FileUplink"]:
        yield self

    async def send(self, topic: str, payload: bytes) -> None:  # noqa: ARG002 - one topic only
        part = self.folder / f"{time.time_ns()}.part"
        with part.open("wb") as out:
            out.write(payload)
            out.flush()
            os.fsync(out.fileno())
        part.rename(part.with_suffix(".batch"))


async def main() -> None:
    port, folder, *names = sys.argv[1:]
    plant = plant_of([opc_point(n) for n in names])
    source = OpcUaSource(plant, plant.sources[0], opc_settings(int(port)), time.time_ns)
    with Spool(Path(folder) / "s.db", "edge-1", time.time_ns) as spool:
        await Agent(plant, "edge-1", [source], spool, FileUplink(Path(folder)).connect, time.time_ns).run()


if __name__ == "__main__":
    asyncio.run(main())
