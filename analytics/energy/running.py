"""Whether what a meter measures was running: what tells a stuck counter from a consumer at rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.energy.metering import HOUR, Samples, steps
from analytics.energy.series import MeterSeries
from plant.clock import SECOND
from plant.model import Meter, MeterKind


@dataclass(frozen=True, slots=True)
class Running:
    """A witness: the meter's own momentary rate, or another meter that moves with it."""

    series: MeterSeries
    meter: Meter
    """Kind of the witness, and what to believe of it."""
    period: float | None
    """Expected time between its values [s]."""
    least: float
    """Mean rate above which it shows that the consumer runs [its unit, per hour for a counter]."""

    def ran(self, start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether it ran on average from each ``start`` to each ``end`` [ns UTC]; False where nothing is known."""
        if not len(start):
            return np.zeros(0, np.bool_)
        samples = self.series.from_before(int(start.min()))
        if len(samples.time) < 2:  # noqa: PLR2004 - a step needs two values
            return np.zeros(len(start), np.bool_)
        total = self._total(samples)
        counted = np.interp(end, samples.time, total) - np.interp(start, samples.time, total)
        return np.asarray(counted > self.least * (end - start) / SECOND / HOUR, np.bool_)

    def _total(self, samples: Samples) -> NDArray[np.float64]:
        """Its amount since the first sample, at each sample."""
        hours = np.diff(samples.time) / SECOND / HOUR
        match self.meter.kind:
            case MeterKind.RATE:
                steps_up = (samples.value[1:] + samples.value[:-1]) / 2 * hours
            case MeterKind.CUMULATIVE:
                judged = steps(samples, self.meter, self.period)
                steps_up = np.where(judged.believed & ~judged.rolled, np.diff(samples.value), 0.0)
        return np.append([0.0], np.cumsum(steps_up))
