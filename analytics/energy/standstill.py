"""Times in which a counter stood still although its consumer ran."""

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from analytics.energy.metering import Samples, exact
from analytics.energy.running import Running
from plant.clock import SECOND

SHORT = 60 * SECOND
"""A standstill this long [ns] is not believed in an account when the meter's own rate contradicts it. The finding
EN-STUCK waits longer: it calls somebody."""


_MILLIONTHS = 1e6


def grains(rise: NDArray[np.float64], known: int) -> NDArray[np.int64]:
    """The grain of a counter, what all its steps are multiples of, before and after each of ``rise``.

    In millionths of its unit, 0 as long as it made no step; ``known`` is the grain before. Shape (n + 1,).
    """
    steps = np.rint(np.maximum(rise, 0.0) * _MILLIONTHS).astype(np.int64)
    grown: NDArray[np.int64] = np.gcd.accumulate(np.append([np.int64(known)], steps))
    return grown


def smallest_step(grain: int, value: float) -> float:
    """What a counter must miss to be said to stand: its grain; as long as that is not known, its last digit."""
    if grain:
        return grain / _MILLIONTHS
    exponent = exact(value).normalize().as_tuple().exponent
    return float(Decimal(1).scaleb(min(int(exponent), 0)))


def standing(samples: Samples, running: Running | None, stuck_limit: int) -> NDArray[np.bool_]:
    """Per step, whether it belongs to a standstill that is not believed; shape (n - 1,).

    Args:
        samples: of the counter.
        running: shows whether its consumer ran; None: nothing does.
        stuck_limit: how long it may stand still when only another meter tells [ns].
    """
    rise = np.diff(samples.value)
    none = np.zeros(len(rise), np.bool_)
    if running is None or not len(rise):
        return none
    turns = np.flatnonzero(rise != 0)
    first, last = np.append([0], turns + 1), np.append(turns, [len(rise)])
    length = samples.time[last] - samples.time[first]
    long = length >= (stuck_limit if running.own is None else SHORT)
    first, last, length = first[long], last[long], length[long]
    step = smallest_step(int(grains(rise, 0)[-1]), float(samples.value[0]))
    for i in np.flatnonzero(running.ran(samples.time[last], length, step)).tolist():
        # The step that ends a standstill shows what was counted since, so its time is as unknown.
        none[first[i] : last[i] + 1] = True
    return none
