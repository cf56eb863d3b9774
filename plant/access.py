"""Who may do what: roles, actions, and tokens of which only a hash is stored."""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from plant.errors import FixError, Unavailable

PREFIX = "pw_"
"""Every token begins so: secret scanners can find one that leaked."""
_TOKEN_BYTES = 32
_MAX_TOKEN = 128
_MAX_NAME = 80


class Role(StrEnum):
    """What a person or a program is at this plant."""

    OPERATOR = "operator"
    ENGINEER = "engineer"
    REGULATOR = "regulator"
    ADMIN = "admin"


class Action(StrEnum):
    """What can be asked of the platform."""

    VIEW = "view"
    ACKNOWLEDGE = "acknowledge"
    """Acknowledge and silence."""
    SHELVE = "shelve"
    """Shelve, and take back from the shelf."""
    RESET = "reset"
    OUT_OF_SERVICE = "out_of_service"
    """Take an alarm out of service, and return it."""
    CONFIGURE = "configure"
    """Change limits, plant file and rules."""
    WRITE_DATA = "write_data"
    MANAGE_TOKENS = "manage_tokens"


_OPERATOR = frozenset({Action.VIEW, Action.ACKNOWLEDGE, Action.SHELVE, Action.RESET})
_ENGINEER = _OPERATOR | {Action.OUT_OF_SERVICE, Action.CONFIGURE, Action.WRITE_DATA}
_ALLOWED = {
    Role.REGULATOR: frozenset({Action.VIEW}),
    Role.OPERATOR: _OPERATOR,
    Role.ENGINEER: _ENGINEER,
    Role.ADMIN: frozenset(Action),
}


def may(role: Role, action: Action) -> bool:
    """Whether the role is allowed the action; a regulator only looks."""
    return action in _ALLOWED[role]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request comes from."""

    name: str
    role: Role


class Why(StrEnum):
    """Why a token is refused."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    FORBIDDEN = "forbidden"
    """The token is good, the role is not allowed the action."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused access; never carries the token."""

    reason: Why
    name: str | None = None
    """The token's name, when it is known."""


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A stored token, without its secret."""

    name: str
    role: Role
    created: int
    """[ns UTC]."""
    expires: int | None
    """[ns UTC]; None never."""
    revoked: bool


_TABLE = """
CREATE TABLE IF NOT EXISTS token (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, created INTEGER NOT NULL,
    expires INTEGER, revoked INTEGER NOT NULL DEFAULT 0) STRICT
"""


class TokenStore:
    """The tokens in one SQLite file. A token has 256 random bits, so a plain SHA-256 cannot be reversed.

    Every method raises ``Unavailable`` when the file cannot be used now: then nobody is let in.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable for its owner only.

        Raises:
            FixError: it cannot be opened.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(_TABLE)
        except (sqlite3.Error, OSError) as error:
            raise FixError(f"token store {path} cannot be opened: {error}; restore it from a backup") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def create(self, name: str, role: Role, *, now: int, expires: int | None = None) -> str:
        """A new token: shown this once, stored only as its hash.

        Args:
            name: who holds it; stands in the alarm journal.
            role: what the holder may do.
            now: present time [ns UTC].
            expires: end of its life [ns UTC]; None never.

        Raises:
            FixError: the name is empty, too long or taken, or the token would be expired already.
        """
        if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
            raise FixError(f"token name {name[:_MAX_NAME]!r} must be 1 to {_MAX_NAME} printable characters")
        if expires is not None and expires <= now:
            raise FixError(f"token {name!r} would be expired already; give a later time")
        token = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        try:
            with self._translated():
                self._db.execute(
                    "INSERT INTO token VALUES (?, ?, ?, ?, ?, 0)", (_hash(token), name, role.value, now, expires)
                )
        except sqlite3.IntegrityError as error:
            raise FixError(f"a token named {name!r} exists already; revoke it or take another name") from error
        return token

    def list(self) -> tuple[TokenInfo, ...]:
        """All tokens by name, revoked ones included."""
        with self._translated():
            rows = self._db.execute("SELECT name, role, created, expires, revoked FROM token ORDER BY name")
            return tuple(TokenInfo(n, Role(r), c, e, bool(x)) for n, r, c, e, x in rows)

    def revoke(self, name: str) -> None:
        """End a token now and for good.

        Raises:
            FixError: no token has this name.
        """
        with self._translated():
            ended = self._db.execute("UPDATE token SET revoked = 1 WHERE name = ?", (name,)).rowcount
        if not ended:
            raise FixError(f"no token is named {name!r}; list the tokens to see the names")

    def authenticate(self, token: str | None, now: int) -> Principal | Refusal:
        """Who holds this token at ``now`` [ns UTC], or why it is refused."""
        if not token:
            return Refusal(Why.MISSING)
        found = self._find(token) if len(token) <= _MAX_TOKEN else None
        if found is None:
            return Refusal(Why.UNKNOWN)
        name, role, expires, revoked = found
        if revoked:
            return Refusal(Why.REVOKED, name)
        if expires is not None and now >= expires:
            return Refusal(Why.EXPIRED, name)
        if role not in set(Role):
            return Refusal(Why.UNKNOWN, name)  # a file of another version: better nobody than anybody
        return Principal(name, Role(role))

    def _find(self, token: str) -> tuple[str, str, int | None, int] | None:
        wanted = _hash(token)
        with self._translated():
            found = self._db.execute(
                "SELECT hash, name, role, expires, revoked FROM token WHERE hash = ?", (wanted,)
            ).fetchone()
        return found[1:] if found is not None and hmac.compare_digest(found[0], wanted) else None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise Unavailable(f"token store {self._path} cannot be used: {error}") from error


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
