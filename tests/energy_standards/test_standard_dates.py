"""Which edition holds on a day. Dates are those of section 4 of the fact dossier."""

from datetime import date
from itertools import pairwise

import pytest
from standards_kit import DATA, OWN

from analytics.energy.catalogue import parse_own
from analytics.energy.in_force import Choice, on_day, spans, standing
from analytics.energy.limit_standard import LimitStandard

ALL = DATA.standards


def own(number: str, *changes: tuple[str, str]) -> LimitStandard:
    """An edition of one's own, with parts of its file replaced."""
    text = OWN.replace("GB 99999-2026", number).replace("gb99999_2026", number.lower().replace(" ", ""))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    found = parse_own(text, name="own.yaml")
    assert isinstance(found, LimitStandard)
    return found


FROM_2026 = 'effective: "2026-01-01"'
FROM_2021 = 'effective: "2021-01-01"'


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        pytest.param("2025-05-01", "GB 21257-2024", id="first day"),
        pytest.param("2026-11-25", "GB 21257-2024", id="today"),
    ],
)
def test_an_edition_is_found_on_a_day(day: str, edition: str) -> None:
    found = on_day("caustic.liquid_30", date.fromisoformat(day), ALL)
    assert found.choice is Choice.FOUND
    assert found.standard is not None
    assert found.standard.number == edition
    assert found.row is not None
    assert found.row.key == "gb21257_2024.caustic_30"


def test_an_edition_that_changes_in_mid_year_gives_two_spans() -> None:
    """Steel changed on 1 July 2026 (GB 21256-2013 to -2025): sinter 45/50/55 before, 43/46/52 after."""
    year = spans("steel.sinter", date(2026, 1, 1), date(2026, 12, 31), ALL)
    assert [(s.first, s.last, s.standard.number) for s in year if s.standard] == [
        (date(2026, 1, 1), date(2026, 6, 30), "GB 21256-2013"),
        (date(2026, 7, 1), date(2026, 12, 31), "GB 21256-2025"),
    ]
    assert [s.row.limit.value for s in year if s.row and s.row.limit] == [55, 52]


def test_a_row_of_one_edition_stands_for_its_line_in_another() -> None:
    before = on_day("gb21256_2025.converter", date(2015, 1, 1), ALL)
    assert before.row is not None
    assert before.row.key == "gb21256_2013.converter"


def test_before_the_first_edition_nothing_is_in_force() -> None:
    found = on_day("polyoxymethylene", date(2011, 1, 1), ALL)
    assert found.choice is Choice.NOT_YET
    assert "2013-10-01" in found.reason


def test_an_edition_without_a_known_beginning_is_not_decidable_until_its_successor() -> None:
    """GB 21346-2013: no source gives its effective date; it ended on 2023-12-31."""
    years = spans("aluminium.liquid_ac", date(2012, 1, 1), date(2024, 12, 31), ALL)
    assert [(s.first.isoformat(), s.choice) for s in years] == [
        ("2012-01-01", Choice.NOT_YET),
        ("2013-01-01", Choice.NOT_DECIDABLE),
        ("2024-01-01", Choice.FOUND),
    ]
    assert "GB 21346-2013" in years[1].reason


def test_an_edition_without_values_is_named_but_gives_none() -> None:
    """GB 29140-2012 held from 2013-10-01 to 2025-04-30; no source has a value of it."""
    found = on_day("soda_ash.combined_light", date(2020, 6, 1), ALL)
    assert found.choice is Choice.NO_ROW
    assert found.standard is not None
    assert found.standard.number == "GB 29140-2012"
    assert found.row is None


def test_the_values_of_an_edition_in_force_may_be_not_available() -> None:
    found = on_day("cement.clinker.energy", date(2016, 6, 1), ALL)
    assert found.choice is Choice.FOUND
    assert found.row is not None
    assert found.row.limit is None
    assert len(found.row.not_available) == 3


def test_an_edition_whose_successor_is_dated_nowhere_is_sure_until_the_year_before() -> None:
    """GB 29141-2012 is superseded by GB 29141-2024, of which no date is at hand."""
    line = "sulphuric_acid.sulphur.energy"
    assert on_day(line, date(2023, 12, 31), ALL).choice is Choice.FOUND
    assert on_day(line, date(2024, 1, 1), ALL).choice is Choice.NOT_DECIDABLE


def test_an_edition_is_over_when_the_successor_of_its_successor_is_in_force() -> None:
    """GB 21342-2008, -2013 (beginning unknown, ended 2026-04-30), -2025."""
    assert standing(ALL["GB 21342-2008"], date(2026, 5, 1), ALL) is Choice.WITHDRAWN
    assert standing(ALL["GB 21342-2025"], date(2026, 5, 1), ALL) is Choice.FOUND
    assert standing(ALL["GB 21342-2025"], date(2026, 4, 30), ALL) is Choice.NOT_YET


def test_several_rows_of_a_line_must_be_chosen_from() -> None:
    """GB 21256-2025 has electric-arc furnaces in three sizes."""
    assert on_day("steel.eaf", date(2026, 8, 1), ALL).choice is Choice.SEVERAL_ROWS
    chosen = on_day("gb21256_2025.eaf_ge70", date(2026, 8, 1), ALL)
    assert chosen.row is not None
    assert chosen.row.key == "gb21256_2025.eaf_ge70"


def test_an_unknown_line_is_said_to_be_unknown() -> None:
    assert on_day("unobtainium", date(2026, 1, 1), ALL).choice is Choice.UNKNOWN


def test_an_edition_of_ones_own_ends_the_one_that_it_replaces() -> None:
    old = own("GB 99999-2020", (FROM_2026, FROM_2021))
    new = own("GB 99999-2026", (FROM_2026, 'effective: "2026-03-01"\nreplaces: [GB 99999-2020]'))
    found = spans("trial.x", date(2026, 1, 1), date(2026, 12, 31), {s.number: s for s in (old, new)})
    assert [(s.last.isoformat(), s.standard.number) for s in found if s.standard] == [
        ("2026-02-28", "GB 99999-2020"),
        ("2026-12-31", "GB 99999-2026"),
    ]


def test_a_withdrawn_edition_and_two_at_once_are_told() -> None:
    ended = own("GB 99999-2020", (FROM_2026, FROM_2021), ("valid_to: null", 'valid_to: "2025-12-31"'))
    assert on_day("trial.x", date(2026, 1, 1), {ended.number: ended}).choice is Choice.WITHDRAWN
    twins = {n: own(n) for n in ("GB 99999-2025", "GB 99998-2026")}
    found = on_day("trial.x", date(2026, 5, 1), twins)
    assert found.choice is Choice.SEVERAL_EDITIONS
    assert found.row is None


def test_spans_cover_the_period_without_gap_or_overlap() -> None:
    for line in sorted({r.line for s in ALL.values() for r in s.rows}):
        found = spans(line, date(2005, 1, 1), date(2030, 12, 31), ALL)
        assert found[0].first == date(2005, 1, 1)
        assert found[-1].last == date(2030, 12, 31)
        assert all((b.first - a.last).days == 1 for a, b in pairwise(found))
