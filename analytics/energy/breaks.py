"""Steps of a counter that are not believed, told once however often they repeat.

A meter in another unit than the plant file says jumps with every value: that is one fault, not one a second.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from plant.findings import Finding


@dataclass(slots=True)
class Breaks:
    """The open EN-RESET and EN-JUMP of one meter."""

    open: dict[str, tuple[Finding, int]] = field(default_factory=dict)
    """By rule, with the time of the newest such step [ns UTC]."""

    def take(self, finding: Finding, quiet: int) -> Iterator[Finding]:
        """A step not believed, at the finding's start; after more than ``quiet`` [ns] without one it is news."""
        known = self.open.get(finding.rule)
        if known is not None and finding.start - known[1] <= quiet:
            self.open[finding.rule] = known[0], finding.start
            return
        if known is not None:
            yield known[0].closed(known[1])
        self.open[finding.rule] = finding, finding.start
        yield finding

    def settle(self, due: int, quiet: int) -> Iterator[Finding]:
        """End what has not repeated for longer than ``quiet`` [ns] at ``due`` [ns UTC]: with its newest step."""
        for rule, (finding, newest) in list(self.open.items()):
            if due - newest > quiet:
                del self.open[rule]
                yield finding.closed(newest)
