"""Rates of the edge agent, for ``make bench``: call ``opcua_rate`` and ``spool_rates``; both return plain numbers.

The server of ``opcua_rate`` runs in a process of its own: what is measured is the agent's CPU time alone.
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from asyncua import ua

sys.path.insert(0, str(Path(__file__).parent))
from edge_parts import FakeUplink, TestServer, free_port, opc_point, opc_settings, plant_of, running, until

from edge_agent.agent import Agent
from edge_agent.sources.opcua import OpcUaSource
from edge_agent.spool import Spool
from plant.readings import Readings


async def opcua_rate(*, variables: int = 1000, ticks: int = 60, interval: float = 0.2) -> dict[str, float]:
    """A server's values through source, spool and a broker that answers at once.

    Returns ``values`` [1], ``lost`` [1] (must be 0), ``cpu_per_value`` [µs] and ``values_per_core`` [1/s].
    """
    port = free_port()
    command = (sys.executable, __file__, str(port), str(variables), str(ticks), str(interval))
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    plant = plant_of([opc_point(f"v{i}") for i in range(variables)], interval=0.5)
    source = OpcUaSource(plant, plant.sources[0], opc_settings(port, timeout=20.0), time.time_ns)
    uplink, wanted = FakeUplink(), variables * (ticks + 1)
    try:
        await asyncio.wait_for(process.stdout.readline(), 60)
        with tempfile.TemporaryDirectory() as folder, Spool(Path(folder) / "s.db", "bench", time.time_ns) as spool:
            agent = Agent(plant, "bench", [source], spool, uplink.connect, time.time_ns)
            async with running(agent.run()):
                await until(lambda: source.vitals.connected, 60)
                cpu, before = time.process_time(), source.vitals.received
                process.stdin.write(b"go\n")
                await until(lambda: source.vitals.received >= wanted, ticks * interval * 5 + 60)
                await until(lambda: agent._lanes["dcs"].sent >= wanted, 30)
                cpu = time.process_time() - cpu
    finally:
        process.kill()
        await process.wait()
    values = source.vitals.received - before
    counts = [b.readings.counts() for b in uplink.batches.values()]
    sent = sum(n for c in counts for point, n in c.items() if point.startswith("v"))
    return {
        "values": values,
        "lost": wanted - sent,
        "cpu_per_value": cpu / values * 1e6,
        "values_per_core": values / cpu,
    }


def spool_rates(*, points: int = 2000, rows: int = 20_000, batches: int = 50) -> dict[str, float]:
    """Values per second into and out of the spool here, with batches and marks of the agent's own size [1/s]."""
    rng, names = np.random.default_rng(1), tuple(f"area/unit/point-{i}" for i in range(points))
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder) / "s.db", "bench", time.time_ns) as spool:
        code = np.arange(rows, dtype=np.int32) % points
        begin = time.perf_counter()
        for n in range(batches):
            times = np.arange(rows, dtype=np.int64) + n * rows
            readings = Readings(names, code, times, rng.normal(size=rows), np.zeros(rows, np.uint32))
            spool.append("dcs", readings, marks=dict.fromkeys(names, n))
        written = time.perf_counter() - begin
        begin = time.perf_counter()
        while found := spool.oldest(8):
            spool.remove(found)
        read = time.perf_counter() - begin
    return {"spool_written": rows * batches / written, "spool_sent": rows * batches / read}


async def _serve(port: int, variables: int, ticks: int, interval: float) -> None:
    names = [f"v{i}" for i in range(variables)]
    server = await TestServer(port).start(names)
    print("ready", flush=True)  # noqa: T201 - tells the parent
    await asyncio.to_thread(sys.stdin.readline)
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for tick in range(1, ticks + 1):
        now = datetime.now(UTC)
        value = ua.DataValue(ua.Variant(float(tick)), ua.StatusCode(), now, now)
        for name in names:
            await server.server.write_attribute_value(ua.NodeId(name, server.ns), value)
        await asyncio.sleep(max(0.0, begin + tick * interval - loop.time()))
    await asyncio.sleep(60)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _port, _variables, _ticks, _interval = sys.argv[1:]
        asyncio.run(_serve(int(_port), int(_variables), int(_ticks), float(_interval)))
    else:
        print(spool_rates(), asyncio.run(opcua_rate()))  # noqa: T201 - run by hand
