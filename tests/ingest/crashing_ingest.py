"""An ingest process that ends itself with SIGKILL at an exact place. Started by ``test_ingest_crash``."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ingest.dead_letter import DeadLetters
from ingest.ledger import Entry, Ledger
from ingest.pipeline import Ingest, Pace
from plant.clock import wall_clock
from plant.io.duckdb import DuckDbHistorian
from plant.io.mqtt import MqttInbox, MqttSettings
from plant.model import Plant
from plant.readings import Readings
from plant.service import Backoff

PLANT = Plant.model_validate({
    "schema_version": 1, "id": "p1", "name": "Plant",
    "areas": [{"id": "a", "name": "Area", "units": [{"id": "u", "name": "Unit", "points": [
        {"id": "A", "name": "A"}, {"id": "B", "name": "B"}]}]}],
})  # fmt: skip


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class FatalHistorian(DuckDbHistorian):
    """Dies before or after its ``n``-th write."""

    stage, n = "", 2

    async def write(self, readings: Readings) -> int:
        self.n -= 1
        if self.stage == "before write" and self.n == 0:
            die()
        new = await super().write(readings)
        if self.stage == "after write" and self.n == 0:
            die()
        return new


class FatalLedger(Ledger):
    """Dies after its ``n``-th entry."""

    stage, n = "", 2

    def enter(self, entries: Sequence[Entry], unreadable: Sequence[str] = ()) -> None:
        super().enter(entries, unreadable)
        self.n -= 1
        if self.stage == "after ledger" and self.n == 0:
            die()


async def serve(port: int, folder: Path, stage: str) -> None:
    """Run ingest over a broker on ``port``; ``stage`` says where to die."""
    settings = MqttSettings(host="127.0.0.1", port=port, client_id="ingest", tls=False, timeout=5.0)
    inbox = MqttInbox(settings, ("plantwatch/v1/p1/readings/+",), receive_maximum=8)
    historian, ledger = FatalHistorian(folder / "history.duckdb"), FatalLedger(folder / "ledger.sqlite")
    historian.stage = ledger.stage = stage
    letters = DeadLetters(folder / "dead.jsonl")
    with ledger:
        async with historian:
            pace = Pace(messages=4, within=0.01)
            await Ingest(
                PLANT, inbox, historian, ledger, letters, wall_clock, pace=pace, backoff=Backoff(0.01, 0.1)
            ).run()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
