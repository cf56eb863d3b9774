"""Whatever comes over HTTP ends in a clear answer: never a 500, a hang, or a change that nobody asked for."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plant.access import Role
from tests.alerts.api_bench import Bench, api_bench

LENIENT = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
    deadline=None,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with api_bench(tmp_path) as found:
        yield found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "duration_s": st.sampled_from([60, 1e308, 10**400, -1, "60", None]) | st.floats(),
        "reason": st.text(st.characters(), max_size=600) | JSON,
        "out": st.booleans() | JSON,
        "\ud800": JSON,
    },
)
BODIES = st.binary(max_size=200) | (JSON | NEARLY).map(lambda v: json.dumps(v).encode())


@LENIENT
@given(BODIES)
def test_no_body_makes_the_server_fail(bench: Bench, body: bytes) -> None:
    for path in ("shelve", "unshelve", "out-of-service", "reset", "silence"):
        answer = bench.ask("POST", f"/api/v1/alarms/p/1.H/{path}", bench.tokens[Role.ENGINEER], content=body)
        assert answer.status_code in {200, 409, 422}
        assert answer.json()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 60_000, id="deep lists"),
        pytest.param(b'{"a":' * 10_000, id="deep objects"),
        pytest.param(b'{"duration_s": ' + b"9" * 60_000 + b', "reason": "x"}', id="a huge number"),
        pytest.param(b'{"duration_s": 1e999, "reason": "x"}', id="an infinite number"),
        pytest.param(b'{"duration_s": NaN, "reason": "x"}', id="no number"),
        pytest.param(b'{"duration_s": 60, "reason": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"duration_s": 60, "reason": "x", "\\ud800": 1}', id="half a surrogate pair as a name"),
        pytest.param(b'{"duration_s": 60, "reason": "\xff"}', id="no UTF-8"),
        pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"duration_s": 60, "duration_s": 1e9, "reason": "x"}', id="twice, the second wrong"),
    ],
)
def test_known_traps_in_a_body_are_a_422(bench: Bench, body: bytes) -> None:
    rows = bench.journal.head
    answer = bench.ask("POST", "/api/v1/alarms/p/1.H/shelve", bench.tokens[Role.OPERATOR], content=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert bench.journal.head == rows


def test_nothing_of_a_strangers_body_is_looked_at(bench: Bench) -> None:
    """A missing token is a 401 with its line, whatever the body."""
    for body in (b"{", b"[" * 60_000, b"\xff"):
        assert bench.ask("POST", "/api/v1/alarms/p/1.H/shelve", content=body).status_code == 401
        assert bench.desk.history(1)[0].entry.detail.startswith("missing")


def test_an_answer_never_shows_the_input(bench: Bench) -> None:
    body = {"duration_s": "pw_secret", "reason": "x"}
    answer = bench.ask("POST", "/api/v1/alarms/p/1.H/shelve", bench.tokens[Role.OPERATOR], json=body)
    assert answer.status_code == 422
    assert "pw_secret" not in answer.text


PIECES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(lambda t: quote(t, safe="/"))
BYTES = st.binary(max_size=20).map(lambda b: "".join(f"%{x:02X}" for x in b))


@LENIENT
@given(
    PIECES | BYTES, st.sampled_from(["acknowledge", "silence", "shelve", "unshelve", "reset", "out-of-service"])
)
def test_no_path_makes_the_server_fail(bench: Bench, piece: str, command: str) -> None:
    token, body = bench.tokens[Role.ENGINEER], {"duration_s": 1, "reason": "x"}
    rows = bench.journal.head
    for path in (f"/api/v1/alarms/{piece}/{command}", f"/api/v1/alarms/occurrences/{piece}/{command}"):
        for method in ("POST", "GET"):
            assert bench.ask(method, path, token, json=body).status_code in {307, 404, 405, 422}
    assert bench.journal.head == rows


QUERY = st.lists(
    st.tuples(
        st.sampled_from(["limit", "before", "alarm", "hours", "x"]),
        PIECES | BYTES | st.integers().map(str) | st.floats().map(str),
    ),
    max_size=4,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))


@LENIENT
@given(QUERY)
def test_no_query_makes_the_server_fail(bench: Bench, query: str) -> None:
    for path in ("/api/v1/alarms", "/api/v1/alarms/history", "/api/v1/alarms/load", "/api/v1/journal/verify"):
        answer = bench.ask("GET", f"{path}?{query}", bench.tokens[Role.REGULATOR])
        assert answer.status_code in {200, 422}
        assert len(answer.content) < 10_000


@LENIENT
@given(st.binary(max_size=60), st.sampled_from([b"Bearer ", b"bearer  ", b"Basic ", b""]))
def test_no_token_header_makes_the_server_fail_or_opens_it(bench: Bench, token: bytes, scheme: bytes) -> None:
    answer = bench.ask("GET", "/api/v1/alarms", headers_raw=scheme + token.replace(b"\n", b"").replace(b"\r", b""))
    assert answer.status_code == 401
