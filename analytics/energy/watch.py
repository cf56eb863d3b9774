"""Findings about single meters: EN-RESET, EN-GAP and EN-STUCK.

- EN-RESET: the counter fell and it was no roll-over. The rule for telling them apart is in ``metering``.
- EN-GAP: no value for twelve periods and at least a minute, while its source delivers other values.
- EN-STUCK: the counter stood still for ``stuck_after`` although values came and the plant was running: for an
  energy meter the production counter ran, for the production meter the product's first energy meter did.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from analytics.energy.metering import DEFAULT_PERIOD, Samples, amount, steps
from analytics.energy.series import MeterSeries
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Meter, MeterKind
from plant.readings import Reading

_CLAUSE = "GB/T 2589-2020; plant metering rules"
_GAP_PERIODS, _GAP_LEAST = 12, 60.0
_RUNNING = 0.05
"""Share of its highest rate above which the witness meter shows that the plant runs."""


@dataclass(slots=True)
class MeterWatch:
    """One meter; ``witness`` is the meter that shows whether the plant was running."""

    meter: Meter
    period: float | None
    series: MeterSeries = field(default_factory=MeterSeries)
    witness: "MeterWatch | None" = None
    checked: int | None = None
    """Steps that end up to here have been judged [ns UTC]."""
    gap: Finding | None = None
    stuck: Finding | None = None

    def step(self, due: int) -> list[Finding]:
        """Judge what is due: up to ``due`` [ns UTC] nothing more is expected to come."""
        if self.series.newest is None:
            return []
        found = [*self._gap(due), *self._stuck()]
        return found if self.meter.kind is MeterKind.RATE else [*found, *self._resets(due)]

    def _gap(self, due: int) -> Sequence[Finding]:
        newest = self.series.newest or 0
        limit = max(_GAP_PERIODS * (self.period or DEFAULT_PERIOD), _GAP_LEAST)
        if self.gap is not None and newest > self.gap.start:
            closed, self.gap = self.gap.closed(newest), None
            return [closed]
        if self.gap is None and due - newest > limit * SECOND:
            self.gap = self._finding("EN-GAP", newest, "values from this meter", f"none for more than {limit:g} s")
            return [self.gap]
        return ()

    def _stuck(self) -> Sequence[Finding]:
        newest, since = self.series.newest, self.series.last_change
        if newest is None or since is None:
            return ()
        if self.stuck is not None:
            if since <= self.stuck.start:
                return ()
            closed, self.stuck = self.stuck.closed(since), None
            return [closed]
        if newest - since < self.meter.stuck_after * SECOND or not self._ran(since, newest):
            return ()
        seen = f"stands still since {self.meter.stuck_after:g} s while the plant runs"
        self.stuck = self._finding("EN-STUCK", since, "a counter that runs with the plant", seen)
        return [self.stuck]

    def _ran(self, start: int, end: int) -> bool:
        """Whether the witness counted in both halves of the time: the plant ran, and still runs."""
        if self.witness is None or self.witness.stuck is not None:
            return False
        middle = (start + end) // 2
        return all(self.witness.counted(a, b) for a, b in ((start, middle), (middle, end)))

    def counted(self, start: int, end: int) -> bool:
        """Whether this meter counted at more than standstill from ``start`` to ``end`` [ns UTC]."""
        quantity = amount(self.series.samples(), self.meter, self.period, start, end).quantity
        hours = (end - start) / SECOND / 3600
        least = 0.0 if self.meter.max_rate is None else float(self.meter.max_rate) * hours * _RUNNING
        return float(quantity) > least

    def _resets(self, due: int) -> list[Finding]:
        samples = self.series.samples()
        checked = samples.time[0] if self.checked is None else self.checked
        first = max(int(np.searchsorted(samples.time, checked, side="right")) - 1, 0)
        last = int(np.searchsorted(samples.time, due, side="right"))
        if last - first < 2:  # noqa: PLR2004 - a step needs two values
            return []
        part = Samples(samples.time[first:last], samples.value[first:last])
        judged = steps(part, self.meter, self.period)
        self.checked = int(part.time[-1])
        return [self._reset(part, int(i)) for i in np.flatnonzero(judged.reset)]

    def _reset(self, part: Samples, i: int) -> Finding:
        before, after = float(part.value[i]), float(part.value[i + 1])
        time = int(part.time[i + 1])
        finding = self._finding(
            "EN-RESET", time, "a counter that only rises", f"fell from {before:g} to {after:g}"
        )
        return finding.closed(time)

    def _finding(self, rule: str, start: int, expected: str, seen: str) -> Finding:
        value = self.series.newest_value
        evidence = (Reading(self.meter.point, self.series.newest or start, value),)
        return Finding(rule, self.meter.id, Severity.MEDIUM, start, None, expected, seen, _CLAUSE, evidence)
