"""One run of the real chain: agent, mosquitto and ingest with DuckDB, each a process of its own; then the account.

A run is valid only when every value that was produced is in the historian's file, once, with its own value.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plantwatch.certificates import Authority
from tests.bench.account import check
from tests.bench.broker import Broker, broker
from tests.bench.children import Child
from tests.bench.columns import names
from tests.bench.figures import BenchError
from tests.support.mosquitto import free_port

HISTORY, LEDGER = "history.duckdb", "ledger.sqlite"
"""Names of the historian's and the ledger's file."""
_GRACE = 60.0
"""Time that a run may take beyond the plan [s]."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent through the chain."""

    points: int
    ticks: int
    """Values of each point."""
    interval: float
    """Time between two ticks [s]; 0 sends as fast as the agent takes it."""
    tls: bool = False
    """Whether the broker speaks TLS."""
    opcua: bool = False
    """Whether the values come from a real OPC UA server instead of the column source."""
    secure: bool = False
    """Whether that server wants Aes256Sha256RsaPss, sign and encrypt."""

    @property
    def values(self) -> int:
        """Values made between ``go`` and the end."""
        return self.points * self.ticks

    @property
    def seconds(self) -> float:
        """How long making them takes by plan [s]."""
        return self.ticks * self.interval


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a valid run took. Times in seconds."""

    values: int
    seconds: float
    """From the first value made to the last value on the historian's disk."""
    behind: float
    """From the planned end of making values to the last one on disk."""
    agent_cpu: float
    server_cpu: float
    broker_cpu: float | None
    source_cpu: float | None
    """CPU time of the OPC UA server."""
    late: float
    """How much later than planned the source made a tick at worst."""
    backlog: int
    """Most values in the spool at once [1]."""
    way: dict[str, float]
    """From source time to the historian's disk: p50, p99, most."""

    @property
    def rate(self) -> float:
        """Values per second."""
        return self.values / self.seconds


def run_chain(load: Load) -> Outcome:
    """Run it.

    Raises:
        BenchError: a value is missing, doubled or wrong, or a process ended.
    """
    return asyncio.run(_run(load))


async def _run(load: Load) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="plantwatch-bench-") as name:
        folder = Path(name)
        with broker(folder, tls=load.tls) as middle:
            outcome = await _measure(load, folder, middle)
        ids, each = names(load.points), load.ticks + int(load.opcua)
        await check(folder / HISTORY, folder / LEDGER, dict.fromkeys(ids, each), ids)
        return outcome


async def _measure(load: Load, folder: Path, middle: Broker) -> Outcome:
    config: dict[str, Any] = {
        "folder": str(folder), "broker": middle.address(), "points": load.points, "ticks": load.ticks,
        "interval": load.interval, "wanted": load.points * (load.ticks + int(load.opcua)),
        "history": str(folder / HISTORY), "ledger": str(folder / LEDGER),
    }  # fmt: skip
    within = load.seconds + _GRACE
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            await Child.start(_child("ingest"), config, folder / "ingest.log")
        )
        source = await stack.enter_async_context(_opcua_server(load, folder, config))
        await server.hear("ready", _GRACE)
        agent = await stack.enter_async_context(await Child.start(_child("agent"), config, folder / "agent.log"))
        await agent.hear("ready", _GRACE)
        before = middle.cpu_seconds()
        for child in (server, agent, *([] if source is None else [source])):
            child.tell("go")
        sent = await agent.hear("sent", within)
        written = None if source is None else await source.hear("written", within)
        stored = await server.hear("stored", within)
        after = middle.cpu_seconds()
        for child in (agent, server, *([] if source is None else [source])):
            await child.stop()
    if sent["lost"]:
        raise BenchError(f"the agent declares {sent['lost']} values lost")
    seconds = (stored["at"] - sent["begun"]) / 1e9
    return Outcome(
        values=sent["values"],
        seconds=seconds,
        behind=seconds - load.seconds,
        agent_cpu=sent["cpu"],
        server_cpu=stored["cpu"],
        broker_cpu=None if before is None or after is None else after - before,
        source_cpu=None if written is None else written["cpu"],
        late=sent["late"] if written is None else written["late"],
        backlog=sent["backlog"],
        way={key: stored[key] for key in ("p50", "p99", "most")},
    )


@asynccontextmanager
async def _opcua_server(load: Load, folder: Path, config: dict[str, Any]) -> AsyncIterator[Child | None]:
    if not load.opcua:
        yield None
        return
    url, uri = f"opc.tcp://127.0.0.1:{free_port()}/bench", "urn:plantwatch:bench:server"
    theirs: dict[str, Any] = {"url": url, "certificate": None, "key": None, "uri": uri}
    ours = dict(theirs)
    if load.secure:
        authority = Authority(folder / "pki")
        for side, address in (("server", theirs), ("client", ours)):
            files = authority.issue(side, application_uri=f"urn:plantwatch:bench:{side}")
            address |= {"certificate": str(files.certificate), "key": str(files.key)}
    config["server"] = ours
    async with await Child.start(_child("opcua"), {**config, **theirs}, folder / "opcua.log") as child:
        await child.hear("ready", _GRACE)
        yield child


def _child(what: str) -> str:
    return f"tests.bench.{what}_child"
