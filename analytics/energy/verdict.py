"""The verdict on a unit consumption: which grade of the standard it reaches, compared exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from analytics.energy.corrections import GradeName
from analytics.energy.limits import Known, State, compared
from analytics.energy.standards import LimitStandard, StandardRow
from plant.clock import to_datetime

BELIEVABLE = Decimal("0.5")
"""A unit consumption below this share of the best grade is an error of data, not an achievement: a meter in MWh
read as kWh must not win a prize. Project proposal; no standard gives one."""


class Verdict(StrEnum):
    """What the standard says to a unit consumption."""

    ADVANCED = "advanced"
    """Grade 1, 先进值."""
    ACCESS = "access"
    """Grade 2, 准入值."""
    WITHIN_LIMIT = "within limit"
    """Grade 3, 限定值."""
    OVER_LIMIT = "over limit"
    NOT_ASSESSABLE = "not assessable"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason."""

    verdict: Verdict
    reason: str


def in_force(standard: LimitStandard, day: date) -> bool:
    """Whether the edition is in force on ``day``, a day of the plant's own calendar."""
    return standard.effective <= day and (standard.valid_to is None or day <= standard.valid_to)


def judge(consumption: Decimal, standard: LimitStandard, row: StandardRow, day: date) -> Judgement:
    """Compare ``actual <= value`` without rounding, best grade first; a grade that is not given cannot be reached.

    A standard that corrects its values by inputs of the plant is not assessable here: none are at hand.

    Args:
        consumption: unit consumption [kgce/t].
        standard: the edition.
        row: its row for the product.
        day: a day of the period, in the plant's time zone: the edition must be in force on it.
    """
    if not in_force(standard, day):
        return Judgement(Verdict.NOT_ASSESSABLE, f"{standard.number} is not in force on {day.isoformat()}")
    source = f"{standard.number} {row.table}"
    best = next((g.value for g in (row.advanced, row.access, row.limit) if g is not None), None)
    if best is not None and 0 < best * BELIEVABLE > consumption:  # a share of a negative value says nothing
        text = f"{consumption:.4g} kgce/t is less than {BELIEVABLE:.0%} of the best grade, {best} kgce/t, {source}"
        return Judgement(Verdict.NOT_ASSESSABLE, f"{text}: check the units and the boundary of the meters")
    sides = compared(standard, row, consumption, inputs={})
    if sides.measured.value is None:
        return Judgement(Verdict.NOT_ASSESSABLE, sides.measured.reason)
    return _best(sides.measured.value, sides.limits, f"{standard.number} {row.table}")


def _best(measured: Decimal, limits: Mapping[GradeName, Known], where: str) -> Judgement:
    for verdict, name in _BEST_FIRST:
        known = limits[name]
        if known.state is State.NOT_ASSESSABLE:
            return Judgement(Verdict.NOT_ASSESSABLE, known.reason)
        if known.value is not None and measured <= known.value:
            return Judgement(verdict, f"{measured:.1f} <= {known.value} kgce/t, {where}")
    limit = limits[GradeName.LIMIT]
    if limit.value is None:
        return Judgement(Verdict.NOT_ASSESSABLE, limit.reason)
    return Judgement(Verdict.OVER_LIMIT, f"{measured:.1f} > {limit.value:f} kgce/t, {where}")


_BEST_FIRST = (
    (Verdict.ADVANCED, GradeName.ADVANCED),
    (Verdict.ACCESS, GradeName.ACCESS),
    (Verdict.WITHIN_LIMIT, GradeName.LIMIT),
)


def day_of(time: int, zone: ZoneInfo) -> date:
    """The plant's day that holds ``time`` [ns UTC]."""
    return to_datetime(time).astimezone(zone).date()
