"""The loss ledger: the proof of what arrived, and of what did not and why. SQLite; idempotent on the batch's name.

A batch is entered after the historian has stored it, with its sequence number and its counts in one transaction:
a batch that comes again after a crash adds to ``duplicates`` and to nothing else.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

from ingest.ledger_view import AgentRow, DeclaredLoss, LedgerSnapshot, PointRow, SequenceGap
from ingest.validation import Checked
from plant.codec import Batch
from plant.errors import DropError, FixError, Unavailable

_TABLES = """
CREATE TABLE IF NOT EXISTS agent (
    agent TEXT PRIMARY KEY, epoch INTEGER NOT NULL, batches INTEGER NOT NULL, duplicates INTEGER NOT NULL,
    sent INTEGER NOT NULL, arrival INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sequence (
    agent TEXT NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (agent, epoch, first)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS point (
    point TEXT PRIMARY KEY, received INTEGER NOT NULL DEFAULT 0, duplicate INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS rejected (
    point TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (point, reason)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS loss (
    agent TEXT NOT NULL, point TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS loss_of_point ON loss (agent, point, reason, end);
CREATE TABLE IF NOT EXISTS unreadable (reason TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
"""
_AROUND = (
    "SELECT first, last FROM sequence WHERE agent = ? AND epoch = ? AND first <= ? ORDER BY first DESC LIMIT 1"
)
_MAX_REASONS = 200
_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """A batch that the historian has stored."""

    checked: Checked
    arrival: int
    """The server's clock when it came [ns UTC]."""


class Ledger:
    """The ledger in one SQLite file. Synchronous; used from one task at a time, off the event loop."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            FixError: the file is damaged, or is no ledger.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            self._base.executescript(_TABLES)
        except (sqlite3.DatabaseError, OSError) as error:
            raise FixError(
                f"ledger {path} cannot be opened: {error}. Move it away and restore a backup, or start with a new "
                "one: the counts then begin at zero"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def known(self, batches: Sequence[Batch]) -> list[bool]:
        """For each batch, whether it was entered before: then the historian has it.

        Raises:
            Unavailable: the file cannot be read now.
        """
        with self._translated():
            return [self._known(batch) for batch in batches]

    def enter(self, entries: Sequence[Entry], unreadable: Sequence[str] = ()) -> None:
        """Enter stored batches, and the reasons of messages that could not be read, all in one transaction.

        Raises:
            Unavailable: nothing of this call was entered; try again.
            DropError: nothing of this call was entered, and it never can be.
        """
        with self._transaction():
            received: Counter[str] = Counter()
            duplicate: Counter[str] = Counter()
            for entry in entries:
                batch = entry.checked.batch
                if self._known(batch):
                    duplicate.update(batch.readings.counts())
                    self._note_agent(entry, duplicates=1)
                else:
                    received.update(batch.readings.counts())
                    self._note_agent(entry, duplicates=0)
                    self._add_sequence(batch)
                    self._add_rejections(entry.checked)
                    self._add_losses(entry.checked)
            self._count("received", received)
            self._count("duplicate", duplicate)
            self._add_unreadable(Counter(unreadable))

    def snapshot(self, written: Mapping[str, int], expired: Mapping[str, int] = _NONE) -> LedgerSnapshot:
        """Everything the ledger knows, beside the historian's own counts.

        Args:
            written: rows that the historian holds, per point.
            expired: rows that its retention has deleted, per point.
        """
        with self._translated():
            rows = {p: (r, d) for p, r, d in self._base.execute("SELECT point, received, duplicate FROM point")}
            rejected: dict[str, dict[str, int]] = {}
            for point, reason, count in self._base.execute("SELECT point, reason, count FROM rejected"):
                rejected.setdefault(point, {})[reason] = count
            losses: dict[str, list[DeclaredLoss]] = {}
            for point, *loss in self._base.execute(
                "SELECT point, agent, reason, count, start, end FROM loss ORDER BY start, end"
            ):
                losses.setdefault(point, []).append(DeclaredLoss(*loss))
            names = sorted({*rows, *rejected, *losses, *written, *expired})
            points = tuple(
                PointRow(
                    point=name,
                    received=rows.get(name, (0, 0))[0],
                    duplicate=rows.get(name, (0, 0))[1],
                    written=written.get(name, 0),
                    expired=expired.get(name, 0),
                    rejections=rejected.get(name, {}),
                    losses=tuple(losses.get(name, ())),
                )
                for name in names
            )
            unreadable = dict(self._base.execute("SELECT reason, count FROM unreadable ORDER BY reason"))
            return LedgerSnapshot(points, self._agents(), unreadable)

    def _agents(self) -> tuple[AgentRow, ...]:
        gaps: dict[str, list[SequenceGap]] = {}
        last: dict[tuple[str, int], int] = {}
        for agent, epoch, first, end in self._base.execute(
            "SELECT agent, epoch, first, last FROM sequence ORDER BY agent, epoch, first"
        ):
            before = last.get((agent, epoch), 0)
            if first > before + 1:
                gaps.setdefault(agent, []).append(SequenceGap(epoch, before + 1, first - 1))
            last[agent, epoch] = end
        query = "SELECT agent, epoch, batches, duplicates, sent, arrival FROM agent ORDER BY agent"
        return tuple(
            AgentRow(
                agent, epoch, last[agent, epoch], tuple(gaps.get(agent, ())), batches, duplicates, sent, arrival
            )
            for agent, epoch, batches, duplicates, sent, arrival in self._base.execute(query)
        )

    def _known(self, batch: Batch) -> bool:
        row = self._base.execute(_AROUND, (batch.agent, batch.epoch, batch.sequence)).fetchone()
        return row is not None and batch.sequence <= row[1]

    def _add_sequence(self, batch: Batch) -> None:
        """Put the number into the ranges, joined with its neighbours."""
        key, first, last = (batch.agent, batch.epoch), batch.sequence, batch.sequence
        left = self._base.execute(_AROUND, (*key, first)).fetchone()
        if left is not None and left[1] == first - 1:
            first = left[0]
        right = self._base.execute(
            "SELECT last FROM sequence WHERE agent = ? AND epoch = ? AND first = ?", (*key, last + 1)
        ).fetchone()
        if right is not None:
            self._base.execute(
                "DELETE FROM sequence WHERE agent = ? AND epoch = ? AND first = ?", (*key, last + 1)
            )
            last = right[0]
        self._base.execute("INSERT OR REPLACE INTO sequence VALUES (?, ?, ?, ?)", (*key, first, last))

    def _note_agent(self, entry: Entry, *, duplicates: int) -> None:
        batch = entry.checked.batch
        self._base.execute(
            """INSERT INTO agent VALUES (:agent, :epoch, :new, :again, :sent, :arrival)
            ON CONFLICT (agent) DO UPDATE SET epoch = max(epoch, :epoch), batches = batches + :new,
                duplicates = duplicates + :again, sent = max(sent, :sent), arrival = max(arrival, :arrival)""",
            {
                "agent": batch.agent,
                "epoch": batch.epoch,
                "new": 1 - duplicates,
                "again": duplicates,
                "sent": batch.sent,
                "arrival": entry.arrival,
            },
        )

    def _count(self, column: str, counts: Counter[str]) -> None:
        self._base.executemany(
            f"INSERT INTO point (point, {column}) VALUES (?, ?) "  # noqa: S608 - one of two literals above
            f"ON CONFLICT (point) DO UPDATE SET {column} = {column} + excluded.{column}",
            counts.items(),
        )

    def _add_rejections(self, checked: Checked) -> None:
        for rejection in checked.rejections:
            self._base.executemany(
                "INSERT INTO rejected VALUES (?, ?, ?) "
                "ON CONFLICT (point, reason) DO UPDATE SET count = count + excluded.count",
                [(point, str(rejection.reason), n) for point, n in rejection.readings.counts().items()],
            )

    def _add_losses(self, checked: Checked) -> None:
        """Enter declared losses; one that touches the latest of the same reason makes that one longer."""
        for loss in checked.losses:
            key = (checked.batch.agent, loss.point, loss.reason)
            latest = self._base.execute(
                "SELECT rowid, end FROM loss WHERE agent = ? AND point = ? AND reason = ? "
                "ORDER BY end DESC LIMIT 1",
                key,
            ).fetchone()
            if latest is not None and loss.start <= latest[1] <= loss.end:
                self._base.execute(
                    "UPDATE loss SET count = count + ?, start = min(start, ?), end = ? WHERE rowid = ?",
                    (loss.count, loss.start, loss.end, latest[0]),
                )
            else:
                values = (*key, loss.count, loss.start, loss.end)
                self._base.execute("INSERT INTO loss VALUES (?, ?, ?, ?, ?, ?)", values)

    def _add_unreadable(self, reasons: Counter[str]) -> None:
        """Count unreadable messages by reason; past 200 different reasons they share one row."""
        for reason, n in reasons.items():
            (many,) = self._base.execute("SELECT count(*) >= ? FROM unreadable", (_MAX_REASONS,)).fetchone()
            (old,) = self._base.execute("SELECT count(*) FROM unreadable WHERE reason = ?", (reason,)).fetchone()
            self._base.execute(
                "INSERT INTO unreadable VALUES (?, ?) "
                "ON CONFLICT (reason) DO UPDATE SET count = count + excluded.count",
                (reason if old or not many else "other reasons", n),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DataError, sqlite3.IntegrityError, OverflowError, UnicodeError) as error:
            raise DropError(f"ledger {self._path} can never hold this: {error}") from error
        except sqlite3.Error as error:
            raise Unavailable(f"ledger {self._path} cannot work now: {error}") from error
