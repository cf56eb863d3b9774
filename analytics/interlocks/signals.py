"""IA-14 bad or stale signal: an interlock's input, command or feedback that cannot be relied on.

- Status Bad at once, as is a value that is no number; Uncertain for longer than a minute.
- No update for three periods and at least 5 s, counted only while the source of the point delivers other values:
  a source that is silent as a whole is one finding about the source. A point without a period reports by exception
  and is never stale by itself.
- A point with a period that never had a value, although its source has been heard that long.

Source: OPC 10000-4, 7.39 ("Bad results shall never be used"); the times are parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from pydantic import TypeAdapter

from analytics.interlocks.parameters import Parameters
from analytics.interlocks.window import BEAT, Row
from analytics.saved import SavedFinding
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Point
from plant.text import Text, plain

_CLAUSE = "OPC 10000-4, 7.39; IEC 61511-1:2016, 16.2"
_EXPECTED = Text("a signal with Good status, updated in time", "信号状态正常，按时更新")
Why = Literal["bad", "uncertain", "stale"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a signal may be unsure [ns]."""

    uncertain: int
    """Longest time with status Uncertain."""
    stale: int | None
    """Longest time without an update while the source is heard; None for a point that reports by exception."""
    pause: int
    """Two values of the source further apart than this do not count as being heard in between."""

    @classmethod
    def of(cls, point: Point, parameters: Parameters, *, pause: int) -> Self:
        """From the plant file and the parameters."""
        stale = None
        if point.period is not None:
            stale = int(max(parameters.stale_periods * point.period, parameters.stale_least) * SECOND)
        return cls(int(parameters.uncertain_after * SECOND), stale, pause)


@dataclass(slots=True)
class SignalState:
    """What the rows so far say; all times [ns UTC]."""

    last: Row | None = None
    first_beat: int | None = None
    beat: int | None = None
    """Newest sign of life of the source."""
    heard: int = 0
    """How long the source has been heard since the last value [ns]."""
    uncertain_since: int | None = None
    why: Why | None = None
    """Why a finding is open."""
    open_id: str | None = None
    findings: dict[str, SavedFinding] = field(default_factory=dict)


_STATE = TypeAdapter(SignalState)


class SignalMonitor:
    """Whether one point can be relied on. Its rows are its own, and seconds with any value of its source."""

    def __init__(self, point: Point, patience: Patience, state: SignalState | None = None) -> None:
        self._point, self._patience = point, patience
        self._state = SignalState() if state is None else state

    @property
    def findings(self) -> dict[str, Finding]:
        """Findings by id."""
        return self._state.findings

    def copy(self) -> Self:
        """An independent copy."""
        state = replace(self._state, findings=dict(self._state.findings))
        return type(self)(self._point, self._patience, state)

    def dump(self) -> Any:  # noqa: ANN401 - JSON
        """The state as plain JSON data."""
        return _STATE.dump_python(self._state, mode="json")

    def load(self, state: object) -> Self:
        """A monitor with a state from ``dump``; raises ``ValueError`` when it cannot be read."""
        return type(self)(self._point, self._patience, _STATE.validate_python(state))

    def apply(self, rows: Sequence[Row]) -> None:
        """Take the rows of one moment; where the same moment is told twice, the worse status counts."""
        self._hear(rows[0].time)
        own = [r for r in rows if r.point != BEAT]
        if own:
            self._judge_pause()
            self._take(max(own, key=lambda r: (r.bad, r.status)))

    def advance(self, now: int) -> bool:
        """Judge staleness and lasting uncertainty up to ``now`` [ns UTC]; whether either was found."""
        before = self._state.open_id
        self._judge_pause()
        since = self._state.uncertain_since
        if since is not None and now - since > self._patience.uncertain:
            limit = plain(self._patience.uncertain / SECOND)
            what = Text(f"Uncertain for more than {limit} s", f"状态可疑超过 {limit} s")
            self._open("uncertain", since, what)
        return self._state.open_id != before

    def _hear(self, now: int) -> None:
        """The source is alive at ``now``."""
        s = self._state
        if s.beat is None:
            s.first_beat = s.beat = now
        passed, s.beat = now - s.beat, max(s.beat, now)
        if 0 < passed <= self._patience.pause:
            s.heard += passed

    def _judge_pause(self) -> None:
        """A point that its living source leaves out for too long is stale."""
        s, stale = self._state, self._patience.stale
        if stale is not None and s.heard > stale and s.first_beat is not None:
            limit = plain(stale / SECOND)
            if s.last is None:
                self._open("stale", s.first_beat, Text("no value at all", "从未有读数"))
            else:
                late = Text(f"no update for more than {limit} s", f"超过 {limit} s 未更新")
                self._open("stale", s.last.time, late)

    def _take(self, row: Row) -> None:
        s = self._state
        s.last, s.heard = row, 0
        uncertain = not (row.good or row.bad)
        if not uncertain:
            s.uncertain_since = None
        elif s.uncertain_since is None:
            s.uncertain_since = row.time
        if row.good or (uncertain and s.why == "stale"):
            self._close(row.time)
        elif row.bad:
            self._open("bad", row.time, Text(f"status {row.status:#010x}", f"坏值，状态码 {row.status:#010x}"))

    def _open(self, why: Why, start: int, seen: Text) -> None:
        s = self._state
        if s.open_id is not None:
            return
        evidence = () if s.last is None else (s.last.reading(),)
        finding = Finding(
            "IA-14",
            self._point.id,
            Severity.HIGH,
            start,
            None,
            _EXPECTED.en,
            seen.en,
            _CLAUSE,
            evidence,
            expected_zh=_EXPECTED.zh,
            seen_zh=seen.zh,
        )
        s.findings[finding.id] = finding
        s.open_id, s.why = finding.id, why

    def _close(self, end: int) -> None:
        s = self._state
        if s.open_id is not None:
            finding = s.findings[s.open_id]
            s.findings[finding.id] = finding.closed(max(end, finding.start))
            s.open_id = s.why = None
