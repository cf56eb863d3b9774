"""The table for people and the file for machines."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Better, Figure, Result

SCHEMA_VERSION = 1
_MILLIONS = 1e7


def table(figures: list[Figure]) -> Table:
    """Every figure with its spread, its target beside it, and a plain word where the target is missed."""
    shown = Table("figure", title="plantwatch bench: median (lowest to highest of the repeats)")
    for name in ("median", "spread", "target"):
        shown.add_column(name, justify="right")
    shown.add_column("unit")
    shown.add_column("")
    for figure in figures:
        spread = (
            "" if len(figure.samples) == 1 else f"{_number(min(figure.samples))} to {_number(max(figure.samples))}"
        )
        shown.add_row(figure.name, _number(figure.median), spread, _target(figure), figure.unit, _verdict(figure))
    return shown


def notes(console: Console, figures: list[Figure]) -> None:
    """What belongs to each number."""
    for figure in figures:
        if figure.note:
            console.print(f"  {figure.name}: {figure.note}", markup=False, soft_wrap=True)


def write(path: Path, results: list[Result], environment: dict[str, Any]) -> None:
    """The file, complete or not at all."""
    body = {
        "schema_version": SCHEMA_VERSION,
        "environment": environment,
        "benchmarks": [_as_json(result) for result in results],
    }
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def _as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "seconds": round(result.seconds, 1),
        "load_average": result.load,
        "failed": result.failed,
        "figures": [figure.as_json() for figure in result.figures],
    }


def _number(value: float) -> str:
    if value >= _MILLIONS:
        return f"{value / 1e6:,.1f} M"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = "≥" if figure.better is Better.HIGHER else "≤"
    return f"{sign} {_number(figure.target)}"


def _verdict(figure: Figure) -> str:
    return {True: "[green]met[/]", False: "[bold red]MISSED[/]", None: ""}[figure.met]
