"""A run through the server as in production: ingest, analytics, alerts and console in one process; TLS."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from plant.codec import decode_finding
from plant.io.mqtt import MqttInbox
from plant.topics import Channel, subscription
from tests.bench.account import check
from tests.bench.broker import Broker, broker, settings
from tests.bench.children import Child
from tests.bench.columns import names
from tests.bench.demands import CHANNELS, Step, plant_with
from tests.bench.figures import BenchError

_RULE = "IA-09"
_GRACE = 60.0
_LOST_AFTER = 20.0
"""A finding that has not come this long after the last demand will not come [s]."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent beside the plant's own points, which come once a second."""

    points: int
    ticks: int
    """Values of each of these points."""
    interval: float
    """Time between two ticks [s]; 0 sends as fast as the agent takes it."""
    steps: Sequence[Step] = ()

    @property
    def seconds(self) -> float:
        """Length by plan [s]."""
        return self.ticks * self.interval

    @property
    def demands(self) -> int:
        """Demands on interlocks, each of which must become a finding."""
        return sum(step.beyond for step in self.steps)


@dataclass(frozen=True, slots=True)
class Run:
    """What a valid run gave."""

    latencies: tuple[float, ...]
    """From source time to the subscriber, one for each demand [s]."""
    values: int
    seconds: float
    """From the first value made to the last one stored and judged."""
    agent_cpu: float
    server_cpu: float


def run_server(plan: Plan) -> Run:
    """Run it.

    Raises:
        BenchError: a value or a finding is missing, or a process ended.
    """
    return asyncio.run(_run(plan))


async def _run(plan: Plan) -> Run:
    with tempfile.TemporaryDirectory(prefix="plantwatch-bench-") as name, broker(Path(name), tls=True) as middle:
        run, produced = await _measure(plan, Path(name), middle)
        data = Path(name) / "server"
        await check(data / "historian.duckdb", data / "ledger.db", produced, names(plan.points))
    return run


async def _measure(plan: Plan, folder: Path, middle: Broker) -> tuple[Run, dict[str, int]]:
    plant = plant_with(plan.points)
    own = sum(1 for p in plant.points.values() if p.address is not None) - len(CHANNELS)
    config: dict[str, Any] = {
        "folder": str(folder), "broker": middle.address(), "points": plan.points, "ticks": plan.ticks,
        "interval": plan.interval, "steps": [astuple(s) for s in plan.steps],
        "wanted": plan.points * plan.ticks + own * max(1, int(plan.seconds)) + len(plan.steps),
    }  # fmt: skip
    listener = MqttInbox(settings(config["broker"], "listener"), (subscription(plant.id, Channel.FINDINGS),))
    async with listener, AsyncExitStack() as stack:
        server, agent = [await _start(stack, what, config, folder) for what in ("server", "agent")]
        hearing = asyncio.create_task(_hear(listener, plan.demands))
        stack.callback(hearing.cancel)
        for child in (server, agent):
            child.tell("go")
        sent = await agent.hear("sent", plan.seconds + _GRACE)
        stored = await server.hear("stored", plan.seconds + _GRACE)
        heard = await _all_heard(hearing, sent["demands"])
        for child in (agent, server):
            await child.stop()
    ways = tuple((at - start) / 1e9 for (_, start), at in heard.items())
    seconds = (stored["at"] - sent["begun"]) / 1e9
    return Run(ways, sent["values"], seconds, sent["cpu"], stored["cpu"]), sent["produced"]


async def _start(stack: AsyncExitStack, what: str, config: dict[str, Any], folder: Path) -> Child:
    child = await stack.enter_async_context(
        await Child.start(f"tests.bench.{what}_child", config, folder / f"{what}.log")
    )
    await child.hear("ready", _GRACE)
    return child


_Heard = dict[tuple[str, int], int]


async def _all_heard(hearing: "asyncio.Task[_Heard]", made: list[tuple[str, int]]) -> _Heard:
    try:
        heard = await asyncio.wait_for(hearing, _LOST_AFTER)
    except TimeoutError as error:
        message = f"not every one of {len(made)} demands was found within {_LOST_AFTER:.0f} s"
        raise BenchError(message) from error
    if set(heard) != {(interlock, start) for interlock, start in made}:
        raise BenchError("the findings are about other demands than those that were made")
    return heard


async def _hear(listener: MqttInbox, wanted: int) -> _Heard:
    """When the first message of each finding came [ns UTC], by interlock and source time of the demand."""
    heard: _Heard = {}
    messages = listener.messages()
    while len(heard) < wanted:
        delivery = await anext(messages)
        now = time.time_ns()
        finding = decode_finding(delivery.payload)
        await listener.acknowledge(delivery)
        if finding.rule == _RULE:
            heard.setdefault((finding.subject, finding.start), now)
    return heard
