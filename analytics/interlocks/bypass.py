"""IA-06 bypass too long: an interlock or one of its channels is bypassed beyond the limit.

Source: IEC 61511-1:2016, 16.2.3 asks for a maximum time; its length is the plant's own (``bypass_limit``).
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Self

from analytics.interlocks.votes import is_on
from analytics.interlocks.window import Row
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Interlock
from plant.readings import Reading
from plant.status import StatusClass, status_class


def bypass_points(interlock: Interlock) -> tuple[str, ...]:
    """The bypass switches of the interlock and of its channels."""
    switches = [interlock.bypass, *(c.bypass for c in interlock.causes)]
    return tuple(dict.fromkeys(s for s in switches if s is not None))


@dataclass(slots=True)
class BypassMonitor:
    """How long the bypasses of one interlock last, taken together: from the first on to the last off."""

    interlock: Interlock
    last: dict[str, Row] = field(default_factory=dict)
    since: int | None = None
    findings: dict[str, Finding] = field(default_factory=dict)

    def copy(self) -> Self:
        """An independent copy."""
        other = copy(self)
        other.last, other.findings = dict(self.last), dict(self.findings)
        return other

    def apply(self, rows: Sequence[Row]) -> None:
        """Take all rows of one moment, then judge it. A Bad status changes nothing: the switch is not known."""
        now = rows[0].time
        self.advance(now - 1)
        for row in rows:
            if status_class(row.status) is not StatusClass.BAD:
                self.last[row.point] = row
        on = any(is_on(r) for r in self.last.values())
        if on and self.since is None:
            self.since = now
        elif not on and self.since is not None:
            self.since = None
            self.findings = {k: f.closed(now) if f.end is None else f for k, f in self.findings.items()}

    def advance(self, now: int) -> None:
        """Judge a bypass that lasts ``now`` [ns UTC]."""
        limit = self.interlock.bypass_limit
        if self.since is None or now < self.since + int(limit * SECOND):
            return
        on = [r for r in self.last.values() if is_on(r)]
        finding = Finding(
            "IA-06",
            self.interlock.id,
            Severity.HIGH,
            self.since,
            None,
            f"bypassed for {limit / 3600:g} h at most without a new permit",
            f"{', '.join(sorted(r.point for r in on))} on beyond the limit",
            f"{self.interlock.clause}; IEC 61511-1:2016, 16.2.3",
            tuple(Reading(r.point, r.time, r.value, r.status) for r in sorted(on)),
        )
        if finding.id not in self.findings:
            self.findings[finding.id] = finding

    def forget(self, before: int) -> None:
        """Drop findings that ended before ``before`` [ns UTC]."""
        self.findings = {k: f for k, f in self.findings.items() if f.end is None or f.end >= before}
