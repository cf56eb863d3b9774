"""Every route with every role, over the real desk and token store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from plant.access import Action, Role, may
from plant.clock import SECOND
from tests.alerts.api_bench import NOW, Bench, api_bench

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


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with api_bench(tmp_path) as found:
        yield found


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


def test_the_token_names_the_user_and_a_body_cannot(bench: Bench) -> None:
    (alarm,) = bench.ask("GET", "/api/v1/alarms", bench.tokens[Role.OPERATOR]).json()
    bench.ask("POST", "/api/v1/alarms/p/1.H/silence?user=wang", bench.tokens[Role.ENGINEER], json={"user": "wang"})
    path = f"/api/v1/alarms/occurrences/{alarm['occurrence']}/acknowledge"
    bench.ask("POST", path, bench.tokens[Role.ADMIN], json={"user": "wang"})
    assert [(n.entry.event, n.entry.user) for n in bench.desk.history(2)] == [
        ("acknowledged", "admin"),
        ("silenced", "engineer"),
    ]


def test_shelving_and_back_over_http(bench: Bench) -> None:
    token = bench.tokens[Role.OPERATOR]
    shelve, unshelve = "/api/v1/alarms/p/1.H/shelve", "/api/v1/alarms/p/1.H/unshelve"
    assert bench.ask("POST", unshelve, token).status_code == 409
    assert bench.ask("POST", shelve, token, json={"duration_s": 60, "reason": "换传感器"}).status_code == 200
    (alarm,) = bench.ask("GET", "/api/v1/alarms", token).json()
    assert (alarm["state"], alarm["underlying"], alarm["shelved_by"]) == ("shlvd", "unack", "operator")
    assert (alarm["shelve_reason"], alarm["shelved_until"]) == ("换传感器", NOW + 60 * SECOND)
    assert bench.ask("POST", shelve, token, json={"duration_s": 60, "reason": "x"}).status_code == 409
    bench.now[0] += 60 * SECOND
    (alarm,) = bench.ask("GET", "/api/v1/alarms", token).json()
    assert (alarm["state"], alarm["shelved_until"]) == ("unack", None)


@pytest.mark.parametrize(
    "body",
    [
        {"duration_s": 60},
        {"reason": "x"},
        {"duration_s": 0, "reason": "x"},
        {"duration_s": 28_800.01, "reason": "x"},
        {"duration_s": "60", "reason": "x"},
        {"duration_s": True, "reason": "x"},
        {"duration_s": 60, "reason": ""},
        {"duration_s": 60, "reason": "x" * 501},
        {"duration_s": 60, "reason": "x", "user": "wang"},
        [],
        None,
    ],
)
def test_a_body_that_does_not_fit_is_a_422_and_changes_nothing(bench: Bench, body: object) -> None:
    rows = bench.journal.head
    answer = bench.ask("POST", "/api/v1/alarms/p/1.H/shelve", bench.tokens[Role.OPERATOR], json=body)
    assert answer.status_code == 422
    assert bench.journal.head == rows


def test_a_critical_alarm_is_not_shelved(bench: Bench) -> None:
    body = {"duration_s": 60, "reason": "x"}
    answer = bench.ask("POST", "/api/v1/alarms/p/1.HH/shelve", bench.tokens[Role.ADMIN], json=body)
    assert answer.status_code == 409
    assert "critical" in answer.json()["detail"]


def test_a_latched_alarm_is_acknowledged_and_then_reset(bench: Bench) -> None:
    token = bench.tokens[Role.OPERATOR]
    bench.see("l", 90)
    bench.see("l", 10)
    reset = "/api/v1/alarms/l.H/reset"
    assert "acknowledge" in bench.ask("POST", reset, token).json()["detail"]
    (alarm,) = [a for a in bench.ask("GET", "/api/v1/alarms", token).json() if a["alarm"] == "l.H"]
    assert alarm["state"] == "lunack"
    bench.ask("POST", f"/api/v1/alarms/occurrences/{alarm['occurrence']}/acknowledge", token)
    assert bench.ask("POST", reset, token).status_code == 200
    assert [a["alarm"] for a in bench.ask("GET", "/api/v1/alarms", token).json()] == ["p/1.H"]


def test_out_of_service_and_back_by_an_engineer(bench: Bench) -> None:
    token, path = bench.tokens[Role.ENGINEER], "/api/v1/alarms/p/1.HH/out-of-service"
    assert bench.ask("POST", path, token, json={"out": False}).status_code == 409
    assert bench.ask("POST", path, token, json={"out": True}).status_code == 409, "no reason"
    assert bench.ask("POST", path, token, json={"out": True, "reason": "permit 7"}).status_code == 200
    bench.see("p/1", 99)
    assert bench.desk.history(1)[0].entry.event == "raised", "recorded, though nobody is called"
    assert bench.ask("POST", path, token, json={"out": False}).status_code == 200


def test_the_most_urgent_alarm_comes_first_and_the_newest_of_equals(bench: Bench) -> None:
    bench.see("s", 1)
    bench.see("l", 90)
    bench.see("p/1", 99)
    found = bench.ask("GET", "/api/v1/alarms", bench.tokens[Role.REGULATOR]).json()
    assert [a["alarm"] for a in found] == ["p/1.HH", "l.H", "s.E", "p/1.H"]


def test_pages_of_history_meet_without_hole_or_overlap(bench: Bench) -> None:
    token = bench.tokens[Role.REGULATOR]
    for n in range(25):
        bench.see("p/1", 10 if n % 2 == 0 else 95)
    seen, before = list[int](), ""
    while lines := bench.ask("GET", f"/api/v1/alarms/history?limit=7{before}", token).json():
        seen += [line["seq"] for line in lines]
        before = f"&before={lines[-1]['seq']}"
    assert seen == list(range(26, 0, -1))
    only = bench.ask("GET", "/api/v1/alarms/history?alarm=p/1.HH", token).json()
    assert only == []


def test_the_load_counts_calls_in_ten_minutes_and_names_what_chatters(bench: Bench) -> None:
    for _ in range(4):
        bench.see("p/1", 10)
        bench.see("p/1", 95)
    bench.now[0] += 700 * SECOND
    token = bench.store.create("later", Role.REGULATOR, now=NOW)
    bench.see("s", 1)
    load = bench.ask("GET", "/api/v1/alarms/load?hours=1", token).json()
    # 1,800,000,000 s is a whole number of ten minutes: NOW begins a bin. One call at NOW and four after it.
    assert load["bins"] == [{"start": NOW, "calls": 5}, {"start": NOW + 600 * SECOND, "calls": 1}]
    assert (load["calls"], load["peak"], load["complete"]) == (6, 5, True)
    assert load["chattering"] == ["p/1.H"]
    assert load["flood_share"] == 0
    assert bench.ask("GET", "/api/v1/alarms/load?hours=169", token).status_code == 422


def test_a_broken_chain_is_told(bench: Bench) -> None:
    db = bench.journal._db
    db.execute("DROP TRIGGER no_update")
    db.execute("UPDATE journal SET detail = 'nothing happened' WHERE seq = 1")
    found = bench.ask("GET", "/api/v1/journal/verify", bench.tokens[Role.REGULATOR]).json()
    assert (found["whole"], found["first_broken_row"]) == (False, 1)


def test_while_the_journal_is_away_commands_are_a_503_and_the_list_still_answers(bench: Bench) -> None:
    token = bench.tokens[Role.ENGINEER]
    occurrence = bench.desk.active()[0].occurrence
    bench.journal._db.execute("PRAGMA query_only = ON")
    assert bench.ask("POST", f"/api/v1/alarms/occurrences/{occurrence}/acknowledge", token).status_code == 503
    assert bench.ask("GET", "/api/v1/alarms", token).json()[0]["state"] == "unack"
    assert bench.ask("GET", "/api/v1/alarms").status_code == 401, "a refusal stands though it cannot be written"
    bench.journal._db.execute("PRAGMA query_only = OFF")
    bench.desk.flush()
    assert bench.desk.history(1)[0].entry.event == "refused"


def test_while_tokens_cannot_be_checked_nothing_is_served(bench: Bench) -> None:
    bench.store.close()
    for method, path in NEEDED:
        assert bench.ask(method, filled(bench, path), bench.tokens[Role.ADMIN]).status_code == 503


def test_a_token_put_into_an_address_does_not_get_into_the_journal(bench: Bench) -> None:
    token = bench.tokens[Role.REGULATOR]
    bench.ask("POST", f"/api/v1/alarms/{token}/reset", token)
    bench.ask("POST", f"/api/v1/alarms/{token}/reset?token={token}")
    bench.ask("GET", "/api/v1/alarms", token + "x")
    lines = [line.entry.detail for line in bench.desk.history(3)]
    assert all(line.entry.event == "refused" for line in bench.desk.history(3))
    assert token not in repr(lines)
    assert "/api/v1/alarms/pw_…/reset" in lines[1]


def test_a_flood_of_one_reason_does_not_hide_another(bench: Bench) -> None:
    for _ in range(30):
        bench.ask("GET", "/api/v1/alarms")
    bench.ask("POST", "/api/v1/alarms/p/1.H/reset", bench.tokens[Role.REGULATOR])
    entry = bench.desk.history(1)[0].entry
    assert (entry.user, entry.detail.split(":")[0]) == ("regulator", "forbidden")
