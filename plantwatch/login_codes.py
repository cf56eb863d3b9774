"""One-time sign-in links for the console: a code that is worth one token, once, for a few minutes.

Only a hash of the code is stored. The code says who signs in; the token that it is exchanged for is made at that
moment and ends with the shift.
"""

import hashlib
import secrets
import sqlite3
from pathlib import Path
from typing import Self

from plant.access import Principal, Role, TokenStore
from plant.clock import SECOND
from plant.errors import FixError

LIFETIME = 15 * 60 * SECOND
"""How long a link works [ns]."""
SESSION = 12 * 3600 * SECOND
"""Life of the token behind a used link [ns]."""
_TABLE = """
CREATE TABLE IF NOT EXISTS code (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, expires INTEGER NOT NULL) STRICT
"""


class LoginCodes:
    """The codes in one SQLite file, shared by the command that makes a link and the server that takes it."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable for its owner only.

        Raises:
            FixError: it cannot be opened.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(_TABLE)
        except (sqlite3.Error, OSError) as error:
            raise FixError(f"sign-in codes {path} cannot be opened: {error}; remove the file") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._db.close()

    def create(self, name: str, role: Role, *, now: int) -> str:
        """A code that signs ``name`` in once until ``now`` [ns UTC] plus ``LIFETIME``."""
        self._db.execute("DELETE FROM code WHERE expires <= ?", (now,))
        code = secrets.token_urlsafe(24)
        self._db.execute("INSERT INTO code VALUES (?, ?, ?, ?)", (_hash(code), name, role.value, now + LIFETIME))
        return code

    def redeem(self, code: str, *, now: int) -> Principal | None:
        """Who the code signs in; it is used up by this. None when it is unknown, used or late."""
        row = self._db.execute(
            "DELETE FROM code WHERE hash = ? RETURNING name, role, expires", (_hash(code),)
        ).fetchone()
        return None if row is None or now >= row[2] else Principal(row[0], Role(row[1]))


def exchange(codes: LoginCodes, tokens: TokenStore, code: str, *, now: int) -> str | None:
    """A bearer token for a good code; None for any other. ``now`` is [ns UTC] of the real clock."""
    who = codes.redeem(code, now=now)
    if who is None:
        return None
    name = f"{who.name} (link {secrets.token_hex(4)})"
    return tokens.create(name, who.role, now=now, expires=now + SESSION)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
