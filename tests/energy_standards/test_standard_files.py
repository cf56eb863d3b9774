"""Every packaged file is whole: it reads, every number has a source and a confidence, and dates fit together."""

from datetime import timedelta
from importlib.resources import files
from itertools import combinations

import pytest
from standards_kit import DATA

from analytics.energy.catalogue import parse_own
from analytics.energy.corrections import GradeName
from analytics.energy.in_force import lifetime
from analytics.energy.limit_standard import LimitStandard

FOLDER = files("analytics.energy") / "data"
FILES = sorted((f.name, f) for part in ("standards", "coefficients") for f in (FOLDER / part).iterdir())
STANDARDS = list(DATA.standards.values())


@pytest.mark.parametrize("file", [f for _, f in FILES], ids=[n for n, _ in FILES])
def test_a_packaged_file_passes_the_check_of_a_users_file(file) -> None:  # noqa: ANN001 - a resource
    """The check demands a source and a confidence for each number, and there is no word for memory."""
    found = parse_own(file.read_text(encoding="utf-8"), name=file.name)
    if isinstance(found, LimitStandard):
        parts = found.number.lower().replace(" ", "").rsplit("-", 1)
        assert file.name == "_".join(parts) + ".yaml", "a standard is found by the name of its file"


def test_there_is_a_file_for_every_edition_that_the_facts_name() -> None:
    """39 editions with rows and 24 without, counted in the dossier that the files were written from."""
    assert len(STANDARDS) == 63
    assert sum(not s.rows for s in STANDARDS) == 24
    assert len({r.key for s in STANDARDS for r in s.rows}) == sum(len(s.rows) for s in STANDARDS)


def test_every_source_of_a_number_says_what_it_is() -> None:
    for standard in STANDARDS:
        known = {s.id: s for s in standard.sources}
        for row in standard.rows:
            for name in GradeName:
                grade = row.grade(name)
                assert grade is None or all(len(known[s].name) > 10 for s in grade.sources), row.key


def test_more_than_one_source_is_named_where_more_than_one_is_claimed() -> None:
    grades = [(r.key, r.grade(n)) for s in STANDARDS for r in s.rows for n in GradeName]
    for key, grade in grades:
        if grade is not None:
            assert (len(grade.sources) > 1) is grade.confidence.startswith("two"), key


@pytest.mark.parametrize(
    "number", ["GB 16780-2012", "GB 21342-2013", "GB 29444-2012", "GB 32050-2015", "GB 21347-2012"]
)
def test_an_edition_that_is_known_from_memory_only_has_no_value(number: str) -> None:
    """Section 11 of the dossier: all numbers of these are memory, or a mention that nothing supports."""
    for row in DATA.standards[number].rows:
        assert row.not_available == tuple(GradeName)
        assert all(row.grade(name) is None for name in GradeName)


def test_a_single_grade_from_memory_is_not_available_beside_its_sourced_neighbours() -> None:
    """GB 21343-2015: 805 kgce/t and 3050 kWh/t are memory, the rest is in trade news."""
    for row in DATA.standards["GB 21343-2015"].rows:
        assert row.advanced is None
        assert row.not_available == (GradeName.ADVANCED,)
        assert row.access is not None
        assert row.limit is not None


def test_an_edition_ends_the_day_before_its_successor_begins() -> None:
    for standard in STANDARDS:
        successor = DATA.standards.get(standard.superseded_by or "")
        if successor is not None and None not in (standard.valid_to, successor.effective_date):
            assert standard.valid_to == successor.effective_date - timedelta(days=1), standard.number
        if successor is not None and successor.effective_date is not None and successor.replaces:
            assert standard.number in successor.replaces


def test_no_two_editions_of_a_line_are_known_to_be_in_force_at_once() -> None:
    lives = {s.number: lifetime(s, DATA.standards) for s in STANDARDS}
    for one, other in combinations([s for s in STANDARDS if s.rows], 2):
        if {r.line for r in one.rows} & {r.line for r in other.rows}:
            a, b = lives[one.number], lives[other.number]
            assert max(a.known_from, b.known_from) > min(a.known_to, b.known_to), (one.number, other.number)


def test_a_line_has_one_unit_in_all_editions() -> None:
    units: dict[str, set[str]] = {}
    for standard in STANDARDS:
        for row in standard.rows:
            units.setdefault(row.line, set()).add(row.unit)
    assert not {line: found for line, found in units.items() if len(found) > 1}


def test_every_current_edition_has_the_values_of_the_dossier() -> None:
    """The dossier counts 555 sourced grade values in its current editions, 61 of two sources and 494 of one.

    An edition is current there when it has no successor.
    """
    current = [s for s in STANDARDS if s.superseded_by is None]
    grades = [g for s in current for r in s.rows for n in GradeName if (g := r.grade(n)) is not None]
    assert len(grades) == 555
    assert sum(g.confidence.startswith("two") for g in grades) == 61
