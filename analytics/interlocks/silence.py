"""IA-14 for a whole source: nothing at all has come from it, while the rest of the platform went on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from pydantic import TypeAdapter

from analytics.interlocks.window import Row
from analytics.saved import SavedFinding
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Source
from plant.text import plain


@dataclass(slots=True)
class SilenceState:
    """What the times of its values so far say."""

    newest: int | None = None
    """Time of its newest value [ns UTC]."""
    open_id: str | None = None
    findings: dict[str, SavedFinding] = field(default_factory=dict)


_STATE = TypeAdapter(SilenceState)


class SilenceMonitor:
    """One source: silent when none of its points has had a value for ``silent_after``. Rows are times only."""

    def __init__(self, source: Source, state: SilenceState | None = None) -> None:
        self._source, self._limit = source, int(source.silent_after * SECOND)
        self._state = SilenceState() if state is None else state

    @property
    def findings(self) -> dict[str, Finding]:
        """Findings by id."""
        return self._state.findings

    def copy(self) -> Self:
        """An independent copy."""
        return type(self)(self._source, replace(self._state, findings=dict(self._state.findings)))

    def dump(self) -> Any:  # noqa: ANN401 - JSON
        """The state as plain JSON data."""
        return _STATE.dump_python(self._state, mode="json")

    def load(self, state: object) -> Self:
        """A monitor with a state from ``dump``; raises ``ValueError`` when it cannot be read."""
        return type(self)(self._source, _STATE.validate_python(state))

    def apply(self, rows: Sequence[Row]) -> None:
        """Take the time of a value."""
        state, now = self._state, rows[0].time
        if state.open_id is not None:
            state.findings[state.open_id] = state.findings[state.open_id].closed(now)
            state.open_id = None
        state.newest = now

    def advance(self, now: int) -> bool:
        """Judge the silence that lasts at ``now`` [ns UTC]."""
        state = self._state
        if state.newest is None or state.open_id is not None or now - state.newest <= self._limit:
            return False
        limit = plain(self._source.silent_after)
        finding = Finding(
            "IA-14",
            self._source.id,
            Severity.HIGH,
            state.newest,
            None,
            "values from this source",
            f"silent for more than {limit} s",
            "OPC 10000-4, 5.14; IEC 61511-1:2016, 16.2",
            expected_zh="该数据源有数据",
            seen_zh=f"该数据源静默超过 {limit} s",
        )
        state.findings[finding.id], state.open_id = finding, finding.id
        return True
