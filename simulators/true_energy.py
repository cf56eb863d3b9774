"""What a tonne truly cost in each hour, from the process itself and not from what its meters were made to show.

A trip lets production fall while pumps run on: such an hour can really exceed the limit, and then EN-LIMIT is due.
What a unit of each carrier weighs and what the limit is, somebody must tell who knows the standards.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from plant.clock import SECOND, to_datetime
from plant.model import Plant
from simulators.truth import Truth, all_meters

HOUR = 3600 * SECOND
_NEAR, _NEAR_DISTURBED = Decimal("0.005"), Decimal("0.05")
"""So close to the limit [share of it] the last digits and periods of the meters may decide, or what is filled in
for missing data."""
_JUDGED = 60 * SECOND
"""An hour is judged this long after its end [ns], so that late values count."""
_ABOUT = 20 * SECOND
_FULL, _ALMOST = 0.95, 0.9
"""Share of the hour with data for a figure; between the two either is right."""


@dataclass(frozen=True, slots=True)
class ProductLimit:
    """One product and what a tonne of it may cost."""

    product: str
    kgce: Mapping[str, Decimal]
    """By meter inside the boundary [kgce per unit of its counter]; negative for what is exported."""
    production: str
    """Its production meter."""
    tonnes: Decimal
    """[t per unit of the production counter]."""
    limit: Decimal
    """[kgce/t]."""


@dataclass(frozen=True, slots=True)
class _Hour:
    start: int
    amounts: dict[str, Decimal]
    """What each meter truly counted [its unit]."""
    full: float
    """Share of it that was simulated."""


class TrueHours:
    """Notes the true counters at the turn of each hour of the plant's clock."""

    def __init__(self, plant: Plant, columns: Mapping[str, int], begin: int) -> None:
        """Prepare.

        Args:
            plant: names the meters.
            columns: column of each point in what ``note`` is given.
            begin: start of the simulation [ns UTC].
        """
        zone = to_datetime(begin).astimezone(ZoneInfo(plant.time_zone)).utcoffset() or timedelta(0)
        self._offset = round(zone.total_seconds() * SECOND) % HOUR
        self._meters = [(m.id, columns[m.point], m.rollover) for m in all_meters(plant) if m.point in columns]
        self._next = begin
        self._noted: list[tuple[int, dict[str, float]]] = []

    def note(self, time: int, shown: NDArray[np.float64]) -> None:
        """Take the true counters at ``time`` [ns UTC]; quick except at the turn of an hour."""
        if time >= self._next:
            self._noted.append((time, {name: float(shown[column]) for name, column, _ in self._meters}))
            self._next = self._start(time) + HOUR

    def _start(self, time: int) -> int:
        return time - (time + self._offset) % HOUR

    def _hours(self) -> Iterator[_Hour]:
        for (time, before), (end, after) in pairwise(self._noted):
            amounts = {name: _risen(before[name], after[name], modulus) for name, _, modulus in self._meters}
            start = self._start(time)
            yield _Hour(start, amounts, (end - max(time, start)) / HOUR)

    def truths(self, limit: ProductLimit, now: int, disturbed: Callable[[int, int], bool]) -> list[Truth]:
        """EN-LIMIT of one product, as far as hours are over at ``now`` [ns UTC].

        Args:
            limit: what is allowed.
            now: the present.
            disturbed: whether a meter showed something else between two times [ns UTC]: then perhaps no figure.
        """
        judged = [self._judge(h, limit, now, disturbed) for h in self._hours() if h.full >= _ALMOST]
        return list(_runs([j for j in judged if j is not None], limit.product))

    def _judge(
        self, hour: _Hour, limit: ProductLimit, now: int, disturbed: Callable[[int, int], bool]
    ) -> "_Judged | None":
        end = hour.start + HOUR
        made = hour.amounts[limit.production] * limit.tonnes
        if made <= 0 or now < end + _JUDGED - _ABOUT:
            return None
        cost = sum((hour.amounts[m] * k for m, k in limit.kgce.items()), Decimal(0)) / made
        whole = not disturbed(hour.start, end) and hour.full >= _FULL
        near = abs(cost / limit.limit - 1) <= (_NEAR if whole else _NEAR_DISTURBED)
        firm = whole and not near and now > end + _JUDGED + _ABOUT
        return _Judged(hour.start, over=cost > limit.limit, near=near, firm=firm)


@dataclass(frozen=True, slots=True)
class _Judged:
    start: int
    over: bool
    near: bool
    """Close enough to the limit to be found on its other side."""
    firm: bool
    """There is a figure, and no doubt on which side it lies."""


def _risen(before: float, after: float, modulus: Decimal | None) -> Decimal:
    rise = Decimal(repr(after)) - Decimal(repr(before))
    return rise + modulus if rise < 0 and modulus is not None else rise


def _runs(hours: Sequence[_Judged], product: str) -> Iterator[Truth]:
    """One truth for each run of hours above the limit; a doubt in it or beside it leaves it open."""
    run: list[_Judged] = []
    firm = True
    for hour in hours:
        if hour.over:
            run.append(hour)
            continue
        if run:
            yield _run(run, product, hour.start, firm=firm and hour.firm)
            run = []
        elif hour.near:
            yield Truth("EN-LIMIT", product, hour.start, hour.start + HOUR, certain=False, slack=HOUR / SECOND)
        firm = hour.firm
    if run:
        yield _run(run, product, None, firm=firm)


def _run(run: list[_Judged], product: str, end: int | None, *, firm: bool) -> Truth:
    certain = firm and all(h.firm for h in run)
    slack = 1.0 if certain else (len(run) + 1) * HOUR / SECOND
    return Truth("EN-LIMIT", product, run[0].start, end, certain=certain, slack=slack)
