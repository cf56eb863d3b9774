"""The webhook against a real HTTP server: signed, in order, at least once, with a receipt of every attempt."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from alerts.journal import Entry, Line
from alerts.notifiers.webhook import Target, Transport, Webhook
from alerts.outbox import Outbox
from alerts.routing import Route
from plant.clock import SECOND
from plant.errors import FixError
from plant.model import Priority
from plant.service import Backoff
from plantwatch.certificates import Authority
from tests.alerts.receiver import Answer, Receiver, Request, receiver

KEY = b"a secret of thirty-two bytes ...".ljust(32, b".")
SECRET = "whsec_" + base64.b64encode(KEY).decode()
ROUTE = Route(target="duty", priority=Priority.LOW)
OK, DOWN = Answer(), Answer(503, b"later")
T0 = 1_800_000_000 * SECOND


class Waits:
    """A sleep that only notes how long."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def line(seq: int, priority: str = "high") -> Line:
    alarm = {"id": f"alarm {seq}", "subject": "p", "origin": "limit", "priority": priority, "message": "压力高"}
    after = {"alarm": alarm, "state": {"active": True}, "open": [], "annunciate": True, "phase": "unack"}
    return Line(seq, Entry(T0, T0, "raised", f"alarm {seq}", f"o{seq}", detail="value 95", after=after), "ab" * 32)


def webhook(
    outbox: Outbox,
    url: str,
    sleep: Callable[[float], Awaitable[None]],
    *,
    timeout: float = 5.0,
    authority: Path | None = None,
) -> Webhook:
    transport = Transport.PLAIN if url.startswith("http:") else Transport.HTTPS
    target = Target(url, SECRET, transport, timeout, authority)
    return Webhook(
        "plant", target, outbox, ROUTE, lambda: T0, sleep=sleep, backoff=Backoff(5.0, 300.0, chance=lambda: 1.0)
    )


