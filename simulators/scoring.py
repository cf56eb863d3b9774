"""What the rules found against what they should have found: every truth once, and nothing else."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from plant.clock import SECOND
from plant.codec import finding_fields
from plant.findings import Finding, FindingState
from simulators.truth import Truth


@dataclass(frozen=True, slots=True)
class Score:
    """The comparison."""

    matched: tuple[tuple[Truth, Finding], ...]
    """Truths that were found, with the finding."""
    missed: tuple[Truth, ...]
    """Truths that should have been found and were not."""
    false: tuple[Finding, ...]
    """Findings that no truth asks for."""
    duplicates: tuple[tuple[Truth, Finding], ...]
    """Findings of a truth that was found already."""
    beyond: tuple[Truth, ...]
    """Truths that no rule speaks of yet: not held against the rules."""

    @property
    def perfect(self) -> bool:
        """Everything was found exactly once, and nothing else."""
        return not (self.missed or self.false or self.duplicates)

    def as_json(self) -> dict[str, Any]:
        """Counts, and everything that is not as it should be."""
        return {
            "perfect": self.perfect,
            "matched": len(self.matched),
            "missed": [t.as_json() for t in self.missed],
            "false": [finding_fields(f) for f in self.false],
            "duplicates": [finding_fields(f) for _, f in self.duplicates],
            "beyond": len(self.beyond),
            "by_rule": self.table(),
        }

    def table(self) -> dict[str, dict[str, int]]:
        """Counts by rule: matched, missed, false, duplicates."""
        columns = {
            "matched": Counter(t.what for t, _ in self.matched),
            "missed": Counter(t.what for t in self.missed),
            "false": Counter(f.rule for f in self.false),
            "duplicates": Counter(f.rule for _, f in self.duplicates),
        }
        rules = sorted({rule for counts in columns.values() for rule in counts})
        return {rule: {name: counts[rule] for name, counts in columns.items()} for rule in rules}


def score(truths: Iterable[Truth], findings: Iterable[Finding], *, until: int | None = None) -> Score:
    """Compare.

    Args:
        truths: what should be found.
        findings: the last state of each; withdrawn ones count as never found.
        until: end of the run [ns UTC]; None when it is not known. A truth that lasts longer may be open still.
    """
    told = list(truths)
    asked = [t for t in told if t.detectable]
    left = sorted((f for f in findings if f.state is not FindingState.WITHDRAWN), key=lambda f: (f.start, f.id))
    matched: list[tuple[Truth, Finding]] = []
    missed: list[Truth] = []
    duplicates: list[tuple[Truth, Finding]] = []
    # The certain ones choose first, so that an optional one never takes what a certain one needs.
    for truth in sorted(asked, key=lambda t: (not t.certain, t.start)):
        fitting = [f for f in left if _fits(truth, f, until)]
        if fitting:
            best = min(fitting, key=lambda f: abs(f.start - truth.start))
            left.remove(best)
            matched.append((truth, best))
        elif truth.certain:
            missed.append(truth)
    for truth, _ in matched:
        again = [f for f in left if _about(truth, f)]
        duplicates += [(truth, f) for f in again]
        left = [f for f in left if f not in again]
    return Score(
        tuple(sorted(matched, key=lambda m: m[0].start)),
        tuple(missed),
        tuple(left),
        tuple(duplicates),
        tuple(t for t in told if not t.detectable),
    )


def _fits(truth: Truth, finding: Finding, until: int | None) -> bool:
    """The right rule, subject, start and end, and a judgement, not the answer that it could not judge."""
    if (finding.rule, finding.subject) != (truth.what, truth.subject) or not finding.assessable:
        return False
    slack = round(truth.slack * SECOND)
    if abs(finding.start - truth.start) > slack:
        return False
    if finding.end is None:
        return truth.end is None or until is None or until <= truth.end + slack
    return truth.end is not None and abs(finding.end - truth.end) <= slack


def _about(truth: Truth, finding: Finding) -> bool:
    """The same rule and subject within the truth's time: told twice."""
    if (finding.rule, finding.subject) != (truth.what, truth.subject):
        return False
    slack = round(truth.slack * SECOND)
    return finding.start >= truth.start - slack and (truth.end is None or finding.start <= truth.end + slack)
