"""IA-14 bad or stale signal: an interlock's input or feedback that cannot be relied on.

Status Bad at once; Uncertain for longer than a minute; no update for three periods and at least 5 s, while its
source delivers other values (a source that is silent as a whole is one finding about the source).
Source: OPC 10000-4, 7.39 ("Bad results shall never be used"); the times are parameters.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Self

from analytics.interlocks.parameters import Parameters
from analytics.interlocks.window import Row
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Point
from plant.readings import Reading
from plant.status import StatusClass, status_class

_CLAUSE = "OPC 10000-4, 7.39; IEC 61511-1:2016, 16.2"


@dataclass(slots=True)
class SignalMonitor:
    """Whether one point can be relied on."""

    point: Point
    parameters: Parameters
    last: Row | None = None
    uncertain_since: int | None = None
    open_id: str | None = None
    findings: dict[str, Finding] = field(default_factory=dict)

    def copy(self) -> Self:
        """An independent copy."""
        other = copy(self)
        other.findings = dict(self.findings)
        return other

    def apply(self, rows: Sequence[Row]) -> None:
        """Take the rows of one moment; where the same moment is told twice, the worse status counts."""
        row = max(rows, key=lambda r: r.status)
        self.advance(row.time - 1)
        self.last = row
        quality = status_class(row.status)
        if quality is not StatusClass.UNCERTAIN:
            self.uncertain_since = None
        elif self.uncertain_since is None:
            self.uncertain_since = row.time
        if quality is StatusClass.BAD:
            self._open(row.time, f"status {row.status:#010x}")
        elif quality is StatusClass.GOOD or self._open_for_staleness():
            self._close(row.time)

    def advance(self, now: int) -> None:
        """Judge staleness and lasting uncertainty up to ``now`` [ns UTC]."""
        if self.last is None or self.open_id is not None:
            return
        limit = self.stale_after()
        if limit is not None and now - self.last.time > limit:
            self._open(self.last.time, f"no update for more than {limit / SECOND:g} s")
            return
        since = self.uncertain_since
        if since is not None and now - since > self.parameters.uncertain_after * SECOND:
            self._open(since, f"Uncertain for more than {self.parameters.uncertain_after:g} s")

    def stale_after(self) -> int | None:
        """Longest pause between two updates [ns]; None for a point that reports by exception."""
        if self.point.period is None:
            return None
        parameters = self.parameters
        return int(max(parameters.stale_periods * self.point.period, parameters.stale_least) * SECOND)

    def forget(self, before: int) -> None:
        """Drop findings that ended before ``before`` [ns UTC]."""
        self.findings = {k: f for k, f in self.findings.items() if f.end is None or f.end >= before}

    def _open_for_staleness(self) -> bool:
        return self.open_id is not None and self.uncertain_since == (self.last.time if self.last else None)

    def _open(self, start: int, seen: str) -> None:
        if self.open_id is not None or self.last is None:
            return
        row = self.last
        finding = Finding(
            "IA-14",
            self.point.id,
            Severity.HIGH,
            start,
            None,
            "a signal with Good status, updated in time",
            seen,
            _CLAUSE,
            (Reading(row.point, row.time, row.value, row.status),),
        )
        self.findings[finding.id] = finding
        self.open_id = finding.id

    def _close(self, end: int) -> None:
        if self.open_id is not None:
            self.findings[self.open_id] = self.findings[self.open_id].closed(end)
            self.open_id = None
