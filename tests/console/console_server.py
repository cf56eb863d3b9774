"""The console on a free port of this machine, for tests and pictures: ``with serving(desk) as url``."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from plantwatch.console.data import ConsoleData
from plantwatch.console.mount import mount_console

CODE = "demo-code"
"""A one-time link's code; the first use signs an operator in."""


def application(desk: ConsoleData) -> FastAPI:
    """An app with nothing but the console."""
    app = FastAPI()
    codes = {CODE: "operator-token"}
    mount_console(app, desk, lambda code: codes.pop(code, None), "not a secret: a test")
    return app


@contextlib.contextmanager
def serving(desk: ConsoleData) -> Iterator[str]:
    """Serve until the block ends; gives the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(application(desk), log_level="warning", lifespan="on"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
