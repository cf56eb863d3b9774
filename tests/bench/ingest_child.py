"""Ingest with its historian in a process of its own: ``python -m tests.bench.ingest_child <config as JSON>``."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.dead_letter import DeadLetters
from ingest.ledger import Ledger
from ingest.pipeline import Ingest
from plant.clock import wall_clock
from plant.io.duckdb import DuckDbHistorian
from plant.io.mqtt import MqttInbox
from plant.ports import Aggregate, Windows
from plant.readings import Readings
from plant.topics import Channel, subscription
from plant.virtual import SYSTEM
from tests.bench.broker import settings
from tests.bench.children import cpu_seconds, say, words
from tests.bench.columns import plant


class TimedHistorian:
    """The real historian; notes when each row of the plant was on disk, and says when all are there."""

    def __init__(self, inner: DuckDbHistorian, wanted: int) -> None:
        self._inner, self._wanted, self._have = inner, wanted, 0
        self._ways: list[NDArray[np.float64]] = []
        self.complete = asyncio.Event()
        self.since = 2**62
        """Rows with an earlier source time [ns UTC] are not timed: they waited for the start."""

    async def write(self, readings: Readings) -> int:
        new = await self._inner.write(readings)
        mine = np.array([not p.startswith(SYSTEM) for p in readings.points], np.bool_)[readings.code]
        self._ways.append((time.time_ns() - readings.time[mine & (readings.time >= self.since)]) / 1e9)
        self._have += int(mine.sum())
        if self._have >= self._wanted:
            self.complete.set()
        return new

    def ways(self) -> dict[str, float]:
        """From source time to disk [s]."""
        p50, p99, most = np.percentile(np.concatenate(self._ways), (50, 99, 100)).tolist()
        return {"p50": p50, "p99": p99, "most": most}

    async def read(self, points: Sequence[str], start: int, end: int) -> Readings:
        return await self._inner.read(points, start, end)

    async def aggregate(self, point: str, start: int, end: int, *, window: int, how: Aggregate) -> Windows:
        return await self._inner.aggregate(point, start, end, window=window, how=how)

    async def counts(self) -> dict[str, int]:
        return await self._inner.counts()

    async def expired(self) -> dict[str, int]:
        return await self._inner.expired()


async def main(config: dict[str, Any]) -> None:
    """Store until told to stop; say when the wanted number of values is on disk."""
    wait, site = await words(), plant(config["points"])
    inbox = MqttInbox(settings(config["broker"], "ingest"), (subscription(site.id, Channel.READINGS),))
    letters = DeadLetters(Path(config["folder"]) / "dead.jsonl")
    with Ledger(Path(config["ledger"])) as ledger:
        async with DuckDbHistorian(Path(config["history"])) as historian, asyncio.TaskGroup() as tasks:
            timed = TimedHistorian(historian, config["wanted"])
            ingest = Ingest(site, inbox, timed, ledger, letters, wall_clock)
            running = tasks.create_task(ingest.run())
            while not ingest.status.connected:  # noqa: ASYNC110 - ingest has no event for it
                await asyncio.sleep(0.02)
            say("ready")
            await wait("go")
            cpu, timed.since = cpu_seconds(), time.time_ns()
            await timed.complete.wait()
            say("stored", at=time.time_ns(), cpu=cpu_seconds() - cpu, **timed.ways())
            await wait("stop")
            running.cancel()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
