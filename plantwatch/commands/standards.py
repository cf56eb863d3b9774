"""``standards list``, ``standards show`` and ``standards check``: the limits that plants are measured by."""

import json
import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plant.errors import FixError
from plantwatch.commands.options import out
from plantwatch.standards_texts import Language, say

if TYPE_CHECKING:
    from analytics.energy.coefficients import CoefficientSet
    from analytics.energy.in_force import Choice
    from analytics.energy.limit_standard import LimitStandard
    from analytics.energy.standards import EnergyData

app = typer.Typer(help="Energy limit standards and coefficient sets: list, show, check.", no_args_is_help=True)


class IndustryChoice(StrEnum):
    """Industries as they are typed."""

    CHEMICAL = "chemical"
    COAL = "coal"
    METALLURGY = "metallurgy"
    BUILDING_MATERIALS = "building-materials"


Industry = Annotated[IndustryChoice | None, typer.Option("--industry", "-i", help="Only this industry.")]
Product = Annotated[
    str | None, typer.Option("--product", help="Only rows whose product or key has this text, in either language.")
]
Day = Annotated[
    str | None,
    typer.Option("--in-force-on", metavar="DATE", help="Only what is in force on this day (2026-03-31)."),
]
Lang = Annotated[Language, typer.Option("--lang", help="Language of names and headings.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Own = Annotated[
    Path | None,
    typer.Option(
        "--standards",
        metavar="DIR",
        envvar="PLANTWATCH_STANDARDS",
        help="Folder with files of your own: they add editions or stand in the place of packaged ones.",
    ),
]


@app.command("list")
def list_standards(
    *,
    industry: Industry = None,
    product: Product = None,
    in_force_on: Day = None,
    lang: Lang = Language.EN,
    standards: Own = None,
    as_json: Json = False,
) -> None:
    """List editions of limit standards with their dates and how many values are known.

    Example: plantwatch standards list --industry chemical --in-force-on 2026-03-31
    """
    from plantwatch.standards_view import editions, values_of

    data = _data(standards)
    day = None if in_force_on is None else _day(in_force_on)
    wanted = None if industry is None else industry.replace("-", " ")
    found = [
        (s, standing)
        for s, standing in _on(data, list(data.standards.values()), day)
        if (wanted is None or s.industry == wanted) and (product is None or _has(s, product))
    ]
    if as_json:
        typer.echo(json.dumps([_summary(s, x, data) for s, x in found], ensure_ascii=False, indent=2))
        return
    out.print(editions(found, lang), soft_wrap=False)
    rows, values = sum(len(s.rows) for s, _ in found), sum(values_of(s) for s, _ in found)
    out.print(say("counts", lang).format(len(found), rows, values))
    out.print(say("transcribed", lang))


@app.command()
def show(
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help='With year ("GB 21257-2024", "GB/T 2589-2020"), or without.')
    ],
    *,
    product: Product = None,
    in_force_on: Day = None,
    lang: Lang = Language.EN,
    standards: Own = None,
    as_json: Json = False,
) -> None:
    """Show an edition: values with their sources and confidence, corrections and what they need, boundary.

    Without a year, --in-force-on tells which edition is meant. Coefficient sets are shown in the same way.

    Example: plantwatch standards show "GB 21257" --in-force-on 2026-03-31 --lang zh
    """
    item = _named(_data(standards), number, in_force_on)
    if as_json:
        typer.echo(json.dumps(item.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2))
    else:
        _print(item, product, lang)


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files of standards or coefficients (YAML).")
    ],
) -> None:
    """Check files of your own; print every error of all of them at once, with line and reason, and exit 2 if any.

    Example: plantwatch standards check our_standards/gb21258_2024.yaml
    """
    from analytics.energy.catalogue import read_own
    from analytics.energy.limit_standard import LimitStandard
    from plantwatch.standards_view import values_of

    for path, item in read_own(files).items():
        what = (
            f"{len(item.rows)} rows, {values_of(item)} values, {len(item.corrections)} corrections"
            if isinstance(item, LimitStandard)
            else f"{len(item.coefficients)} coefficients"
        )
        out.print(f"{path}: good. {item.number}, {what}.", markup=False)


