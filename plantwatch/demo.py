"""The demo: a simulated plant, a broker, an agent and a server with its console, each a program of its own.

The programs meet as in a plant: over OPC UA and MQTT, encrypted, with user names and passwords made for this run.
"""

import asyncio
import json
import os
import secrets
import shutil
import sys
import time
import webbrowser
from collections.abc import Awaitable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from plant.access import Role, TokenStore
from plant.clock import SECOND, ScaledClock
from plant.errors import FixError, RetryError
from plant.model import Plant
from plantwatch.accounts import Settled, settle
from plantwatch.broker import Subscribers, embedded_broker
from plantwatch.certificates import Authority
from plantwatch.demo_report import report
from plantwatch.free_port import free_port
from plantwatch.login_codes import LoginCodes
from plantwatch.processes import Child, Children
from plantwatch.where import announcements
from simulators.scenario import Scenario

_MARK = ".plantwatch-demo"
_HEAD_START = 15.0
"""Wall time that the programs usually need until the plant can begin [s]."""
_READY_WITHIN = 90.0
_HISTORY = 7200.0
"""History that the agent reads at its first start [s of the plant's clock]: what was made before it connected."""
_DAY_TOKEN = 86_400 * SECOND
AGENT = "edge-1"
USERS = ("server", "agent", "meters")
"""User names at the broker."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What a person asks the demo for."""

    plant_file: Path
    scenario: Scenario
    scenario_name: str
    """As the simulator's ``--scenario`` takes it: a packaged name or a file."""
    seed: int
    speed: float
    seconds: float | None
    """Length in real time [s]; None until interrupted."""
    headless: bool
    report: Path | None
    folder: Path
    port: int


