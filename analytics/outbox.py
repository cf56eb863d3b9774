"""What waits for the broker: findings, of which a later state replaces an earlier one, and batches of results."""

from collections import OrderedDict
from dataclasses import dataclass, field

from plant.codec import Batch
from plant.findings import Finding

MOST = 10_000
"""Findings, and batches, that may wait; then the oldest is given up and counted."""


@dataclass(slots=True)
class Outbox:
    """Two lanes in order of arrival; one that nobody takes does not stop the other."""

    findings: OrderedDict[str, tuple[Finding, int]] = field(default_factory=OrderedDict)
    """By id: the finding, and the newest source time of the message that led to it [ns UTC]."""
    batches: OrderedDict[int, Batch] = field(default_factory=OrderedDict)
    """By sequence number."""
    dropped: int = 0
    """Given up because too many waited."""

    def __len__(self) -> int:
        """Number of findings and batches that wait."""
        return len(self.findings) + len(self.batches)

    def add(self, finding: Finding, newest: int) -> None:
        """Let a finding wait, in place of an earlier state of the same one."""
        self.findings[finding.id] = (finding, newest)
        if len(self.findings) > MOST:
            self.findings.popitem(last=False)
            self.dropped += 1

    def add_batch(self, batch: Batch) -> None:
        """Let a batch of results wait."""
        self.batches[batch.sequence] = batch
        if len(self.batches) > MOST:
            self.batches.popitem(last=False)
            self.dropped += 1

    def sent(self, finding: Finding) -> None:
        """The broker has taken this state of a finding; a later state goes on waiting."""
        if self.findings.get(finding.id, (None,))[0] == finding:
            del self.findings[finding.id]

    def sent_batch(self, batch: Batch) -> None:
        """The broker has taken a batch."""
        self.batches.pop(batch.sequence, None)
