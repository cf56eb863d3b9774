"""From the values of one meter to the amount in a period, with what is known of its gaps, resets and roll-overs.

The rules, for two neighbouring Good values of a counter:
- it rose: the difference is the amount, however far apart (the counter ran on).
- it fell, and counting on over the modulus gives a believable rate: it rolled over, and the amount is the
  difference plus the modulus. Without ``max_rate`` the step must be small against the modulus.
- it fell otherwise (it was reset), or rose faster than ``max_rate``: nothing is known of the time between.
- it stood still although its consumer ran: nothing is known of that time.
A step that crosses the end of a period is shared in proportion to time, so that periods add up to the whole.
A rate meter is integrated by the trapezoidal rule; nothing is known of its gaps.

Two shares of a period follow. *Known* is the time whose amount is known; the rest is filled with the mean of the
known, for a missing amount is not zero. *Covered* is the part of it with values no further apart than
``GAP_PERIODS`` periods; whether that is enough decides if there is a verdict at all. Amounts are exact decimals.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import fsum

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
_NEAR_TOP = 0.01
"""Without a highest rate a counter that fell has rolled over only when that makes a step of at most this share of
the modulus."""
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
    """What a meter counted in a period, in the point's unit (a rate meter: unit times hour)."""

    quantity: Decimal
    """``counted``, with the unknown time filled by the mean of the known."""
    counted: Decimal
    """What is known to have been counted."""
    coverage: float
    """Share of the period with data [0..1]."""


NOTHING = Amount(Decimal(0), Decimal(0), 0.0)
"""No data at all."""


def steps(samples: Samples, meter: Meter, period: float | None, *, since: int | None = None) -> Steps:
    """Judge each step of a counter.

    Args:
        samples: the meter's Good values.
        meter: its roll-over value and highest rate.
        period: expected time between values [s].
        since: when the counter came to the first of the values [ns UTC]; None: perhaps ``stuck_after`` before it.
    """
    rise = np.diff(samples.value)
    most = np.full(len(rise), np.inf)
    if meter.max_rate is not None and len(rise):
        came = int(samples.time[0]) - int(meter.stuck_after * SECOND) if since is None else since
        most = float(meter.max_rate) * _RATE_MARGIN * _hours_since_change(samples, rise, came)
    fell = rise < 0
    rolled = np.zeros(len(rise), np.bool_)
    if meter.rollover is not None:
        over, modulus = rise + float(meter.rollover), float(meter.rollover)
        believable = over <= most if meter.max_rate is not None else over <= modulus * _NEAR_TOP
        rolled = fell & (over >= 0) & believable
    reset = fell & ~rolled
    jump = ~fell & (rise > most)
    gap = np.diff(samples.time) > gap_after(period)
    return Steps(~(reset | jump), rolled, reset, jump, gap)


def _hours_since_change(samples: Samples, rise: NDArray[np.float64], since: int) -> NDArray[np.float64]:
    """From when the counter came to its value to the end of each step [h]: a coarse one rises rarely, but much."""
    came = np.where(np.append([False], rise[:-1] != 0), samples.time[:-1], since)
    hours: NDArray[np.float64] = ((samples.time[1:] - np.maximum.accumulate(came)) / SECOND + _SLACK) / HOUR
    return hours


def gap_after(period: float | None) -> int:
    """Time between two values that is a gap [ns]."""
    return int(GAP_PERIODS * (DEFAULT_PERIOD if period is None else period) * SECOND)


def amount(
    samples: Samples,
    meter: Meter,
    period: float | None,
    start: int,
    end: int,
    *,
    standing: NDArray[np.bool_] | None = None,
) -> Amount:
    """What the meter counted from ``start`` to ``end`` [ns UTC].

    Args:
        samples: from the last value at or before ``start`` to the first at or after ``end``, as far as they exist.
        meter: kind, roll-over value and highest rate.
        period: expected time between values [s].
        start: of the period [ns UTC].
        end: of the period [ns UTC].
        standing: steps in which the counter stood still although its consumer ran, shape (n - 1,).
    """
    if len(samples.time) < 2:  # noqa: PLR2004 - a step needs two values
        return NOTHING
    judged = steps(samples, meter, period)
    low, high = np.maximum(samples.time[:-1], start), np.minimum(samples.time[1:], end)
    inside = np.maximum(high - low, 0)
    match meter.kind:
        case MeterKind.CUMULATIVE:
            known = judged.believed if standing is None else judged.believed & ~standing
            counted = _counted(samples, judged, known & (inside > 0), inside, meter)
        case MeterKind.RATE:
            known = ~judged.gap
            counted = _integrated(samples, known & (inside > 0), low, high)
    known_time = int(inside[known].sum())
    covered = int(inside[known & ~judged.gap].sum())
    return Amount(_filled(counted, known_time, end - start), counted, covered / (end - start))


def _filled(counted: Decimal, known: int, whole: int) -> Decimal:
    return counted * whole / known if 0 < known < whole else counted


def _counted(
    samples: Samples, judged: Steps, use: NDArray[np.bool_], inside: NDArray[np.int64], meter: Meter
) -> Decimal:
    """Exact sum of the steps in use: the whole ones by their ends, the shared ones in proportion to time."""
    length = np.diff(samples.time)
    total = Decimal(0)
    for i in np.flatnonzero(use & (inside < length)).tolist():
        total += _step(samples, judged, i, meter) * int(inside[i]) / int(length[i])
    whole = use & (inside == length)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], whole, [False]]).astype(np.int8)))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        total += exact(samples.value[last]) - exact(samples.value[first])
    if meter.rollover is not None:
        total += meter.rollover * int((whole & judged.rolled).sum())
    return total


def _step(samples: Samples, judged: Steps, i: int, meter: Meter) -> Decimal:
    rise = exact(samples.value[i + 1]) - exact(samples.value[i])
    return rise + meter.rollover if judged.rolled[i] and meter.rollover is not None else rise


def _integrated(
    samples: Samples, use: NDArray[np.bool_], low: NDArray[np.int64], high: NDArray[np.int64]
) -> Decimal:
    first, last = (np.interp(t, samples.time, samples.value) for t in (low, high))
    twice = np.where(use, (first + last) * (high - low), 0.0)
    return exact(fsum(twice.tolist())) / (2 * SECOND * int(HOUR))


def exact(value: float) -> Decimal:
    """The decimal that the meter shows: the shortest text that gives the same float."""
    return Decimal(repr(float(value)))
