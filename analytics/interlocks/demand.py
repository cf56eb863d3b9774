"""Demands on one interlock: IA-01 missed trip, IA-02 slow trip, IA-09 demand under bypass.

A demand starts at t0 when at least M channels (M of the MooN vote) are beyond their set point and not bypassed,
and is confirmed when they stay so for the trip delay d plus one scan h: then the logic solver must trip, even if
the process returns after that. Source: IEC 61511-1:2016, 16.2 (discrepancies between expected and actual behaviour
are recorded and analysed) and 11.2.7 (response within the process safety time).

- IA-01: the command has not come by t0 + d + 2h + margin.
- IA-02: the command came, but a final element is not in its safe state by t0 + the allowed response.
- IA-09: channels are beyond their set points while a bypass keeps them from tripping; found at once, as somebody
  must look. The demand is one event: the same cause gives neither IA-01 nor IA-02 while bypassed.

What cannot be seen is never taken for fine. A channel that goes Bad does not end a demand, nor a finding; whether
a trip was due is then not assessable. So is a trip whose command cannot be seen, and final elements without
feedback. If the command cannot be seen, the final elements are judged all the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from pydantic import TypeAdapter

from analytics.interlocks.bypass import bypass_switches
from analytics.interlocks.parameters import Parameters
from analytics.interlocks.votes import Presence, Process, Tally, is_off, is_on
from analytics.interlocks.window import Row
from analytics.saved import SavedFinding
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Effect, Interlock
from plant.text import Text, plain

_NO_DEMAND = Text("no demand while bypassed, or compensating measures", "旁路期间不出现要求，或已采取补偿措施")
_WHOLE = Text("the interlock is bypassed", "联锁被旁路")
_CHANNELS = Text("channels are bypassed", "通道被旁路")
_VOTE_UNKNOWN = Text("not assessable: the vote cannot be known any more", "无法评估：表决结果已无法得知")


def _listed(points: Iterable[str]) -> Text:
    """The points, parted as each language does it."""
    names = tuple(points)
    return Text(", ".join(names), "、".join(names))


def _no_signal(points: Iterable[str]) -> Text:
    names = _listed(points)
    return Text(f"not assessable: no usable signal of {names.en}", f"无法评估：{names.zh} 无可用信号")


@dataclass(frozen=True, slots=True)
class Times:
    """The interlock's times [ns]."""

    confirm: int
    """d + h: a vote that lasts so long is a demand."""
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
class DemandState:
    """What the rows so far say; all times [ns UTC]."""

    last: dict[str, Row] = field(default_factory=dict)
    """Newest reading by point; of a bypass switch the newest that is not Bad."""
    beyond: frozenset[int] = frozenset()
    """Indices of the causes that are beyond their set points."""
    since: int | None = None
    """Start of the present demand, or of one that is over but whose command is still awaited."""
    lapsed: int | None = None
    """When its vote was first not known to be present any more; None while it is."""
    gone: int | None = None
    """When its vote was known to be absent."""
    commanded: bool = False
    """The command has come for it."""
    awaited: int | None = None
    """Start of the demand whose safe state is still awaited."""
    open_id: dict[str, str] = field(default_factory=dict)
    """Id of the open finding by rule."""
    findings: dict[str, SavedFinding] = field(default_factory=dict)


_STATE = TypeAdapter(DemandState)


