"""Judgements: what a rule found, about what, from when to when, and on what evidence."""

import hashlib
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from plant.readings import Reading
from plant.text import Language, Text


class Severity(StrEnum):
    """How urgent a finding is; the order of declaration is the order of urgency."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info to 4 for critical."""
        return list(Severity).index(self)


class FindingState(StrEnum):
    """Where a finding stands: late data may withdraw what was found too early."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement. The same rule, subject and start always have the same ``id``: repeats are updates."""

    rule: str
    """Rule id, for example ``IA-01`` or ``EN-LIMIT``."""
    subject: str
    """Id of the interlock, meter, product or point that it is about."""
    severity: Severity
    start: int
    """Event time [ns UTC] from which it holds."""
    end: int | None
    """Event time [ns UTC] at which it ended; None while it holds."""
    expected: str
    seen: str
    clause: str
    """The document and clause that the rule comes from."""
    evidence: tuple[Reading, ...] = ()
    state: FindingState = FindingState.OPEN
    assessable: bool = True
    """False when the rule lacked a signal: then this says what is missing, and is never an OK."""
    told: int = field(default=0, compare=False)
    """The author's clock when it was sent [ns UTC], higher each time; 0 unknown.

    A message that comes twice is known by it, and one that opens again what was closed is news.
    """
    expected_zh: str = ""
    """``expected`` in Chinese; empty when its author told it in English only, as before there was this field."""
    seen_zh: str = ""

    @property
    def id(self) -> str:
        """Stable id: 16 hex digits from rule, subject and start."""
        key = f"{self.rule}\0{self.subject}\0{self.start}".encode()
        return hashlib.sha256(key).hexdigest()[:16]

    def told_in(self, language: Language) -> tuple[str, str]:
        """What was expected and what was seen, in ``language``; in English where it was told in English only."""
        texts = Text(self.expected, self.expected_zh), Text(self.seen, self.seen_zh)
        expected, seen = (t.told(language) or t.en for t in texts)
        return expected, seen

    def closed(self, end: int) -> Self:
        """The same finding, ended at ``end`` [ns UTC]."""
        return replace(self, end=end, state=FindingState.CLOSED)

    def withdrawn(self) -> Self:
        """The same finding, taken back because later evidence contradicts it."""
        return replace(self, state=FindingState.WITHDRAWN)
