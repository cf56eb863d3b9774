"""A user's own files: they add or override, and every mistake is told at once with line and reason."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from standards_kit import DATA, OWN

from analytics.energy.catalogue import parse_own
from analytics.energy.coefficients import CoefficientSet
from analytics.energy.corrections import GradeName
from analytics.energy.in_force import Choice, on_day
from analytics.energy.limits import limit_value
from analytics.energy.standards import EnergyData
from plant.errors import FixError
from plant.plantfile import PlantFileError


def refused(text: str) -> list[tuple[int, str]]:
    """Line and message of every error."""
    with pytest.raises(PlantFileError) as error:
        parse_own(text, name="own.yaml")
    return [(p.line, f"{p.path}: {p.message} {p.hint}") for p in error.value.problems]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_an_edition_of_ones_own_is_added(tmp_path: Path) -> None:
    (tmp_path / "trial.yaml").write_text(OWN, encoding="utf-8")
    data = EnergyData.with_own(tmp_path)
    assert len(data.standards) == len(DATA.standards) + 1
    found = on_day("trial.x", date(2026, 5, 1), data.standards)
    assert found.row is not None
    assert found.row.limit is not None
    assert found.row.limit.value == Decimal("120.5")
    assert data.own == {"GB 99999-2026": tmp_path / "trial.yaml"}


def test_an_edition_of_ones_own_stands_in_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    """A user who has the printed GB 21343-2015 adds what no source gives: its advanced value."""
    text = OWN.replace("GB 99999-2026", "GB 21343-2015").replace("trial.x", "carbide.energy")
    text = text.replace('"2026-01-01"', '"2016-10-01"').replace("valid_to: null", 'valid_to: "2024-11-30"')
    (tmp_path / "carbide.yaml").write_text(text, encoding="utf-8")
    found = on_day("carbide.energy", date(2020, 1, 1), EnergyData.with_own(tmp_path).standards)
    assert found.row is not None
    assert found.row.advanced is not None
    assert found.row.advanced.sources == ("print",)


def test_a_table_that_was_missing_makes_a_limit_assessable() -> None:
    """GB 21258-2024 with a load table of one's own (made-up numbers): 268 x 1.02 at 65 % load."""
    text = OWN.replace("GB 99999-2026", "GB 21258-2024").replace("unit: kgce/t", "unit: gce/kWh")
    text = text.replace('value: "100"', 'value: "268"').replace(
        "rows:\n",
        """\
inputs:
  - {name: load, name_zh: 负荷率, name_en: load, unit: "%", minimum: "0", maximum: "110"}
corrections:
  - id: load
    text_zh: 负荷率修正
    text_en: load factor
    clause: table 3
    rows: [gb99999_2026.x]
    new_value: value * linear(load, 50, 1.04, 80, 1.00, 110, 1.00)
    confidence: one source
    sources: [print]
rows:
""",
    )
    standard = parse_own(text, name="own.yaml")
    assert not isinstance(standard, CoefficientSet)
    found = limit_value(standard, standard.rows[0], GradeName.ADVANCED, inputs={"load": Decimal(65)})
    assert found.value == Decimal("273.36")


def test_a_number_without_a_source_is_refused_with_its_line() -> None:
    bad = OWN.replace(
        '{value: "100", confidence: one source, sources: [print]}', '{value: "100", confidence: one source}'
    )
    assert refused(bad) == [(line_of(bad, "    advanced:"), refused(bad)[0][1])]
    assert "key 'sources' is missing" in refused(bad)[0][1]
    empty = OWN.replace(
        '"100", confidence: one source, sources: [print]', '"100", confidence: one source, sources: []'
    )
    assert [line for line, _ in refused(empty)] == [line_of(empty, "    advanced:")]


def test_a_number_from_memory_cannot_be_written() -> None:
    bad = OWN.replace('"100", confidence: one source', '"100", confidence: memory only')
    assert "not one of the allowed values" in refused(bad)[0][1]


