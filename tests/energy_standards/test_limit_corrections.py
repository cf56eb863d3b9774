"""Limit values and measured values for inputs; every expected number is worked out by hand beside it."""

from datetime import date
from decimal import Decimal

import pytest
from standards_kit import DATA

from analytics.energy.corrections import GradeName
from analytics.energy.limits import Known, State, compared, corrected_measured, limit_value
from analytics.energy.verdict import Verdict, judge

ADVANCED, ACCESS, LIMIT = GradeName


def known(key: str, grade: GradeName, **inputs: str) -> Known:
    """A grade of a row; numbers are written as text, choices are words."""
    standard = next(s for s in DATA.standards.values() if s.row(key) is not None)
    row = standard.row(key)
    assert row is not None
    return limit_value(standard, row, grade, inputs=_inputs(inputs))


def measured(key: str, value: str, **inputs: str) -> Known:
    standard = next(s for s in DATA.standards.values() if s.row(key) is not None)
    row = standard.row(key)
    assert row is not None
    return corrected_measured(standard, row, Decimal(value), inputs=_inputs(inputs))


def _inputs(texts: dict[str, str]) -> dict[str, Decimal | str]:
    return {n: Decimal(t) if t.lstrip("-")[:1].isdigit() else t for n, t in texts.items()}


COKE = {"mixed_gas_share": "0.5", "moisture": "11", "oven_age": "20", "quenching": "wet"}
EAF = {"furnace_steel": "plain_carbon", "hot_metal_ratio": "0"}
NO_ORE = {"rare_earth_ore": "0", "vanadium_titanium_ore": "0", "laterite_nickel_ore": "0"}


@pytest.mark.parametrize(
    ("key", "grade", "inputs", "expected"),
    [
        # Cement, clinker ratio 80 %: 80 + 1.10 x 5; 87 + 1.15 x 5; 94 + 1.20 x 5; 70 %: 80 - 1.10 x 5.
        ("gb16780_2021.cement.energy", ADVANCED, {"clinker_ratio": "80"}, "85.50"),
        ("gb16780_2021.cement.energy", ACCESS, {"clinker_ratio": "80"}, "92.75"),
        ("gb16780_2021.cement.energy", LIMIT, {"clinker_ratio": "80", "altitude": "500"}, "100.00"),
        ("gb16780_2021.cement.energy", ADVANCED, {"clinker_ratio": "70"}, "74.50"),
        # Clinker at 2000 m and 101325/1.25 = 81060 Pa: 117 x (1.179 - 0.211 x 0.8) = 117 x 1.0102 = 118.1934.
        ("gb16780_2021.clinker.energy", LIMIT, {"altitude": "2000", "air_pressure": "81060"}, "118.1934"),
        ("gb16780_2021.clinker.energy", ADVANCED, {}, "100"),  # grade 3 only
        ("gb16780_2021.clinker.energy", LIMIT, {"altitude": "1500"}, "117"),  # above 1500 m only
        # Sinter with 10 % V-Ti magnetite: 43 + 0.2 x 10. Pellet with 5 % laterite: 33 + 1.2 x 5.
        ("gb21256_2025.sinter", ADVANCED, NO_ORE | {"vanadium_titanium_ore": "10"}, "45.0"),
        ("gb21256_2025.pellet", LIMIT, NO_ORE | {"laterite_nickel_ore": "5"}, "39.0"),
        # Blast furnace: grade 60 %: 361 + 2 x 3.61; 50 %: at most 5 points, 361 + 18.05; 65 %: no credit.
        ("gb21256_2025.bf", ADVANCED, NO_ORE | {"feed_grade": "60"}, "368.22"),
        ("gb21256_2025.bf", ADVANCED, NO_ORE | {"feed_grade": "50"}, "379.05"),
        ("gb21256_2025.bf", ADVANCED, NO_ORE | {"feed_grade": "65"}, "361"),
        # Converter, negative: -30 + 0.23 x 20 + 1.5.
        ("gb21256_2025.converter", ADVANCED,
         {"scrap_ratio": "20", "converter_steel": "deep_drawing_pipeline"}, "-23.90"),
        # Electric arc: stainless 61 x 1.10; plain with 30 % hot metal 72 - 0.8 x 30; tool steel 64 + 15.
        ("gb21256_2025.eaf_ge70", ADVANCED, EAF | {"furnace_steel": "all_stainless"}, "67.10"),
        ("gb21256_2025.eaf_ge70", LIMIT, EAF | {"hot_metal_ratio": "30"}, "48.0"),
        ("gb21256_2025.eaf_ge70", ACCESS, EAF | {"furnace_steel": "bearing_gear_wire_tool"}, "79"),
        # Coke, top-charged, volatile 23.5 %: half of 4.25; half the time mixed gas +4; moisture 11 %: +3.67;
        # 20 years: +2.50 (grades 1 and 3); wet quenching +46.46 (grade 3).
        ("gb21342_2025.top", ADVANCED, COKE | {"volatile_matter": "23.5"}, "122.295"),  # 110+4+2.125+3.67+2.50
        ("gb21342_2025.top", ACCESS, COKE | {"volatile_matter": "23.5"}, "119.795"),  # without age
        ("gb21342_2025.top", LIMIT, COKE | {"volatile_matter": "23.5"}, "193.755"),  # 135+4+2.125+3.67+46.46+2.50
        # Stamp-charged, 32 %: +24.50; half mixed gas +6; (11 - 10.5) x 3.71 = 1.855; 30 years +5.50.
        ("gb21342_2025.stamp", ADVANCED, COKE | {"volatile_matter": "32", "oven_age": "30"}, "152.855"),
        ("gb21342_2025.stamp", ADVANCED, COKE | {"volatile_matter": "25", "oven_age": "15"}, "122.855"),
        # Ferrosilicon, ore 99 %: 8050 - 40; ore 96.5 %: 8400 + 1.5 x 40.
        ("gb21341_2022.fesi.electricity", ADVANCED, {"ore_grade": "99"}, "8010"),
        ("gb21341_2022.fesi.electricity", LIMIT, {"ore_grade": "96.5"}, "8460.0"),
        # Ferrochrome at its base of 40 % with enough chromium.
        ("gb21341_2022.fecr_hc.electricity", ACCESS, {"ore_grade": "40", "chromium_iron_ratio": "2.2"}, "3300"),
        # Soda ash, solar salt: 145 x 1.18.
        ("gb29140_2024.combined_light", ADVANCED, {"salt": "solar"}, "171.10"),
        ("gb29140_2024.ammonia_light", ADVANCED, {}, "310"),
    ],
)  # fmt: skip
def test_a_limit_value_follows_its_inputs(
    key: str, grade: GradeName, inputs: dict[str, str], expected: str
) -> None:
    found = known(key, grade, **inputs)
    assert found.state is State.VALUE, found.reason
    assert found.value == Decimal(expected)


