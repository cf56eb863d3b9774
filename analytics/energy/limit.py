"""EN-LIMIT: the unit consumption of an hour is above the limit value of the standard that the plant file names."""

from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from analytics.energy.standards import LimitStandard, StandardRow
from analytics.energy.verdict import Verdict, day_of, in_force, judge
from plant.findings import Finding, Severity
from plant.model import Product
from plant.readings import Reading
from plant.virtual import Period, result_point


@dataclass(slots=True)
class LimitWatch:
    """One product against its row. An hour above the limit opens the finding, an hour at or below ends it."""

    product: Product
    standard: LimitStandard
    row: StandardRow
    zone: ZoneInfo
    over: Finding | None = None
    """The open finding."""

    def step(self, start: int, consumption: Decimal | None) -> list[Finding]:
        """Judge the hour from ``start`` [ns UTC]; no figure, or one not believed, changes nothing."""
        day = day_of(start, self.zone)
        if not in_force(self.standard, day):
            return self._end(start)
        if consumption is None:
            return []
        judgement = judge(consumption, self.standard, self.row, day)
        match judgement.verdict:
            case Verdict.NOT_ASSESSABLE:
                return []
            case Verdict.OVER_LIMIT:
                return self._begin(start, consumption, judgement.reason)
            case _:
                return self._end(start)

    def _begin(self, start: int, consumption: Decimal, reason: str) -> list[Finding]:
        if self.over is not None:
            return []
        self.over = Finding(
            "EN-LIMIT",
            self.product.id,
            Severity.MEDIUM,
            start,
            None,
            "unit consumption at or below the limit value",
            reason,
            f"{self.standard.number}, {self.row.table}",
            (Reading(result_point(self.product.result, Period.HOUR), start, float(consumption)),),
            expected_zh="单位产品综合能耗不高于限定值",
            seen_zh=f"单位产品综合能耗 {reason}",
        )
        return [self.over]

    def _end(self, end: int) -> list[Finding]:
        ended, self.over = self.over, None
        return [] if ended is None else [ended.closed(end)]
