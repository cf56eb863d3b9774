"""The live service over the memory broker: what it hears, publishes and acknowledges."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from analytics.energy.standards import EnergyData
from analytics.engine import Engine
from analytics.interlocks.parameters import default_parameters
from analytics.stream import Analytics
from plant.codec import Batch, decode_finding, encode_batch
from plant.findings import Finding, FindingState
from plant.io.memory import MemoryBroker, MemoryHistorian
from plant.model import Plant
from plant.readings import Reading, Readings
from plant.service import Backoff

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000
READINGS = "plantwatch/v1/p1/readings/edge"


def point(name: str, kind: str = "analog", period: float | None = 1) -> dict[str, object]:
    return {
        "id": name,
        "name": name,
        "kind": kind,
        "period": period,
        "address": {"source": "dcs", "node": f"ns=2;s={name}"},
    }


PLANT = Plant.model_validate(
    {
        "schema_version": 1,
        "id": "p1",
        "name": "Plant",
        "sources": [{"id": "dcs", "protocol": "opcua"}],
        "areas": [
            {
                "id": "a",
                "name": "Area",
                "units": [
                    {
                        "id": "u",
                        "name": "Unit",
                        "points": [point("P"), point("C", "discrete"), point("V", "discrete")],
                    }
                ],
            }
        ],
        "interlocks": [
            {
                "id": "I",
                "name": "I",
                "voting": "1oo1",
                "causes": [{"point": "P", "comparator": ">=", "set_point": 10}],
                "response": 8,
                "command": "C",
                "effects": [{"id": "V", "name": "V", "feedback": "V", "safe_state": 0, "travel": 2}],
            }
        ],
    }
)


def second(n: int, p: float, c: float = 0, v: float = 1) -> Batch:
    """All three points at second ``n``."""
    values = {"P": p, "C": c, "V": v}
    rows = [Reading(name, T0 + n * S, value) for name, value in values.items()]
    return Batch("edge", 1, n + 1, T0 + n * S, Readings.from_rows(rows))


@dataclass
class Rig:
    broker: MemoryBroker
    analytics: Analytics

    async def send(self, *batches: Batch) -> None:
        async with self.broker.uplink() as uplink:
            for batch in batches:
                await uplink.send(READINGS, encode_batch(batch))

    def pending(self) -> int:
        return len(self.broker.session("analytics", (READINGS,)).pending)

    def published(self, filters: str = "plantwatch/v1/p1/findings/+") -> list[Finding]:
        session = self.broker.session("watcher", (filters,))
        return [decode_finding(payload) for _, _, payload in session.pending]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the fakes have no event to wait for
            await asyncio.sleep(0.001)


@asynccontextmanager
async def rig(folder: Path, *, watched: bool = True) -> AsyncIterator[Rig]:
    broker = MemoryBroker()
    broker.session("analytics", (READINGS,))
    if watched:
        broker.session("watcher", ("plantwatch/v1/p1/findings/+",))
    engine = Engine(PLANT, EnergyData.packaged(), default_parameters())
    analytics = Analytics(
        PLANT,
        engine,
        broker.inbox((READINGS,), client_id="analytics"),
        broker.uplink,
        MemoryHistorian(),
        folder / "checkpoint",
        lambda: T0 + 100 * S,
        backoff=Backoff(0.001, 0.01),
    )
    task = asyncio.create_task(analytics.run())
    try:
        yield Rig(broker, analytics)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def missed_trip() -> list[Batch]:
    """Demand from second 2 on; no command by 2 + 0 (delay) + 2 (scans) + 1 (margin) = second 5."""
    return [second(n, 5 if n < 2 else 12) for n in range(12)]


async def test_a_missed_trip_is_published_and_then_everything_is_acknowledged(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.send(*missed_trip())
        await until(lambda: r.analytics.status.messages == 12 and r.pending() == 0)
        (finding,) = r.published()
        assert (finding.rule, finding.subject, finding.start) == ("IA-01", "I", T0 + 2 * S)
        assert finding.state is FindingState.OPEN
        assert finding.told == T0 + 100 * S, "stamped with the clock, so that a message that comes twice is known"
        assert r.analytics.status.findings == 1
        assert r.analytics.status.latency.count == 1


async def test_a_finding_waits_until_somebody_listens(tmp_path: Path) -> None:
    async with rig(tmp_path, watched=False) as r:
        await r.send(*missed_trip())
        await until(lambda: r.analytics.status.messages == 12)
        assert r.analytics.status.waiting == 1
        r.broker.session("watcher", ("plantwatch/v1/p1/findings/+",))
        await until(lambda: r.analytics.status.waiting == 0)
        assert len(r.published()) == 1
        await until(lambda: r.pending() == 0)


async def test_what_nobody_can_read_is_counted_and_passed_over(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        async with r.broker.uplink() as uplink:
            await uplink.send(READINGS, b"no batch")
        await r.send(*missed_trip())
        await until(lambda: r.pending() == 0)
        assert r.analytics.status.poison == 1
        assert len(r.published()) == 1
