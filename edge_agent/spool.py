"""The agent's disk buffer: encoded batches in SQLite, oldest first, removed only after the broker has them.

WAL with ``synchronous=FULL``: what ``append`` returned from survives a kill -9 and a power cut. Marks (the last
source time per point) change in the same transaction as the readings they belong to. Blocking; the agent calls it
in a thread, one call at a time.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from plant.codec import Batch, Loss, decode_batch, encode_batch
from plant.errors import DropError, RetryError
from plant.readings import Readings

_log = logging.getLogger(__name__)

_TABLES = """
CREATE TABLE IF NOT EXISTS identity (agent TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    sequence INTEGER PRIMARY KEY, source TEXT NOT NULL, rows INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS marks (source TEXT PRIMARY KEY, times TEXT NOT NULL);
"""  # noqa: E501 - one table a line
_QUARANTINED = "the spool file was corrupt and put aside"


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """When the spool is full: the oldest batch that is not being sent is dropped and its values declared lost."""

    bytes: int = 4 * 1024**3
    """Most bytes of encoded batches on disk [B]."""
    batches: int = 1_000_000
    """Most batches on disk [1]."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """One batch as it waits on disk."""

    sequence: int
    source: str
    rows: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits on disk."""

    batches: int
    rows: int
    bytes: int


class Spool:
    """Entering opens (a corrupt file is put aside and a new epoch begun), leaving closes."""

    def __init__(self, path: Path, agent: str, now: Callable[[], int], limits: SpoolLimits | None = None) -> None:
        self.path, self.agent, self._now = path, agent, now
        self.limits = SpoolLimits() if limits is None else limits
        self.epoch = 0
        """Creation time of this spool [ns UTC]."""
        self.quarantined: Path | None = None
        """Where a corrupt predecessor was put."""
        self.dropped: dict[str, int] = {}
        """Values dropped per source because the spool was full or the batch unsendable, since opening [1]."""
        self._sequence = 0
        self._sending: set[int] = set()
        self._rows: dict[str, int] = {}
        self._bytes = self._batches = 0
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if not _corrupt(error):
                raise _trouble(self.path, error) from error
            self._put_aside(error)
            self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- what the agent does ----------------------------------------------------------------------

    def append(
        self,
        source: str,
        readings: Readings,
        losses: tuple[Loss, ...] = (),
        marks: Mapping[str, int] | None = None,
    ) -> int:
        """Store a batch with its marks durably; its sequence number.

        Raises:
            RetryError: the disk is full, read-only or failing; nothing of this call is stored.
        """
        with self._transaction() as db:
            sequence = self._sequence + 1
            freed, declared = self._make_room(db)
            batch = Batch(self.agent, self.epoch, sequence, self._now(), readings, (*declared, *losses))
            payload = encode_batch(batch)
            db.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?)",
                (sequence, source, len(readings), len(payload), payload),
            )
            db.execute("UPDATE identity SET sequence = ?", (sequence,))
            if marks:
                self._remember(db, source, marks)
        for gone in freed:
            self._uncount(gone)
            self._drop(gone)
        self._sequence = sequence
        self._rows[source] = self._rows.get(source, 0) + len(readings)
        self._bytes += len(payload)
        self._batches += 1
        return sequence

    def oldest(self, count: int) -> list[Spooled]:
        """Up to ``count`` oldest batches; they are held, not dropped, until ``remove`` or ``release``.

        Raises:
            RetryError: the disk cannot be read.
        """
        with self._transaction() as db:
            found = [
                Spooled(*row)
                for row in db.execute(
                    "SELECT sequence, source, rows, payload FROM batches ORDER BY sequence LIMIT ?", (count,)
                )
            ]
        self._sending = {b.sequence for b in found}
        return found

    def remove(self, sent: list[Spooled]) -> None:
        """Delete batches that the broker has taken responsibility for.

        Raises:
            RetryError: the disk cannot be written; the batches stay and will be sent again.
        """
        with self._transaction() as db:
            db.executemany("DELETE FROM batches WHERE sequence = ?", [(b.sequence,) for b in sent])
        for batch in sent:
            self._uncount(batch)

    def abandon(self, batch: Spooled, reason: str) -> None:
        """Take out a batch that can never be sent; its values are declared lost in the next one.

        Raises:
            RetryError: the disk cannot be written; the batch stays.
        """
        losses = _merged([replace(loss, reason=reason) for loss in _contents(batch)])
        # First the declaration, then the deletion: a crash between them declares twice rather than never.
        self.append(batch.source, Readings.empty(), losses)
        self.remove([batch])
        self._drop(batch)

    def release(self) -> None:
        """Nothing is being sent any more."""
        self._sending = set()

    def marks(self, source: str) -> dict[str, int]:
        """Last stored source time [ns UTC] per point of a source."""
        row = self._db().execute("SELECT times FROM marks WHERE source = ?", (source,)).fetchone()
        return {} if row is None else {str(k): int(v) for k, v in json.loads(row[0]).items()}

    def backlog(self) -> Backlog:
        """What waits on disk now."""
        return Backlog(self._batches, sum(self._rows.values()), self._bytes)

    def waiting(self, source: str) -> int:
        """Rows of one source on disk [1]."""
        return self._rows.get(source, 0)

    # --- inside -----------------------------------------------------------------------------------

    def _make_room(self, db: sqlite3.Connection) -> tuple[list[Spooled], tuple[Loss, ...]]:
        """Drop oldest batches until one more fits; what they held, as losses. Carried-on losses stay declared."""
        freed: list[Spooled] = []
        losses: list[Loss] = []
        batches, size = self._batches, self._bytes
        held = sorted(self._sending)
        while batches and (batches >= self.limits.batches or size >= self.limits.bytes):
            marks = ",".join("?" * len(held)) or "-1"
            query = f"SELECT sequence, source, rows, payload FROM batches WHERE sequence NOT IN ({marks}) "  # noqa: S608 - only question marks
            row = db.execute(query + "ORDER BY sequence LIMIT 1", held).fetchone()
            if row is None:
                break
            gone = Spooled(*row)
            db.execute("DELETE FROM batches WHERE sequence = ?", (gone.sequence,))
            losses += _contents(gone)
            freed.append(gone)
            batches, size = batches - 1, size - len(gone.payload)
        return freed, _merged(losses)

    def _remember(self, db: sqlite3.Connection, source: str, marks: Mapping[str, int]) -> None:
        merged = {**self.marks(source), **marks}
        db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (source, json.dumps(merged)))

    def _drop(self, batch: Spooled) -> None:
        self.dropped[batch.source] = self.dropped.get(batch.source, 0) + batch.rows

    def _uncount(self, batch: Spooled) -> None:
        self._rows[batch.source] -= batch.rows
        self._bytes -= len(batch.payload)
        self._batches -= 1
        self._sending.discard(batch.sequence)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._db()
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except sqlite3.Error as error:
            _rollback(db)
            raise _trouble(self.path, error) from error
        except BaseException:
            _rollback(db)
            raise

    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            message = f"spool {self.path} is not open; enter it first"
            raise RetryError(message)
        return self._connection

    def _open(self) -> None:
        # One call at a time, but not always from the same worker thread.
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(f"malformed: {verdict}")  # noqa: TRY301 - one road for all corruption
            db.executescript(_TABLES)
            self._identify(db)
        except BaseException:
            db.close()
            raise
        self._connection = db

    def _identify(self, db: sqlite3.Connection) -> None:
        row = db.execute("SELECT agent, epoch, sequence FROM identity").fetchone()
        if row is None:
            row = (self.agent, self._now(), 0)
            db.execute("INSERT INTO identity VALUES (?, ?, ?)", row)
        if row[0] != self.agent:
            message = (
                f"spool {self.path} belongs to agent {row[0]!r}, not {self.agent!r}; give each agent its own file"
            )
            raise RetryError(message)
        self.epoch, self._sequence = int(row[1]), int(row[2])
        totals = db.execute(
            "SELECT source, SUM(rows), SUM(size), COUNT(*) FROM batches GROUP BY source"
        ).fetchall()
        self._rows = {source: int(rows) for source, rows, _, _ in totals}
        self._bytes = sum(int(size) for _, _, size, _ in totals)
        self._batches = sum(int(n) for _, _, _, n in totals)

    def _put_aside(self, error: sqlite3.DatabaseError) -> None:
        aside = self.path.with_name(f"{self.path.name}.corrupt-{self._now()}")
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        self.quarantined = aside
        _log.error(
            "spool %s: %s (%s); it is kept as %s, a new epoch begins", self.path, _QUARANTINED, error, aside
        )


