"""Values against the fact dossier, line by line: section 5 (current editions) and section 6 (superseded ones).

The expected numbers were copied from the dossier's tables, whose sources are named in the files; None is a dash
there: the standard gives no value.
"""

from decimal import Decimal

import pytest
from standards_kit import DATA

from analytics.energy.corrections import GradeName

# (row, unit, grade 1 / advanced, grade 2 / access, grade 3 / limit)
ROWS = [
    ("gb16780_2021.cement.energy", "kgce/t", "80", "87", "94"),
    ("gb16780_2021.clinker.electricity", "kWh/t", "48", "57", "61"),
    ("gb21256_2025.sinter", "kgce/t", "43", "46", "52"),
    ("gb21256_2025.converter", "kgce/t", "-30", "-28", "-12"),
    ("gb21256_2025.eaf_lt50", "kgce/t", "61", None, "86"),
    ("gb21257_2024.caustic_30", "kgce/t", "308", "315", "350"),
    ("gb21257_2024.caustic_98", "kgce/t", "600", "620", "685"),
    ("gb21257_2024.pvc_ethylene_paste", "kgce/t", "900", "950", "1100"),
    ("gb21258_2024.usc1000", "gce/kWh", "268", "276", "283"),
    ("gb21258_2024.sc600", "gce/kWh", "286", "285", "299"),
    ("gb21258_2024.uhp200", "gce/kWh", None, None, "352"),
    ("gb21258_2024.heat", "kgce/GJ", "40", "40.5", "42"),
    ("gb21341_2022.fesi.electricity", "kWh/t", "8050", "8300", "8400"),
    ("gb21341_2022.femn_bf.coke", "kg/t", "1280", "1320", "1350"),
    ("gb21342_2025.top", "kgce/t", "110", "110", "135"),
    ("gb21343_2023.carbide.energy", "kgce/t", "805", "823", "940"),
    ("gb21343_2023.bdo_allyl", "kgce/t", "890", "890", "1000"),
    ("gb21344_2023.nh3_gas", "kgce/t", "996", "1000", "1200"),
    ("gb21344_2023.abc", "kWh/t", "18", "20", "30"),
    ("gb21345_2024.p4", "kgce/t", "2300", "2450", "2800"),
    ("gb21346_2022.al_liquid_ac", "kWh/t", "12950", "13000", "13350"),
    ("gb21346_2022.alumina_other_comp", "kgce/t", "550", "600", "700"),
    ("gb21347_2023.mg", "kgce/t", "3500", "4000", "5000"),
    ("gb25323_2023.ni_matte", "kgce/t", "540", "1160", "1400"),
    ("gb25323_2023.pb2_pre", "kgce/t", "3", "3.5", "4"),
    ("gb29140_2024.combined_heavy", "kgce/t", "185", "205", "250"),
    ("gb29436_2023.meoh_bituminous", "kgce/t", "1380", "1400", "1800"),
    ("gb29445_2025.underground", "kgce/t", "2.5", "6.2", "10.8"),
    ("gb29446_2019.power", "kWh/t", "2.0", "3.0", "4.5"),
    ("gb30180_2024.sng", "kgce/m3", "1.1", "1.2", "1.4"),
    ("gb30180_2024.icl", "kgce/toe", "2000", "2200", "2700"),
    ("gb30251_2024.refinery", "kgoe/(t·EF)", "6.85", "7.50", "8.50"),
    ("gb30251_2024.ethylene", "kgoe/t", "580", "590", "640"),
    ("gb30251_2024.po_chlorohydrin", "kgce/t", None, None, "380"),
    ("gb30251_2024.pa", "kgce/t", "-296", "-249", "-111"),
    ("gb29995_2024.semicoke", "kgce/t", "160", "180", "210"),
    ("gb31335_2024.roast_kiln", "kgce/t", "49.70", "51.80", "54.30"),
    ("gb46029_2025.silver", "kgce/t", "680", "700", "740"),
    ("gb29438_2012.pom", "kgce/t", "2000", "2100", "2800"),
    ("gb29141_2012.cu_ni_gas.energy", "kgce/t", "-30", "3", "16"),
    ("gb21341_2008.fesi.energy", "kgce/t", "1850", "1910", "1980"),
    ("gb21346_2013.al_liquid_ac", "kWh/t", "12650", "12750", "13700"),
    ("gb21256_2013.converter", "kgce/t", "-30", "-25", "-10"),
    ("gb16780_2007.ge4000.clinker_coal", "kgce/t", "107", "110", "120"),
    ("gb16780_2007.lt1000.cement_energy", "kgce/t", None, None, "118"),
    ("gb21248_2007.blister", "kgce/t", "340", "530", "800"),
    ("gb21248_2007.blister_cathode", "kgce/t", None, None, "420"),
    ("gb21257_2007.liquid", "kgce/t", "490", "490", "600"),
    ("gb21249_2007.hydro", "kgce/t", "1000", "1050", "1200"),
]


@pytest.mark.parametrize(("key", "unit", "one", "two", "three"), ROWS, ids=[r[0] for r in ROWS])
def test_a_row_has_the_values_of_the_dossier(
    key: str, unit: str, one: str | None, two: str | None, three: str | None
) -> None:
    row = next(r for s in DATA.standards.values() for r in s.rows if r.key == key)
    given = [row.grade(name) for name in GradeName]
    assert row.unit == unit
    assert [None if g is None else g.value for g in given] == [
        None if x is None else Decimal(x) for x in (one, two, three)
    ]
    assert not row.not_available


def test_the_samples_come_from_many_standards() -> None:
    assert len({r[0].split(".", maxsplit=1)[0] for r in ROWS}) >= 12


def test_titles_dates_and_relations_of_an_edition() -> None:
    """Section 4 and 5 of the dossier, GB 21342-2025."""
    coke = DATA.standards["GB 21342-2025"]
    assert coke.title_zh == "焦炭单位产品能源消耗限额"
    assert coke.title_en == "The norm of energy consumption per unit product of coke"
    assert [str(d) for d in (coke.issued, coke.effective_date, coke.valid_to)] == [
        "2025-04-25",
        "2026-05-01",
        "None",
    ]
    assert coke.replaces == ("GB 21342-2013",)
    assert coke.dates_confidence == "two sources"


def test_the_electricity_factor_of_an_edition_is_named_with_how_it_is_known() -> None:
    """Section 2, pitfall 5, and the electricity lines of section 5 and 6."""
    cement, refining = DATA.standards["GB 16780-2021"], DATA.standards["GB 30251-2024"]
    assert (cement.electricity.factor, cement.electricity.unit) == (Decimal("0.1229"), "kgce/kWh")
    assert cement.electricity.known == "confirmed by arithmetic"
    assert (refining.electricity.factor, refining.electricity.unit) == (Decimal("0.21"), "kgoe/kWh")
    old = DATA.standards["GB 21341-2008"].row("gb21341_2008.fesi.energy_equal_value")
    assert old is not None
    assert old.electricity is not None
    assert old.electricity.factor == Decimal("0.404")
    assert old.access is not None
    assert old.access.value == 4440


def test_a_weak_second_source_is_not_called_two_sources() -> None:
    row = DATA.standards["GB 29140-2024"].row("gb29140_2024.ammonia_light")
    assert row is not None
    assert row.limit is not None
    assert row.limit.confidence == "two sources, one weak"
