"""Both editions of GB/T 2589, and measured heating values; expected numbers from section 8 of the fact dossier."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError
from standards_kit import DATA

from analytics.energy.coefficients import MeasuredHeatingValue, Origin, convert, factor_on
from plant.errors import FixError

OLD, NEW = DATA.coefficients("GB/T 2589-2008"), DATA.coefficients("GB/T 2589-2020")
DAY = date(2026, 6, 1)


def coal(value: str = "21500", first: str = "2026-01-01", last: str | None = "2026-12-31") -> MeasuredHeatingValue:
    return MeasuredHeatingValue.model_validate(
        {
            "carrier": "raw_coal", "unit": "kg", "kilojoules": value, "first": first, "last": last,
            "evidence": "report 2026-017", "measured_by": "coal laboratory",
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("carrier", "unit", "kgce", "heat"),
    [
        ("electricity_equivalent", "kWh", "0.1229", "3600"),
        ("heat", "MJ", "0.03412", None),
        ("raw_coal", "kg", "0.7143", "20908"),
        ("washed_clean_coal", "kg", "0.9000", "26344"),
        ("coke", "kg", "0.9714", "28435"),
        ("coal_tar", "kg", "1.1429", None),
        ("diesel", "kg", "1.4571", "42652"),
        ("lpg", "kg", "1.7143", "50179"),
        ("oil_field_gas", "m3", "1.3300", "38931"),
        ("gas_field_gas", "m3", "1.2143", None),
        ("blast_furnace_gas", "m3", "0.1286", "3763"),
        ("low_pressure_steam", "kg", "0.1286", "3763"),
        ("new_water", "t", "0.0857", "2.51"),
        ("oxygen", "m3", "0.4000", "11.72"),
        ("nitrogen_main_product", "m3", "0.6714", "19.66"),
        ("acetylene", "m3", "8.3143", "243.67"),
        ("calcium_carbide", "kg", "2.0786", "60.92"),
    ],
)
def test_the_set_of_2008(carrier: str, unit: str, kgce: str, heat: str | None) -> None:
    found = OLD.by_carrier[carrier]
    assert (found.unit, found.kgce) == (unit, Decimal(kgce))
    assert (None if found.heat is None else found.heat.value) == (None if heat is None else Decimal(heat))


@pytest.mark.parametrize(
    ("carrier", "kgce"),
    [
        ("electricity_equivalent", "0.1229"), ("heat", "0.03412"), ("gasoline", "1.4714"), ("diesel", "1.4571"),
        ("methanol", "0.6794"), ("new_water", "0.2571"), ("compressed_air", "0.0400"),
    ],
)  # fmt: skip
def test_the_set_of_2020(carrier: str, kgce: str) -> None:
    assert NEW.by_carrier[carrier].kgce == Decimal(kgce)


def test_the_set_of_2020_has_nothing_else() -> None:
    """All other numbers of that edition are memory in the dossier."""
    assert len(NEW.by_carrier) == 7
    with pytest.raises(FixError, match="value not available"):
        factor_on(DAY, "raw_coal", coefficients=NEW)


@pytest.mark.parametrize("carrier", ["blast_air", "nitrogen_by_product", "carbon_dioxide"])
def test_what_the_set_of_2008_has_from_memory_only_is_not_available(carrier: str) -> None:
    with pytest.raises(FixError, match="value not available"):
        factor_on(date(2016, 6, 1), carrier, coefficients=OLD)


def test_a_range_gives_no_number_of_its_own() -> None:
    with pytest.raises(FixError, match=r"0\.5714 to 0\.6143 kgce/m3"):
        factor_on(date(2016, 6, 1), "coke_oven_gas", coefficients=OLD)


def test_the_editions_follow_one_another_without_a_gap() -> None:
    assert OLD.valid_to == date(2021, 3, 31)
    assert NEW.effective == date(2021, 4, 1)


def test_a_conversion_names_its_set_and_factor() -> None:
    """1.5 MWh are 1500 kWh, times 0.1229."""
    found = convert(Decimal("1.5"), "MWh", factor=factor_on(DAY, "electricity_equivalent", coefficients=NEW))
    assert found.kgce == Decimal("184.35")
    assert (found.quantity, found.factor.unit) == (1500, "kWh")
    assert (found.factor.coefficients, found.factor.origin) == ("GB/T 2589-2020", Origin.TABLE)
    assert "two sources" in found.factor.evidence


def test_a_unit_that_does_not_fit_is_refused() -> None:
    with pytest.raises(FixError):
        convert(Decimal(1), "t", factor=factor_on(DAY, "electricity_equivalent", coefficients=NEW))


def test_a_measured_heating_value_comes_first_while_it_holds() -> None:
    """21500 kJ/kg / 29307 kJ/kgce; 10 t are 10000 kg: 7336.13... kgce."""
    factor = factor_on(DAY, "raw_coal", coefficients=OLD, measured=[coal()])
    assert factor.origin is Origin.MEASURED
    assert factor.kgce == Decimal(21500) / Decimal(29307)
    assert "report 2026-017" in factor.evidence
    assert factor.coefficients == "GB/T 2589-2008"
    assert convert(Decimal(10), "t", factor=factor).kgce.quantize(Decimal("0.01")) == Decimal("7336.13")


@pytest.mark.parametrize(
    ("day", "origin"),
    [
        ("2025-12-31", Origin.TABLE),
        ("2026-01-01", Origin.MEASURED),
        ("2026-12-31", Origin.MEASURED),
        ("2027-01-01", Origin.TABLE),
    ],
)
def test_a_measured_heating_value_holds_on_its_days_only(day: str, origin: Origin) -> None:
    found = factor_on(date.fromisoformat(day), "raw_coal", coefficients=OLD, measured=[coal()])
    assert found.origin is origin


def test_two_measured_values_of_one_day_are_not_chosen_from() -> None:
    with pytest.raises(FixError, match="2 measured heating values"):
        factor_on(DAY, "raw_coal", coefficients=OLD, measured=[coal(), coal("22000", last=None)])


def test_a_heating_value_in_the_wrong_unit_is_noticed() -> None:
    """21.5 MJ/kg typed as kJ/kg."""
    with pytest.raises(ValidationError):
        coal("21.5")


def test_the_table_of_the_refining_standard_is_its_oil_equivalent_times_1_4286() -> None:
    """0.21 kgoe/kWh, 76 kgoe/t, 0.038 and 0.15 kgoe/m3, 950 kgoe/t."""
    own = DATA.coefficients("GB 30251-2024 A.1")
    expected = {"electricity_refining": "0.21", "steam_1_0_mpa": "76", "purified_compressed_air": "0.038",
                "nitrogen": "0.15", "refinery_fuel_gas": "950"}  # fmt: skip
    assert {c.carrier: c.kgce for c in own.coefficients} == {
        k: Decimal(v) * Decimal("1.4286") for k, v in expected.items()
    }
