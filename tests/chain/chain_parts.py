"""The whole chain, each part a program: mosquitto, server, agent, simulated plant; TLS and passwords."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from plant.access import Role, TokenStore
from plant.clock import SECOND
from plantwatch.accounts import Settled, settle
from plantwatch.certificates import Authority
from plantwatch.processes import Child, Children
from simulators.packaged import PLANT_FILE
from tests.support.mosquitto import Mosquitto, ServerIdentity, free_port

USERS = {"server": "s-word", "agent": "a-word", "meters": "m-word"}
READY_WITHIN = 60.0


@dataclass
class Chain:
    """A running chain; its programs can be killed and started again."""

    folder: Path
    broker: Mosquitto
    children: Children
    client: httpx.AsyncClient
    clock: str
    ports: dict[str, int]
    running: dict[str, Child]

    @property
    def report(self) -> Path:
        return self.folder / "simulator.json"

    async def start(self, name: str, *arguments: str) -> None:
        user = {"simulator": "meters"}.get(name, name)
        own = {"PLANTWATCH_MQTT__USERNAME": user, "PLANTWATCH_MQTT__PASSWORD": USERS[user]}
        self.running[name] = await self.children.start(name, *arguments, environment=own)

    async def start_server(self) -> None:
        await self.start("server", "server", "--plant", str(PLANT_FILE))
        await self.ready()

    async def start_agent(self) -> None:
        await self.start("agent", "agent", "--plant", str(PLANT_FILE))

    async def start_simulator(self, scenario: Path, *, seconds: float, seed: int = 1) -> None:
        command = ["simulate", "run", "--scenario", str(scenario), "--seed", str(seed), "--for", str(seconds)]
        command += ["--opcua-port", str(self.ports["opcua"]), "--report", str(self.report)]
        await self.start("simulator", *command)

    async def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is gone."""
        child = self.running[name]
        child.kill()
        await child.ended()

    async def again(self, name: str) -> None:
        """Start a program again with the arguments that it had."""
        await self.running[name].start()

    async def ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                if (await self.client.get("/health")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            assert time.monotonic() < deadline, (self.folder / "server.log").read_text()[-3000:]
            await asyncio.sleep(0.1)  # polling another process, with a deadline

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        return (await self.client.get(path)).raise_for_status().json()

    async def settled(self) -> Settled:
        return await settle(self.client, self.report)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")


@asynccontextmanager
async def chain(folder: Path, *, speed: float) -> AsyncIterator[Chain]:
    """A broker and an empty data folder; the test starts the programs."""
    authority, data = Authority(folder / "certificates"), folder / "data"
    identity = authority.issue("broker")
    tls = ServerIdentity(identity.certificate, identity.key)
    ports = {"opcua": free_port(), "http": free_port()}
    now = time.time_ns()
    clock = f"{now + 5 * SECOND},{now - now % SECOND},{speed}"
    with TokenStore(data / "tokens.db") as tokens:
        token = tokens.create("test", Role.ADMIN, now=now, expires=now + 3600 * SECOND)
    with Mosquitto(folder / "broker", users=USERS, tls=tls) as broker:
        environment = {
            "PLANTWATCH_DATA": str(data),
            "PLANTWATCH_CLOCK": clock,
            "PLANTWATCH_MQTT__HOST": "127.0.0.1",
            "PLANTWATCH_MQTT__PORT": str(broker.port),
            "PLANTWATCH_MQTT__CA_FILE": str(authority.certificate),
            "PLANTWATCH_HTTP__PORT": str(ports["http"]),
            "PLANTWATCH_OPCUA": json.dumps(
                {
                    "dcs": {
                        "url": f"opc.tcp://127.0.0.1:{ports['opcua']}/plantwatch/simulator",
                        "username": "agent",
                        "password": "o-word",
                        "backfill": 7200,
                    }
                }
            ),
            "PLANTWATCH_SIMULATOR__PASSWORD": "o-word",
        }
        headers = {"authorization": f"Bearer {token}"}
        address = f"http://127.0.0.1:{ports['http']}"
        async with (
            Children(folder, environment) as children,
            httpx.AsyncClient(base_url=address, headers=headers, timeout=30, trust_env=False) as client,
        ):
            yield Chain(folder, broker, children, client, clock, ports, {})
