"""The one-process server: ingest, analytics, alerts, HTTP API and console over one broker and one historian.

The parts share nothing but the historian and the bus: each has a broker session of its own, so that a slow disk
never keeps the interlock rules or the alarms from hearing a value.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from alerts.desk import AlarmDesk
from alerts.http_access import RefusalLog
from alerts.journal import Journal
from alerts.notifiers.webhook import Target, Webhook
from alerts.outbox import Outbox
from alerts.routing import Route
from alerts.service import Alerts
from analytics.energy.standards import EnergyData
from analytics.engine import Engine
from analytics.stream import Analytics
from ingest.dead_letter import DeadLetters
from ingest.ledger import Ledger
from ingest.pipeline import Ingest
from plant.access import TokenStore
from plant.clock import SECOND, Clock, wall_clock
from plant.errors import FixError, RetryError
from plant.io.duckdb import DuckDbHistorian
from plant.model import Plant, Priority
from plant.ports import Inbox
from plant.readings import Readings
from plant.settings import Settings
from plant.topics import Channel
from plantwatch import wiring
from plantwatch.api import Health
from plantwatch.app import api_app
from plantwatch.console.interlock_watch import InterlockWatch
from plantwatch.console.mount import mount_console
from plantwatch.desk import Desk
from plantwatch.findings_store import FindingsStore
from plantwatch.follow import follow
from plantwatch.http import listen, serve_http
from plantwatch.latest import LatestValues
from plantwatch.login_codes import LoginCodes, exchange
from plantwatch.rules import parameters

_log = logging.getLogger(__name__)
_HOUR = 3600.0
_OLD_MQTT, _SOON = 311, 3.0
"""The demo's broker speaks MQTT 3.1.1 and waits 5 s for an acknowledgement, then no more: be sooner [s]."""
_REMEMBERED = 30 * 86_400 * SECOND
"""How far back switches are read at the start [ns]: a bypass older than this shows since its next change."""
_RECENT = 600 * SECOND
"""How far back all other values are read at the start [ns]."""
_TURN = 60.0
"""How often held-back refusals are written [s]."""


