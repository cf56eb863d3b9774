"""A server that is not ours: node-opcua serves 2,000 counters at 10 Hz, and the source gets every one of them."""

# ruff: noqa: ANN001, ANN201, ANN202 - pytest calls these, nobody imports them

import asyncio
import contextlib
import os
import shutil
import time
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from edge_parts import Collector, free_port, opc_settings, running, until

from edge_agent.sources.opcua import OpcUaSource
from plant.model import Area, OpcUaAddress, Plant, Point, ProcessUnit
from plant.model import OpcUaSource as SourceModel

HERE = Path(__file__).parent / "third_party"
VARIABLES, PERIOD = 2000, 0.1
SECONDS = int(os.environ.get("THIRD_PARTY_SECONDS", "30"))


async def installed() -> Path:
    """The server's packages in a cache folder, from the lock file."""
    npm = shutil.which("npm")
    if npm is None:
        if os.environ.get("CI"):
            pytest.fail("npm is not installed")
        pytest.skip("npm is not installed: the third-party server cannot be had")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "plantwatch" / "node-opcua"
    lock = (HERE / "package-lock.json").read_bytes()
    if (cache / "installed").exists() and (cache / "installed").read_bytes() == lock:
        return cache / "node_modules"
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, cache / name)
    process = await asyncio.create_subprocess_exec(
        npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=cache
    )
    assert await asyncio.wait_for(process.wait(), 300) == 0, "npm ci failed"
    (cache / "installed").write_bytes(lock)
    return cache / "node_modules"


@asynccontextmanager
async def third_party_server(modules, port, folder, ticks):
    process = await asyncio.create_subprocess_exec(
        *(
            "node",
            str(HERE / "server.js"),
            str(port),
            str(folder),
            str(VARIABLES),
            str(int(PERIOD * 1000)),
            str(ticks),
        ),
        env={**os.environ, "NODE_PATH": str(modules)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await _line(process, b"ready\n")
        yield process
    finally:
        process.kill()
        await process.wait()


async def _line(process, wanted):
    while (line := await asyncio.wait_for(process.stdout.readline(), 90)) != wanted:
        assert line, "the server ended"


@pytest.mark.timeout(500)
async def test_2000_values_at_10_hz_from_another_makers_server_arrive_without_loss(tmp_path):
    modules, port, ticks = await installed(), free_port(), int(SECONDS / PERIOD)
    points = tuple(
        Point(
            id=f"c{i}",
            name=f"c{i}",
            address=OpcUaAddress(source="dcs", node=f"nsu=urn:third-party;s=c{i}", queue=100),
        )
        for i in range(VARIABLES)
    )
    model = SourceModel(id="dcs", protocol="opcua", publishing_interval=0.5)
    areas = (Area(id="a", name="A", units=(ProcessUnit(id="u", name="U", points=points),)),)
    plant = Plant(id="p1", name="Test", schema_version=1, sources=(model,), areas=areas)
    source = OpcUaSource(
        plant, model, opc_settings(port, timeout=20.0, keep_alive=5.0, first_value=30.0), time.time_ns
    )
    got = Collector()
    async with (
        third_party_server(modules, port, tmp_path, ticks) as server,
        running(source.run({}, got.deliver)) as run,
    ):
        await until(lambda: run.done() or source.vitals.connected, 60)
        assert not run.done(), run.exception()
        assert source.vitals.failing == {}
        cpu = time.process_time()
        server.stdin.write(b"go\n")
        await _line(server, b"done\n")
        with contextlib.suppress(AssertionError):  # the assertions below say what is missing
            await until(lambda: source.vitals.received >= VARIABLES * (ticks + 1), 30)
        assert not run.done(), run.exception()
        cpu = time.process_time() - cpu
    readings = got.readings
    assert got.losses == {}
    wanted = np.arange(ticks + 1, dtype=np.float64)
    order = np.lexsort((readings.time, readings.code))
    assert set(readings.counts().values()) == {ticks + 1}
    assert len(readings) == VARIABLES * (ticks + 1)
    assert np.array_equal(readings.value[order].reshape(VARIABLES, ticks + 1), np.tile(wanted, (VARIABLES, 1)))
    print(f"\n{VARIABLES * ticks} values, {cpu / (VARIABLES * ticks) * 1e6:.2f} µs of CPU each")  # noqa: T201
