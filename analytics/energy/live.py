"""The energy accounts of a plant as its readings come: hours and days are closed and judged against the limit."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from analytics.energy.accounts import Account, account
from analytics.energy.calendar import end_of, start_of
from analytics.energy.checkpoint import SavedAccounts, SavedPeriod
from analytics.energy.limit import LimitWatch
from analytics.energy.standards import EnergyData
from analytics.energy.watches import Watches
from plant.clock import SECOND
from plant.findings import Finding
from plant.model import Plant, Product
from plant.readings import MISSING, Reading, Readings
from plant.status import BAD_NO_DATA
from plant.virtual import Period, coverage_point, result_point, so_far_coverage_point, so_far_point

GRACE = 60 * SECOND
"""A period is closed this long after its end [ns], so that late values still count."""
LONGEST_PAUSE = 30 * 86_400 * SECOND
"""Without values for longer than this [ns], the accounts go on with the period of the next value."""

SO_FAR_EVERY = 300 * SECOND
"""The hour so far is told every five minutes [ns]: over less, the steps of meters are too coarse for it."""

Heard = Callable[[str], int]
"""Up to which time [ns UTC] nothing more is expected from the source of a point."""


@dataclass(slots=True)
class _Open:
    """The period of a product that is being filled."""

    product: Product
    period: Period
    start: int
    limit: LimitWatch | None
    """Judges the hours; None for days."""
    told: int = 0
    """Up to where the period so far was told [ns UTC]."""


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
        self._watches = Watches(plant)
        self._open: list[_Open] = []
        self._asked: tuple[int, int] | None = None
        """Start of the oldest restored period, and where the readings must begin that fill it [ns UTC]."""

    def step(self, readings: Readings, heard: Heard) -> tuple[list[Finding], Readings]:
        """Take a batch; findings that are new or changed, and results of the periods that closed."""
        self.feed(readings)
        self._watches.hear(readings)
        if not self._open and not self._begin():
            return [], Readings.empty()
        until = [heard(w.meter.point) for w in self._watches.by_id.values()]
        found = self._watches.step(iter(until))
        rows: list[Reading] = []
        for item in self._open:
            due = min(heard(self._watches.by_id[m].meter.point) for m in _meters(item.product))
            found += self._close_due(item, due, rows)
        if rows:
            self._forget(min(item.start for item in self._open))
        elif not self._open:
            self._watches.forget(min(until))  # meters without a product have no account to keep values for
        return found, Readings.from_rows(rows)

    def feed(self, readings: Readings) -> None:
        """Take stored readings back after ``restore``, in any order: they are judged by the next ``step``."""
        self._watches.feed(readings)

    # --- over a restart ---------------------------------------------------------------------------

    def dump(self) -> dict[str, object]:
        """The state as plain JSON data, without the values of the meters."""
        saved = SavedAccounts(
            schema_version=1,
            since=self._needed_since(),
            periods=[
                SavedPeriod(
                    product=o.product.id,
                    period=o.period,
                    start=o.start,
                    over=o.limit.over if o.limit else None,
                    told=o.told,
                )
                for o in self._open
            ],
            meters={name: w.dump() for name, w in self._watches.by_id.items()},
            voices={name: v.dump() for name, v in self._watches.voices.items()},
        )
        return saved.as_json()

    def restore(self, state: dict[str, object]) -> None:
        """Take a state from ``dump``; then feed what ``history`` asks for, and go on with ``step``.

        What the plant file no longer has is left out, what it has newly begins with its first value.

        Raises:
            FixError: the state cannot be read; nothing has changed.
        """
        saved = SavedAccounts.read(state)
        products = {p.id: p for p in self._plant.products}
        self._open = [
            self._opened(products[o.product], o.period, o.start, o.over, o.told)
            for o in saved.periods
            if o.product in products
        ]
        for name, meter in saved.meters.items():
            if name in self._watches.by_id:
                self._watches.by_id[name].restore(meter)
        for name, voice in saved.voices.items():
            if name in self._watches.voices:
                self._watches.voices[name].restore(voice)
        oldest = min((o.start for o in self._open), default=None)
        self._asked = None if oldest is None or saved.since is None else (oldest, saved.since)

    @property
    def points(self) -> tuple[str, ...]:
        """Every point whose readings are kept."""
        return self._watches.points

    def history(self) -> tuple[tuple[str, ...], int] | None:
        """Points, and the time [ns UTC] since which their stored readings must be fed after ``restore``.

        None when nothing is needed. Fed again, the accounts go on as if there had been no restart.
        """
        return None if self._asked is None else (self._watches.points, self._asked[1])

    def _needed_since(self) -> int | None:
        if not self._open:
            return None
        since = self._watches.since(min(item.start for item in self._open))
        return since if self._asked is None else min(since, self._asked[1])

    def _forget(self, oldest: int) -> None:
        self._watches.forget(oldest)
        if self._asked is not None and oldest > self._asked[0]:
            self._asked = None

    # --- periods ----------------------------------------------------------------------------------

    def _begin(self) -> bool:
        """Open the first periods once a meter has spoken."""
        first = [w.series.samples().time[:1] for w in self._watches.by_id.values()]
        when = min((int(t[0]) for t in first if len(t)), default=None)
        if when is None:
            return False
        self._open = [
            self._opened(product, period, start_of(when, period, self._zone))
            for product in self._plant.products
            for period in Period
        ]
        return True

    def _opened(
        self, product: Product, period: Period, start: int, over: Finding | None = None, told: int = 0
    ) -> _Open:
        watch = LimitWatch(product, *self._data.row(product.limit), self._zone, over)
        return _Open(product, period, start, watch if period is Period.HOUR else None, told)

    def _close_due(self, item: _Open, due: int, rows: list[Reading]) -> list[Finding]:
        found: list[Finding] = []
        while True:
            end = end_of(item.start, item.period, self._zone)
            if item.period is Period.HOUR:
                self._tell_so_far(item, min(due, end + GRACE - 1), rows)
            if due < end + GRACE:
                return found
            found += self._close(item, end, rows)
            item.start = self._next_start(item, end, due)

    def _next_start(self, item: _Open, end: int, due: int) -> int:
        """Start of the next period: the one that follows, unless nothing came for very long."""
        news = [self._watches.by_id[m].series.first_since(end) for m in _meters(item.product)]
        going_on = min((t for t in news if t is not None), default=due)
        return end if going_on - end <= LONGEST_PAUSE else start_of(going_on, item.period, self._zone)

    def _close(self, item: _Open, end: int, rows: list[Reading]) -> list[Finding]:
        product = item.product
        closed = self.account(product, item.start, end)
        rows.append(_result(result_point(product.result, item.period), item.start, closed))
        rows.append(Reading(coverage_point(product.result, item.period), item.start, closed.coverage))
        return [] if item.limit is None else item.limit.step(item.start, closed.consumption)

    def _tell_so_far(self, item: _Open, due: int, rows: list[Reading]) -> None:
        """What the present hour costs until now: to look at, never to judge."""
        until = max(item.told, item.start) + SO_FAR_EVERY
        result = item.product.result
        while until + GRACE <= due:
            so_far = self.account(item.product, item.start, until)
            rows.append(_result(so_far_point(result), until, so_far))
            rows.append(Reading(so_far_coverage_point(result), until, so_far.coverage))
            item.told, until = until, until + SO_FAR_EVERY

    def account(self, product: Product, start: int, end: int) -> Account:
        """The account of a product from ``start`` to ``end`` [ns UTC], from the values up to ``GRACE`` later."""
        amounts = {m: self._watches.by_id[m].amount(start, end, end + GRACE) for m in _meters(product)}
        return account(self._plant, product, amounts, self._data.coefficients(product.coefficients))


def _result(point: str, time: int, found: Account) -> Reading:
    """A missing result is a status, never a number."""
    if found.consumption is None:
        return Reading(point, time, MISSING, BAD_NO_DATA)
    return Reading(point, time, float(found.consumption))


def _meters(product: Product) -> tuple[str, ...]:
    return product.production.id, *product.meters
