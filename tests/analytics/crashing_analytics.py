"""An analytics process that ends itself with SIGKILL at an exact place. Started by ``test_stream_kill``."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from analytics.checkpoint import CheckpointFile
from analytics.energy.standards import EnergyData
from analytics.engine import Engine
from analytics.interlocks.parameters import default_parameters
from analytics.stream import Analytics, Rhythm
from plant.io.duckdb import DuckDbHistorian
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from plant.ports import Delivery
from plant.service import Backoff
from tests.analytics.interlock_kit import T0, S, plant

READINGS = "plantwatch/v1/p1/readings/+"
FINDINGS = "plantwatch/v1/p1/findings/+"


class Fuse:
    """Kills the process when its stage has been reached often enough."""

    def __init__(self, stage: str, times: int) -> None:
        self._stage, self._left = stage, times

    def reach(self, stage: str) -> None:
        if stage == self._stage:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class FatalFile(CheckpointFile):
    fuse: Fuse

    def save(self, body: Any) -> None:  # noqa: ANN401 - JSON
        self.fuse.reach("before save")
        super().save(body)
        self.fuse.reach("after save")


class FatalUplink(MqttUplink):
    fuse: Fuse

    async def send(self, topic: str, payload: bytes) -> None:
        await super().send(topic, payload)
        self.fuse.reach("after publish")


class FatalInbox(MqttInbox):
    fuse: Fuse

    async def acknowledge(self, delivery: Delivery) -> None:
        self.fuse.reach("before acknowledge")
        await super().acknowledge(delivery)


async def serve(port: int, folder: Path, stage: str, times: int) -> None:
    """Run the analytics over a broker on ``port``; die the ``times``-th time that ``stage`` is reached."""
    model, fuse = plant(), Fuse(stage, times)
    settings = MqttSettings(host="127.0.0.1", port=port, client_id="analytics", tls=False, timeout=5.0)
    inbox, file = FatalInbox(settings, (READINGS,)), FatalFile(folder / "checkpoint")
    inbox.fuse = file.fuse = fuse

    def connect() -> FatalUplink:
        uplink = FatalUplink(settings.model_copy(update={"client_id": "results"}))
        uplink.fuse = fuse
        return uplink

    engine = Engine(model, EnergyData.packaged(), default_parameters())
    async with DuckDbHistorian(folder / "history.duckdb") as historian:
        analytics = Analytics(
            model, engine, inbox, connect, historian, file, lambda: T0 + 600 * S, backoff=Backoff(0.01, 0.1)
        )
        analytics.rhythm = Rhythm(messages=3, quiet=0.05)
        await analytics.run()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