def _contents(batch: Spooled) -> list[Loss]:
    """The values of a dropped batch, and the losses it was to declare."""
    try:
        whole = decode_batch(batch.payload)
    except DropError as error:
        return [Loss(batch.source, batch.rows, 0, 0, f"spool full; the dropped batch cannot be read: {error}")]
    readings, losses = whole.readings, list(whole.losses)
    for point in readings.counts():
        times = readings.select((point,)).time
        losses.append(Loss(point, len(times), int(times.min()), int(times.max()), "spool full, oldest dropped"))
    return losses


def _merged(losses: list[Loss]) -> tuple[Loss, ...]:
    """Losses of the same point and reason as one: a long outage must not grow the list without bound."""
    merged: dict[tuple[str, str], Loss] = {}
    for loss in losses:
        key = (loss.point, loss.reason)
        old = merged.get(key)
        merged[key] = (
            loss
            if old is None
            else Loss(
                loss.point, old.count + loss.count, min(old.start, loss.start), max(old.end, loss.end), loss.reason
            )
        )
    return tuple(merged.values())


def _rollback(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


def _corrupt(error: sqlite3.DatabaseError) -> bool:
    return not isinstance(error, sqlite3.OperationalError) or "malformed" in str(error)


def _trouble(path: Path, error: sqlite3.Error) -> RetryError:
    return RetryError(f"spool {path}: {error}; free disk space or make the folder writable, values wait in memory")
