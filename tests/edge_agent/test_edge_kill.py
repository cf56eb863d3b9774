"""The agent killed with -9 while a server counts: every value is with the broker in the end."""

import asyncio
import signal
import sys
from pathlib import Path

from edge_parts import T0, TestServer, free_port, running, until

from plant.codec import decode_batch
from plant.readings import Readings

# ruff: noqa: ANN001, ANN201, ANN202 - pytest calls these, nobody imports them

SCRIPT = Path(__file__).with_name("agent_process.py")


def arrived(folder):
    return Readings.concat([decode_batch(p.read_bytes()).readings for p in sorted(folder.glob("*.batch"))])


async def test_an_agent_killed_twice_loses_nothing_that_the_servers_history_has(tmp_path):
    port, history, names = free_port(), {}, ["a", "b"]
    server = await TestServer(port, history=history).start(names)
    for name in names:
        await server.write(name, 0.0, T0)
    written = 0

    async def count():
        nonlocal written
        while True:
            written += 1
            for name in names:
                await server.write(name, float(written), T0 + written * 1_000_000)
            await asyncio.sleep(0.01)

    async def start():
        command = (sys.executable, str(SCRIPT), str(port), str(tmp_path), *names)
        return await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL, cwd=Path.cwd())

    def latest():
        values = arrived(tmp_path).select(["a"]).value
        return float(values.max()) if len(values) else -1.0

    async with running(count()) as counting:
        for _ in range(2):
            agent, seen = await start(), latest()
            await until(lambda s=seen: latest() > s + 20, 20)
            agent.send_signal(signal.SIGKILL)
            await agent.wait()
            away = written
            await until(lambda a=away: written > a + 20)
        agent = await start()
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
        await until(lambda: latest() == written, 20)
        for name in names:
            first = int(arrived(tmp_path).select([name]).value.min())  # what was before is not promised
            wanted = {float(i) for i in range(first, written + 1)}
            await until(lambda n=name, w=wanted: set(arrived(tmp_path).select([n]).value.tolist()) >= w, 10, name)
        agent.kill()
        await agent.wait()
    losses = [loss for p in tmp_path.glob("*.batch") for loss in decode_batch(p.read_bytes()).losses]
    assert losses == []
    await server.stop()
