"""The alarm API over the real desk, journal and token store, asked over ASGI."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from alerts.api import router
from alerts.desk import AlarmDesk
from alerts.http_access import BodyLimit, RefusalLog, invalid, needs_factory
from alerts.journal import Journal
from plant.access import Role, TokenStore
from plant.clock import SECOND
from plant.readings import Reading, Readings
from tests.alerts.alarm_plant import make_plant

NOW = 1_800_000_000 * SECOND
"""Where every bench begins [ns UTC]."""


@dataclass
class Bench:
    """The application and what stands behind it."""

    app: FastAPI
    desk: AlarmDesk
    tokens: dict[Role, str]
    store: TokenStore
    now: list[int]
    journal: Journal

    def see(self, point: str, value: float) -> None:
        """A reading, a second later."""
        self.now[0] += SECOND
        self.desk.readings(Readings.from_rows([Reading(point, self.now[0], value)]))

    def ask(
        self, method: str, path: str, token: str | None = None, *, headers_raw: bytes | None = None, **more: object
    ) -> httpx.Response:
        """Ask once; an error inside the application is raised here."""

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
                given = headers_raw if token is None else f"Bearer {token}".encode("latin1")
                headers = {} if given is None else {"authorization": given}
                return await client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]

        return asyncio.run(go())


@contextmanager
def api_bench(folder: Path) -> Iterator[Bench]:
    """One alarm stands: ``p/1.H``; a token for each role, all valid for 100 s."""
    now = [NOW]
    with Journal(folder / "journal.db") as journal, TokenStore(folder / "tokens.db") as store:
        desk = AlarmDesk(make_plant(), journal, lambda: now[0])
        desk.readings(Readings.from_rows([Reading("p/1", NOW, 95.0)]))
        log = RefusalLog(desk.note, lambda: now[0])
        app = FastAPI(openapi_url=None)
        app.include_router(router(desk, needs_factory(store, lambda: now[0], log.refused)))
        app.add_middleware(BodyLimit)
        app.add_exception_handler(RequestValidationError, invalid)
        tokens = {role: store.create(role, role, now=NOW, expires=NOW + 100 * SECOND) for role in Role}
        yield Bench(app, desk, tokens, store, now, journal)
