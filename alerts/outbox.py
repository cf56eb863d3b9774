"""The outbox: what waits to be delivered, the urgent first, bounded, on disk; and the receipt of every attempt.

It remembers how far it has read the journal in the same transaction as the messages: a crash neither loses nor
doubles one.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Self

from plant.errors import FixError, Unavailable

_TABLES = """
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane INTEGER NOT NULL, body BLOB NOT NULL)
    STRICT;
CREATE INDEX IF NOT EXISTS turn ON message (lane, number);
CREATE TABLE IF NOT EXISTS receipt (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, time INTEGER NOT NULL, status INTEGER,
    text TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""
MAX_RECEIPT_TEXT = 500


class Lane(IntEnum):
    """In a flood of alarms a critical one does not stand behind a thousand lesser ones."""

    URGENT = 0
    ORDINARY = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One message; its id stays the same over all attempts."""

    id: str
    body: bytes
    lane: Lane = Lane.ORDINARY


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one attempt came to."""

    id: str
    time: int
    """[ns UTC]."""
    status: int | None
    """HTTP status; None when no answer came."""
    text: str
    """Start of the answer, or the error."""


class Outbox:
    """One receiver's outbox in one SQLite file."""

    def __init__(self, path: Path, *, most: int = 10_000, receipts: int = 10_000) -> None:
        """Open or make the file.

        Args:
            path: the file.
            most: messages that may wait; then the oldest are dropped and counted, urgent ones last.
            receipts: newest receipts that are kept.

        Raises:
            FixError: it cannot be opened.
        """
        self._path, self._most, self._receipts = path, most, receipts
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
        except (sqlite3.Error, OSError) as error:
            raise FixError(f"outbox {path} cannot be opened: {error}; move it away to start a new one") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(self, messages: Sequence[Message], cursor: int) -> None:
        """Take messages in, and remember that the journal is read up to line ``cursor``.

        Raises:
            Unavailable: nothing was taken.
        """
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO message (id, lane, body) VALUES (?, ?, ?)",
                [(m.id, m.lane, m.body) for m in messages],
            )
            self._set("cursor", cursor)
            extra = self._one("SELECT count(*) FROM message") - self._most
            if extra > 0:
                self._db.execute(
                    "DELETE FROM message WHERE number IN"
                    " (SELECT number FROM message ORDER BY lane DESC, number LIMIT ?)",
                    (extra,),
                )
                self._set("dropped", self.dropped + extra)

    def next(self) -> Message | None:
        """The message to deliver next: the oldest of the first lane that has one.

        Raises:
            Unavailable: the file cannot be read now.
        """
        with self._translated():
            found = self._db.execute("SELECT id, body, lane FROM message ORDER BY lane, number LIMIT 1").fetchone()
        return None if found is None else Message(found[0], found[1], Lane(found[2]))

    def record(self, receipt: Receipt, *, done: bool) -> None:
        """Keep the receipt of an attempt, and take the message out when it is ``done``.

        Raises:
            Unavailable: nothing changed; the message will be sent again.
        """
        with self._transaction():
            self._db.execute(
                "INSERT INTO receipt (id, time, status, text) VALUES (?, ?, ?, ?)",
                (receipt.id, receipt.time, receipt.status, receipt.text[:MAX_RECEIPT_TEXT]),
            )
            self._db.execute(
                "DELETE FROM receipt WHERE number <= (SELECT max(number) FROM receipt) - ?", (self._receipts,)
            )
            if done:
                self._db.execute("DELETE FROM message WHERE id = ?", (receipt.id,))

    def receipts(self, limit: int = 100) -> list[Receipt]:
        """The newest receipts, newest first."""
        sql = "SELECT id, time, status, text FROM receipt ORDER BY number DESC LIMIT ?"
        with self._translated():
            return [Receipt(*row) for row in self._db.execute(sql, (limit,))]

    @property
    def waiting(self) -> int:
        """Messages that wait."""
        return self._one("SELECT count(*) FROM message")

    @property
    def dropped(self) -> int:
        """Messages dropped because too many waited."""
        return self._mark("dropped")

    @property
    def cursor(self) -> int:
        """Number of the last journal line that was read."""
        return self._mark("cursor")

    def _mark(self, name: str) -> int:
        with self._translated():
            found = self._db.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
        return 0 if found is None else int(found[0])

    def _set(self, name: str, value: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, value))

    def _one(self, sql: str) -> int:
        with self._translated():
            return int(self._db.execute(sql).fetchone()[0])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise Unavailable(f"outbox {self._path} cannot be used: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