@asynccontextmanager
async def running(hook: Webhook) -> AsyncIterator[None]:
    task = asyncio.create_task(hook.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def empty(outbox: Outbox) -> None:
    async with asyncio.timeout(10):
        while outbox.waiting:  # noqa: ASYNC110 - the outbox has no event for an outsider
            await asyncio.sleep(0.002)


async def deliver(tmp_path: Path, *answers: Answer, lines: int = 1) -> tuple[Receiver, Outbox, Waits, Webhook]:
    """Everything delivered or put aside, over one server with these answers."""
    waits, outbox = Waits(), Outbox(tmp_path / "outbox.db")
    async with receiver(*answers) as server:
        hook = webhook(outbox, f"http://127.0.0.1:{server.port}/hook", waits)
        hook.offer([line(n + 1) for n in range(lines)])
        async with running(hook):
            await empty(outbox)
    return server, outbox, waits, hook


def ids(requests: list[Request]) -> list[str]:
    return [r.headers["webhook-id"] for r in requests]


async def test_what_arrives_is_signed_as_standard_webhooks_says(tmp_path: Path) -> None:
    server, _, _, _ = await deliver(tmp_path)
    (request,) = server.requests
    signed = f"{request.headers['webhook-id']}.{T0 // SECOND}.".encode() + request.body
    digest = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert request.headers["webhook-signature"] == f"v1,{digest}"
    assert request.headers["webhook-timestamp"] == str(T0 // SECOND)
    assert request.headers["content-type"] == "application/cloudevents+json"
    event = json.loads(request.body)
    assert (event["id"], event["type"], event["subject"]) == (
        request.headers["webhook-id"],
        "io.plantwatch.alarm.raised",
        "alarm 1",
    )
    assert event["data"]["alarm"]["message"] == "压力高"


@pytest.mark.parametrize(
    "failure",
    [
        *(pytest.param(Answer(s), id=str(s)) for s in (401, 403, 404, 408, 425, 429, 500, 502, 503)),
        pytest.param(Answer(reset=True), id="connection reset"),
        pytest.param(Answer(301, headers=[("location", "/elsewhere")]), id="redirect"),
        pytest.param(Answer(300), id="300"),
    ],
)
async def test_a_failure_is_tried_again_in_order_under_the_same_id_with_a_receipt(
    tmp_path: Path, failure: Answer
) -> None:
    server, outbox, waits, hook = await deliver(tmp_path, failure, failure, OK, lines=2)
    first, second = f"1-{'ab' * 6}", f"2-{'ab' * 6}"
    assert ids(server.requests) == [first, first, first, second]
    assert [r.id for r in outbox.receipts()] == [second, first, first, first]
    status = None if failure.reset else failure.status
    assert [r.status for r in outbox.receipts()] == [200, 200, status, status]
    assert (waits.seconds, hook.refused) == ([5.0, 10.0], 0)


@pytest.mark.parametrize("status", [413, 415, 422])
async def test_an_answer_about_this_very_message_puts_it_aside_and_the_next_goes_on(
    tmp_path: Path, status: int
) -> None:
    server, outbox, waits, hook = await deliver(tmp_path, Answer(status, b"no"), OK, lines=2)
    assert ids(server.requests) == [f"1-{'ab' * 6}", f"2-{'ab' * 6}"]
    assert [(r.status, r.text) for r in outbox.receipts()] == [(200, ""), (status, "no")]
    assert (waits.seconds, hook.refused) == ([], 1)


async def test_a_bad_request_is_tried_five_times_before_it_is_put_aside(tmp_path: Path) -> None:
    """Receivers say 400 for a wrong signature or clock too: then nothing may be thrown away at once."""
    server, _, _, hook = await deliver(tmp_path, *[Answer(400)] * 5, OK, lines=2)
    assert ids(server.requests) == [f"1-{'ab' * 6}"] * 5 + [f"2-{'ab' * 6}"]
    assert hook.refused == 1


async def test_a_bad_request_that_was_none_is_delivered(tmp_path: Path) -> None:
    server, _, _, hook = await deliver(tmp_path, *[Answer(400)] * 4, OK, *[Answer(400)] * 4, OK, lines=2)
    assert len(server.requests) == 10
    assert hook.refused == 0


async def test_gone_ends_the_deliveries_until_a_restart(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        async with receiver(Answer(410)) as server:
            hook = webhook(outbox, f"http://127.0.0.1:{server.port}/", Waits())
            hook.offer([line(1), line(2)])
            async with asyncio.timeout(10):
                await hook.run()
        assert hook.gone
        assert (len(server.requests), outbox.waiting) == (1, 2)


async def test_a_redirect_is_never_followed(tmp_path: Path) -> None:
    async with receiver() as other:
        away = Answer(307, headers=[("location", f"http://127.0.0.1:{other.port}/")])
        await deliver(tmp_path, away, OK)
        assert other.requests == []


async def test_waits_double_to_five_minutes_and_begin_anew_after_success(tmp_path: Path) -> None:
    _, _, waits, _ = await deliver(tmp_path, *[DOWN] * 8, OK, DOWN, OK, lines=2)
    assert waits.seconds == [5, 10, 20, 40, 80, 160, 300, 300, 5]


@pytest.mark.parametrize(
    ("header", "wait"),
    [("120", 120), ("2", 5), ("9" * 400, 3600), ("-1", 5), ("soon", 5), ("1e3", 5), ("٣", 5), ("", 5)],
)
async def test_retry_after_is_honoured_within_bounds(tmp_path: Path, header: str, wait: float) -> None:
    _, _, waits, _ = await deliver(tmp_path, Answer(429, headers=[("retry-after", header)]), OK)
    assert waits.seconds == [wait]


@pytest.mark.parametrize("answer", [Answer(hang=30), Answer(trickle=True)], ids=["hangs", "trickles"])
async def test_an_attempt_ends_after_its_time(tmp_path: Path, answer: Answer) -> None:
    waits = Waits()
    with Outbox(tmp_path / "outbox.db") as outbox:
        async with receiver(answer, OK) as server:
            hook = webhook(outbox, f"http://127.0.0.1:{server.port}/", waits, timeout=0.3)
            hook.offer([line(1)])
            async with running(hook):
                await empty(outbox)
        accepted, failed = outbox.receipts()
    assert (accepted.status, failed.status) == (200, None)
    assert "Timeout" in failed.text


async def test_of_a_long_answer_only_the_start_is_read(tmp_path: Path) -> None:
    _, outbox, _, _ = await deliver(tmp_path, Answer(500, b"\xff" * 10**6), Answer(200, b"x" * 600, trickle=True))
    assert len(outbox.receipts()[1].text) == 500
    assert len(outbox.receipts()) == 2, "the endless answer was accepted after its first bytes"


async def test_nobody_listening_is_a_failure_like_any_other(tmp_path: Path) -> None:
    waits = Waits()
    with Outbox(tmp_path / "outbox.db") as outbox:
        async with receiver() as server:
            port = server.port
        hook = webhook(outbox, f"http://127.0.0.1:{port}/", waits)
        hook.offer([line(1)])
        async with running(hook), asyncio.timeout(10):
            while len(waits.seconds) < 3:  # noqa: ASYNC110 - counted by our own fake
                await asyncio.sleep(0)
        assert outbox.waiting == 1
        assert "ConnectError" in outbox.receipts()[0].text


async def test_after_a_restart_it_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with Outbox(path) as outbox:
        async with receiver(OK, DOWN) as server:
            hook = webhook(outbox, f"http://127.0.0.1:{server.port}/", Waits())
            hook.offer([line(n) for n in (1, 2, 3)])
            async with running(hook):
                await server.wait(3)
    with Outbox(path) as outbox:
        async with receiver() as server:
            hook = webhook(outbox, f"http://127.0.0.1:{server.port}/", Waits())
            assert hook.cursor == 3
            hook.offer([line(4)])
            async with running(hook):
                await empty(outbox)
    assert [i.partition("-")[0] for i in ids(server.requests)] == ["2", "3", "4"]


async def test_the_proxies_of_the_environment_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server, _, _, _ = await deliver(tmp_path)
    assert len(server.requests) == 1


async def test_a_critical_alarm_does_not_wait_behind_lesser_ones(tmp_path: Path) -> None:
    async with receiver() as server:
        with Outbox(tmp_path / "outbox.db") as outbox:
            hook = webhook(outbox, f"http://127.0.0.1:{server.port}/", Waits())
            hook.offer([*[line(n) for n in range(1, 4)], line(4, "critical"), line(5, "critical")])
            async with running(hook):
                await empty(outbox)
    assert [i.partition("-")[0] for i in ids(server.requests)] == ["4", "5", "1", "2", "3"]


# --- TLS ------------------------------------------------------------------------------------------


async def tls(tmp_path: Path, folder: Path, *, authority: Path | None, host: str = "127.0.0.1") -> str:
    """Text of the first receipt from a server with a certificate of ``folder``; empty when accepted."""
    identity = Authority(folder).issue("receiver")
    with Outbox(tmp_path / f"{host}.db") as outbox:
        async with receiver(host=host, identity=identity) as server:
            hook = webhook(outbox, f"https://{host}:{server.port}/", Waits(), authority=authority)
            hook.offer([line(1)])
            async with running(hook), asyncio.timeout(10):
                while not outbox.receipts():  # noqa: ASYNC110 - the outbox has no event for an outsider
                    await asyncio.sleep(0.002)
        assert (outbox.receipts()[-1].status == 200) == bool(server.requests)
        return outbox.receipts()[-1].text


async def test_a_certificate_is_verified_against_the_given_authority_and_the_host(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    assert "CERTIFICATE_VERIFY_FAILED" in await tls(tmp_path, ours, authority=None)
    (tmp_path / "127.0.0.1.db").unlink()
    assert await tls(tmp_path, ours, authority=ours / "ca.pem") == ""
    assert "mismatch" in await tls(tmp_path, ours, authority=ours / "ca.pem", host="127.0.0.2")
    Authority(tmp_path / "theirs").issue("receiver")
    (tmp_path / "127.0.0.1.db").unlink()
    text = await tls(tmp_path, ours, authority=tmp_path / "theirs" / "ca.pem")
    assert "CERTIFICATE_VERIFY_FAILED" in text


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        pytest.param(Target("http://host/", SECRET), "https", id="plain without the switch"),
        pytest.param(Target("https://user:word@host/", SECRET), "without a user name", id="user name"),
        pytest.param(Target("https:///path", SECRET), "https", id="no host"),
        pytest.param(Target("ftp://host/", SECRET, Transport.PLAIN), "https", id="another protocol"),
        pytest.param(Target("https://ho st/\0", SECRET), "address", id="no address"),
        pytest.param(Target("https://host/", "secret"), "whsec_", id="no secret"),
        pytest.param(
            Target("https://host/", SECRET, authority=Path("/nowhere.pem")), "nowhere", id="no authority"
        ),
    ],
)
def test_a_wrong_setting_is_said_at_the_start(tmp_path: Path, target: Target, reason: str) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox, pytest.raises(FixError, match=reason) as refused:
        Webhook("plant", target, outbox, ROUTE, lambda: T0)
    assert SECRET not in str(refused.value)


async def test_the_secret_is_in_no_receipt_and_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    _, outbox, _, _ = await deliver(tmp_path, DOWN, Answer(422), lines=2)
    seen = caplog.text + repr(outbox.receipts()) + repr(Target("https://host/", SECRET))
    assert SECRET not in seen
    assert KEY.decode() not in seen