@pytest.mark.parametrize(
    ("key", "value", "inputs", "expected"),
    [
        # Coal preparation multiplies the measured value: 6 x 1.26; 4 x 0.72.
        ("gb29446_2019.coking", "6", {"coking_process": "jig"}, "7.56"),
        ("gb29446_2019.power", "4", {"power_process": "heavy_medium_jig_flotation"}, "2.88"),
        ("gb21257_2024.caustic_30", "320", {}, "320"),
        ("gb31335_2024.roast_kiln", "50", {}, "50"),  # roasting is compared without K
    ],
)
def test_a_measured_value_is_corrected_where_the_standard_says_so(
    key: str, value: str, inputs: dict[str, str], expected: str
) -> None:
    assert measured(key, value, **inputs).value == Decimal(expected)


@pytest.mark.parametrize(
    ("key", "grade", "inputs", "reason"),
    [
        ("gb16780_2021.cement.energy", ADVANCED, {}, "clinker_ratio is not given"),
        ("gb16780_2021.cement.energy", ADVANCED, {"clinker_ratio": "180"}, "outside 0 to 100 %"),
        ("gb16780_2021.cement.energy", LIMIT, {"clinker_ratio": "80", "altitude": "1800", "air_pressure": "81000"},
         "is corrected first"),
        ("gb16780_2021.clinker.coal", LIMIT, {"altitude": "1800"}, "do not say whether the altitude"),
        ("gb16780_2021.clinker.energy", LIMIT, {"altitude": "1800"}, "air_pressure is not given"),
        ("gb21256_2025.sinter", LIMIT, dict.fromkeys(NO_ORE, "60"), "more than 100 %"),
        ("gb21256_2025.converter", LIMIT, {"scrap_ratio": "1", "converter_steel": "mild"}, "one of ordinary"),
        ("gb21256_2025.eaf_ge70", LIMIT, {"furnace_steel": "all_stainless", "hot_metal_ratio": "1"},
         "comes first"),
        ("gb21342_2025.top", ACCESS, COKE | {"volatile_matter": "29"}, "outside the table from 21 to 28"),
        ("gb21341_2022.fecr_hc.electricity", LIMIT, {"ore_grade": "40", "chromium_iron_ratio": "2.1"}, "2.2"),
        ("gb21258_2024.usc1000", ADVANCED, {}, "tables 2 to 6"),
        ("gb21258_2024.heat", LIMIT, {"pressure_class": "subcritical"}, "tables 2 to 6"),
    ],
)  # fmt: skip
def test_a_limit_that_cannot_be_corrected_is_not_assessable(
    key: str, grade: GradeName, inputs: dict[str, str], reason: str
) -> None:
    found = known(key, grade, **inputs)
    assert found.state is State.NOT_ASSESSABLE
    assert found.value is None
    assert reason in found.reason


