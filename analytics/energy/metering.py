"""From the values of one meter to the amount in a period, with what is known of its gaps, resets and roll-overs.

The rules, for two neighbouring Good values of a counter:
- it rose: the difference is the amount, however far apart (the counter ran on).
- it fell, and counting on over the modulus gives a believable rate: it rolled over, and the amount is the
  difference plus the modulus.
- it fell otherwise: it was reset, and only what it has counted since is known; the time between is not covered.
- it rose faster than ``max_rate``: the step is not believed, adds nothing, and its time is not covered.
Time between two values further apart than ``GAP_PERIODS`` periods is not covered, although its amount counts.
A rate meter is integrated by the trapezoidal rule over covered time only. Amounts are exact decimals.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from plant.clock import SECOND
from plant.model import Meter, MeterKind

GAP_PERIODS = 3
"""Values further apart than this many periods leave a gap."""
DEFAULT_PERIOD = 60.0
"""Period of a meter whose point states none [s]."""
_RATE_MARGIN = 1.5
"""A rate above ``max_rate`` by this factor is not believed."""
_SLACK = 60.0
"""Added to the time of a step before its rate is judged [s]: counters step, so short times look fast."""
HOUR = 3600.0
"""[s]."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Good values of one meter in time order, each time once."""

    time: NDArray[np.int64]
    """[ns UTC], shape (n,)."""
    value: NDArray[np.float64]
    """In the point's unit, shape (n,)."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What happened between neighbouring samples; every array has the length n - 1."""

    believed: NDArray[np.bool_]
    rolled: NDArray[np.bool_]
    reset: NDArray[np.bool_]
    jump: NDArray[np.bool_]
    gap: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Amount:
    """What a meter counted in a period."""

    quantity: Decimal
    """In the point's unit (a rate meter: unit times hour)."""
    coverage: float
    """Share of the period with data [0..1]."""


def steps(samples: Samples, meter: Meter, period: float | None) -> Steps:
    """Judge each step of a counter.

    Args:
        samples: the meter's Good values.
        meter: its roll-over value and highest rate.
        period: expected time between values [s].
    """
    rise = np.diff(samples.value)
    most = np.full(len(rise), np.inf)
    if meter.max_rate is not None:
        hours = (np.diff(samples.time) / SECOND + _SLACK) / HOUR
        most = float(meter.max_rate) * hours * _RATE_MARGIN
    fell = rise < 0
    rolled = np.zeros(len(rise), np.bool_)
    if meter.rollover is not None:
        over = rise + float(meter.rollover)
        believable = over <= most if meter.max_rate is not None else over < float(meter.rollover) / 2
        rolled = fell & (over >= 0) & believable
    reset = fell & ~rolled
    jump = ~fell & (rise > most)
    gap = np.diff(samples.time) > gap_after(period)
    return Steps(~(reset | jump), rolled, reset, jump, gap)


def gap_after(period: float | None) -> int:
    """Time between two values that is a gap [ns]."""
    return int(GAP_PERIODS * (DEFAULT_PERIOD if period is None else period) * SECOND)


def amount(samples: Samples, meter: Meter, period: float | None, start: int, end: int) -> Amount:
    """What the meter counted from ``start`` to ``end`` [ns UTC].

    A step that crosses a boundary belongs to the period in which it ends, so that periods add up to the whole;
    the steps that end in ``start < t <= end`` count.
    """
    if len(samples.time) < 2:  # noqa: PLR2004 - a step needs two values
        return Amount(Decimal(0), 0.0)
    judged = steps(samples, meter, period)
    ends = samples.time[1:]
    inside = (ends > start) & (ends <= end)
    if meter.kind is MeterKind.CUMULATIVE:
        quantity = _counted(samples, judged, inside, meter)
        covered = judged.believed & ~judged.gap
    else:
        covered = ~judged.gap
        quantity = _integrated(samples, inside & covered)
    low, high = np.maximum(samples.time[:-1], start), np.minimum(ends, end)
    seconds = int(np.where(covered, np.maximum(high - low, 0), 0).sum())
    return Amount(quantity, seconds / (end - start))


def _counted(samples: Samples, judged: Steps, inside: NDArray[np.bool_], meter: Meter) -> Decimal:
    """Exact sum of the steps: runs of plain steps telescope to their ends."""
    where = np.flatnonzero(inside)
    if not len(where):
        return Decimal(0)
    first, last = int(where[0]), int(where[-1]) + 1
    total = exact(samples.value[last]) - exact(samples.value[first])
    for i in np.flatnonzero(inside & (judged.rolled | judged.reset | judged.jump)).tolist():
        if judged.rolled[i] and meter.rollover is not None:
            total += meter.rollover
        elif judged.reset[i]:
            total -= exact(samples.value[i + 1]) - exact(samples.value[i])
            total += _since_reset(samples, i, meter)
        else:
            total -= exact(samples.value[i + 1]) - exact(samples.value[i])
    return total


def _since_reset(samples: Samples, i: int, meter: Meter) -> Decimal:
    """After a reset the new value is what was counted since, if the rate allows it; else nothing is known."""
    hours = float(samples.time[i + 1] - samples.time[i]) / SECOND / HOUR
    value = float(samples.value[i + 1])
    believable = meter.max_rate is not None and 0 <= value <= float(meter.max_rate) * hours * _RATE_MARGIN
    return exact(value) if believable else Decimal(0)


def _integrated(samples: Samples, use: NDArray[np.bool_]) -> Decimal:
    hours = np.diff(samples.time) / SECOND / HOUR
    mean = (samples.value[1:] + samples.value[:-1]) / 2
    return exact(float(np.where(use, mean * hours, 0.0).sum()))


def exact(value: float) -> Decimal:
    """The decimal that the meter shows: the shortest text that gives the same float."""
    return Decimal(repr(float(value)))
