"""The bound on bodies: by their declared length, by what really comes, and by time."""

import asyncio
from collections.abc import Sequence

import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from alerts.http_access import BodyLimit
from plant.settings import HttpServer
from plantwatch.http import listen, serve_http
from tests.support.mosquitto import free_port


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


class Application:
    """Notes the bodies that it is given."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.after: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        message = await receive()
        self.bodies.append(message["body"])
        self.after.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(
    messages: Sequence[Message], *, length: bytes | None = None, most: int = 10, within: float = 5.0
) -> tuple[int | None, Application]:
    """Status of the answer, None for no answer; when the messages are at an end the client says nothing more."""
    app, left, sent = Application(), list(messages), list[Message]()
    headers = [] if length is None else [(b"content-length", length)]

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(5):
        await BodyLimit(app, most, within)({"type": "http", "headers": headers}, receive, send)
    return (sent[0]["status"] if sent else None), app


async def test_a_body_up_to_the_limit_is_passed_on_whole() -> None:
    status, app = await ask([part(b"12345"), part(b"67890", more=False), GONE])
    assert (status, app.bodies, app.after) == (200, [b"1234567890"], ["http.disconnect"])


async def test_a_request_without_a_body_is_passed_on() -> None:
    status, app = await ask([part(b"", more=False), GONE])
    assert (status, app.bodies) == (200, [b""])


@pytest.mark.parametrize("length", [b"11", b"9" * 5000, b"-1", b"1e9", b"", b" 5", b"0x5", b"5, 5"])
async def test_a_declared_length_over_the_limit_or_none_at_all_is_refused_unread(length: bytes) -> None:
    status, app = await ask([], length=length)
    assert (status, app.bodies) == (413, [])


async def test_chunks_that_grow_over_the_limit_are_refused_without_reading_on() -> None:
    status, app = await ask([part(b"123456"), part(b"78901"), part(b"never read")])
    assert (status, app.bodies) == (413, [])


async def test_more_than_was_declared_is_refused() -> None:
    assert (await ask([part(b"12345678901", more=False)], length=b"3"))[0] == 413


async def test_a_body_that_trickles_is_ended_after_its_time() -> None:
    status, app = await ask([part(b"1"), part(b"2")], within=0.05)
    assert (status, app.bodies) == (408, [])


async def test_half_a_request_of_a_client_that_went_away_is_none() -> None:
    status, app = await ask([part(b"12345"), GONE])
    assert (status, app.bodies) == (None, [])


async def test_other_connections_are_left_alone() -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the form of an application
        seen.append(scope["type"])

    async def nothing() -> Message:
        return {}

    async def drop(message: Message) -> None:
        raise AssertionError(message)

    await BodyLimit(app)({"type": "websocket"}, nothing, drop)
    assert seen == ["websocket"]


# --- over a real server ---------------------------------------------------------------------------


async def say(port: int, *parts: bytes) -> bytes:
    """The whole answer to a request that is sent part by part and then goes no further."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in parts:
        writer.write(one)
        await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"
CHUNK = b"6\r\n123456\r\n"


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        pytest.param([HEAD + b"transfer-encoding: chunked\r\n\r\n", CHUNK, CHUNK], b" 413 ", id="chunks too many"),
        pytest.param([HEAD + b"transfer-encoding: chunked\r\n\r\n", CHUNK], b" 408 ", id="chunks too slow"),
        pytest.param([HEAD + b"content-length: 9\r\n\r\n", b"123"], b" 408 ", id="body too slow"),
        pytest.param([HEAD + b"content-length: 11\r\n\r\n"], b" 413 ", id="declared too long"),
    ],
)
async def test_a_real_server_answers_and_closes_the_connection(parts: list[bytes], status: bytes) -> None:
    app, ready = FastAPI(), asyncio.Event()
    app.add_middleware(BodyLimit, most=10, within=0.2)
    settings = HttpServer(port=free_port())
    serving = asyncio.create_task(serve_http(app, settings, listen(settings), ready=ready.set))
    await ready.wait()
    answer = await say(settings.port, *parts)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert status in answer.partition(b"\r\n")[0]
