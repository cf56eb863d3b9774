"""The energy accounts of a plant as its readings come: hours and days are closed and judged against the limit."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from analytics.energy.accounts import Account, account
from analytics.energy.calendar import end_of, start_of
from analytics.energy.metering import amount
from analytics.energy.standards import EnergyData
from analytics.energy.verdict import Verdict, day_of, judge
from analytics.energy.watch import MeterWatch
from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Meter, Plant, Product
from plant.readings import MISSING, Reading, Readings
from plant.status import BAD_NO_DATA
from plant.virtual import Period, coverage_point, result_point

GRACE = 60 * SECOND
"""A period is closed this long after its end [ns], so that late values still count."""
_MOST_PERIODS = 200
"""Periods closed at once; after a longer pause the accounts go on with the present one."""

Heard = Callable[[str], int]
"""Up to which time [ns UTC] nothing more is expected from the source of a point."""


@dataclass(slots=True)
class _Open:
    """The period of a product that is being filled."""

    product: Product
    period: Period
    start: int
    over: Finding | None = None
    """The open finding that the limit is passed."""


class EnergyAccounts:
    """Feeds the meters, closes the periods. Purely driven by the readings: it knows no clock."""

    def __init__(self, plant: Plant, data: EnergyData) -> None:
        """Prepare.

        Raises:
            FixError: a standard, row, coefficient set or carrier that the plant file names is not among the data.
        """
        data.check(plant)
        self._plant, self._data = plant, data
        self._zone = ZoneInfo(plant.time_zone)
        meters: list[Meter] = [*plant.meters, *(p.production for p in plant.products)]
        self._watches = {m.id: MeterWatch(m, plant.points[m.point].period) for m in meters}
        for product in plant.products:
            made = self._watches[product.production.id]
            made.witness = self._watches[product.meters[0]]
            for meter in product.meters:
                self._watches[meter].witness = made
        self._by_point = {w.meter.point: w for w in self._watches.values()}
        self._open: list[_Open] = []

    def step(self, readings: Readings, heard: Heard) -> tuple[list[Finding], Readings]:
        """Take a batch; findings that are new or changed, and results of the periods that closed."""
        self._feed(readings)
        if not self._open and not self._begin():
            return [], Readings.empty()
        found = [f for w in self._watches.values() for f in w.step(heard(w.meter.point))]
        rows: list[Reading] = []
        for item in self._open:
            for _ in range(_MOST_PERIODS):
                end = end_of(item.start, item.period, self._zone)
                if self._due(item.product, heard) < end + GRACE:
                    break
                found += self._close(item, end, rows)
                item.start = end
            else:
                item.start = start_of(self._due(item.product, heard), item.period, self._zone)
        return found, Readings.from_rows(rows)

    def _feed(self, readings: Readings) -> None:
        good = readings.good & np.isfinite(readings.value)
        for code, point in enumerate(readings.points):
            watch = self._by_point.get(point)
            if watch is not None:
                mine = good & (readings.code == code)
                watch.series.add(readings.time[mine], readings.value[mine])

    def _begin(self) -> bool:
        """Open the first periods once a meter has spoken."""
        first = [w.series.samples().time[0] for w in self._watches.values() if w.series.newest is not None]
        if first:
            when = int(min(first))
            self._open = [
                _Open(product, period, start_of(when, period, self._zone))
                for product in self._plant.products
                for period in Period
            ]
        return bool(first)

    def _due(self, product: Product, heard: Heard) -> int:
        return min(heard(self._watches[m].meter.point) for m in (product.production.id, *product.meters))

    def _close(self, item: _Open, end: int, rows: list[Reading]) -> list[Finding]:
        product = item.product
        closed = self.account(product, item.start, end)
        value, status = MISSING, BAD_NO_DATA
        if closed.consumption is not None:
            value, status = float(closed.consumption), 0
        rows.append(Reading(result_point(product.result, item.period), item.start, value, status))
        rows.append(Reading(coverage_point(product.result, item.period), item.start, closed.coverage))
        if item.period is Period.DAY:
            self._forget(product, item.start)
            return []
        return self._judge(item, closed, end)

    def account(self, product: Product, start: int, end: int) -> Account:
        """The account of a product from ``start`` to ``end`` [ns UTC], from the values that are kept."""
        amounts = {
            m: amount(w.series.samples(), w.meter, w.period, start, end)
            for m in (product.production.id, *product.meters)
            for w in (self._watches[m],)
        }
        return account(self._plant, product, amounts, self._data.coefficients(product.coefficients))

    def _judge(self, item: _Open, closed: Account, end: int) -> list[Finding]:
        """EN-LIMIT: an hour above the limit opens it, an hour at or below ends it, no figure changes nothing."""
        if closed.consumption is None:
            return []
        standard, row = self._data.row(item.product.limit)
        judgement = judge(closed.consumption, standard, row, day_of(item.start))
        if judgement.verdict is not Verdict.OVER_LIMIT:
            ended, item.over = item.over, None
            return [] if ended is None else [ended.closed(item.start)]
        if item.over is not None:
            return []
        item.over = _over(item, closed.consumption, judgement.reason, f"{standard.number}, {row.table}", end)
        return [item.over]

    def _forget(self, product: Product, before: int) -> None:
        for meter in (product.production.id, *product.meters):
            self._watches[meter].series.forget(before)


def _over(item: _Open, consumption: Decimal, reason: str, clause: str, end: int) -> Finding:
    evidence = (Reading(result_point(item.product.result, item.period), end, float(consumption)),)
    return Finding(
        "EN-LIMIT",
        item.product.id,
        Severity.MEDIUM,
        item.start,
        None,
        "unit consumption at or below the limit value",
        reason,
        clause,
        evidence,
    )
