"""What the console shows of the past, read from the historian: trends, and the energy account of a product."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import isfinite, nan
from zoneinfo import ZoneInfo

from plant.clock import SECOND, from_datetime, to_datetime
from plant.model import Kind, Plant, Product
from plant.ports import Aggregate, Historian
from plant.readings import Reading
from plant.status import StatusClass
from plant.virtual import Period, coverage_point, result_point, so_far_coverage_point, so_far_point
from plantwatch.console.data import EnergyPeriod, Grades, ProductEnergy, Trend

HOURS, DAYS = 48, 14
"""Periods of the energy account that are shown."""
_HOUR = 3600 * SECOND


async def trends(
    historian: Historian, plant: Plant, points: Sequence[str], start: int, end: int, *, window: int
) -> Mapping[str, Trend]:
    """Mean, lowest and highest of each window [ns]; a discrete point or a counter shows its last value."""
    found = {}
    for point in points:
        known = plant.points.get(point)
        middle = Aggregate.MEAN if known is None or known.kind is Kind.ANALOG else Aggregate.LAST
        mean = await historian.aggregate(point, start, end, window=window, how=middle)
        low = await historian.aggregate(point, start, end, window=window, how=Aggregate.MIN)
        high = await historian.aggregate(point, start, end, window=window, how=Aggregate.MAX)
        found[point] = Trend(mean.start, mean.value, low.value, high.value)
    return found


async def energy(
    historian: Historian, plant: Plant, product: Product, grades: Grades, *, now: int
) -> ProductEnergy:
    """The last closed hours and days of a product; a period that was never computed stands there as such."""
    zone = ZoneInfo(plant.time_zone)
    hours = [now // _HOUR * _HOUR - n * _HOUR for n in range(HOURS, 0, -1)]
    days = list(_midnights(now, zone))
    return ProductEnergy(
        product.id,
        grades,
        await _periods(historian, product, Period.HOUR, hours, now),
        await _periods(historian, product, Period.DAY, days, now),
        await _so_far(historian, product, now),
    )


async def _so_far(historian: Historian, product: Product, now: int) -> tuple[EnergyPeriod, ...]:
    """The newest figure of the present hour; none when the last one is of an hour that is over."""
    value, coverage = so_far_point(product.result), so_far_coverage_point(product.result)
    rows = await historian.read([value, coverage], now // _HOUR * _HOUR, now)
    newest = {r.point: r for r in rows.rows()}
    if value not in newest:
        return ()
    last, share = newest[value], newest.get(coverage)
    return (EnergyPeriod(last.time, last.value, 0.0 if share is None else share.value, assessable=False),)


def _midnights(now: int, zone: ZoneInfo) -> Iterator[int]:
    """Starts of the closed days in the plant's zone, oldest first."""
    today = to_datetime(now).astimezone(zone).date()
    for back in range(DAYS, 0, -1):
        day = today - timedelta(days=back)
        yield from_datetime(datetime(day.year, day.month, day.day, tzinfo=zone))


async def _periods(
    historian: Historian, product: Product, period: Period, starts: Sequence[int], now: int
) -> tuple[EnergyPeriod, ...]:
    """One entry a start, from the first that was ever computed."""
    value, coverage = result_point(product.result, period), coverage_point(product.result, period)
    rows = await historian.read([value, coverage], starts[0], now)
    stored: dict[tuple[str, int], Reading] = {(r.point, r.time): r for r in rows.rows()}
    known = {time for _, time in stored}
    periods = [
        _period(stored.get((value, s)), stored.get((coverage, s)), s, product.min_coverage)
        for s in starts
        if known and s >= min(known)
    ]
    while periods and periods[-1].start not in known and now - periods[-1].start < 2 * _HOUR:
        periods.pop()  # closed a moment ago: its result is on the way
    return tuple(periods)


def _period(value: Reading | None, coverage: Reading | None, start: int, least: float) -> EnergyPeriod:
    share = coverage.value if coverage is not None and isfinite(coverage.value) else 0.0
    if value is None or not isfinite(value.value):
        return EnergyPeriod(start, nan, share, assessable=False)
    good = value.quality is StatusClass.GOOD and share >= least
    return EnergyPeriod(start, value.value, share, assessable=good)
