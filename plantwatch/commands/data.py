"""``export`` and ``replay``: stored history into files, and through the rules once more."""

from pathlib import Path
from typing import Annotated

import typer

from plant.clock import SECOND, wall_clock
from plant.errors import FixError
from plantwatch.commands.options import Force, PlantOption, instant, out

Start = Annotated[str, typer.Option("--from", help="Begin, ISO 8601; UTC where no zone is given.")]
End = Annotated[str | None, typer.Option("--to", help="End, not included; now when left out.")]


def add_to(root: typer.Typer) -> None:
    """Register the commands of this file."""
    root.command()(export)
    root.command()(replay)


def export(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write: .csv or .parquet.")],
    plant: PlantOption,
    start: Start,
    end: End = None,
    points: Annotated[
        list[str] | None, typer.Option("--point", help="A point id; repeat it. All points when left out.")
    ] = None,
    *,
    force: Force = False,
) -> None:
    """Write stored readings to a CSV or Parquet file: time, point, value, status, text.

    The embedded historian is open in one process at a time: stop the server first, or ask the running one for
    /api/v1/readings.

    Example: plantwatch export day.parquet --plant plant.yaml --from 2026-11-24 --to 2026-11-25
    """
    from ingest.export import Existing, Span
    from plant.plantfile import load_plant
    from plantwatch.history import chosen, export_history

    wanted = chosen(load_plant(plant), points)
    span = Span(instant(start, option="--from"), wall_clock() if end is None else instant(end, option="--to"))
    rows = export_history(wanted, span, output, existing=Existing.REPLACE if force else Existing.REFUSE)
    hours = (span.end - span.start) / SECOND / 3600
    out.print(f"{output}: {rows} readings of {len(wanted)} points over {hours:.1f} h", markup=False)


def replay(
    plant: PlantOption,
    start: Start,
    end: End = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON, not as a table.")] = False,
) -> None:
    """Run the rules over stored history and compare with what they found live.

    The same history gives the same findings. Where they differ, values came too late for the live rules, or the
    plant file is another one: so it also shows what a changed set point would have found. Exit code 1 when they
    differ. Stop the server first: the embedded historian is open in one process at a time.

    Example: plantwatch replay --plant plant.yaml --from 2026-11-24 --to 2026-11-25
    """
    from plant.plantfile import load_plant
    from plantwatch.history import replay_history
    from plantwatch.replay_view import as_table, body

    span = instant(start, option="--from"), wall_clock() if end is None else instant(end, option="--to")
    if span[1] <= span[0]:
        raise FixError(f"--to {end} is not later than --from {start}")
    model = load_plant(plant)
    result, comparison = replay_history(model, *span)
    if as_json:
        typer.echo(body(result, comparison))
    else:
        out.print(as_table(comparison, model.time_zone))
        out.print(
            f"{result.rows} readings replayed. Findings: {len(comparison.same)} as live,"
            f" {len(comparison.different)} changed, {len(comparison.only_live)} only live,"
            f" {len(comparison.only_replayed)} only in the replay."
        )
    raise typer.Exit(0 if comparison.agrees else 1)
