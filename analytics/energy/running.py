"""Whether what a meter measures was running: what tells a stuck counter from a consumer at rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.energy.metering import HOUR, Samples, steps
from analytics.energy.series import MeterSeries
from plant.clock import SECOND
from plant.model import Meter, MeterKind

_STEPS = 3
"""A counter must have missed this many of its own steps before it is said to stand still."""


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
    own: float | None
    """Units of the watched counter per unit of this one's amount; None for another meter, that tells no amount."""

    def ran(self, now: NDArray[np.int64], length: NDArray[np.int64] | int, finest: float) -> NDArray[np.bool_]:
        """Whether it ran in both halves of the ``length`` [ns] before each ``now`` [ns UTC].

        Only values up to each ``now`` count, so that it makes no difference what else has come by then.

        Args:
            now: ends of the times to judge [ns UTC].
            length: of each.
            finest: smallest step of the watched counter [its unit]: what it missed must be more.
        """
        none = np.zeros(len(now), np.bool_)
        if not len(now):
            return none
        samples = self.series.from_before(int((now - length).min()))
        if len(samples.time) < 2:  # noqa: PLR2004 - a step needs two values
            return none
        total = self._total(samples)
        first, half, last = (_at(t, now, samples.time, total) for t in (now - length, now - length // 2, now))
        least = self.least * (np.asarray(length) / 2 / SECOND / HOUR)
        missed = np.inf if self.own is None else (last - first) * self.own
        return np.asarray((half - first > least) & (last - half > least) & (missed > _STEPS * finest), np.bool_)

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


def _at(
    time: NDArray[np.int64], now: NDArray[np.int64], known: NDArray[np.int64], total: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The total at ``time``: between two values known at ``now`` in proportion, else the last one before."""
    after = np.searchsorted(known, time, side="right")
    between = np.interp(time, known, total)
    in_time = (after < len(known)) & (known[np.minimum(after, len(known) - 1)] <= now)
    return np.asarray(np.where(in_time, between, total[np.maximum(after - 1, 0)]), np.float64)