@pytest.mark.parametrize(
    "key",
    [
        "gb29445_2025.underground", "gb31335_2024.surface_large", "gb29995_2024.semicoke", "gb21345_2024.p4",
        "gb29436_2023.eg_ethylene", "gb16780_2007.ge4000.clinker_coal", "gb29444_2012.underground",
    ],
)  # fmt: skip
def test_a_measured_value_whose_correction_is_nowhere_is_not_assessable(key: str) -> None:
    found = measured(key, "1")
    assert (found.state, found.value) == (State.NOT_ASSESSABLE, None)


def test_what_is_missing_says_which_kind_of_missing_it_is() -> None:
    assert known("gb21256_2025.eaf_lt50", ACCESS, **EAF).state is State.NOT_IN_STANDARD
    asked = known("gb21343_2015.energy", ADVANCED)
    assert asked.state is State.NOT_AVAILABLE
    assert "in a file of your own" in asked.reason.replace("\n", " ")


def test_every_correction_is_a_step_of_the_answer() -> None:
    """-30 + 0.23 x 10 + 0.8 = -26.9."""
    found = known("gb21256_2025.converter", ADVANCED, scrap_ratio="10", converter_steel="quality_carbon")
    assert found.base == -30
    assert [(s.correction, s.before, s.after) for s in found.steps] == [
        ("scrap-and-steel", Decimal(-30), Decimal("-26.90"))
    ]


def test_both_sides_of_a_comparison_come_together() -> None:
    standard = DATA.standards["GB 29446-2019"]
    row = standard.row("gb29446_2019.coking")
    assert row is not None
    sides = compared(standard, row, Decimal(6), inputs={"coking_process": "jig"})
    assert sides.measured.value == Decimal("7.56")
    assert [sides.limits[g].value for g in GradeName] == [5, 7, Decimal("8.5")]


@pytest.mark.parametrize(
    ("key", "value", "verdict"),
    [
        pytest.param("gb21257_2024.caustic_30", "308", Verdict.ADVANCED, id="exactly met"),
        pytest.param("gb21257_2024.caustic_30", "308.0000000001", Verdict.ACCESS, id="hardly missed"),
        pytest.param("gb21257_2024.caustic_30", "350.1", Verdict.OVER_LIMIT, id="over"),
        pytest.param("gb29445_2025.underground", "2", Verdict.NOT_ASSESSABLE, id="measured value needs a table"),
        pytest.param("gb29140_2024.combined_light", "100", Verdict.NOT_ASSESSABLE, id="limit needs an input"),
        pytest.param("gb30251_2024.pa", "-296", Verdict.ADVANCED, id="negative, met"),
        pytest.param("gb30251_2024.pa", "-295", Verdict.ACCESS, id="negative, missed"),
        pytest.param("gb30251_2024.pa", "0", Verdict.OVER_LIMIT, id="zero is worse than negative"),
        pytest.param("gb30251_2024.po_chlorohydrin", "200", Verdict.WITHIN_LIMIT, id="missing is not zero"),
    ],
)  # fmt: skip
def test_the_live_verdict_uses_the_corrections(key: str, value: str, verdict: Verdict) -> None:
    standard = next(s for s in DATA.standards.values() if s.row(key) is not None)
    row = standard.row(key)
    assert row is not None
    assert judge(Decimal(value), standard, row, date(2026, 11, 1)).verdict is verdict


def test_a_grade_2_that_is_stricter_than_grade_1_stays_as_it_is() -> None:
    """GB 21258-2024, supercritical 600 MW: 286, 285, 299."""
    row = DATA.standards["GB 21258-2024"].row("gb21258_2024.sc600")
    assert row is not None
    assert row.advanced is not None
    assert row.access is not None
    assert row.access.value < row.advanced.value
