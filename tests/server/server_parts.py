"""The web application of the server over real stores in a temporary folder, without a broker."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from alerts.desk import AlarmDesk
from alerts.http_access import RefusalLog
from alerts.journal import Journal
from analytics.energy.standards import EnergyData
from ingest.ledger_view import LedgerSnapshot, PointRow
from plant.access import Role, TokenStore
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.io.memory import MemoryHistorian
from plant.plantfile import load_plant
from plant.readings import MISSING, Reading, Readings
from plant.status import BAD_SENSOR_FAILURE
from plantwatch.api import Health
from plantwatch.app import api_app
from plantwatch.console.interlock_watch import InterlockWatch
from plantwatch.desk import Desk
from plantwatch.findings_store import FindingsStore
from plantwatch.latest import LatestValues

PLANT_FILE = Path(__file__).parents[2] / "simulators" / "plants" / "chlor_alkali.yaml"
NOW = 1_800_000_000 * SECOND


class OneRow:
    """An account with one point."""

    async def snapshot(self) -> LedgerSnapshot:
        return LedgerSnapshot((PointRow("T-101.level", 3, 0, 3, {}, ()),), (), {})


@dataclass
class Api:
    """The application with a token of every role; time stands at ``NOW`` unless a test moves it."""

    app: FastAPI
    desk: Desk
    tokens: dict[Role, str]
    now: list[int]
    parts: dict[str, bool]

    def ask(self, method: str, path: str, token: str | None = None) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
                headers = {} if token is None else {"authorization": f"Bearer {token}"}
                return await client.request(method, path, headers=headers)

        return asyncio.run(go())

    def view(self, path: str) -> httpx.Response:
        return self.ask("GET", path, self.tokens[Role.REGULATOR])


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    plant, now = load_plant(PLANT_FILE), [NOW]
    with Journal(tmp_path / "journal.db") as journal, TokenStore(tmp_path / "tokens.db") as tokens:
        alarm_desk = AlarmDesk(plant, journal, lambda: now[0])
        historian, live, store = MemoryHistorian(), LatestValues(), FindingsStore(tmp_path / "findings.db")
        rows = Readings.from_rows(
            [
                Reading("T-101.level", NOW - 2 * SECOND, 60.0),
                Reading("T-101.level", NOW - SECOND, MISSING, BAD_SENSOR_FAILURE),
            ]
        )
        asyncio.run(historian.write(rows))
        live.restore(rows)
        store.put(
            Finding("IA-01", "IL-301", Severity.CRITICAL, NOW - 9 * SECOND, None, "a trip", "none", "a clause")
        )
        desk = Desk(
            plant, lambda: now[0], 1.0, tokens, live, InterlockWatch(plant), historian, alarm_desk, store,
            OneRow(), EnergyData.packaged(),
        )  # fmt: skip
        refusals = RefusalLog(alarm_desk.note, lambda: now[0])
        made = {r: tokens.create(r, r, now=NOW, expires=NOW + 100 * SECOND) for r in Role}
        parts = {"ingest": True}
        app = api_app(
            desk, refusals, health=lambda: Health(parts), status=lambda: {"plant": "x"}, clock=lambda: now[0]
        )
        found = Api(app, desk, made, now, parts)
        yield found
        store.close()
