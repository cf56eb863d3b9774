"""kill -9 at every place between receipt and acknowledgement, with mosquitto: nothing missed or found twice."""

import asyncio
import signal
import sys
from pathlib import Path

from plant.codec import decode_finding, encode_batch
from plant.findings import Finding, FindingState
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from tests.analytics.crashing_analytics import FINDINGS, READINGS, serve
from tests.analytics.interlock_kit import BAD, Found, found, plant, told
from tests.analytics.stream_kit import seconds
from tests.support.mosquitto import Mosquitto

ROOT = Path(__file__).parents[2]
STORY = told(
    plant(),
    140,
    A=[(0, 5.0), (10, 12.0), (30, 5.0), (80, 12.0), (100, 5.0)],
    X=[(0, 0.0), (83, 1.0), (110, 0.0)],
    V=[(0, 1.0), (95, 0.0), (110, 1.0)],
    a=[(0, 0.0), (40, (0.0, BAD)), (44, 0.0)],
)
EXPECTED = [Found("IA-01", "I", 10, 30), Found("IA-14", "a", 40, 44), Found("IA-02", "I", 80, 95)]
STAGES = [
    ("after save", 4),
    ("after publish", 1),
    ("before acknowledge", 5),
    ("before save", 6),
    ("after publish", 2),
]


async def crash(port: int, folder: Path, stage: str, times: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.analytics.crashing_analytics", str(port), str(folder), stage, str(times),
        cwd=ROOT,
    )  # fmt: skip
    async with asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL


async def collect(settings: MqttSettings, last: dict[str, Finding]) -> None:
    """Keep the last state of each finding, as a store by id does."""
    async with MqttInbox(settings, (FINDINGS,)) as inbox:
        async for delivery in inbox.messages():
            finding = decode_finding(delivery.payload)
            assert finding.told >= (last[finding.id].told if finding.id in last else 0)
            last[finding.id] = finding
            await inbox.acknowledge(delivery)


async def test_the_findings_are_those_of_a_process_that_never_died(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        settings = MqttSettings(host="127.0.0.1", port=broker.port, client_id="analytics", tls=False)
        store = settings.model_copy(update={"client_id": "store"})
        for session, topics in ((settings, READINGS), (store, FINDINGS)):
            async with MqttInbox(session, (topics,)):
                pass  # the session exists from here on
        async with MqttUplink(settings.model_copy(update={"client_id": "edge"})) as uplink:
            for batch in seconds(STORY):
                await uplink.send("plantwatch/v1/p1/readings/edge", encode_batch(batch))
        for stage, times in STAGES:
            await crash(broker.port, tmp_path, stage, times)
        last: dict[str, Finding] = {}
        tasks = [
            asyncio.create_task(serve(broker.port, tmp_path, "never", 1)),
            asyncio.create_task(collect(store, last)),
        ]
        async with asyncio.timeout(30):
            while not _closed(last):  # noqa: ASYNC110 - another task's dictionary, with a deadline
                await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    held = sorted(last.values(), key=lambda f: f.start)
    assert [found(f) for f in held if f.state is not FindingState.WITHDRAWN] == EXPECTED


def _closed(last: dict[str, Finding]) -> bool:
    return any(f.rule == "IA-02" and f.end is not None for f in last.values())
