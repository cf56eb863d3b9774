"""The live service over the memory broker and historian, which can be killed and started again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analytics.checkpoint import CheckpointFile
from analytics.energy.standards import EnergyData
from analytics.engine import Engine
from analytics.interlocks.parameters import Parameters, default_parameters
from analytics.stream import Analytics, Rhythm
from plant.codec import Batch, decode_batch, decode_finding, encode_batch
from plant.errors import Unavailable
from plant.findings import Finding, FindingState
from plant.io.memory import MemoryBroker, MemoryHistorian
from plant.model import Plant
from plant.ports import Uplink
from plant.readings import Reading, Readings
from plant.service import Backoff
from tests.analytics.interlock_kit import T0, S

DATA = EnergyData.packaged()
READINGS, FINDINGS = "plantwatch/v1/{}/readings/+", "plantwatch/v1/{}/findings/+"
QUICK = Rhythm(messages=4, interval=0.05, quiet=0.01, disk=10.0, past=10.0)


class Disk(CheckpointFile):
    """A checkpoint file whose disk can fail, hang, or be gone with the process."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.works = True
        self.saves = 0

    def save(self, body: Any) -> None:  # noqa: ANN401 - JSON
        if not self.works:
            raise Unavailable("no space left")
        super().save(body)
        self.saves += 1


def batch(rows: Iterable[Reading], sequence: int, *, agent: str = "edge") -> Batch:
    readings = Readings.from_rows(rows)
    sent = int(readings.time.max()) if len(readings) else T0
    return Batch(agent, 1, sequence, sent, readings)


def seconds(rows: Iterable[Reading]) -> list[Batch]:
    """One batch for each second of the rows' time."""
    parts: dict[int, list[Reading]] = {}
    for row in rows:
        parts.setdefault((row.time - T0) // S, []).append(row)
    return [batch(part, n + 1) for n, (_, part) in enumerate(sorted(parts.items()))]


@dataclass
class Rig:
    """One plant with its broker; ``start`` and ``kill`` as often as needed."""

    plant: Plant
    folder: Path
    parameters: Parameters = field(default_factory=default_parameters)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    historian: MemoryHistorian = field(default_factory=MemoryHistorian)
    now: int = T0 + 4000 * S
    connect: Callable[[], AbstractAsyncContextManager[Uplink]] | None = None
    disk: Disk = field(init=False)
    analytics: Analytics = field(init=False)
    task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.broker.session("analytics", (self.readings,))

    @property
    def readings(self) -> str:
        return READINGS.format(self.plant.id)

    def watch(self) -> None:
        """Somebody has a session for the findings and results."""
        self.broker.session("findings", (FINDINGS.format(self.plant.id),))
        self.broker.session("results", (f"plantwatch/v1/{self.plant.id}/readings/analytics",))

    def start(self) -> None:
        self.disk = Disk(self.folder / "checkpoint")
        self.analytics = Analytics(
            self.plant,
            Engine(self.plant, DATA, self.parameters),
            self.broker.inbox((self.readings,), client_id="analytics"),
            self.broker.uplink if self.connect is None else self.connect,
            self.historian,
            self.disk,
            lambda: self.now,
            backoff=Backoff(0.001, 0.01),
        )
        self.analytics.rhythm = QUICK
        self.task = asyncio.create_task(self.analytics.run())

    async def stop(self) -> None:
        """End it the soft way."""
        if self.task is not None:
            self.task.cancel()
            ended = await asyncio.gather(self.task, return_exceptions=True)
            assert isinstance(ended[0], asyncio.CancelledError), ended

    async def kill(self) -> None:
        """As by kill -9: from now on nothing reaches the disk or the broker any more."""
        self.disk.works = False
        await self.stop()

    async def send(self, *batches: Batch) -> None:
        async with self.broker.uplink() as uplink:
            for one in batches:
                await uplink.send(f"plantwatch/v1/{self.plant.id}/readings/{one.agent}", encode_batch(one))

    def pending(self, client: str = "analytics") -> int:
        return len(self.broker.session(client, (self.readings,)).pending)

    async def settled(self) -> None:
        """Every message is acknowledged and everything found is published."""
        await until(lambda: self.pending() == 0 and self.analytics.status.waiting == 0)

    def told(self) -> list[Finding]:
        """Every message on the findings topic, in order."""
        session = self.broker.session("findings", (FINDINGS.format(self.plant.id),))
        return [decode_finding(payload) for _, _, payload in session.pending]

    def held(self) -> dict[str, Finding]:
        """The last state of every finding that was not taken back, as whoever keeps them by id sees it."""
        last = {f.id: f for f in self.told()}
        return {i: f for i, f in last.items() if f.state is not FindingState.WITHDRAWN}

    def results(self, point: str) -> dict[int, float]:
        """Values of one result by time, as the historian has them in the end."""
        return {r.time: r.value for b in self.batches() for r in b.readings.rows() if r.point == point}

    def batches(self) -> list[Batch]:
        """The batches of results."""
        session = self.broker.session("results", (f"plantwatch/v1/{self.plant.id}/readings/analytics",))
        return [decode_batch(payload) for _, _, payload in session.pending]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the fakes have no event to wait for
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(plant: Plant, folder: Path, **settings: Any) -> AsyncIterator[Rig]:  # noqa: ANN401 - fields of Rig
    rig = Rig(plant, folder, **settings)
    rig.watch()
    rig.start()
    try:
        yield rig
    finally:
        await rig.stop()
