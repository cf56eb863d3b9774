"""What the live analytics did since they started, and how fast."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

_KEPT = 10_000
"""Newest values of a record that its quantiles are taken from."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Quantiles of a record of times [s]; None while it is empty."""

    count: int
    """Values since the start; the quantiles are of the newest 10,000."""
    p50: float | None = None
    p99: float | None = None
    most: float | None = None
    """Largest of the newest 10,000 [s]."""


@dataclass(slots=True)
class Record:
    """A bounded record of times [s]."""

    count: int = 0
    newest: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def add(self, seconds: float) -> None:
        """Enter one time [s]."""
        self.count += 1
        self.newest.append(seconds)

    def spread(self) -> Spread:
        """Its quantiles."""
        if not self.newest:
            return Spread(self.count)
        values = np.fromiter(self.newest, np.float64)
        p50, p99 = np.quantile(values, (0.5, 0.99)).tolist()
        return Spread(self.count, p50, p99, float(values.max()))


@dataclass(slots=True)
class AnalyticsStatus:
    """What the service did; every count begins at 0 with the process."""

    connected: bool = False
    """The broker session is there."""
    messages: int = 0
    poison: int = 0
    """Messages that nobody can read: acknowledged and passed over; ingest keeps them as dead letters."""
    rows: int = 0
    """Rows that the rules saw."""
    rejected: int = 0
    """Rows that cannot be true; ingest keeps them as dead letters."""
    findings: int = 0
    """Findings published, updates included."""
    results: int = 0
    """Rows of virtual points published."""
    too_late: int = 0
    """Rows that came too late for the live rules; the replay over stored history sees them."""
    repeats: int = 0
    """Batches that came again; they were judged once."""
    gap: str | None = None
    """What of the past could not be read at the start; None when all was."""
    unsaved: int = 0
    """Failed attempts to write the checkpoint in the present outage; 0 while it is written."""
    waiting: int = 0
    """Findings and batches that the broker has not taken yet."""
    dropped: int = 0
    """Findings and batches given up because too many waited."""
    latency: Spread = Spread(0)
    """From the newest source time in a message until its findings were published [s of the plant's clock]."""
    delay: Spread = Spread(0)
    """From the newest source time in a message until it was judged [s of the plant's clock]."""
    processing: Spread = Spread(0)
    """From the receipt of a message to its judgement [s of real time]."""
