"""What waits for the broker: findings, of which a later state replaces an earlier one, and batches of results."""

import json
from base64 import b64decode, b64encode
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Self

from plant.codec import Batch, decode_batch, decode_finding, encode_batch, encode_finding
from plant.findings import Finding

MOST = 10_000
"""Findings, and batches, that may wait; then the oldest is given up and counted."""


@dataclass(slots=True)
class Outbox:
    """Two lanes in order of arrival; one that nobody takes does not stop the other."""

    findings: OrderedDict[str, tuple[Finding, int]] = field(default_factory=OrderedDict)
    """By id: the finding, and the newest source time of the message that led to it [ns UTC]."""
    batches: OrderedDict[tuple[int, int], Batch] = field(default_factory=OrderedDict)
    """By epoch and sequence number."""
    dropped: int = 0
    """Given up because too many waited."""

    def __len__(self) -> int:
        """Number of findings and batches that wait."""
        return len(self.findings) + len(self.batches)

    def add(self, finding: Finding, newest: int) -> None:
        """Let a finding wait, in place of an earlier state of the same one."""
        self.findings.pop(finding.id, None)
        self.findings[finding.id] = (finding, newest)
        if len(self.findings) > MOST:
            self.findings.popitem(last=False)
            self.dropped += 1

    def add_batch(self, batch: Batch) -> None:
        """Let a batch of results wait."""
        self.batches[batch.epoch, batch.sequence] = batch
        if len(self.batches) > MOST:
            self.batches.popitem(last=False)
            self.dropped += 1

    def dump(self) -> list[Any]:
        """What waits, as plain JSON data."""
        findings = [[json.loads(encode_finding(f)), newest] for f, newest in self.findings.values()]
        batches = [b64encode(encode_batch(b)).decode() for b in self.batches.values()]
        return [findings, batches]

    @classmethod
    def load(cls, state: Any) -> Self:  # noqa: ANN401 - JSON
        """An outbox with what waited in a dumped one.

        Raises:
            DropError, ValueError, TypeError: it cannot be read.
        """
        outbox = cls()
        findings, batches = state
        for finding, newest in findings:
            outbox.add(decode_finding(json.dumps(finding).encode()), int(newest))
        for batch in batches:
            outbox.add_batch(decode_batch(b64decode(batch, validate=True)))
        return outbox

    def take(self, other: "Outbox") -> None:
        """Let everything wait here that waits in ``other``."""
        for finding, newest in other.findings.values():
            self.add(finding, newest)
        for batch in other.batches.values():
            self.add_batch(batch)
        self.dropped += other.dropped

    def sent(self, finding: Finding) -> None:
        """The broker has taken this state of a finding; a later state goes on waiting."""
        if self.findings.get(finding.id, (None,))[0] == finding:
            del self.findings[finding.id]

    def sent_batch(self, batch: Batch) -> None:
        """The broker has taken a batch."""
        self.batches.pop((batch.epoch, batch.sequence), None)
