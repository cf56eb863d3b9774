"""A real HTTP server for webhooks: answers as the test says, and remembers what came."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from plantwatch.certificates import Identity


@dataclass(frozen=True)
class Answer:
    """What to say to one request: after ``hang`` [s]; with ``trickle`` it never ends."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    hang: float = 0.0
    trickle: bool = False
    reset: bool = False


@dataclass(frozen=True)
class Request:
    """What came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Gives the answers one after the other, the last one for ever."""

    answers: list[Answer]
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, count: int) -> None:
        """Return when ``count`` requests have come."""
        async with asyncio.timeout(10):
            while len(self.requests) < count:
                self.came.clear()
                await self.came.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while line := await reader.readline():
                await self._one(line, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client went away: what came is remembered
        finally:
            writer.close()

    async def _one(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        headers = dict[str, str]()
        while (header := (await reader.readline()).decode().strip()) != "":
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.requests.append(Request(line.split()[1].decode(), headers, body))
        self.came.set()
        await _say(answer, writer)


async def _say(answer: Answer, writer: asyncio.StreamWriter) -> None:
    if answer.reset:
        writer.transport.abort()
        raise ConnectionResetError
    await asyncio.sleep(answer.hang)
    more = "".join(f"{n}: {v}\r\n" for n, v in answer.headers)
    length = 10**6 if answer.trickle else len(answer.body)
    writer.write(f"HTTP/1.1 {answer.status} X\r\n{more}content-length: {length}\r\n\r\n".encode() + answer.body)
    await writer.drain()
    while answer.trickle:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


@asynccontextmanager
async def receiver(
    *answers: Answer, host: str = "127.0.0.1", identity: Identity | None = None
) -> AsyncIterator[Receiver]:
    """A receiver on a free port; with an identity it speaks TLS."""
    context = None
    if identity is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(identity.certificate, identity.key)
    found = Receiver(list(answers) or [Answer()])
    server = await asyncio.start_server(found.serve, host, 0, ssl=context)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
