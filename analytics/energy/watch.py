"""Findings about single meters: EN-RESET, EN-JUMP, EN-GAP and EN-STUCK.

- EN-RESET: the counter fell and it was no roll-over. The rule for telling them apart is in ``metering``.
- EN-JUMP: the counter rose faster than its highest rate allows; the step is not believed. Steps that follow each
  other within the time of a gap are one finding, from the first to the last.
- EN-GAP: no Good value for twelve periods and at least a minute, while its source delivered other values.
- EN-STUCK: the counter stood still for ``stuck_after`` although values came and its consumer was running in both
  halves of that time, see ``running``.

Values are judged once, in time order, when nothing older is expected any more: so the split into batches and the
order within them make no difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from analytics.energy.breaks import Breaks
from analytics.energy.checkpoint import SavedMeter
from analytics.energy.metering import DEFAULT_PERIOD, Amount, Samples, amount, gap_after, steps
from analytics.energy.running import Running
from analytics.energy.series import MeterSeries
from analytics.energy.standstill import grains, smallest_step, standing
from analytics.energy.voice import Voice
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Meter, MeterKind
from plant.readings import Reading
from plant.text import Text, plain

Evidence = tuple[Reading, ...]

_CLAUSE = "GB/T 2589-2020; plant metering rules"
_GAP_PERIODS, _GAP_LEAST = 12, 60.0
_VALUES = Text("values from this meter", "该计量表有数据")
_MOVING = Text("a counter that runs with its consumer", "计数随用能设备运行而增加")
_RISING = Text("a counter that only rises, and no faster than its highest rate", "计数只增不减，且不快于最大速率")
_FELL, _ROSE = Text("fell", "降至"), Text("rose", "升至")


@dataclass(slots=True)
class MeterWatch:
    """One meter with its findings."""

    meter: Meter
    period: float | None
    """Expected time between values [s]."""
    series: MeterSeries = field(default_factory=MeterSeries)
    running: Running | None = None
    """Shows whether its consumer runs; None: nothing does, and no standstill is judged."""
    last: tuple[int, float] | None = None
    """Newest value that has been judged: time [ns UTC] and value."""
    changed: int | None = None
    """When the counter came to its present value [ns UTC]."""
    grain: int = 0
    """See ``standstill.grains``."""
    gap: Finding | None = None
    """The open EN-GAP."""
    stuck: Finding | None = None
    """The open EN-STUCK."""
    breaks: Breaks = field(default_factory=Breaks)

    @property
    def gap_limit(self) -> int:
        """Longest time without a value [ns]."""
        return int(max(_GAP_PERIODS * (self.period or DEFAULT_PERIOD), _GAP_LEAST) * SECOND)

    @property
    def stuck_limit(self) -> int:
        """Longest standstill while the consumer runs [ns]."""
        return int(self.meter.stuck_after * SECOND)

    def step(self, due: int, voice: Voice) -> list[Finding]:
        """Judge what is due: up to ``due`` [ns UTC] nothing more is expected to come."""
        found: list[Finding] = []
        part = self._part(due)
        if len(part.time):
            found += self._gaps(part, voice)
            if self.meter.kind is MeterKind.CUMULATIVE:
                found += self._breaks(part)
                found += self._standstill(part)
            self.last = int(part.time[-1]), float(part.value[-1])
        return [*found, *self.breaks.settle(due, self.gap_limit), *self._silence(due, voice)]

    def _part(self, due: int) -> Samples:
        """The values not judged yet, after the last that was; empty when none is due."""
        fresh = self.series.from_before(0 if self.last is None else self.last[0], due)
        if self.last is None:
            return fresh
        news = fresh.time > self.last[0]
        if not news.any():
            return Samples(fresh.time[:0], fresh.value[:0])
        time, value = np.append([self.last[0]], fresh.time[news]), np.append([self.last[1]], fresh.value[news])
        return Samples(time, value)

    def amount(self, start: int, end: int, known: int) -> Amount:
        """What the meter counted from ``start`` to ``end``, as seen at ``known`` [ns UTC]."""
        # A little more than the period itself: what a coarse counter shows next belongs to a longer time.
        samples = self.series.from_before(start - self.stuck_limit, known)
        still = None
        if self.meter.kind is MeterKind.CUMULATIVE:
            still = standing(samples, self.running, self.stuck_limit)
        return amount(samples, self.meter, self.period, start, end, standing=still)

    def dump(self) -> SavedMeter:
        """The state without the values."""
        return SavedMeter(
            last=self.last,
            changed=self.changed,
            grain=self.grain,
            gap=self.gap,
            stuck=self.stuck,
            breaks=self.breaks.open,
        )

    def restore(self, saved: SavedMeter) -> None:
        """Take a state; the values are fed apart from it."""
        self.last, self.changed, self.grain = saved.last, saved.changed, saved.grain
        self.gap, self.stuck, self.breaks = saved.gap, saved.stuck, Breaks(dict(saved.breaks))

    # --- EN-GAP -----------------------------------------------------------------------------------

    def _gaps(self, part: Samples, voice: Voice) -> Iterator[Finding]:
        self.gap = None  # the open one ends with the first of these pairs
        first = int(part.time[0])
        if self.last is None and voice.first is not None and voice.spoke(voice.first, first) > self.gap_limit:
            yield self._gap(voice.first, ()).closed(first)
        wide = np.flatnonzero(np.diff(part.time) > self.gap_limit)
        for i in wide.tolist():
            start, end = int(part.time[i]), int(part.time[i + 1])
            if voice.spoke(start, end) > self.gap_limit:
                yield self._gap(start, (self._read(part, i),)).closed(end)

    def _silence(self, due: int, voice: Voice) -> Iterator[Finding]:
        """A gap that still lasts; a meter that never spoke is silent since its source's first value."""
        start = voice.first if self.last is None else self.last[0]
        newest = self.series.samples().time[-1:]
        if self.gap is not None or start is None or (newest > start).any():
            return
        if due > start and voice.spoke(start, due) > self.gap_limit:
            evidence = () if self.last is None else (Reading(self.meter.point, *self.last),)
            self.gap = self._gap(start, evidence)
            yield self.gap

    def _gap(self, start: int, evidence: Evidence) -> Finding:
        limit = plain(self.gap_limit / SECOND)
        seen = Text(f"none for more than {limit} s", f"超过 {limit} s 无数据")
        return self._finding("EN-GAP", start, _VALUES, seen, evidence)

    # --- EN-STUCK ---------------------------------------------------------------------------------

    def _standstill(self, part: Samples) -> Iterator[Finding]:
        """Go through the runs of one value: the one that goes on, and those that begin in ``part``."""
        if self.changed is None:
            self.changed = int(part.time[0])
        rise = np.diff(part.value)
        turns = np.flatnonzero(rise != 0) + 1
        grain = grains(rise, self.grain)
        edges = [0, *turns.tolist(), len(part.time)]
        # Runs that are too short even with the pause before their end are passed over in one go.
        starts = np.append([self.changed], part.time[turns])
        lasts = np.append(part.time[turns - 1], part.time[-1:])
        for i in np.flatnonzero((lasts - starts >= self.stuck_limit) | (np.arange(len(starts)) == 0)).tolist():
            run = Samples(part.time[edges[i] : edges[i + 1]], part.value[edges[i] : edges[i + 1]])
            yield from self._stood(int(starts[i]), run, int(grain[edges[i]]))
            if self.stuck is not None and i + 1 < len(starts):
                closed, self.stuck = self.stuck.closed(int(starts[i + 1])), None
                yield closed
        self.changed = int(starts[-1])
        self.grain = int(grain[-1])

    def _stood(self, start: int, run: Samples, grain: int) -> Iterator[Finding]:
        """EN-STUCK at the first value of ``run`` at which the counter stood too long while its consumer ran."""
        if self.stuck is not None or self.running is None:
            return
        judged = run.time[run.time - start >= self.stuck_limit]
        step = smallest_step(grain, float(run.value[0]))
        hits = np.flatnonzero(self.running.ran(judged, self.stuck_limit, step))
        if len(hits):
            # After a rest of the consumer the standstill is wrong only since it runs again.
            at = int(judged[hits[0]])
            since = at - self.stuck_limit
            begin = start if since - start <= gap_after(self.period) else since
            limit = plain(self.meter.stuck_after)
            seen = Text(
                f"stands still for {limit} s while its consumer runs", f"用能设备运行期间，计数停走 {limit} s"
            )
            evidence = (Reading(self.meter.point, at, float(run.value[0])),)
            self.stuck = self._finding("EN-STUCK", begin, _MOVING, seen, evidence)
            yield self.stuck

    # --- EN-RESET and EN-JUMP ---------------------------------------------------------------------

    def _breaks(self, part: Samples) -> Iterator[Finding]:
        """Steps that are not believed: the register was set to another value."""
        judged = steps(part, self.meter, self.period, since=self.changed if self.grain else None)
        for i in np.flatnonzero(judged.reset | judged.jump).tolist():
            before, after = self._read(part, i), self._read(part, i + 1)
            rule, word = ("EN-RESET", _FELL) if judged.reset[i] else ("EN-JUMP", _ROSE)
            old, new = plain(before.value), plain(after.value)
            seen = Text(f"{word.en} from {old} to {new}", f"由 {old} {word.zh} {new}")
            yield from self.breaks.take(
                self._finding(rule, after.time, _RISING, seen, (before, after)), self.gap_limit
            )

    def _read(self, part: Samples, i: int) -> Reading:
        return Reading(self.meter.point, int(part.time[i]), float(part.value[i]))

    def _finding(self, rule: str, start: int, expected: Text, seen: Text, evidence: Evidence) -> Finding:
        return Finding(
            rule,
            self.meter.id,
            Severity.MEDIUM,
            start,
            None,
            expected.en,
            seen.en,
            _CLAUSE,
            evidence,
            expected_zh=expected.zh,
            seen_zh=seen.zh,
        )
