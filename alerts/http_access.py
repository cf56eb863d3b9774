"""The guard of the HTTP API: bearer tokens, roles, a journal line for each refusal, and a bound on bodies."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.notes import Note, SparingNotes
from plant.access import PREFIX, Action, Principal, Refusal, TokenStore, Why, may
from plant.clock import Clock
from plant.errors import Unavailable

B = TypeVar("B", bound=BaseModel)

Needs = Callable[[Action], Any]
"""Gives the FastAPI dependency that yields the ``Principal`` allowed to do the action, or refuses."""
MAX_BODY = 64 * 1024
_TOKEN = re.compile(rf"{PREFIX}[\w-]+")
"""What could be a token that somebody put into an address."""


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
            try:
                found = store.authenticate(None if given is None else given.credentials, clock())
            except Unavailable as error:
                raise HTTPException(
                    503, "tokens cannot be checked now, so nothing is served; try again"
                ) from error
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


class RefusalLog:
    """Writes refusals to the journal, sparingly: see ``SparingNotes``. Never with a token in them."""

    def __init__(self, note: Note, clock: Clock, *, most: int = 20) -> None:
        """Compose; ``note`` is ``AlarmDesk.note``, ``most`` the lines of each reason in a minute."""
        self._notes = SparingNotes(note, clock, "refused", most)

    def refused(self, refusal: Refusal, asked: str) -> None:
        """Hear one refusal; never raises, as a refusal stands whether or not it can be written."""
        self._notes.add(str(refusal.reason), _TOKEN.sub(f"{PREFIX}…", asked), refusal.name)

    def turn(self) -> None:
        """Call it now and then, so that what was only counted gets out."""
        self._notes.turn()


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
        except ConnectionError:
            return  # half a request is no request, and nobody is there to hear so
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
                raise ConnectionError
            found += message.get("body", b"")
            if len(found) > self._most:
                return None
            if not message.get("more_body", False):
                return bytes(found)


async def body(request: Request, model: type[B]) -> B:
    """The body of a request that was let in; call it after the guard, so that a stranger's body is not looked at.

    Raises:
        RequestValidationError: it does not fit.
    """
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from None


async def invalid(request: Request, error: Exception) -> Response:
    """Exception handler for a request that does not fit: 422 with place and reason, never the input itself.

    What came may be bytes that no JSON can carry, or a secret in the wrong field.
    """
    del request
    details = error.errors() if isinstance(error, RequestValidationError) else []
    shown = [{"loc": list(d["loc"]), "msg": d["msg"], "type": d["type"]} for d in details]
    return Response(json.dumps({"detail": shown}), 422, media_type="application/json")


async def _answer(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
