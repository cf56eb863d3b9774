"""The verdict on a unit consumption: which grade of the standard it reaches, compared exactly."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from analytics.energy.standards import LimitStandard, StandardRow


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


def judge(consumption: Decimal, standard: LimitStandard, row: StandardRow, day: date) -> Judgement:
    """Compare ``actual <= value`` without rounding, best grade first; a grade that is not given cannot be reached.

    Args:
        consumption: unit consumption [kgce/t].
        standard: the edition.
        row: its row for the product.
        day: a day of the period: the edition must be in force on it.
    """
    if day < standard.effective or (standard.valid_to is not None and day > standard.valid_to):
        return Judgement(Verdict.NOT_ASSESSABLE, f"{standard.number} is not in force on {day.isoformat()}")
    for verdict, grade in (
        (Verdict.ADVANCED, row.advanced),
        (Verdict.ACCESS, row.access),
        (Verdict.WITHIN_LIMIT, row.limit),
    ):
        if grade is not None and consumption <= grade.value:
            return Judgement(verdict, f"{consumption:.1f} <= {grade.value} kgce/t, {standard.number} {row.table}")
    if row.limit is None:
        return Judgement(Verdict.NOT_ASSESSABLE, f"{standard.number} gives no limit for {row.product_en}")
    return Judgement(
        Verdict.OVER_LIMIT, f"{consumption:.1f} > {row.limit.value} kgce/t, {standard.number} {row.table}"
    )


def day_of(time: int) -> date:
    """The day [UTC] of a time [ns UTC]."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time // 1000)).date()
