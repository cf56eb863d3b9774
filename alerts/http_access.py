"""The guard of the HTTP API: bearer tokens, roles, a journal line for each refusal, and a bound on bodies."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plant.access import Action, Principal, Refusal, TokenStore, Why, may
from plant.clock import SECOND, Clock

Needs = Callable[[Action], Any]
"""Gives the FastAPI dependency that yields the ``Principal`` allowed to do the action, or refuses."""
MAX_BODY = 64 * 1024


def needs_factory(store: TokenStore, clock: Clock, on_refused: Callable[[Refusal, str], None]) -> Needs:
    """Make ``needs``: 401 for a missing, wrong, expired or revoked token, 403 for a role that may not.

    Args:
        store: the tokens.
        clock: for their expiry [ns UTC].
        on_refused: hears every refusal with what was asked; ``RefusalLog.refused`` bounds what is written.
    """
    bearer = HTTPBearer(auto_error=False, description="a token that `plantwatch token create` showed")

    def needs(action: Action) -> Any:  # noqa: ANN401 - FastAPI's own type of a dependency
        async def principal(
            request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
        ) -> Principal:
            found = store.authenticate(None if given is None else given.credentials, clock())
            asked = f"{action} {request.method} {request.url.path[:200]}"
            if isinstance(found, Refusal):
                on_refused(found, asked)
                raise HTTPException(401, f"token {found.reason}", {"WWW-Authenticate": "Bearer"})
            if not may(found.role, action):
                on_refused(Refusal(Why.FORBIDDEN, found.name), asked)
                raise HTTPException(403, f"the role {found.role} may not {action}")
            return found

        return Depends(principal)

    return needs


@dataclass(slots=True)
class RefusalLog:
    """Writes refusals to the journal, at most ``most`` lines in ``window``; the rest is one line of counts."""

    note: Callable[[str, str, str | None], None]
    """(event, detail, user): ``AlarmDesk.note``."""
    clock: Clock
    most: int = 20
    window: int = 60 * SECOND
    _start: int | None = field(default=None, init=False)
    _written: int = field(default=0, init=False)
    _held: Counter[str] = field(default_factory=Counter, init=False)

    def refused(self, refusal: Refusal, asked: str) -> None:
        """Hear one refusal."""
        self.turn()
        if self._written < self.most:
            self._written += 1
            self.note("refused", f"{refusal.reason}: {asked}", refusal.name)
        else:
            self._held[str(refusal.reason)] += 1

    def turn(self) -> None:
        """Begin a new window when the present one is over; call it now and then, so that counts get out."""
        now = self.clock()
        if self._start is not None and 0 <= now - self._start < self.window:
            return
        if self._held:
            counts = ", ".join(f"{n} {reason}" for reason, n in sorted(self._held.items()))
            self.note("refused", f"further refusals, counted only: {counts}", None)
        self._start, self._written = now, 0
        self._held.clear()


class BodyLimit:
    """ASGI middleware: a request body over ``most`` bytes is answered with 413 and not read on."""

    def __init__(self, app: ASGIApp, most: int = MAX_BODY, within: float = 10.0) -> None:
        """Wrap ``app``; ``within`` is the longest wait for the whole body [s]."""
        self._app, self._most, self._within = app, most, within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body of an HTTP request up to the limit, then pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._within):
                body = await self._body(scope, receive)
        except TimeoutError:
            await _answer(send, 408, b"the body did not arrive in time")
            return
        if body is None:
            await _answer(send, 413, f"the body is over the limit of {self._most} bytes".encode())
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared[:20]) > self._most:
            return None
        found = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return bytes(found)
            found += message.get("body", b"")
            if len(found) > self._most:
                return None
            if not message.get("more_body", False):
                return bytes(found)


async def invalid(request: Request, error: Exception) -> JSONResponse:
    """Exception handler for a request that does not fit: 422 with place and reason, never the input itself.

    What came may be bytes that no JSON can carry, or a secret in the wrong field.
    """
    del request
    details = error.errors() if isinstance(error, RequestValidationError) else []
    shown = [{key: detail[key] for key in ("loc", "msg", "type")} for detail in details]
    return JSONResponse({"detail": jsonable_encoder(shown)}, 422)


async def _answer(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