@dataclass(slots=True)
class Server:
    """All parts of a running server."""

    plant: Plant
    settings: Settings
    clock: Clock
    desk: Desk
    ingest: Ingest
    analytics: Analytics
    alerts: Alerts
    historian: DuckDbHistorian
    refusals: RefusalLog
    codes: LoginCodes
    hears: dict[str, bool]
    """Whether the followers of the bus are connected."""

    @classmethod
    async def open(cls, stack: AsyncExitStack, plant: Plant, settings: Settings) -> "Server":
        """Open every file and compose the parts; ``stack`` closes them.

        Raises:
            FixError: a file is damaged, or the plant file asks for energy data that are not there.
            Unavailable: another server has the historian open.
        """
        folder, clock, speed = wiring.folder(settings), wiring.clock(settings), wiring.speed(settings)
        data = EnergyData.with_own(settings.standards)
        engine = Engine(plant, data, parameters(speed))
        historian = await stack.enter_async_context(DuckDbHistorian(folder / "historian.duckdb"))
        ledger = stack.enter_context(Ledger(folder / "ledger.db"))
        tokens = stack.enter_context(TokenStore(folder / "tokens.db"))
        codes = stack.enter_context(LoginCodes(folder / "login-codes.db"))
        alarm_desk = AlarmDesk(plant, stack.enter_context(Journal(folder / "journal.db")), clock, speed=speed)
        store = FindingsStore(folder / "findings.db")
        stack.callback(store.close)

        def session(part: str, *channels: Channel) -> Any:  # noqa: ANN401 - entered by its user
            return wiring.inbox(settings, plant, f"{plant.id}-{part}", *channels)

        ingest = Ingest(
            plant,
            session("ingest", Channel.READINGS),
            historian,
            ledger,
            DeadLetters(folder / "dead-letters.jsonl"),
            clock,
        )
        analytics = Analytics(
            plant,
            engine,
            session("analytics", Channel.READINGS),
            lambda: wiring.uplink(settings, f"{plant.id}-results"),
            historian,
            folder / "analytics.checkpoint",
            clock,
        )
        if settings.mqtt.protocol == _OLD_MQTT:
            analytics.rhythm = replace(analytics.rhythm, interval=_SOON)
        webhooks = notifiers(plant, settings, folder, stack)
        alerts = Alerts(plant, session("alerts", Channel.READINGS, Channel.FINDINGS), alarm_desk, webhooks)
        live, watch = LatestValues(), InterlockWatch(plant)
        desk = Desk(
            plant, clock, speed, tokens, live, watch, historian, alarm_desk, store, ingest, data
        )  # fmt: skip
        refusals = RefusalLog(alarm_desk.note, wall_clock)
        server = cls(
            plant, settings, clock, desk, ingest, analytics, alerts, historian, refusals, codes,
            {"live values": False, "findings": False},
        )  # fmt: skip
        await server.remember()
        return server

    async def remember(self) -> None:
        """Read back what a page needs of the past: the switches of the last month, other values of minutes ago."""
        now = self.clock()
        switches = await self.historian.read(self.desk.watch.switches, now - _REMEMBERED, now)
        quiet = [p.id for p in self.plant.points.values() if p.period is None]
        recent = [p for p in self.plant.points if p not in quiet]
        self.desk.watch.add(switches)
        self.desk.live.restore(await self.historian.read(quiet, now - _REMEMBERED, now))
        self.desk.live.restore(await self.historian.read(recent, now - _RECENT, now))

    async def run(self, *, ready: Callable[[], None] = lambda: None) -> None:
        """Work until cancelled."""
        listener = listen(self.settings.http)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.ingest.run())
            group.create_task(self.analytics.run())
            group.create_task(self.alerts.run())
            group.create_task(self._follow_values())
            group.create_task(self._follow_findings())
            group.create_task(self._retain())
            group.create_task(self._write_refusals())
            group.create_task(serve_http(self.app(), self.settings.http, listener, ready=ready))

    def app(self) -> FastAPI:
        """The web application: API first, then the console at ``/``."""
        app = api_app(self.desk, self.refusals, health=self.health, status=self.status)
        mount_console(
            app,
            self.desk,
            lambda code: exchange(self.codes, self.desk.tokens, code, now=wall_clock()),
            storage_secret(self.settings),
            secure_cookie=self.settings.http.certificate is not None,
        )
        return app

    def health(self) -> Health:
        """Whether every part hears the broker and storage takes values."""
        return Health(
            {
                "ingest": self.ingest.status.connected,
                "storage": self.ingest.status.historian_failures == 0,
                "analytics": self.analytics.status.connected,
                "alerts": self.alerts.status.connected,
                **self.hears,
            }
        )

    def status(self) -> dict[str, Any]:
        """Counters of every part."""
        live = self.desk.live
        return {
            "plant": self.plant.id,
            "clock": self.clock(),
            "ingest": asdict(self.ingest.status),
            "analytics": asdict(self.analytics.status),
            "alerts": {**asdict(self.alerts.status), **asdict(self.desk.alarm_desk.counts)},
            "live": {"points": len(live), "refused": live.refused, "unreadable": live.unreadable},
            "findings": {"unreadable": self.desk.store.unreadable},
        }

    async def _follow_values(self) -> None:
        async def work(inbox: Inbox) -> None:
            await self.desk.live.run(inbox, self.clock, self._heard)

        inbox = wiring.inbox(self.settings, self.plant, f"{self.plant.id}-live", Channel.READINGS)
        await follow(inbox, work, name="live values", connected=self._hears("live values"))

    def _heard(self, readings: Readings) -> None:
        self.desk.watch.add(readings)

    async def _follow_findings(self) -> None:
        inbox = wiring.inbox(self.settings, self.plant, f"{self.plant.id}-findings", Channel.FINDINGS)
        await follow(inbox, self.desk.store.run, name="findings", connected=self._hears("findings"))

    def _hears(self, part: str) -> Callable[[bool], None]:
        return lambda on: self.hears.update({part: on})

    async def _retain(self) -> None:
        """Remove what is older than the retention, once an hour."""
        while True:
            before = self.clock() - self.settings.retention_days * 86_400 * SECOND
            try:
                removed = await self.historian.retain(before)
            except RetryError as error:
                _log.warning("old readings were not removed, the next try is in an hour: %s", error)
            else:
                if removed:
                    _log.info("%d readings older than %d days removed", removed, self.settings.retention_days)
            await asyncio.sleep(_HOUR)

    async def _write_refusals(self) -> None:
        while True:
            await asyncio.sleep(_TURN)
            try:
                self.refusals.turn()
            except RetryError as error:
                _log.warning("refused accesses wait for the journal: %s", error)


def notifiers(
    plant: Plant, settings: Settings, folder: Path, stack: ExitStack | AsyncExitStack
) -> Sequence[Webhook]:
    """A webhook for each receiver of the settings, with its own outbox file.

    Raises:
        FixError: an address or a secret is wrong.
    """
    found = []
    for hook in settings.webhooks:
        outbox = stack.enter_context(Outbox(folder / f"outbox-{hook.name}.db"))
        target = Target(hook.url, hook.secret.get_secret_value(), authority=hook.authority)
        route = Route(target=hook.name, priority=Priority(hook.priority))
        found.append(Webhook(plant.id, target, outbox, route, wall_clock))
    return found


def storage_secret(settings: Settings) -> str:
    """Signs the console's cookies: from the environment, else made once and kept in the data folder.

    Raises:
        FixError: it cannot be kept there.
    """
    if settings.storage_secret is not None:
        return settings.storage_secret.get_secret_value()
    file = wiring.folder(settings) / "storage-secret"
    try:
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(32))
        return file.read_text()
    except OSError as error:
        raise FixError(f"{file} cannot be kept: {error.strerror}; set PLANTWATCH_STORAGE_SECRET") from error


async def run_server(plant: Plant, settings: Settings, *, ready: Callable[[], None] = lambda: None) -> None:
    """Open, work until cancelled, close."""
    async with AsyncExitStack() as stack:
        server = await Server.open(stack, plant, settings)
        await server.run(ready=ready)
