"""What a meter counted in an hour, from readings a person can add up: the sum stands beside each case."""

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from energy_plant import HOUR, MINUTE
from hypothesis import given
from hypothesis import strategies as st

from analytics.energy.metering import NOTHING, Samples, amount, steps
from analytics.energy.series import MeterSeries
from plant.clock import SECOND
from plant.model import Meter, MeterKind

PERIOD = 600.0
"""Of all meters here [s]: values further apart than 30 minutes leave a gap."""


def meter(*, rollover: str | None = None, max_rate: str | None = None) -> Meter:
    return Meter.model_validate(
        {"id": "M", "name": "meter", "point": "m", "rollover": rollover, "max_rate": max_rate}
    )


RATE = Meter(id="R", name="rate meter", point="r", kind=MeterKind.RATE)


def samples(*at_minute: tuple[float, float]) -> Samples:
    """Values by minute of the hour."""
    return Samples(
        np.array([round(m * MINUTE) for m, _ in at_minute], np.int64), np.array([v for _, v in at_minute])
    )


def every_ten(*values: float) -> Samples:
    """Values at minute 0, 10, 20 …"""
    return samples(*((10.0 * i, v) for i, v in enumerate(values)))


# --- counters: (samples, meter, counted, quantity, coverage) in one hour ------------------------------

