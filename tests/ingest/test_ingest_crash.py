"""kill -9 at every place between receipt and acknowledgement, with real mosquitto, DuckDB and SQLite."""

import asyncio
import signal
import sys
from pathlib import Path

import numpy as np

from ingest.ledger import Ledger
from plant.codec import Batch, encode_batch
from plant.io.duckdb import DuckDbHistorian
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from plant.readings import Readings
from tests.ingest.crashing_ingest import serve
from tests.support.mosquitto import Mosquitto

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000
BATCHES, ROWS = 40, 50
TOPIC = "plantwatch/v1/p1/readings/edge"
ROOT = Path(__file__).parents[2]


def batch(sequence: int) -> Batch:
    """Even rows are of A, odd of B; the value is the row's running number."""
    number = np.arange(ROWS) + (sequence - 1) * ROWS
    return Batch(
        "edge",
        1,
        sequence,
        T0 + 86_400 * S,
        Readings(
            ("A", "B"),
            (number % 2).astype(np.int32),
            T0 + number * S // 100,
            number.astype(np.float64),
            np.zeros(ROWS, np.uint32),
        ),
    )


async def crash(port: int, folder: Path, stage: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.ingest.crashing_ingest", str(port), str(folder), stage, cwd=ROOT
    )
    async with asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL


def entered(folder: Path) -> int:
    with Ledger(folder / "ledger.sqlite") as ledger:
        return sum(a.batches for a in ledger.snapshot({}).agents)


async def test_every_value_is_stored_once_and_counted_once_over_kills_at_every_stage(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        settings = MqttSettings(host="127.0.0.1", port=broker.port, client_id="ingest", tls=False)
        async with MqttInbox(settings, ("plantwatch/v1/p1/readings/+",)):
            pass  # the session exists from here on
        async with MqttUplink(settings.model_copy(update={"client_id": "edge"})) as uplink:
            await asyncio.gather(*(uplink.send(TOPIC, encode_batch(batch(n + 1))) for n in range(BATCHES)))
        for stage in ("after write", "before write", "after ledger", "after write"):
            await crash(broker.port, tmp_path, stage)
        broker.restart()
        task = asyncio.create_task(serve(broker.port, tmp_path, "never"))
        async with asyncio.timeout(30):
            while entered(tmp_path) < BATCHES:  # noqa: ASYNC110 - another object's file, with a deadline
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with DuckDbHistorian(tmp_path / "history.duckdb") as historian:
        stored = await historian.read(("A", "B"), 0, 2**62)
        counts = await historian.counts()
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        found = ledger.snapshot(counts)
    np.testing.assert_array_equal(np.sort(stored.value), np.arange(BATCHES * ROWS))
    for name in "AB":
        row = found.point(name)
        assert (row.received, row.written, row.rejected, row.lost) == (BATCHES * ROWS // 2,) * 2 + (0, 0)
    (agent,) = found.agents
    assert (agent.batches, agent.last_sequence, agent.missing) == (BATCHES, BATCHES, ())
