"""Titles of rules and numbers in sentences."""

from pathlib import Path

import pytest

from plant.rule_titles import RULE_TITLES, named
from plant.text import Text, plain

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULE_TITLES)
def test_a_title_is_the_term_of_the_glossary(rule: str) -> None:
    title = RULE_TITLES[rule]
    (row,) = [r for r in GLOSSARY.splitlines() if r.startswith(f"| {title.en} |")]
    assert f"| {title.zh} |" in row


def test_a_rule_is_named_by_its_id_and_title() -> None:
    assert named("IA-01") == Text("IA-01 missed trip", "IA-01 联锁拒动")
    assert named("XX-99") == Text("XX-99", "XX-99"), "of a newer analytics"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3456870.5, "3456870.5"),
        (1e6, "1000000"),
        (1.5e22, "15000000000000000000000"),
        (8.0, "8"),
        (0.0, "0"),
        (-0.25, "-0.25"),
        (1e-7, "0.0000001"),
        (3600, "3600"),
    ],
)
def test_a_number_is_written_without_an_exponent(value: float, text: str) -> None:
    assert plain(value) == text
