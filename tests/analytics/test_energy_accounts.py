"""Unit consumption by hand: quantities times coefficients of GB/T 2589-2020, per tonne, against GB 21257-2024.

Coefficients (two sources each): electricity 0.1229 kgce/kWh (equivalent value), heat 0.03412 kgce/MJ, new water
0.2571 kgce/t, compressed air 0.0400 kgce/m3. Grades for liquid caustic >= 30 % (GB 21257-2024, table 1): 308, 315
and 350 kgce/t. They are written here and not read from the packaged data, which are thereby checked.
"""

from datetime import date
from decimal import Decimal

import pytest
from energy_plant import DATA, small_plant

from analytics.energy.accounts import Account, account
from analytics.energy.limit_standard import StandardRow
from analytics.energy.metering import Amount
from analytics.energy.verdict import Verdict, judge
from plant.model import LimitRow, Plant

PLANT = small_plant()
DAY = date(2026, 3, 11)
STANDARD, ROW = DATA.row(LimitRow(standard="GB 21257-2024", row="gb21257_2024.caustic_30"))


def counted(quantity: str, coverage: float = 1.0) -> Amount:
    return Amount(Decimal(quantity), Decimal(quantity), coverage)


def of(plant: Plant = PLANT, *, coefficients: str = "GB/T 2589-2020", **meters: Amount) -> Account:
    """The account from what each meter counted."""
    return account(plant, plant.products[0], meters, DATA.coefficients(coefficients))


def with_meter(name: str, unit: str, carrier: str, extra: str = "") -> Plant:
    """The small plant with its steam meter changed into another."""
    return small_plant(
        ("{id: S.total, name: s, kind: counter, unit: GJ", f"{{id: S.total, name: s, kind: counter, unit: {unit}"),
        (
            "{id: S, name: Steam heat, point: S.total, carrier: heat, rollover",
            f"{{id: {name}, name: x, point: S.total, carrier: {carrier}, {extra}rollover",
        ),
        ("[E, S]", f"[E, {name}]"),
    )


def test_electricity_and_heat_of_one_tonne() -> None:
    # 2,400 kWh * 0.1229 = 294.96; 1.2 GJ = 1,200 MJ * 0.03412 = 40.944; together 335.904 kgce for one tonne
    found = of(E=counted("2400"), S=counted("1.2"), P=counted("1"))
    assert [line.kgce for line in found.lines] == [Decimal("294.96"), Decimal("40.944")]
    assert [(line.quantity, line.unit, line.coefficient) for line in found.lines] == [
        (2400, "kWh", Decimal("0.1229")),
        (1200, "MJ", Decimal("0.03412")),
    ]
    assert (found.energy, found.production) == (Decimal("335.904"), 1)
    assert found.consumption == Decimal("335.904")
    assert found.reason == ""


@pytest.mark.parametrize(
    ("unit", "carrier", "quantity", "kgce"),
    [
        pytest.param("t", "new_water", "10", "2.571", id="water, 10 t * 0.2571"),
        pytest.param("m3", "compressed_air", "100", "4", id="air, 100 m3 * 0.0400"),
        pytest.param("kg", "diesel", "10", "14.571", id="diesel, 10 kg * 1.4571"),
        pytest.param("t", "diesel", "0.01", "14.571", id="diesel in tonnes"),
        pytest.param("MWh", "electricity_equivalent", "1", "122.9", id="1 MWh = 1,000 kWh"),
        pytest.param("MJ", "electricity_equivalent", "3.6", "0.1229", id="3.6 MJ of electricity are 1 kWh"),
        pytest.param("GJ", "heat", "1", "34.12", id="1 GJ = 1,000 MJ"),
        pytest.param("kWh", "heat", "1", "0.122832", id="1 kWh of heat = 3.6 MJ * 0.03412"),
    ],
)
def test_each_carrier_in_each_unit(unit: str, carrier: str, quantity: str, kgce: str) -> None:
    found = of(with_meter("X", unit, carrier), E=counted("0"), X=counted(quantity), P=counted("1"))
    assert found.lines[1].kgce == Decimal(kgce)


def test_exported_energy_is_deducted() -> None:
    # 2,400 kWh in, 300 kWh out: 294.96 - 36.87 = 258.09
    plant = with_meter("X", "kWh", "electricity_equivalent", extra="direction: out, ")
    found = of(plant, E=counted("2400"), X=counted("300"), P=counted("1"))
    assert found.energy == Decimal("258.09")


def test_the_edition_of_the_coefficients_counts() -> None:
    # New water weighs 0.0857 kgce/t in the edition of 2008 and 0.2571 in that of 2020.
    plant = with_meter("X", "t", "new_water")
    meters = {"E": counted("0"), "X": counted("10"), "P": counted("1")}
    assert of(plant, **meters).energy == Decimal("2.571")
    assert of(plant, coefficients="GB/T 2589-2008", **meters).energy == Decimal("0.857")


def test_a_rate_meter_counts_its_unit_times_hour() -> None:
    # 2,400 kW for an hour are 2,400 kWh; 1 t/h for an hour is 1 t.
    plant = small_plant(
        ("point: E.total\n    rate: E.rate", "point: E.rate\n    kind: rate"),
        ("{id: P.total, name: p, kind: counter, unit: t,", "{id: P.total, name: p, unit: t/h,"),
        ("{id: P, name: Caustic, point: P.total,", "{id: P, name: Caustic, kind: rate, point: P.total,"),
    )
    found = of(plant, E=counted("2400"), S=counted("1.2"), P=counted("1"))
    assert found.consumption == Decimal("335.904")


