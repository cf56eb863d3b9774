"""Demands on one interlock: IA-01 missed trip, IA-02 slow trip, IA-09 demand under bypass.

A demand starts at t0 when at least M channels (M of the MooN vote) are beyond their set point, not bypassed, and
stay so for the trip delay d plus one scan h. Source: IEC 61511-1:2016, 16.2 (discrepancies between expected and
actual behaviour are recorded and analysed) and 11.2.7 (response within the process safety time).

- IA-01: the command has not come by t0 + d + 2h + margin.
- IA-02: the command came, but a final element is not in its safe state by t0 + the allowed response.
- IA-09: channels are beyond their set points while the bypass keeps them from tripping; found at once, as
  somebody must look. The demand is one event: the same cause gives neither IA-01 nor IA-02 while bypassed.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Self

from analytics.interlocks.parameters import Parameters
from analytics.interlocks.votes import Vote, is_on, vote
from analytics.interlocks.window import Row
from plant.clock import SECOND
from plant.findings import Finding, FindingState, Severity
from plant.model import Effect, Interlock
from plant.readings import Reading
from plant.status import StatusClass, status_class

_FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Times:
    """The interlock's times [ns]."""

    confirm: int
    """d + h: so long the causes must last."""
    command: int
    """d + 2h + margin: by then the command must have come."""
    response: int
    """Allowed time to the safe state."""

    @classmethod
    def of(cls, interlock: Interlock, parameters: Parameters) -> Self:
        """From the plant file and the parameters."""
        delay, scan = interlock.delay, interlock.scan
        return cls(
            int((delay + scan) * SECOND),
            int((delay + 2 * scan + parameters.command_margin) * SECOND),
            int(interlock.response * SECOND),
        )


