"""What the loss ledger tells: rows for the console, the API and the report."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeclaredLoss:
    """Values that an agent says will never arrive."""

    agent: str
    reason: str
    count: int
    start: int
    """First time [ns UTC] that may be missing."""
    end: int
    """Last time [ns UTC] that may be missing."""


@dataclass(frozen=True, slots=True)
class PointRow:
    """The account of one point, in values."""

    point: str
    received: int
    """Values in batches that came for the first time, rejected ones included."""
    duplicate: int
    """Values in batches that came again; not in ``received``."""
    written: int
    """Rows that the historian holds."""
    rejections: Mapping[str, int]
    """Values put aside as dead letters, by reason."""
    losses: tuple[DeclaredLoss, ...]
    """Declared gaps, in time order."""
    expired: int = 0
    """Rows that the historian held until retention deleted them."""

    @property
    def rejected(self) -> int:
        """Values put aside as dead letters."""
        return sum(self.rejections.values())

    @property
    def overwritten(self) -> int:
        """Received values that replaced a row of the same (point, time, status class).

        A write that is in progress makes it too small for a moment; a lasting negative number means that the
        historian has rows from before this ledger.
        """
        return self.received - self.rejected - self.written - self.expired

    @property
    def lost(self) -> int:
        """Values declared lost."""
        return sum(loss.count for loss in self.losses)


@dataclass(frozen=True, slots=True)
class SequenceGap:
    """Batch numbers that have not come; a late one closes or splits the gap."""

    epoch: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """Number of missing batches."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class AgentRow:
    """The account of one agent, in batches."""

    agent: str
    epoch: int
    """The newest epoch seen."""
    last_sequence: int
    """Highest number seen in that epoch."""
    missing: tuple[SequenceGap, ...]
    """Gaps of all epochs."""
    batches: int
    """Batches entered."""
    duplicates: int
    """Batches that came again."""
    sent: int
    """Newest time of sending [ns UTC], by the agent's clock."""
    arrival: int
    """Newest time of arrival [ns UTC], by the server's clock."""


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """The whole ledger at one moment."""

    points: tuple[PointRow, ...]
    agents: tuple[AgentRow, ...]
    unreadable: Mapping[str, int]
    """Messages that could not be read, by reason; counted again if a crash comes before their acknowledgement."""

    def point(self, name: str) -> PointRow:
        """The row of one point; all zero when it is unknown."""
        return next((p for p in self.points if p.point == name), PointRow(name, 0, 0, 0, {}, ()))