class DemandMonitor:
    """The demands on one interlock, as a fold over the readings of its points."""

    def __init__(self, interlock: Interlock, times: Times, state: DemandState | None = None) -> None:
        self._interlock, self._times = interlock, times
        self._switches = frozenset(bypass_switches(interlock))
        self._state = DemandState() if state is None else state

    @property
    def findings(self) -> dict[str, Finding]:
        """Findings by id."""
        return self._state.findings

    def copy(self) -> Self:
        """An independent copy."""
        s = self._state
        state = replace(s, last=dict(s.last), open_id=dict(s.open_id), findings=dict(s.findings))
        return type(self)(self._interlock, self._times, state)

    def dump(self) -> Any:  # noqa: ANN401 - JSON
        """The state as plain JSON data."""
        return _STATE.dump_python(self._state, mode="json")

    def load(self, state: object) -> Self:
        """A monitor with a state from ``dump``; raises ``ValueError`` when it cannot be read."""
        return type(self)(self._interlock, self._times, _STATE.validate_python(state))

    def apply(self, rows: Sequence[Row]) -> None:
        """Take all rows of one moment, then judge it."""
        last, now = self._state.last, rows[0].time
        for row in rows:
            if row.point not in self._switches or not row.bad:
                last[row.point] = row
        on = frozenset(s for s in self._switches if is_on(last.get(s)))
        tally = Tally.of(self._interlock, last, on, self._state.beyond)
        self._state.beyond = tally.beyond
        self._judge_bypass(tally, now)
        self._judge_vote(tally.presence, now)
        self._judge_command(tally.presence, now)
        self._judge_effects(tally.presence, now)
        self._reassess()

    def advance(self, now: int) -> bool:
        """Judge the deadlines up to ``now`` [ns UTC]; whether one has passed."""
        s = self._state
        passed = False
        waits = not s.commanded and "IA-01" not in s.open_id
        if s.since is not None and waits and now >= s.since + self._times.command:
            self._missed(s.since)
            passed = True
        if s.awaited is not None and now >= s.awaited + self._times.response:
            start, s.awaited = s.awaited, None
            self._slow(start)
            passed = True
        return passed

    # --- one moment -------------------------------------------------------------------------------

    def _judge_bypass(self, tally: Tally, now: int) -> None:
        """IA-09: the process would trip the interlock, were it not for a bypass."""
        tripped = is_on(self._command)
        if tally.held_back and not tripped and "IA-09" not in self._state.open_id:
            what = _WHOLE if tally.whole_bypassed else _CHANNELS
            beyond = _listed(tally.points(self._interlock.causes, Process.BEYOND))
            seen = Text(
                f"{beyond.en} beyond the set point while {what.en}", f"{what.zh}，{beyond.zh} 已越过联锁设定值"
            )
            self._open("IA-09", now, Severity.CRITICAL, _NO_DEMAND, seen)
        elif not tally.may_be_held_back:
            self._close("IA-09", now)

    def _judge_vote(self, presence: Presence, now: int) -> None:
        s = self._state
        if presence is Presence.PRESENT:
            if s.since is None or (s.lapsed is not None and not self._confirmed):
                self._begin(now)
            s.lapsed = s.gone = None
            return
        if s.since is None:
            return
        s.lapsed = now if s.lapsed is None else s.lapsed
        if presence is Presence.ABSENT:
            s.gone = now if s.gone is None else s.gone
            if s.commanded or "IA-01" in s.open_id or not self._confirmed:
                self._end(now)

    def _judge_command(self, presence: Presence, now: int) -> None:
        s, command = self._state, self._command
        if s.since is None:
            return
        if s.commanded and is_off(command) and presence is Presence.PRESENT:
            self._begin(now)  # the command was taken back although the cause persists: it must come again
        elif not s.commanded and is_on(command):
            s.commanded = True
            self._commanded(now)
            if s.gone is not None:
                self._end(now)

    def _commanded(self, now: int) -> None:
        """The command has come; one that came too late was found as missed, and its effects are late for that."""
        s = self._state
        missed = s.open_id.get("IA-01")
        if s.since is None:
            return
        in_time = missed is None or now <= s.since + self._times.command
        if in_time and s.awaited is None and "IA-02" not in s.open_id:
            s.awaited = s.since
        if missed is not None and now <= s.since + self._times.command:
            del s.findings[missed], s.open_id["IA-01"]  # a row that is this late shows that it came in time
        self._close("IA-01", now)

    def _judge_effects(self, presence: Presence, now: int) -> None:
        s = self._state
        if s.awaited is None and "IA-02" not in s.open_id:
            return
        late, unknown = self._not_safe()
        reset = presence is Presence.ABSENT and s.since is None and is_off(self._command)
        if reset or not (late or unknown):
            s.awaited = None
            self._close("IA-02", now)

    def _reassess(self) -> None:
        """What could not be assessed is judged once its signals are there."""
        s = self._state
        missed, slow = (s.findings.get(s.open_id.get(rule, "")) for rule in ("IA-01", "IA-02"))
        if missed is not None and not missed.assessable and self._confirmed and is_off(self._command):
            self._missed(missed.start)
        if slow is not None and not slow.assessable and self._not_safe()[0]:
            self._slow(slow.start)

    # --- demands ----------------------------------------------------------------------------------

    @property
    def _command(self) -> Row | None:
        return self._state.last.get(self._interlock.command)

    @property
    def _confirmed(self) -> bool:
        """The vote was present for the delay and one scan, as far as it is over."""
        s = self._state
        return s.since is not None and (s.lapsed is None or s.lapsed - s.since >= self._times.confirm)

    def _begin(self, now: int) -> None:
        s = self._state
        self._close("IA-01", now)
        s.since, s.lapsed, s.gone, s.commanded = now, None, None, False

    def _end(self, now: int) -> None:
        s = self._state
        self._close("IA-01", now)
        s.since = s.lapsed = s.gone = None
        s.commanded = False

    def _not_safe(self) -> tuple[list[Effect], list[Effect]]:
        """Final elements that are not in their safe state, and those whose state cannot be seen."""
        late: list[Effect] = []
        unknown: list[Effect] = []
        for effect in self._interlock.effects:
            row = self._state.last.get(effect.feedback)
            if row is None or row.bad:
                unknown.append(effect)
            elif abs(row.value - effect.safe_state) > effect.tolerance:
                late.append(effect)
        return late, unknown

    # --- findings ---------------------------------------------------------------------------------

    def _missed(self, start: int) -> None:
        """The command has not come in time; a demand that is over by then ends its finding as well."""
        s, command = self._state, self._interlock.command
        limit = plain(self._times.command / SECOND)
        expected = Text(
            f"trip command {command} within {limit} s of the demand",
            f"要求出现后 {limit} s 内发出联锁指令 {command}",
        )
        if not self._confirmed:
            self._open("IA-01", start, Severity.HIGH, expected, _VOTE_UNKNOWN, assessable=False)
        elif is_off(self._command):
            seen = Text(f"no command after {limit} s", f"{limit} s 后仍无联锁指令")
            self._open("IA-01", start, Severity.CRITICAL, expected, seen)
        else:
            self._open("IA-01", start, Severity.HIGH, expected, _no_signal([command]), assessable=False)
            s.awaited = start if s.awaited is None and "IA-02" not in s.open_id else s.awaited
        if s.gone is not None:
            self._end(s.gone)

    def _slow(self, start: int) -> None:
        late, unknown = self._not_safe()
        limit = plain(self._times.response / SECOND)
        expected = Text(f"safe state within {limit} s of the demand", f"要求出现后 {limit} s 内到达安全状态")
        if late:
            names = _listed(e.feedback for e in late)
            seen = Text(f"not in the safe state: {names.en}", f"未到达安全状态：{names.zh}")
            self._open("IA-02", start, Severity.CRITICAL, expected, seen)
        elif unknown:
            seen = _no_signal(e.feedback for e in unknown)
            self._open("IA-02", start, Severity.HIGH, expected, seen, assessable=False)

    def _open(
        self, rule: str, start: int, severity: Severity, expected: Text, seen: Text, *, assessable: bool = True
    ) -> None:
        evidence = tuple(row.reading() for _, row in sorted(self._state.last.items()))
        clause = f"{self._interlock.clause}; IEC 61511-1:2016, 16.2"
        finding = Finding(
            rule,
            self._interlock.id,
            severity,
            start,
            None,
            expected.en,
            seen.en,
            clause,
            evidence,
            assessable=assessable,
            expected_zh=expected.zh,
            seen_zh=seen.zh,
        )
        self._state.findings[finding.id] = finding
        self._state.open_id[rule] = finding.id

    def _close(self, rule: str, end: int) -> None:
        key = self._state.open_id.pop(rule, None)
        if key is not None:
            finding = self._state.findings[key]
            self._state.findings[key] = finding.closed(max(end, finding.start))