COUNTERS = [
    pytest.param(
        every_ten(1000, 1010, 1020, 1030, 1040, 1050, 1060), meter(), "60", "60", 1.0,
        id="60 in an hour",
    ),
    pytest.param(
        every_ten(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), meter(), "0.6", "0.6", 1.0,
        id="0.7 - 0.1 is 0.6 and not 0.6 less a bit of a float",
    ),
    pytest.param(
        # 5 to 9,995, then 10 over the modulus of 10,000 to 5, then 5, and 20 in the rest
        every_ten(9990, 9995, 5, 10, 15, 20, 30), meter(rollover="10000"), "40", "40", 1.0,
        id="roll-over: (10,000 - 9,990) + 30",
    ),
    pytest.param(
        # at most 100 an hour, so 10 minutes and the minute of grace believe 100 * 11/60 * 1.5 = 27.5: 10 is one
        every_ten(9990, 9995, 5, 10, 15, 20, 30), meter(rollover="10000", max_rate="100"), "40", "40", 1.0,
        id="roll-over with a believable rate",
    ),
    pytest.param(
        # 9,995 to 100 would be 105 over the modulus, more than 27.5: it was reset. 10 minutes are not known;
        # the others counted 5 + 5 + 5 + 5 + 10 = 30 in 50 minutes, which makes 36 in 60
        every_ten(9990, 9995, 100, 105, 110, 115, 125), meter(rollover="10000", max_rate="100"), "30", "36",
        50 / 60, id="too much for a roll-over is a reset",
    ),
    pytest.param(
        # from 5,010 to 3: a reset. 10 + 10 + 10 + 10 + 10 = 50 in 50 minutes, 60 in 60
        every_ten(5000, 5010, 3, 13, 23, 33, 43), meter(), "50", "60", 50 / 60, id="reset",
    ),
    pytest.param(
        # 4,993 over the modulus of 10,000 is no small step, and no rate says more. 5 * 10 in 50 minutes
        every_ten(5000, 5010, 3, 13, 23, 33, 43), meter(rollover="10000"), "50", "60", 50 / 60,
        id="reset of a meter that could roll over",
    ),
    pytest.param(
        # from 20 to 5,020: more than 27.5, not believed. 5 * 10 in 50 minutes
        every_ten(0, 10, 20, 5020, 5030, 5040, 5050), meter(max_rate="100"), "50", "60", 50 / 60, id="jump",
    ),
    pytest.param(
        every_ten(0, 10, 20, 5020, 5030, 5040, 5050), meter(), "5050", "5050", 1.0,
        id="without a highest rate everything is believed",
    ),
    pytest.param(
        # 40 minutes without a value, more than three periods. The counter ran on: all 60 are known
        samples((0, 0), (10, 10), (50, 50), (60, 60)), meter(), "60", "60", 20 / 60, id="gap: amount known",
    ),
    pytest.param(
        samples((0, 0), (30, 30), (60, 60)), meter(), "60", "60", 1.0, id="30 minutes are no gap yet"
    ),
    pytest.param(
        # the first step shares 12 by 10 minutes before and 10 after the start, the last likewise: 6 + 40 + 6
        samples((-10, 0), (10, 12), (50, 52), (70, 64)), meter(), "52", "52", 20 / 60,
        id="steps over the ends are shared by time",
    ),
    pytest.param(
        samples((-10, 0), (70, 80)), meter(), "60", "60", 0.0, id="one step over the whole hour, and a gap"
    ),
    pytest.param(
        # the last reading is at minute 54: 54 are known of 54 minutes, 60 of 60
        samples((0, 0), (20, 20), (40, 40), (54, 54)), meter(), "54", "60", 0.9, id="the end is missing",
    ),
    pytest.param(
        samples((6, 6), (20, 20), (40, 40), (60, 60)), meter(), "54", "60", 0.9, id="the start is missing"
    ),
    pytest.param(samples((30, 5)), meter(), "0", "0", 0.0, id="one value tells nothing"),
    pytest.param(samples(), meter(), "0", "0", 0.0, id="no value"),
    pytest.param(samples((70, 0), (80, 10)), meter(), "0", "0", 0.0, id="all after the hour"),
    pytest.param(
        every_ten(7, 7, 7, 7, 7, 7, 7), meter(), "0", "0", 1.0, id="a counter at rest counts nothing, and knows it"
    ),
    pytest.param(
        every_ten(*(41_234_567 + tenths / 10 for tenths in (1, 2, 3, 3, 4, 5, 10))),
        meter(), "0.9", "0.9", 1.0, id="eight digits and a decimal stay exact",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given_samples", "kind", "counted", "quantity", "coverage"), COUNTERS)
def test_a_counter(given_samples: Samples, kind: Meter, counted: str, quantity: str, coverage: float) -> None:
    found = amount(given_samples, kind, PERIOD, 0, HOUR)
    assert found.counted == Decimal(counted)
    assert found.quantity == Decimal(quantity)
    assert found.coverage == coverage


RATES = [
    pytest.param(every_ten(100, 100, 100, 100, 100, 100, 100), "100", 1.0, id="100 kW for an hour"),
    pytest.param(every_ten(0, 10, 20, 30, 40, 50, 60), "30", 1.0, id="from 0 to 60 kW: half of it"),
    pytest.param(samples((-20, 60), (20, 60), (60, 60)), "0", 0.0, id="all gaps: nothing is known"),
    pytest.param(
        # between -15 and 15 it rises from 30 to 90, so from 60 at the start: 75 for 15 minutes, then 90 for 45
        samples((-15, 30), (15, 90), (45, 90), (75, 90)),
        "86.25",
        1.0,
        id="the value at the start lies between two",
    ),
    pytest.param(
        # 20 minutes at 120 are known, 40 are a gap: filled with 120
        samples((0, 120), (20, 120), (60, 999)),
        "120",
        20 / 60,
        id="a gap is filled with the mean of the rest",
    ),
]


@pytest.mark.parametrize(("given_samples", "quantity", "coverage"), RATES)
def test_a_rate_meter(given_samples: Samples, quantity: str, coverage: float) -> None:
    found = amount(given_samples, RATE, PERIOD, 0, HOUR)
    assert found.quantity == Decimal(quantity)
    assert found.coverage == coverage


def test_a_standstill_that_is_not_believed_is_filled() -> None:
    # 10 in 10 minutes, then 20 minutes at rest and the step after them unknown, then 20 in 20: 30 of 30 known.
    stood = every_ten(0, 10, 10, 10, 30, 40, 50)
    standing = np.array([False, True, True, True, False, False])
    found = amount(stood, meter(), PERIOD, 0, HOUR, standing=standing)
    assert (found.counted, found.quantity, found.coverage) == (Decimal(30), Decimal(60), 0.5)


def test_a_step_of_one_digit_is_never_too_fast() -> None:
    # A counter of whole tens at 60 an hour: ten at once every ten minutes, read every minute.
    shown = samples(*((m, 10.0 * (m // 10)) for m in range(61)))
    assert not steps(shown, meter(max_rate="60"), 60.0).jump.any()
    assert amount(shown, meter(max_rate="60"), 60.0, 0, HOUR).quantity == 60


@pytest.mark.parametrize(
    ("after", "rolled"),
    [
        # max_rate 100 an hour: in 10 minutes and the minute of grace at most 27.5. From 9,990:
        pytest.param(17.4, True, id="27.4 over the modulus"),
        pytest.param(17.6, False, id="27.6"),
    ],
)
def test_roll_over_and_reset_are_told_apart_by_the_rate(after: float, *, rolled: bool) -> None:
    judged = steps(every_ten(9990, after), meter(rollover="10000", max_rate="100"), PERIOD, since=0)
    assert (judged.rolled[0], judged.reset[0]) == (rolled, not rolled)


counts = st.lists(st.integers(0, 500), min_size=2, max_size=60)
cuts = st.lists(st.integers(1, 59), max_size=6, unique=True)


@given(counts, cuts, st.integers(1, 7))
def test_parts_add_up_to_the_whole(rises: list[int], minutes: list[int], spacing: int) -> None:
    """However the time is cut, nothing is counted twice and nothing is lost."""
    shown = samples(*((spacing * i, v % 1000) for i, v in enumerate(np.cumsum(rises).tolist())))
    end = int(shown.time[-1])
    ends = [0, *sorted(m * MINUTE for m in minutes if m * MINUTE < end), end]
    kind = meter(rollover="1000", max_rate="100000")
    parts = [amount(shown, kind, 600.0, a, b).counted for a, b in pairwise(ends)]
    assert sum(parts) == pytest.approx(Decimal(sum(rises[1:])), rel=Decimal("1e-24"))


# --- the series that feeds it -------------------------------------------------------------------------


def kept(series: MeterSeries) -> list[tuple[int, float]]:
    found = series.samples()
    return list(zip(found.time.tolist(), found.value.tolist(), strict=True))


def added(*batches: list[tuple[int, float]]) -> MeterSeries:
    series = MeterSeries()
    for batch in batches:
        series.add(np.array([t for t, _ in batch], np.int64), np.array([v for _, v in batch], np.float64))
    return series


def test_values_come_in_any_order_and_twice() -> None:
    late = added([(1, 1.0), (4, 4.0)], [(3, 3.0), (2, 2.0)], [], [(4, 4.0), (5, 5.0)], [(2, 2.5)])
    assert kept(late) == [(1, 1.0), (2, 2.5), (3, 3.0), (4, 4.0), (5, 5.0)], "of two at one time the later arrival"


@given(st.permutations(range(40)), st.integers(1, 9))
def test_the_order_of_arrival_makes_no_difference(order: list[int], size: int) -> None:
    batches = [[(t, float(t)) for t in order[i : i + size]] for i in range(0, len(order), size)]
    assert kept(added(*batches)) == [(t, float(t)) for t in range(40)]


def test_what_is_forgotten_leaves_one_value_before_it() -> None:
    series = added([(t, float(t)) for t in range(0, 100, 10)])
    series.forget(35)
    assert kept(series)[0] == (30, 30.0)
    assert series.from_before(55, 80).time.tolist() == [50, 60, 70, 80]
    assert series.from_before(5).time.tolist() == [30, 40, 50, 60, 70, 80, 90]


def test_the_series_is_bounded_and_counts_what_it_drops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.energy.series.MOST", 50)
    series = added([(t, 0.0) for t in range(30)], [(t, 0.0) for t in range(30, 80)])
    assert (series.dropped, kept(series)[0][0], len(kept(series))) == (30, 30, 50)


def test_nothing_is_the_amount_of_no_data() -> None:
    assert amount(samples(), meter(), None, 0, HOUR) == NOTHING
    assert amount(samples((0, 1)), RATE, None, 0, 10 * SECOND) == NOTHING
