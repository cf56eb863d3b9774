"""Every route with every role, over the real desk and token store."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.api import router
from alerts.desk import AlarmDesk
from alerts.http_access import BodyLimit, RefusalLog, invalid, needs_factory
from alerts.journal import Journal
from plant.access import Action, Role, TokenStore, may
from plant.clock import SECOND
from plant.model import Plant
from plant.readings import Reading, Readings

NOW = 1_800_000_000 * SECOND

NEEDED = {
    ("GET", "/api/v1/alarms"): Action.VIEW,
    ("GET", "/api/v1/alarms/history"): Action.VIEW,
    ("GET", "/api/v1/alarms/load"): Action.VIEW,
    ("GET", "/api/v1/journal/verify"): Action.VIEW,
    ("POST", "/api/v1/alarms/occurrences/{occurrence}/acknowledge"): Action.ACKNOWLEDGE,
    ("POST", "/api/v1/alarms/{alarm:path}/silence"): Action.ACKNOWLEDGE,
    ("POST", "/api/v1/alarms/{alarm:path}/shelve"): Action.SHELVE,
    ("POST", "/api/v1/alarms/{alarm:path}/unshelve"): Action.SHELVE,
    ("POST", "/api/v1/alarms/{alarm:path}/reset"): Action.RESET,
    ("POST", "/api/v1/alarms/{alarm:path}/out-of-service"): Action.OUT_OF_SERVICE,
}
BODY = {"shelve": {"duration_s": 60.0, "reason": "sensor change"}, "out-of-service": {"out": True, "reason": "x"}}


@dataclass
class Bench:
    app: FastAPI
    desk: AlarmDesk
    tokens: dict[Role, str]
    store: TokenStore
    now: list[int]

    def ask(self, method: str, path: str, token: str | None = None, **more: object) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
                headers = {} if token is None else {"authorization": f"Bearer {token}".encode("latin1")}
                return await client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]

        return asyncio.run(go())


@pytest.fixture
def bench(plant: Plant, tmp_path: Path) -> Iterator[Bench]:
    now = [NOW]
    with Journal(tmp_path / "journal.db") as journal, TokenStore(tmp_path / "tokens.db") as store:
        desk = AlarmDesk(plant, journal, lambda: now[0])
        desk.readings(Readings.from_rows([Reading("p/1", NOW, 95.0)]))
        log = RefusalLog(desk.note, lambda: now[0])
        app = FastAPI(openapi_url=None)
        app.include_router(router(desk, needs_factory(store, lambda: now[0], log.refused)))
        app.add_middleware(BodyLimit)
        app.add_exception_handler(RequestValidationError, invalid)
        tokens = {role: store.create(role, role, now=NOW, expires=NOW + 100 * SECOND) for role in Role}
        yield Bench(app, desk, tokens, store, now)


def routes(app: FastAPI) -> list[tuple[str, str]]:
    found = []
    for route in app.routes:
        inner = getattr(getattr(route, "original_router", None), "routes", [route])
        found += [(m, r.path) for r in inner if isinstance(r, APIRoute) for m in r.methods]
    return found


def filled(bench: Bench, path: str) -> str:
    occurrence = bench.desk.active()[0].occurrence or ""
    return path.replace("{occurrence}", occurrence).replace("{alarm:path}", "p/1.H")


def test_every_route_has_a_rule_here(bench: Bench) -> None:
    assert sorted(routes(bench.app)) == sorted(NEEDED)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("method", "path"), list(NEEDED))
def test_a_role_gets_exactly_what_it_may(bench: Bench, method: str, path: str, role: Role) -> None:
    body = BODY.get(path.rsplit("/", 1)[-1])
    status = bench.ask(method, filled(bench, path), bench.tokens[role], json=body).status_code
    if may(role, NEEDED[method, path]):
        assert status in {200, 409}
    else:
        assert status == 403
        assert "forbidden" in bench.desk.history(1)[0].entry.detail


@pytest.mark.parametrize("method_path", list(NEEDED), ids=lambda p: p[1])
def test_without_a_good_token_nothing_is_served_and_the_journal_says_so(
    bench: Bench, method_path: tuple[str, str]
) -> None:
    method, path = method_path[0], filled(bench, method_path[1])
    body = BODY.get(path.rsplit("/", 1)[-1])
    expected = []
    for token, reason in [
        (None, "missing"),
        ("pw_wrong", "unknown"),
        ("é".encode().decode("latin1"), "unknown"),
    ]:
        assert bench.ask(method, path, token, json=body).status_code == 401
        expected.append(reason)
    bench.store.revoke("admin")
    assert bench.ask(method, path, bench.tokens[Role.ADMIN], json=body).status_code == 401
    bench.now[0] = NOW + 100 * SECOND
    assert bench.ask(method, path, bench.tokens[Role.ENGINEER], json=body).status_code == 401
    lines = [line.entry.detail.split(":")[0] for line in bench.desk.history(5)]
    assert lines[::-1] == [*expected, "revoked", "expired"]


def test_a_flood_of_refusals_writes_a_bounded_number_of_lines_and_counts_the_rest(bench: Bench) -> None:
    before = bench.desk.history(1)[0].seq
    for _ in range(50):
        bench.ask("GET", "/api/v1/alarms")
    assert bench.desk.history(1)[0].seq - before == 20
    bench.now[0] += 61 * SECOND
    bench.ask("GET", "/api/v1/alarms")
    assert "30 missing" in bench.desk.history(2)[1].entry.detail


def test_the_way_of_an_alarm_over_http(bench: Bench) -> None:
    token = bench.tokens[Role.OPERATOR]
    (alarm,) = bench.ask("GET", "/api/v1/alarms", token).json()
    assert (alarm["alarm"], alarm["state"]) == ("p/1.H", "unack")
    path = f"/api/v1/alarms/occurrences/{alarm['occurrence']}/acknowledge"
    assert bench.ask("POST", path, token).status_code == 200
    assert bench.ask("POST", path, token).status_code == 409
    assert bench.ask("POST", "/api/v1/alarms/occurrences/nothing/acknowledge", token).status_code == 404
    (line, *_) = bench.ask("GET", "/api/v1/alarms/history", token).json()
    assert (line["event"], line["user"]) == ("acknowledged", "operator")
    verdict = bench.ask("GET", "/api/v1/journal/verify", token).json()
    assert (verdict["whole"], verdict["first_broken_row"]) == (True, None)
    assert (verdict["rows"], verdict["head"]) == (line["seq"], line["hash"])


def test_a_body_over_the_limit_is_refused(bench: Bench) -> None:
    big = b'{"reason": "' + b"x" * 70_000 + b'"}'
    path = "/api/v1/alarms/p/1.H/shelve"
    assert bench.ask("POST", path, bench.tokens[Role.OPERATOR], content=big).status_code == 413


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()))
def test_no_body_makes_the_server_fail(bench: Bench, body: bytes) -> None:
    for path in ("shelve", "out-of-service"):
        answer = bench.ask("POST", f"/api/v1/alarms/p/1.H/{path}", bench.tokens[Role.ENGINEER], content=body)
        assert answer.status_code == 422
