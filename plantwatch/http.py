"""The web server inside our own event loop: FastAPI on uvicorn, without signals or threads of its own."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from plant.errors import FixError
from plant.settings import HttpServer

_log = logging.getLogger(__name__)
_GRACE = 3
"""Time that open pages have to finish when the server stops [s]."""


class _Quiet(uvicorn.Server):
    """Leaves the signals to ``plant.service``, and says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing."""
        yield


def listen(settings: HttpServer) -> socket.socket:
    """The listening socket.

    Raises:
        FixError: the address is not ours, or somebody listens there already.
    """
    try:
        return socket.create_server((settings.host, settings.port), reuse_port=False)
    except OSError as error:
        raise FixError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; stop what listens there, or set"
            " PLANTWATCH_HTTP__PORT to another port"
        ) from error


async def serve_http(
    app: FastAPI, settings: HttpServer, listener: socket.socket, *, ready: Callable[[], None]
) -> None:
    """Serve ``app`` until cancelled; then open pages get a short time to finish.

    Args:
        app: what to serve.
        settings: its certificate and key; plain HTTP without (then it listens on this machine only).
        listener: from ``listen``; closed at the end.
        ready: called once requests are answered.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.private_key,
    )
    server = _Quiet(config, ready)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait((serving,), timeout=2 * _GRACE)
        serving.cancel()
        listener.close()