@pytest.mark.parametrize("made", ["0", "-0.5"])
def test_no_or_negative_production_is_not_assessable(made: str) -> None:
    found = of(E=counted("2400"), S=counted("1.2"), P=counted(made))
    assert found.consumption is None
    assert found.reason == f"production is {made} t"
    assert found.energy == Decimal("335.904"), "what was used is known all the same"


@pytest.mark.parametrize(
    ("coverage", "assessable"),
    [
        pytest.param(3240 / 3600, True, id="exactly 90 %: 3,240 s of an hour"),
        pytest.param(3239.999999999 / 3600, False, id="a nanosecond less"),
        pytest.param(0.95, True, id="95 %"),
        pytest.param(0.89, False, id="89 %"),
        pytest.param(0.0, False, id="none"),
    ],
)
@pytest.mark.parametrize("short", ["E", "S", "P"])
def test_below_90_per_cent_of_any_meter_there_is_no_figure(
    coverage: float, short: str, *, assessable: bool
) -> None:
    meters = {"E": counted("2400"), "S": counted("1.2"), "P": counted("1")}
    meters[short] = counted(str(meters[short].quantity), coverage)
    found = of(**meters)
    assert found.coverage == coverage
    assert (found.consumption is not None) == assessable
    assert assessable or short in found.reason


# --- the verdict --------------------------------------------------------------------------------------

A_LITTLE = Decimal("1e-20")


@pytest.mark.parametrize(
    ("consumption", "verdict"),
    [
        pytest.param(Decimal(308), Verdict.ADVANCED, id="exactly grade 1"),
        pytest.param(Decimal(308) + A_LITTLE, Verdict.ACCESS, id="just above grade 1"),
        pytest.param(Decimal(315), Verdict.ACCESS, id="exactly grade 2"),
        pytest.param(Decimal(315) + A_LITTLE, Verdict.WITHIN_LIMIT, id="just above grade 2"),
        pytest.param(Decimal(350), Verdict.WITHIN_LIMIT, id="exactly grade 3"),
        pytest.param(Decimal(350) + A_LITTLE, Verdict.OVER_LIMIT, id="just above grade 3"),
        pytest.param(Decimal("349.96"), Verdict.WITHIN_LIMIT, id="no rounding: would be 350.0"),
        pytest.param(Decimal("350.04"), Verdict.OVER_LIMIT, id="no rounding: would be 350.0 too"),
    ],
)
def test_the_three_grades_are_compared_without_rounding(consumption: Decimal, verdict: Verdict) -> None:
    assert judge(consumption, STANDARD, ROW, DAY).verdict is verdict


def test_a_quotient_exactly_at_the_limit_reaches_it() -> None:
    # 350 kWh * 0.1229 / 0.1229 t = 350 kgce/t, exactly, although 0.1229 is no binary number
    found = of(E=counted("350"), S=counted("0"), P=counted("0.1229"))
    assert found.consumption == 350
    assert judge(found.consumption, STANDARD, ROW, DAY).verdict is Verdict.WITHIN_LIMIT


@pytest.mark.parametrize(
    ("missing", "consumption", "verdict"),
    [
        pytest.param("advanced", 300, Verdict.ACCESS, id="without grade 1 nothing is advanced"),
        pytest.param("access", 312, Verdict.WITHIN_LIMIT, id="without grade 2 nothing is access"),
        pytest.param("limit", 300, Verdict.ADVANCED, id="without grade 3 the others hold"),
        pytest.param("limit", 400, Verdict.NOT_ASSESSABLE, id="without grade 3 nothing is over it"),
    ],
)
def test_a_grade_that_is_not_given_cannot_be_reached(missing: str, consumption: int, verdict: Verdict) -> None:
    row = StandardRow.model_validate(ROW.model_dump() | {missing: None})
    assert judge(Decimal(consumption), STANDARD, row, DAY).verdict is verdict


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        pytest.param(date(2025, 4, 30), Verdict.NOT_ASSESSABLE, id="the day before"),
        pytest.param(date(2025, 5, 1), Verdict.OVER_LIMIT, id="the first day"),
        pytest.param(date(2027, 12, 31), Verdict.OVER_LIMIT, id="the last day"),
        pytest.param(date(2028, 1, 1), Verdict.NOT_ASSESSABLE, id="the day after"),
    ],
)
def test_an_edition_counts_on_its_days(day: date, verdict: Verdict) -> None:
    edition = STANDARD.model_copy(update={"valid_to": date(2027, 12, 31)})
    assert judge(Decimal(400), edition, ROW, day).verdict is verdict


@pytest.mark.parametrize(
    ("consumption", "verdict"),
    [
        # half of grade 1 is 154 kgce/t
        pytest.param("154", Verdict.ADVANCED, id="half of the best"),
        pytest.param("153.9", Verdict.NOT_ASSESSABLE, id="less than half of the best"),
        pytest.param("0.3", Verdict.NOT_ASSESSABLE, id="MWh read as kWh"),
        pytest.param("-5", Verdict.NOT_ASSESSABLE, id="more exported than used"),
    ],
)
def test_what_cannot_be_is_no_achievement(consumption: str, verdict: Verdict) -> None:
    judgement = judge(Decimal(consumption), STANDARD, ROW, DAY)
    assert judgement.verdict is verdict
    assert verdict is Verdict.ADVANCED or "check the units" in judgement.reason
