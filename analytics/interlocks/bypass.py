"""IA-06 bypass too long: an interlock or one of its channels is bypassed beyond the limit.

Source: IEC 61511-1:2016, 16.2.3 asks for a maximum time; its length is the plant's own (``bypass_limit``).
A forced value of a channel is a bypass as well: nobody measures behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from pydantic import TypeAdapter

from analytics.interlocks.votes import is_forced, is_on
from analytics.interlocks.window import Row
from analytics.saved import SavedFinding
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Interlock
from plant.text import plain


def bypass_switches(interlock: Interlock) -> tuple[str, ...]:
    """The bypass switches of the interlock and of its channels."""
    switches = [interlock.bypass, *(c.bypass for c in interlock.causes)]
    return tuple(dict.fromkeys(s for s in switches if s is not None))


@dataclass(slots=True)
class BypassState:
    """What the rows so far say."""

    on: dict[str, Row] = field(default_factory=dict)
    """Switches that are on and channels that are forced: the row that said so first."""
    since: int | None = None
    """Since when at least one has been on [ns UTC]."""
    findings: dict[str, SavedFinding] = field(default_factory=dict)
    open_id: str | None = None


_STATE = TypeAdapter(BypassState)


class BypassMonitor:
    """How long the bypasses of one interlock last, taken together: from the first on to the last off."""

    def __init__(self, interlock: Interlock, state: BypassState | None = None) -> None:
        self._interlock = interlock
        self._limit = int(interlock.bypass_limit * SECOND)
        self._channels = frozenset(c.point for c in interlock.causes)
        self._state = BypassState() if state is None else state

    @property
    def findings(self) -> dict[str, Finding]:
        """Findings by id."""
        return self._state.findings

    def copy(self) -> Self:
        """An independent copy."""
        state = replace(self._state, on=dict(self._state.on), findings=dict(self._state.findings))
        return type(self)(self._interlock, state)

    def dump(self) -> Any:  # noqa: ANN401 - JSON
        """The state as plain JSON data."""
        return _STATE.dump_python(self._state, mode="json")

    def load(self, state: object) -> Self:
        """A monitor with a state from ``dump``; raises ``ValueError`` when it cannot be read."""
        return type(self)(self._interlock, _STATE.validate_python(state))

    def apply(self, rows: Sequence[Row]) -> None:
        """Take all rows of one moment. A Bad status changes nothing: where the switch is, is not known."""
        state, now = self._state, rows[0].time
        for row in rows:
            if row.bad:
                continue
            if is_forced(row) if row.point in self._channels else is_on(row):
                state.on.setdefault(row.point, row)
            else:
                state.on.pop(row.point, None)
        if state.on and state.since is None:
            state.since = now
        elif not state.on and state.since is not None:
            state.since = None
            self._close(now)

    def advance(self, now: int) -> bool:
        """Judge a bypass that lasts at ``now`` [ns UTC]."""
        state = self._state
        if state.since is None or state.open_id is not None or now < state.since + self._limit:
            return False
        limit, on = plain(round(self._interlock.bypass_limit / 3600, 4)), sorted(state.on)
        finding = Finding(
            "IA-06",
            self._interlock.id,
            Severity.HIGH,
            state.since,
            None,
            f"bypassed for {limit} h at most without a new permit",
            f"{', '.join(on)} on beyond the limit",
            f"{self._interlock.clause}; IEC 61511-1:2016, 16.2.3",
            tuple(state.on[point].reading() for point in on),
            expected_zh=f"无新许可时，旁路最长 {limit} h",
            seen_zh=f"{'、'.join(on)} 旁路已超过时限",
        )
        state.findings[finding.id], state.open_id = finding, finding.id
        return True

    def _close(self, end: int) -> None:
        if self._state.open_id is not None:
            opened = self._state.findings[self._state.open_id]
            self._state.findings[opened.id] = opened.closed(max(end, opened.start))
            self._state.open_id = None
