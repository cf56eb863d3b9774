"""Who is signed in: bearer tokens stay in this process's memory, a browser holds only a random key."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from plant.clock import SECOND, Clock

LIFETIME = 12 * 3600 * SECOND
"""A session ends this long after sign-in: one shift and a hand-over [ns]."""
TICKET_LIFETIME = 60 * SECOND
MOST = 1000
"""Sessions kept at most; the oldest is signed out first."""


@dataclass(frozen=True, slots=True)
class _Entry:
    token: str
    ends: int


class Sessions:
    """Session keys and one-time tickets, each for a bearer token that is checked again at every use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: OrderedDict[str, _Entry] = OrderedDict()
        self._tickets: OrderedDict[str, _Entry] = OrderedDict()

    def open(self, token: str) -> str:
        """A new session for this token; its random key goes into the signed cookie."""
        return self._put(self._open, token, LIFETIME)

    def token(self, key: str | None) -> str | None:
        """The token of a session; None when there is none or it is over."""
        entry = self._open.get(key or "")
        return entry.token if entry is not None and self._clock() < entry.ends else None

    def close(self, key: str | None) -> None:
        """Sign out."""
        self._open.pop(key or "", None)

    def ticket(self, token: str) -> str:
        """A ticket that opens a session once, within a minute: a page cannot set a cookie, a request can."""
        return self._put(self._tickets, token, TICKET_LIFETIME)

    def redeem(self, ticket: str) -> str | None:
        """The token of a ticket, which is used up by this; None when it is unknown or late."""
        entry = self._tickets.pop(ticket, None)
        return entry.token if entry is not None and self._clock() < entry.ends else None

    def _put(self, shelf: OrderedDict[str, _Entry], token: str, life: int) -> str:
        while len(shelf) >= MOST:
            shelf.popitem(last=False)
        key = secrets.token_urlsafe(32)
        shelf[key] = _Entry(token, self._clock() + life)
        return key
