"""Standards as tables and texts for a terminal."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from rich.table import Table
from rich.text import Text

from analytics.energy.coefficients import CoefficientSet
from analytics.energy.corrections import GradeName
from analytics.energy.in_force import Choice
from analytics.energy.limit_standard import Electricity, LimitStandard, StandardRow
from analytics.energy.sourced import Source
from plantwatch.standards_texts import Language, say

_SERIES = re.compile(r"(The )?[Nn]orm of (energy|electricity) consumption (per unit products? )?of (the )?")
"""How every English title of the series begins: left out in lists."""
_MARKS = {"two sources": "A", "two sources, one weak": "B", "one source": "C", "one weak source": "D"}


def title(item: LimitStandard | CoefficientSet, language: Language) -> str:
    """The title in a language; in Chinese where no English one is known."""
    return item.title_en if language is Language.EN and item.title_en is not None else item.title_zh


def editions(items: Sequence[tuple[LimitStandard, Choice | None]], language: Language) -> Table:
    """One line for each edition, with its standing where a day was asked for."""
    dated = any(standing is not None for _, standing in items)
    table = Table(box=None, pad_edge=False)
    table.add_column(say("number", language), no_wrap=True)
    table.add_column(say("title", language), overflow="fold", ratio=1)
    table.add_column(say("in force", language), no_wrap=True)
    table.add_column(say("values", language), justify="right", no_wrap=True)
    if dated:
        table.add_column("", overflow="fold")
    for item, standing in items:
        cells = [item.number, _SERIES.sub("", title(item, language)), _period(item), str(values_of(item))]
        cells += [] if standing is None else [say(standing, language)]
        table.add_row(*map(Text, cells))
    return table


def values_of(item: LimitStandard) -> int:
    """How many grades of an edition have a value."""
    return sum(row.grade(name) is not None for row in item.rows for name in GradeName)


def _period(item: LimitStandard) -> str:
    begin = "?" if item.effective_date is None else item.effective_date.isoformat()
    unknown = "?" if item.superseded_by is not None else ""
    end = unknown if item.valid_to is None else item.valid_to.isoformat()
    return f"{begin} – {end}".rstrip()


def head(item: LimitStandard, language: Language) -> Iterator[str]:
    """The edition's dates, relations, boundary and notes, a line each."""
    yield f"{item.number}  {title(item, language)}"
    if language is Language.EN and item.title_en is not None:
        yield item.title_zh
    yield ", ".join(
        f"{say(name, language)} {_day(day, language)}"
        for name, day in (("issued", item.issued), ("effective", item.effective_date))
    ) + ("" if item.valid_to is None else f", {say('valid to', language)} {item.valid_to}")
    if item.replaces:
        yield f"{say('replaces', language)}: {', '.join(item.replaces)}"
    if item.superseded_by is not None:
        yield f"{say('superseded by', language)}: {item.superseded_by}"
    yield f"{say('electricity', language)}: {_electricity(item.electricity, language)}"
    yield f"{say('boundary', language)}: {item.boundary or say('unknown', language)}"
    yield from (f"{say('notes', language)}: {note}" for note in item.notes)


def _day(day: date | None, language: Language) -> str:
    return say("unknown", language) if day is None else day.isoformat()


def _electricity(counted: Electricity, language: Language) -> str:
    basis = say(counted.basis, language)
    if counted.factor is None or counted.known is None:
        return basis
    return f"{counted.factor} {counted.unit} ({basis}; {say(counted.known, language)})"


def rows(item: LimitStandard, shown: Sequence[StandardRow], language: Language) -> Table:
    """The rows with their grades and how sure each is."""
    table = Table(box=None, pad_edge=False)
    table.add_column(say("product", language), overflow="fold", ratio=1)
    table.add_column(say("unit", language), no_wrap=True)
    for name in GradeName:
        table.add_column(say(name, language), justify="right", overflow="fold")
    for row in shown:
        zh = language is Language.ZH
        product, indicator = (row.product_zh, row.indicator_zh) if zh else (row.product_en, row.indicator_en)
        table.add_row(
            Text(f"{product}\n  {indicator}\n  {row.key}"),
            Text(row.unit),
            *(_grade(item, row, name, language) for name in GradeName),
        )
    return table


def _grade(item: LimitStandard, row: StandardRow, name: GradeName, language: Language) -> Text:
    found = row.grade(name)
    if found is None:
        return Text(say("not available", language) if name in row.not_available else "-")
    corrected = any(c.applies_to == "measured value" or name in c.grades for c in item.corrections_of(row))
    return Text(f"{found.value}{'*' if corrected else ''} {_MARKS[found.confidence]}")


def row_notes(shown: Sequence[StandardRow], language: Language) -> Iterator[str]:
    """What is to be known about single rows."""
    for row in shown:
        if row.note is not None:
            yield f"{row.key}: {row.note}"
        if row.electricity is not None:
            yield f"{row.key}: {say('electricity', language)} {_electricity(row.electricity, language)}"


def corrections(item: LimitStandard, shown: Sequence[StandardRow], language: Language) -> Iterator[str]:
    """The corrections of the shown rows and the inputs that they need."""
    keys = {row.key for row in shown}
    wanted = [c for c in item.corrections if keys & set(c.rows)]
    for correction in wanted:
        text = correction.text_zh if language is Language.ZH else correction.text_en
        how = correction.new_value or "; ".join(f"{g}: {e}" for g, e in correction.by_grade.items())
        if correction.not_known is not None:
            how = f"{say('not known', language)}: {correction.not_known}"
        when = f"[{correction.when}] " if correction.when is not None else ""
        clause = f" ({correction.clause})" if correction.clause is not None else ""
        yield f"{text}{clause}: {when}{how}"
    for given in item.inputs if wanted else ():
        name = given.name_zh if language is Language.ZH else given.name_en
        span = ", ".join(given.choices) or f"{given.minimum} – {given.maximum} {given.unit}"
        yield f"{given.name}: {name} ({span})"


def sources(items: Sequence[Source]) -> Iterator[str]:
    """The sources with address and quality."""
    for source in items:
        more = "; ".join(x for x in (source.address, source.quality) if x is not None)
        yield f"{source.id}: {source.name}" + (f" ({more})" if more else "")


def coefficients(item: CoefficientSet, language: Language) -> Table:
    """Every carrier of a set with its coefficient, range, or that no source gives it."""
    table = Table(box=None, pad_edge=False)
    table.add_column(say("carrier", language), overflow="fold", ratio=1)
    table.add_column(say("unit", language), no_wrap=True)
    table.add_column(say("coefficient", language), justify="right", no_wrap=True)
    table.add_column(say("heat", language), justify="right", no_wrap=True)
    for c in item.coefficients:
        heat = "" if c.heat is None else f"{c.heat.value} {c.heat.unit} {_MARKS[c.heat.confidence]}"
        number = f"{c.kgce} {_MARKS[c.confidence]}"
        table.add_row(Text(f"{_name(c.name_zh, c.name_en, language)}\n  {c.carrier}"), c.unit, number, heat)
    for s in item.spans:
        number = f"{s.lowest} – {s.highest} {_MARKS[s.confidence]}"
        table.add_row(Text(f"{_name(s.name_zh, s.name_en, language)}\n  {s.carrier}"), s.unit, number, "")
    for n in item.not_available:
        name = _name(n.name_zh, n.name_en, language)
        table.add_row(Text(f"{name}\n  {n.carrier}"), n.unit, say("not available", language), "")
    return table


def _name(zh: str, en: str | None, language: Language) -> str:
    return zh if language is Language.ZH or en is None else en
