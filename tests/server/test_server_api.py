"""The routes of the roof: what they answer, and that none of them answers without a token."""

import pytest
from fastapi.routing import APIRoute
from server_parts import NOW, Api

from plant.access import Role
from plant.clock import SECOND

VIEWS = ["/api/v1/status", "/api/v1/ledger", "/api/v1/findings", "/api/v1/energy", "/api/v1/points"]
READINGS = f"/api/v1/readings?point=T-101.level&start=0&end={NOW}"


def _paths(api: Api) -> set[tuple[str, str]]:
    found = set()
    for route in api.app.routes:
        inner = getattr(getattr(route, "original_router", None), "routes", [route])
        for r in inner:
            deeper = getattr(getattr(r, "original_router", None), "routes", [r])
            found |= {(m, d.path) for d in deeper if isinstance(d, APIRoute) for m in d.methods}
    return found


def test_health_is_the_only_route_without_a_token(api: Api) -> None:
    paths = _paths(api)
    assert ("GET", "/api/v1/ledger") in paths
    for method, path in sorted(paths - {("GET", "/health")}):
        filled = path.replace("{occurrence}", "x").replace("{alarm:path}", "y")
        assert api.ask(method, filled).status_code == 401, path
    assert api.ask("GET", "/health").status_code == 200


@pytest.mark.parametrize("path", [*VIEWS, READINGS])
@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_look(api: Api, path: str, role: Role) -> None:
    assert api.ask("GET", path, api.tokens[role]).status_code == 200


@pytest.mark.parametrize("path", [*VIEWS, READINGS])
def test_an_expired_token_sees_nothing_and_leaves_a_journal_line(api: Api, path: str) -> None:
    api.now[0] = NOW + 100 * SECOND
    assert api.view(path).status_code == 401
    assert "expired" in api.desk.alarm_desk.history(1)[0].entry.detail


def test_health_tells_which_part_fails_and_nothing_else(api: Api) -> None:
    api.parts["storage"] = False
    answer = api.ask("GET", "/health")
    assert answer.status_code == 503
    assert answer.json() == {"good": False, "parts": {"ingest": True, "storage": False}}


def test_a_reading_without_a_value_is_null_with_its_status_never_zero(api: Api) -> None:
    body = api.view(READINGS).json()
    assert body["complete"]
    assert [(r["value"], r["quality"]) for r in body["readings"]] == [(60.0, "good"), (None, "bad")]
    (last,) = api.view("/api/v1/points").json()
    assert (last["value"], last["status"]) == (None, 0x808C0000)  # BadSensorFailure, OPC 10000-6 annex A


def test_readings_say_when_the_limit_cut_them(api: Api) -> None:
    body = api.view(f"{READINGS}&limit=1").json()
    assert (body["complete"], len(body["readings"])) == (False, 1)


@pytest.mark.parametrize(
    "query", ["", "?point=a&start=5&end=5", "?point=a&start=x&end=9", "?point=a&start=0&end=-1"]
)
def test_a_question_that_makes_no_sense_is_422(api: Api, query: str) -> None:
    assert api.view(f"/api/v1/readings{query}").status_code == 422


def test_findings_are_found_by_subject_and_time(api: Api) -> None:
    assert [f["rule"] for f in api.view("/api/v1/findings?subject=IL-301").json()] == ["IA-01"]
    assert api.view("/api/v1/findings?subject=IL-999").json() == []
    assert api.view(f"/api/v1/findings?start={NOW}").json() == []
