"""The alarm journal: append-only SQLite, each row chained to the one before by SHA-256.

A changed, removed or inserted row breaks the chain. Rows cut off at the end, or a whole chain computed anew,
cannot show from inside the file: note ``Verdict.head`` somewhere else, and ask later whether it is still there.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from plant.errors import FixError, Unavailable

GENESIS = "0" * 64
MAX_HISTORY = 1000
"""Most rows of one question."""
_COLUMNS = "seq, time, written, event, alarm, occurrence, user, detail, after, hash"
_TABLES = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, written INTEGER NOT NULL, event TEXT NOT NULL,
    alarm TEXT, occurrence TEXT, user TEXT, detail TEXT NOT NULL, after TEXT, hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS timer (alarm TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS by_alarm ON journal (alarm, seq);
CREATE INDEX IF NOT EXISTS by_occurrence ON journal (occurrence);
CREATE INDEX IF NOT EXISTS calls ON journal (time) WHERE event IN ('raised', 'realarmed');
CREATE TRIGGER IF NOT EXISTS no_replace BEFORE INSERT ON journal WHEN NEW.seq <= (SELECT max(seq) FROM journal)
    BEGIN SELECT RAISE(ABORT, 'the alarm journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the alarm journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the alarm journal is append-only'); END;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line before it is written."""

    time: int
    """When it happened [ns UTC]."""
    written: int
    """The server's clock [ns UTC]."""
    event: str
    """raised, acknowledged, returned …"""
    alarm: str | None = None
    occurrence: str | None = None
    user: str | None = None
    detail: str = ""
    after: dict[str, Any] | None = None
    """The alarm and its whole state afterwards: the last one of an alarm restores it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as written."""

    seq: int
    entry: Entry
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the whole chain came to."""

    broken: int | None
    """Number of the first row that breaks the chain; None when every row is as it was written."""
    rows: int
    """Rows that are whole, up to ``broken``."""
    head: str
    """Hash of the last of them: it stands for all of them. Zeros for none."""


class Journal:
    """The journal in one SQLite file. Synchronous; a write is on the disk when it returns."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            FixError: it cannot be opened, or is no journal.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
            self._seq, self._hash = self._last()
        except (sqlite3.Error, OSError) as error:
            raise FixError(
                f"alarm journal {path} cannot be opened: {error}. Keep the file as evidence, then restore a backup"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last row."""
        return self._seq, self._hash

    def append(self, entries: Sequence[Entry], *, timers: Mapping[str, object] | None = None) -> None:
        """Write all entries durably, or none.

        Args:
            entries: the lines, oldest first.
            timers: replaces all timers in the same breath; None leaves them. They are no record of what happened
                and stand outside the chain: only delays that run, so that a restart does not begin them anew.

        Raises:
            Unavailable: nothing was written; keep them and try again.
        """
        seq, previous, rows = self._seq, self._hash, []
        for entry in entries:
            seq += 1
            values = _values(seq, entry)
            previous = _chain(previous, values)
            rows.append((*values, previous))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            if self._last() != (self._seq, self._hash):
                raise Unavailable("another process has written it; stop that one")  # noqa: TRY301 - rolls back below
            self._db.executemany(f"INSERT INTO journal ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", rows)  # noqa: S608
            if timers is not None:
                self._db.execute("DELETE FROM timer")
                self._db.executemany(
                    "INSERT INTO timer VALUES (?, ?)", [(a, _canonical(body)) for a, body in timers.items()]
                )
            self._db.execute("COMMIT")
        except (sqlite3.Error, Unavailable) as error:
            if self._db_open() and self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise Unavailable(f"alarm journal {self._path} cannot be written: {error}") from error
        self._seq, self._hash = seq, previous

    def history(self, limit: int = 100, before: int | None = None, alarm: str | None = None) -> list[Line]:
        """The newest lines first, at most 1000; ``before`` is the number of the line to go on from.

        Raises:
            Unavailable: the file cannot be read now.
        """
        top = 2**63 - 1 if before is None else before
        where, values = ("", [top]) if alarm is None else ("AND alarm = ?", [top, alarm])
        sql = f"SELECT {_COLUMNS} FROM journal WHERE seq < ? {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608
        return self._lines(sql, (*values, max(1, min(limit, MAX_HISTORY))))

    def since(self, seq: int, limit: int = 100) -> list[Line]:
        """The lines after number ``seq``, oldest first, at most 1000.

        Raises:
            Unavailable: the file cannot be read now.
        """
        sql = f"SELECT {_COLUMNS} FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - constants
        return self._lines(sql, (seq, max(1, min(limit, MAX_HISTORY))))

    def latest(self) -> list[Line]:
        """The last line of each alarm: what restores its state.

        Raises:
            Unavailable: the file cannot be read now.
        """
        sql = (
            f"SELECT {_COLUMNS} FROM journal WHERE seq IN "  # noqa: S608 - constants
            "(SELECT max(seq) FROM journal WHERE alarm IS NOT NULL AND after IS NOT NULL GROUP BY alarm)"
        )
        return self._lines(sql, ())

    def timers(self) -> dict[str, dict[str, Any]]:
        """The delays that ran when it was last written, by alarm.

        Raises:
            Unavailable: the file cannot be read now.
        """
        try:
            rows = self._db.execute("SELECT alarm, body FROM timer").fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"alarm journal {self._path} cannot be read: {error}") from error
        return {alarm: found for alarm, body in rows if (found := _state(body)) is not None}

    def knows(self, occurrence: str) -> bool:
        """True when a line about this occurrence exists.

        Raises:
            Unavailable: the file cannot be read now.
        """
        try:
            found = self._db.execute(
                "SELECT 1 FROM journal WHERE occurrence = ? LIMIT 1", (occurrence,)
            ).fetchone()
        except sqlite3.Error as error:
            raise Unavailable(f"alarm journal {self._path} cannot be read: {error}") from error
        return found is not None

    def activations(self, start: int, end: int, most: int) -> list[tuple[int, str]]:
        """(time [ns UTC], alarm) of the calls that nothing suppressed with ``start <= time < end``, oldest first.

        At most ``most``, the newest. Reads with a connection of its own, so it may run off the loop.

        Raises:
            Unavailable: the file cannot be read now.
        """
        sql = (
            "SELECT time, alarm FROM journal WHERE event IN ('raised', 'realarmed') AND time >= ? AND time < ?"
            " AND CASE WHEN json_valid(after) THEN json_extract(after, '$.annunciate') END"
            " ORDER BY time DESC, seq DESC LIMIT ?"
        )
        with self._reader() as db:
            return [(int(t), str(a)) for t, a in db.execute(sql, (start, end, most))][::-1]

    def verify(self) -> Verdict:
        """Check the whole chain. Reads with a connection of its own, so it may run off the loop.

        Raises:
            Unavailable: the file cannot be read now.
        """
        previous, whole = GENESIS, 0
        with self._reader() as db:
            for row in db.execute(f"SELECT {_COLUMNS} FROM journal ORDER BY seq"):  # noqa: S608 - constants
                values, stored = row[:-1], row[-1]
                chained = _chain(previous, values)
                if chained != stored:
                    return Verdict(min(int(row[0]), whole + 1), whole, previous)
                previous, whole = chained, whole + 1
        return Verdict(None, whole, previous)

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as db:
                yield db
        except sqlite3.Error as error:
            raise Unavailable(f"alarm journal {self._path} cannot be read: {error}") from error

    def _last(self) -> tuple[int, str]:
        found = self._db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return (0, GENESIS) if found is None else (int(found[0]), str(found[1]))

    def _db_open(self) -> bool:
        try:
            self._db.total_changes  # noqa: B018 - raises when closed
        except sqlite3.ProgrammingError:
            return False
        return True

    def _lines(self, sql: str, values: Sequence[object]) -> list[Line]:
        try:
            return list(_read(self._db.execute(sql, values)))
        except sqlite3.Error as error:
            raise Unavailable(f"alarm journal {self._path} cannot be read: {error}") from error


def _read(rows: Iterator[tuple[Any, ...]]) -> Iterator[Line]:
    for seq, time, written, event, alarm, occurrence, user, detail, after, digest in rows:
        yield Line(seq, Entry(time, written, event, alarm, occurrence, user, detail, _state(after)), digest)


def _state(after: str | None) -> dict[str, Any] | None:
    """What a damaged row says of its alarm is nothing; ``verify`` names the row."""
    try:
        found = None if after is None else json.loads(after)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _values(seq: int, entry: Entry) -> tuple[Any, ...]:
    after = None if entry.after is None else _canonical(entry.after)
    words = (entry.event, entry.alarm, entry.occurrence, entry.user, entry.detail)
    return (seq, entry.time, entry.written, *map(_storable, words), after)


def _storable(text: str | None) -> str | None:
    """A line that could never be written would hold up all that come after it."""
    return None if text is None else text.encode("utf-8", "replace").decode()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _chain(previous: str, values: Sequence[object]) -> str:
    return hashlib.sha256((previous + _canonical(list(values))).encode()).hexdigest()
