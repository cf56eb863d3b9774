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


def digit(value: float) -> float:
    """The last digit that a counter shows, at most 1: its finest step as long as it has made none."""
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
    finest = float(rise[rise > 0].min(initial=np.inf))
    finest = digit(float(samples.value[0])) if np.isinf(finest) else finest
    for i in np.flatnonzero(running.ran(samples.time[last], length, finest)).tolist():
        # The step that ends a standstill shows what was counted since, so its time is as unknown.
        none[first[i] : last[i] + 1] = True
    return none
