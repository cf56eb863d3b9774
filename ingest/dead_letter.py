"""What could not be stored, kept for a person to look at: JSON lines, bounded by rotation."""

import base64
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from plant.clock import iso
from plant.codec import Batch, encode_batch
from plant.errors import Unavailable

MAX_PAYLOAD = 1024 * 1024
"""Bytes of a payload that are kept; the rest of a larger one is cut off, and said to be."""
_NAMES = 20


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message, or the rejected rows of one, with the reason."""

    time: int
    """When it was put aside [ns UTC]."""
    topic: str
    reason: str
    payload: bytes
    """As it came; for rejected rows a batch of these rows alone, in the wire's own format."""
    rows: int | None = None
    """Number of rejected rows; None when the whole message could not be read."""
    points: tuple[str, ...] = ()

    @classmethod
    def of_rows(cls, time: int, topic: str, reason: str, rows: Batch) -> "DeadLetter":
        """The rejected rows of a batch."""
        names = rows.readings.points[:_NAMES]
        return cls(time, topic, reason, encode_batch(rows), len(rows.readings), names)

    def line(self) -> bytes:
        """One line of JSON."""
        body = {
            "time": iso(self.time),
            "reason": self.reason,
            "topic": self.topic,
            "rows": self.rows,
            "points": list(self.points),
            "bytes": len(self.payload),
            "cut": len(self.payload) > MAX_PAYLOAD,
            "payload": base64.b64encode(self.payload[:MAX_PAYLOAD]).decode(),
        }
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


@dataclass(slots=True)
class DeadLetters:
    """A file of dead letters, renamed to ``.1``, ``.2`` … when full; the oldest goes away, and is counted."""

    path: Path
    max_bytes: int = 16 * 1024 * 1024
    """Size at which a new file is begun."""
    keep: int = 4
    """Full files kept beside the present one."""
    written: int = field(default=0, init=False)
    """Letters written by this process [1]."""
    discarded_files: int = field(default=0, init=False)
    """Full files that rotation deleted [1]."""

    def add(self, letters: list[DeadLetter]) -> None:
        """Append, and return when the disk has them.

        Raises:
            Unavailable: the disk refuses; none or some of the letters are in the file.
        """
        if not letters:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size >= self.max_bytes:
                self._rotate()
            with self.path.open("ab") as file:
                for letter in letters:
                    file.write(letter.line())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Unavailable(f"dead-letter file {self.path} cannot be written: {error}") from error
        self.written += len(letters)

    def _rotate(self) -> None:
        oldest = self._full(self.keep)
        if oldest.exists():
            oldest.unlink()
            self.discarded_files += 1
        for number in range(self.keep - 1, 0, -1):
            if self._full(number).exists():
                self._full(number).rename(self._full(number + 1))
        if self.keep:
            self.path.rename(self._full(1))
        else:
            self.path.unlink()
            self.discarded_files += 1

    def _full(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
