"""The watches of all meters of a plant, fed by columns of readings."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from analytics.energy.running import Running
from analytics.energy.series import MeterSeries
from analytics.energy.voice import Voice
from analytics.energy.watch import MeterWatch
from plant.clock import SECOND
from plant.findings import Finding
from plant.model import Meter, MeterKind, Plant
from plant.readings import Readings
from plant.units import factor, per_hour

_OWN_RATE, _OTHER_METER = Decimal("0.01"), Decimal("0.05")
"""Share of its highest rate above which a witness shows that the consumer runs: above the noise of an instrument
at rest; another meter proves less, so it must show more."""


class Watches:
    """Every meter with its values and findings."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        meters: list[Meter] = [*plant.meters, *(p.production for p in plant.products)]
        self.by_id = {m.id: MeterWatch(m, plant.points[m.point].period) for m in meters}
        self._series = {w.meter.point: w.series for w in self.by_id.values()}
        self._set_witnesses()
        addresses = {p.id: p.address for p in plant.points.values()}
        self._source_of = {p: a.source for p, a in addresses.items() if a is not None}
        silent = {s.id: int(s.silent_after * SECOND) for s in plant.sources}
        spoken_of = {self._source_of.get(m.point, "") for m in meters}
        self.voices = {s: Voice(silent.get(s, 0)) for s in sorted(spoken_of)}

    @property
    def points(self) -> tuple[str, ...]:
        """Every point whose values are kept."""
        return tuple(self._series)

    def feed(self, readings: Readings) -> None:
        """Keep the Good values of a batch."""
        good = readings.good & np.isfinite(readings.value)
        for code, point in enumerate(readings.points):
            series = self._series.get(point)
            if series is not None:
                mine = good & (readings.code == code)
                series.add(readings.time[mine], readings.value[mine])

    def hear(self, readings: Readings) -> None:
        """Note when each source spoke: any value counts, also a Bad one."""
        names = [self._source_of.get(p, "") for p in readings.points]
        for source, voice in self.voices.items():
            mine = np.fromiter((n == source for n in names), np.bool_, len(names))
            if mine.any():
                voice.hear(readings.time[mine[readings.code]])

    def voice(self, watch: MeterWatch) -> Voice:
        """The source of a meter."""
        return self.voices[self._source_of.get(watch.meter.point, "")]

    def step(self, due: Iterator[int]) -> list[Finding]:
        """Judge every meter up to its time in ``due`` [ns UTC], in the order of ``by_id``."""
        watches = self.by_id.values()
        return [f for w, until in zip(watches, due, strict=True) for f in w.step(until, self.voice(w))]

    def forget(self, before: int) -> None:
        """Drop what neither an account since ``before`` [ns UTC] nor a running judgement needs."""
        needed = self._needed(before)
        for series in self._series.values():
            series.forget(needed)
        for voice in self.voices.values():
            mine = [w for w in self.by_id.values() if self.voice(w) is voice]
            voice.forget(min((w.last[0] for w in mine if w.last is not None), default=before))

    def since(self, before: int) -> int:
        """Oldest value that is kept for it [ns UTC], see ``forget``."""
        needed = self._needed(before)
        kept = [s.from_before(needed).time[:1] for s in self._series.values()]
        return min((int(t[0]) for t in kept if len(t)), default=before)

    def _needed(self, before: int) -> int:
        """A standstill is judged over ``stuck_after`` before the present, and that lies after ``before``."""
        return before - max((w.stuck_limit for w in self.by_id.values()), default=0)

    def _set_witnesses(self) -> None:
        for product in self._plant.products:
            made = self.by_id[product.production.id]
            made.running = self._other(self.by_id[product.meters[0]])
            for meter in product.meters:
                self.by_id[meter].running = self._other(made)
        for watch in self.by_id.values():
            if watch.meter.kind is MeterKind.CUMULATIVE and watch.meter.rate is not None:
                watch.running = self._own(watch.meter, watch.meter.rate)

    def _own(self, meter: Meter, rate: str) -> Running:
        """The meter's own momentary rate; without a range every rate above zero counts."""
        point = self._plant.points[rate]
        top = Decimal(0) if point.range is None else Decimal(repr(point.range[1]))
        witness = Meter(id=meter.id, name=meter.name, point=rate, kind=MeterKind.RATE)
        series = self._series.setdefault(rate, MeterSeries())
        own = float(factor(point.unit, per_hour(self._plant.points[meter.point].unit)))
        return Running(series, witness, point.period, float(top * _OWN_RATE), own)

    @staticmethod
    def _other(watch: MeterWatch) -> Running:
        top = watch.meter.max_rate or Decimal(0)
        return Running(watch.series, watch.meter, watch.period, float(top * _OTHER_METER), None)