def test_all_errors_of_a_file_show_at_once_with_their_lines() -> None:
    bad = OWN.replace('value: "100"', "value: 100").replace("[print]}\n    limit", "[paper]}\n    limit")
    bad = bad.replace("unit: kgce/t", "unit: MJ/t").replace(
        "rows:\n",
        """\
inputs:
  - {name: load, name_zh: 负荷率, name_en: load, unit: "%", minimum: "0", maximum: "110"}
corrections:
  - {id: a, text_zh: 甲, text_en: a, rows: [nothing], new_value: no, confidence: one source, sources: [print]}
  - {id: b, text_zh: 乙, text_en: b, rows: [gb99999_2026.x], new_value: 1 +,
     confidence: one source, sources: [print]}
rows:
""",
    )
    found = refused(bad)
    for part, message in (
        ("    advanced:", "write the number in quotes"),
        ("    advanced:", "no such source in this file"),
        ("    unit: MJ/t", "not one of the allowed values"),
        ("  - {id: a", "no such row"),
        ("  - {id: a", "no input 'no'"),
        ("  - {id: b", "missing before 'end of the expression'"),
    ):
        assert any(line == line_of(bad, part) and message in text for line, text in found), (message, found)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("GB 99999-2026", "GB 99999", "String should match pattern"),
        ("valid_to: null", 'valid_to: "2025-12-31"', "must follow one another"),
        ("dates_sources: [print]\n", "", "dates need dates_confidence and dates_sources"),
        ('value: "100"', 'value: "1e5"', "plain decimal number"),
        ('value: "100"', 'value: "NaN"', "plain decimal number"),
        ("    advanced:", "    not_available: [advanced]\n    advanced:", "and stands in not_available"),
        ("    line: trial.x\n", "", "key 'line' is missing"),
        ("rows:\n", "surprise: 1\nrows:\n", "unknown key"),
        ("{basis: not seen}", '{basis: equal value, factor: "0.3"}', "a factor needs unit, known and sources"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(old: str, new: str, message: str) -> None:
    assert any(message in text for _, text in refused(OWN.replace(old, new, 1)))


@pytest.mark.parametrize(
    "text", ["", "- 1", "rows: 5", "sources: {a: b}\nrows: [1, 2]\ncorrections: [x]", "{}", "a: [", "inputs: 3"]
)
def test_text_of_any_shape_is_refused_and_not_a_crash(text: str) -> None:
    assert refused(text)


def test_a_coefficient_set_of_ones_own_is_told_from_a_standard_by_its_keys(tmp_path: Path) -> None:
    (tmp_path / "set.yaml").write_text(
        """\
schema_version: 2
number: GB/T 2589-2020
title_zh: 综合能耗计算通则
effective: "2021-04-01"
valid_to: null
standard_coal: {value: "29307", confidence: one source, sources: [print]}
sources: [{id: print, name: "Printed standard, annex A"}]
coefficients:
  - {carrier: raw_coal, name_zh: 原煤, unit: kg, kgce: "0.7143", confidence: one source, sources: [print]}
""",
        encoding="utf-8",
    )
    data = EnergyData.with_own(tmp_path)
    assert set(data.coefficients("GB/T 2589-2020").by_carrier) == {"raw_coal"}
    assert len(data.standards) == len(DATA.standards)


def test_the_example_in_the_documentation_is_a_good_file() -> None:
    text = (Path(__file__).parents[2] / "docs" / "standards.md").read_text(encoding="utf-8")
    example = next(b for b in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if b.startswith("schema_version"))
    found = parse_own(example, name="docs/standards.md")
    assert not isinstance(found, CoefficientSet)
    assert found.rows[0].not_available == (GradeName.ACCESS,)


def test_two_files_of_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(OWN, encoding="utf-8")
    with pytest.raises(PlantFileError, match=r"stands in .*a\.yaml too"):
        EnergyData.with_own(tmp_path)


def test_a_folder_that_is_none_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FixError, match="no folder"):
        EnergyData.with_own(tmp_path / "nothing")
    with pytest.raises(FixError, match=r"holds no \.yaml file"):
        EnergyData.with_own(tmp_path)


def test_without_a_folder_there_is_what_comes_with_plantwatch() -> None:
    assert set(EnergyData.with_own(None).standards) == set(DATA.standards)
    assert on_day("trial.x", date(2026, 5, 1), DATA.standards).choice is Choice.UNKNOWN