@dataclass(slots=True)
class Demo:
    """One run."""

    options: DemoOptions
    plant: Plant
    out: Console
    passwords: dict[str, str] = field(default_factory=lambda: {u: secrets.token_urlsafe(24) for u in USERS})
    ports: dict[str, int] = field(default_factory=dict)
    clock: ScaledClock = field(init=False)
    token: str = ""

    def __post_init__(self) -> None:
        """Set the clock: the plant begins at the last full hour, when its programs are up."""
        now = time.time_ns()
        start = now - now % (3600 * SECOND)
        self.clock = ScaledClock(now + int(_HEAD_START * SECOND), start, self.options.speed)

    async def run(self) -> None:
        """Run until the time is up or a program ends.

        Raises:
            RetryError: a program ended by itself, or did not become ready.
        """
        folder = self._fresh_folder()
        authority = Authority(folder / "certificates")
        self.ports = {"broker": free_port(), "opcua": free_port(), "http": free_port(self.options.port)}
        broker = authority.issue("broker")
        async with AsyncExitStack() as stack:
            self.out.print("Starting the broker, the server, the agent and the simulated plant …")
            subscribers = await stack.enter_async_context(
                embedded_broker(self.ports["broker"], identity=broker, passwords=self.passwords, folder=folder)
            )
            children = await stack.enter_async_context(Children(folder, self._environment(folder, authority)))
            await self._with_children(children, subscribers, folder)

    async def _with_children(self, children: Children, subscribers: Subscribers, folder: Path) -> None:
        with TokenStore(folder / "tokens.db") as tokens:
            now = time.time_ns()
            self.token = tokens.create("demo", Role.ADMIN, now=now, expires=now + _DAY_TOKEN)
        plant = str(self.options.plant_file)
        running = [await children.start("server", "server", "--plant", plant, environment=self._user("server"))]
        async with self._client() as client:
            await self._until(running, self._server_ready(client), "the server")
            running.append(
                await children.start(
                    "agent", "agent", "--plant", plant, "--name", AGENT, environment=self._user("agent")
                )
            )
            field_session = f"{AGENT}-{self._mqtt_source()}"
            await self._until(running, subscribers.wait_for(field_session), "the agent")
            running.append(
                await children.start("simulator", *self._simulate(folder), environment=self._user("meters"))
            )
            self._welcome(folder)
            await self._watch(running, client, folder)

    async def _watch(self, running: list[Child], client: httpx.AsyncClient, folder: Path) -> None:
        """Tell what happens until the time is up; then collect the report."""
        telling = asyncio.create_task(self._tell())
        ends = [asyncio.create_task(child.ended()) for child in running]
        try:
            done, _ = await asyncio.wait(ends, timeout=self._length(), return_when=asyncio.FIRST_COMPLETED)
            if done:
                raise RetryError(done.pop().result())
            await self._finish(client, folder)
        finally:
            for task in (telling, *ends):
                task.cancel()

    def _length(self) -> float | None:
        """Real time until the plant has produced all [s]."""
        if self.options.seconds is None:
            return None
        return max(0.0, (self.clock.wall_origin - time.time_ns()) / SECOND) + self.options.seconds

    async def _finish(self, client: httpx.AsyncClient, folder: Path) -> None:
        self.out.print("Time is up: waiting until every value that was made is stored …")
        settled = await settle(client, folder / "simulator.json")
        body = await report(client, settled, self.plant, speed=self.options.speed)
        self._summary(body, settled)
        if self.options.report is not None:
            self.options.report.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            self.out.print(f"Report: {self.options.report}", markup=False)

    def _summary(self, body: Mapping[str, Any], settled: Settled) -> None:
        score = body["score"]
        self.out.print(
            f"{body['produced']} values produced, {body['stored']} stored, {body['lost']} declared lost"
            f"{'' if settled.complete else ' (not all arrived in time)'};"
            f" faults found: {score['matched']}, missed: {len(score['missed'])}, findings too many:"
            f" {len(score['false']) + len(score['duplicates'])}.",
            markup=False,
        )

    # --- the programs -----------------------------------------------------------------------------

    def _simulate(self, folder: Path) -> list[str]:
        options = self.options
        command = ["simulate", "run", "--scenario", options.scenario_name, "--seed", str(options.seed)]
        command += ["--opcua-port", str(self.ports["opcua"]), "--report", str(folder / "simulator.json")]
        if options.seconds is not None:
            command += ["--for", str(options.seconds * options.speed)]
        return command

    def _environment(self, folder: Path, authority: Authority) -> dict[str, str]:
        opcua = {
            "url": f"opc.tcp://127.0.0.1:{self.ports['opcua']}/plantwatch/simulator",
            "username": "agent",
            "password": self.passwords["agent"],
            "backfill": _HISTORY,
        }
        clock = self.clock
        return {
            "PLANTWATCH_DATA": str(folder),
            "PLANTWATCH_CLOCK": f"{clock.wall_origin},{clock.simulated_origin},{clock.speed}",
            "PLANTWATCH_MQTT__HOST": "127.0.0.1",
            "PLANTWATCH_MQTT__PORT": str(self.ports["broker"]),
            "PLANTWATCH_MQTT__PROTOCOL": "311",
            "PLANTWATCH_MQTT__CA_FILE": str(authority.certificate),
            "PLANTWATCH_HTTP__PORT": str(self.ports["http"]),
            "PLANTWATCH_OPCUA": json.dumps({self._opcua_source(): opcua}),
            "PLANTWATCH_SIMULATOR__USERNAME": "agent",
            "PLANTWATCH_SIMULATOR__PASSWORD": self.passwords["agent"],
        }

    def _user(self, name: str) -> dict[str, str]:
        return {"PLANTWATCH_MQTT__USERNAME": name, "PLANTWATCH_MQTT__PASSWORD": self.passwords[name]}

    def _opcua_source(self) -> str:
        return next(s.id for s in self.plant.sources if s.protocol == "opcua")

    def _mqtt_source(self) -> str:
        return next(s.id for s in self.plant.sources if s.protocol == "mqtt")

    def _fresh_folder(self) -> Path:
        folder = self.options.folder
        if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
            raise FixError(f"{folder} is not empty and not of an earlier demo; choose another --folder")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        (folder / _MARK).touch()
        return folder.resolve()

    # --- waiting and telling ----------------------------------------------------------------------

    def _client(self) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=self._address, headers=headers, timeout=30, trust_env=False)

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    async def _server_ready(self, client: httpx.AsyncClient) -> None:
        while True:
            try:
                if (await client.get("/health")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass  # not listening yet; the time limit around this ends the wait
            await asyncio.sleep(0.2)

    async def _until(self, running: list[Child], ready: Awaitable[None], what: str) -> None:
        """Wait for ``ready``; a program that ends meanwhile or takes too long is an error with its last words."""
        waiting = asyncio.ensure_future(ready)
        ends = [asyncio.create_task(child.ended()) for child in running]
        done, _ = await asyncio.wait((waiting, *ends), timeout=_READY_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, *ends):
            task.cancel()
        if waiting in done:
            waiting.result()
            return
        if done:
            raise RetryError(done.pop().result())
        raise RetryError(
            f"{what} was not ready within {_READY_WITHIN:.0f} s; see the logs in {self.options.folder}"
        )

    def _welcome(self, folder: Path) -> None:
        with LoginCodes(folder / "login-codes.db") as codes:
            links = [self._link(codes) for _ in range(2)]
        self.out.print(f"\nConsole (signs you in once): {links[0]}", markup=False)
        self.out.print(f"Logs and data: {folder}", markup=False)
        self.out.print(f"The plant runs {self.options.speed:g} times as fast as real time.", markup=False)
        if not self.options.headless and _has_display():
            webbrowser.open(links[1])
        if self.options.seconds is None:
            self.out.print("Stop with Ctrl-C.\n")

    def _link(self, codes: LoginCodes) -> str:
        return f"{self._address}/login?code={codes.create('demo operator', Role.OPERATOR, now=time.time_ns())}"

    async def _tell(self) -> None:
        """Print each fault as it begins, and where to look."""
        for line in announcements(self.options.scenario, self.plant, self.clock.simulated_origin):
            ahead = (line.time - self.clock()) / SECOND / self.clock.speed
            await asyncio.sleep(max(0.0, ahead))
            self.out.print(line.text(self.plant.time_zone, self._address), markup=False)


def _has_display() -> bool:
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.platform in {"darwin", "win32"} or bool(shown)