@dataclass(slots=True)
class DemandMonitor:
    """The demands on one interlock, as a fold over the readings of its points."""

    interlock: Interlock
    times: Times
    last: dict[str, Row] = field(default_factory=dict)
    since: int | None = None
    """When the present vote began; None while there is none."""
    commanded: int | None = None
    """When the command came for the present demand."""
    awaited: int | None = None
    """Start of the demand whose safe state is still awaited after the command."""
    open_id: dict[str, str] = field(default_factory=dict)
    """Id of the open finding by rule."""
    findings: dict[str, Finding] = field(default_factory=dict)

    def copy(self) -> Self:
        """An independent copy."""
        other = copy(self)
        other.last, other.open_id, other.findings = dict(self.last), dict(self.open_id), dict(self.findings)
        return other

    def apply(self, rows: Sequence[Row]) -> None:
        """Take all rows of one moment, then judge it."""
        now = rows[0].time
        self.advance(now - 1)
        for row in rows:
            self.last[row.point] = row
        self._judge(now)

    def advance(self, now: int) -> None:
        """Judge the deadlines up to ``now`` [ns UTC]."""
        if self.since is not None and self.commanded is None and now >= self.since + self.times.command:
            self._missed(self.since)
        if self.awaited is not None and now >= self.awaited + self.times.response:
            self._slow(self.awaited)

    def forget(self, before: int) -> None:
        """Drop findings that ended before ``before`` [ns UTC]."""
        self.findings = {k: f for k, f in self.findings.items() if f.end is None or f.end >= before}

    # --- one moment -------------------------------------------------------------------------------

    def _judge(self, now: int) -> None:
        votes = [
            vote(c, self.last.get(c.point), self.last.get(c.bypass) if c.bypass else None)
            for c in self.interlock.causes
        ]
        bypassed = is_on(self._row(self.interlock.bypass))
        effective = 0 if bypassed else sum(v.counts for v in votes)
        self._judge_bypass(votes, now, effective=effective, whole=bypassed)
        self._judge_vote(now, present=effective >= self.interlock.votes_needed)
        self._judge_command(now)

    def _judge_bypass(self, votes: Sequence[Vote], now: int, *, effective: int, whole: bool) -> None:
        """IA-09: the causes would trip, were it not for a bypass."""
        needed = self.interlock.votes_needed
        would = sum(v.beyond for v in votes) >= needed > effective
        tripped = is_on(self._row(self.interlock.command))
        if would and not tripped and "IA-09" not in self.open_id:
            what = "the interlock is bypassed" if whole else "channels are bypassed"
            beyond = [c.point for c, v in zip(self.interlock.causes, votes, strict=True) if v.beyond]
            self._open(
                "IA-09",
                now,
                Severity.CRITICAL,
                "no demand while bypassed, or compensating measures",
                f"{', '.join(beyond)} beyond the set point while {what}",
            )
        elif not would:
            self._close("IA-09", now)

    def _judge_vote(self, now: int, *, present: bool) -> None:
        if present and self.since is None:
            self.since = now
            self.commanded = now if is_on(self._row(self.interlock.command)) else None
        elif not present and self.since is not None:
            self.since = None
            self._close("IA-01", now)

    def _judge_command(self, now: int) -> None:
        tripped = is_on(self._row(self.interlock.command))
        if self.since is not None and self.commanded is None and tripped:
            self.commanded = now
            # A command that came too late has been found as missed: its effects are late for that reason.
            self.awaited = None if "IA-01" in self.open_id else self.since
            self._close("IA-01", now)
        if self.awaited is None and "IA-02" not in self.open_id:
            return
        late, unknown = self._not_safe()
        if not late and not unknown:
            self.awaited = None
            self._close("IA-02", now)
        elif not tripped:
            self.awaited = None  # reset by hand: nothing is awaited any more
            self._close("IA-02", now)

    def _not_safe(self) -> tuple[list[Effect], list[Effect]]:
        """Final elements that are not in their safe state, and those whose state cannot be seen."""
        late: list[Effect] = []
        unknown: list[Effect] = []
        for effect in self.interlock.effects:
            row = self.last.get(effect.feedback)
            if row is None or status_class(row.status) is StatusClass.BAD or row.value != row.value:
                unknown.append(effect)
            elif abs(row.value - effect.safe_state) > effect.tolerance:
                late.append(effect)
        return late, unknown

    # --- findings ---------------------------------------------------------------------------------

    def _missed(self, start: int) -> None:
        if "IA-01" in self.open_id or start + self.times.command > _FOREVER:
            return
        row = self._row(self.interlock.command)
        limit = self.times.command / SECOND
        expected = f"trip command {self.interlock.command} within {limit:g} s of the demand"
        if row is None or status_class(row.status) is StatusClass.BAD:
            self._open(
                "IA-01",
                start,
                Severity.HIGH,
                expected,
                f"not assessable: no usable signal of {self.interlock.command}",
                assessable=False,
            )
        else:
            self._open("IA-01", start, Severity.CRITICAL, expected, f"no command after {limit:g} s")

    def _slow(self, start: int) -> None:
        late, unknown = self._not_safe()
        self.awaited = None
        limit = self.times.response / SECOND
        expected = f"safe state within {limit:g} s of the demand"
        if late:
            names = ", ".join(e.feedback for e in late)
            self._open("IA-02", start, Severity.CRITICAL, expected, f"not in the safe state: {names}")
        elif unknown:
            names = ", ".join(e.feedback for e in unknown)
            self._open(
                "IA-02",
                start,
                Severity.HIGH,
                expected,
                f"not assessable: no usable signal of {names}",
                assessable=False,
            )

    def _open(
        self, rule: str, start: int, severity: Severity, expected: str, seen: str, *, assessable: bool = True
    ) -> None:
        finding = Finding(
            rule,
            self.interlock.id,
            severity,
            start,
            None,
            expected,
            seen,
            f"{self.interlock.clause}; IEC 61511-1:2016, 16.2",
            self._evidence(),
            assessable=assessable,
        )
        self.findings[finding.id] = finding
        self.open_id[rule] = finding.id

    def _close(self, rule: str, end: int) -> None:
        key = self.open_id.pop(rule, None)
        if key is not None and self.findings[key].state is FindingState.OPEN:
            self.findings[key] = self.findings[key].closed(end)

    def _evidence(self) -> tuple[Reading, ...]:
        return tuple(Reading(r.point, r.time, r.value, r.status) for _, r in sorted(self.last.items()))

    def _row(self, point: str | None) -> Row | None:
        return None if point is None else self.last.get(point)