def _data(folder: Path | None) -> "EnergyData":
    from analytics.energy.standards import EnergyData

    return EnergyData.with_own(folder)


def _on(
    data: "EnergyData", items: "list[LimitStandard]", day: date | None
) -> "list[tuple[LimitStandard, Choice | None]]":
    """The editions that are, or may be, in force on a day; all of them where none is asked for."""
    from analytics.energy.in_force import Choice, standing

    if day is None:
        return [(s, None) for s in items]
    found = [(s, standing(s, day, data.standards)) for s in items]
    return [(s, x) for s, x in found if x in {Choice.FOUND, Choice.NOT_DECIDABLE}]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FixError(f"--in-force-on {text!r} is no day; write it like 2026-03-31") from error


def _has(standard: "LimitStandard", text: str) -> bool:
    wanted = text.casefold()
    names = [standard.title_zh, standard.title_en or "", *standard.covers]
    names += [x for r in standard.rows for x in (r.key, r.line, r.product_zh, r.product_en)]
    return any(wanted in name.casefold() for name in names)


def _summary(standard: "LimitStandard", standing: "Choice | None", data: "EnergyData") -> dict[str, object]:
    from plantwatch.standards_view import values_of

    fields = {
        "number",
        "title_zh",
        "title_en",
        "industry",
        "issued",
        "effective_date",
        "valid_to",
        "superseded_by",
    }
    return {
        **standard.model_dump(mode="json", by_alias=True, include=fields),
        "standing": standing,
        "rows": len(standard.rows),
        "values": values_of(standard),
        "own_file": str(data.own[standard.number]) if standard.number in data.own else None,
    }


def _named(data: "EnergyData", text: str, day: str | None) -> "LimitStandard | CoefficientSet":
    """The edition that is meant.

    Raises:
        FixError: none, or more than one.
    """
    wanted = _plain(text)
    everything = {_plain(n): n for n in (*data.standards, *data.coefficient_sets)}
    if wanted in everything:
        number = everything[wanted]
        return data.standards[number] if number in data.standards else data.coefficient_sets[number]
    series = [data.standards[n] for p, n in everything.items() if n in data.standards and p[:-4] == wanted]
    found = [s for s, _ in _on(data, series, None if day is None else _day(day))]
    if len(found) == 1:
        return found[0]
    if not series:
        raise FixError(f"no standard {text!r}; plantwatch standards list shows those there are")
    numbers = ", ".join(s.number for s in found or series)
    which = "name the year, or the day with --in-force-on" if found else f"none of them is in force on {day}"
    raise FixError(f"{text}: {numbers}; {which}")


def _plain(number: str) -> str:
    return re.sub(r"[^0-9A-Z.]", "", number.upper())


def _print(item: "LimitStandard | CoefficientSet", product: str | None, lang: Language) -> None:
    from analytics.energy.coefficients import CoefficientSet
    from plantwatch import standards_view as view

    if isinstance(item, CoefficientSet):
        _lines([f"{item.number}  {view.title(item, lang)}", *item.notes])
        out.print(view.coefficients(item, lang), soft_wrap=False)
    else:
        text = (product or "").casefold()
        rows = [
            r for r in item.rows if any(text in x.casefold() for x in (r.key, r.line, r.product_zh, r.product_en))
        ]
        _lines(view.head(item, lang))
        out.print(view.rows(item, rows, lang), soft_wrap=False)
        _titled("notes", view.row_notes(rows, lang), lang)
        _titled("corrections", view.corrections(item, rows, lang), lang)
    out.print(say("legend", lang), markup=False, soft_wrap=False)
    _titled("sources", view.sources(item.sources), lang)
    out.print(say("transcribed", lang))


def _titled(key: str, lines: Iterable[str], lang: Language) -> None:
    found = list(lines)
    if found:
        out.print(f"{say(key, lang)}:", markup=False)
        _lines(f"  {line}" for line in found)


def _lines(lines: Iterable[str]) -> None:
    for line in lines:
        out.print(line, markup=False, soft_wrap=False)
