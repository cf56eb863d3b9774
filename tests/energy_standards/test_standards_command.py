"""The commands on standards, as a person types them."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from standards_kit import OWN
from typer.testing import CliRunner, Result

from plant.errors import FixError
from plantwatch.cli import app


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(
        app, ["standards", *arguments], env={"COLUMNS": "80", "PLANTWATCH_STANDARDS": None}
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_list_is_filtered_by_industry_and_day() -> None:
    found = json.loads(run("list", "--industry", "coal", "--in-force-on", "2026-11-25", "--json").stdout)
    assert [s["number"] for s in found] == [
        "GB 21258-2024", "GB 21342-2025", "GB 29445-2025", "GB 29446-2019", "GB 29995-2024",
    ]  # fmt: skip
    assert {s["standing"] for s in found} == {"found"}


def test_the_list_is_filtered_by_product_in_either_language() -> None:
    chinese = json.loads(run("list", "--product", "烧碱", "--json").stdout)
    assert {s["number"] for s in chinese} == {"GB 21257-2007", "GB 21257-2014", "GB 21257-2024"}
    english = json.loads(run("list", "--product", "magnesium", "--json").stdout)
    assert {s["number"] for s in english} == {"GB 21347-2012", "GB 21347-2023"}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("arguments", [("list",), ("show", "GB 25323-2023"), ("show", "GB/T 2589-2008")])
def test_tables_fit_an_80_column_terminal(arguments: tuple[str, ...], lang: str) -> None:
    lines = run(*arguments, "--lang", lang).stdout.splitlines()
    free = ("http", "The values come from")
    assert not [line for line in lines if cell_len(line.rstrip()) > 80 and not any(f in line for f in free)]


def test_show_names_values_with_confidence_corrections_inputs_and_sources() -> None:
    text = " ".join(run("show", "gb16780-2021").stdout.split())
    for part in ("94* C", "[altitude > 1500]", "air_pressure", "0.1229 kgce/kWh", "rule-library:", "check them"):
        assert part in text


def test_show_in_chinese_uses_the_chinese_names() -> None:
    text = run("show", "GB 21257-2024", "--lang", "zh", "--product", "液碱").stdout
    assert "液碱 ≥45.0 %" in text
    assert "先进值" in text
    assert "固碱" not in text


def test_a_value_that_is_not_available_says_so() -> None:
    assert "not available" in " ".join(run("show", "GB 21343-2015").stdout.split())


def test_a_series_and_a_day_name_the_edition() -> None:
    """GB 21256-2013 held to 2026-06-30."""
    found = json.loads(run("show", "GB 21256", "--in-force-on", "2026-06-30", "--json").stdout)
    assert found["number"] == "GB 21256-2013"
    assert found["effective"] == "2014-10-01"


def test_what_no_edition_can_be_named_by_is_told() -> None:
    with pytest.raises(FixError, match="GB 21256-2013, GB 21256-2025"):
        run("show", "GB 21256")
    with pytest.raises(FixError, match="no standard 'GB 1'"):
        run("show", "GB 1")
    with pytest.raises(FixError, match="no day"):
        run("list", "--in-force-on", "yesterday")


def test_check_says_what_a_good_file_holds_and_refuses_a_bad_one(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(OWN, encoding="utf-8")
    assert "good. GB 99999-2026, 1 rows, 2 values, 0 corrections." in run("check", str(good)).stdout
    bad.write_text(OWN.replace("sources: [print]}", "sources: []}"), encoding="utf-8")
    with pytest.raises(FixError, match=r"(?s)bad\.yaml:18.*bad\.yaml:19.*2 errors"):
        run("check", str(good), str(bad))


def test_the_folder_of_ones_own_is_taken_from_the_option(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    found = json.loads(run("list", "--product", "trial.x", "--standards", str(tmp_path), "--json").stdout)
    assert [(s["number"], s["values"], s["own_file"]) for s in found] == [
        ("GB 99999-2026", 2, str(tmp_path / "own.yaml"))
    ]
