"""Findings on disk: what the rules found live, by finding id, for the console and the API."""

import contextlib
import logging
import sqlite3
from pathlib import Path

from plant.codec import decode_finding, encode_finding
from plant.errors import DropError
from plant.findings import Finding
from plant.ports import Inbox

_log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS finding (
  id TEXT PRIMARY KEY,
  start INTEGER NOT NULL,
  subject TEXT NOT NULL,
  told INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS finding_start ON finding (start);
CREATE INDEX IF NOT EXISTS finding_subject ON finding (subject, start);
"""


class FindingsStore:
    """Every finding once; an update under the same id replaces the earlier state."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)
        self.unreadable = 0
        """Messages on the findings topic that were no finding."""

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(self, finding: Finding) -> None:
        """Store durably, replacing an earlier state of the finding; what comes again late replaces nothing."""
        self._db.execute(
            "INSERT INTO finding (id, start, subject, told, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET told = excluded.told, body = excluded.body"
            " WHERE excluded.told >= finding.told",
            (finding.id, finding.start, finding.subject, finding.told, encode_finding(finding)),
        )

    def newest(
        self, *, limit: int, subject: str | None = None, start: int = 0, end: int = 2**63 - 1
    ) -> list[Finding]:
        """The newest findings first, of one subject or of all; at most ``limit``.

        Args:
            limit: most findings.
            subject: id of the interlock, meter, product or point; None for all.
            start: earliest start of a finding [ns UTC].
            end: starts before this [ns UTC].
        """
        rows = self._db.execute(
            "SELECT body FROM finding WHERE (?1 IS NULL OR subject = ?1) AND start >= ?3 AND start < ?4"
            " ORDER BY start DESC, id LIMIT ?2",
            (subject, limit, start, end),
        )
        return [decode_finding(body) for (body,) in rows]

    async def run(self, inbox: Inbox) -> None:
        """Store what the bus brings, acknowledging each finding after it is on disk.

        Raises:
            Unavailable: the connection is lost; call again over a new one.
        """
        async with contextlib.aclosing(inbox.messages()) as messages:  # type: ignore[type-var]
            async for delivery in messages:
                try:
                    self.put(decode_finding(delivery.payload))
                except DropError as error:
                    self.unreadable += 1
                    _log.warning("a message on %s is no finding and is left out: %s", delivery.topic, error)
                await inbox.acknowledge(delivery)
