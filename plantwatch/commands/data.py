"""``export`` and ``replay``: stored history into files, and through the rules once more."""

from pathlib import Path
from typing import Annotated

import typer

from plant.clock import SECOND, wall_clock
from plantwatch.commands.options import Force, PlantOption, instant, out

Start = Annotated[str, typer.Option("--from", help="Begin, ISO 8601; UTC where no zone is given.")]
End = Annotated[str | None, typer.Option("--to", help="End, not included; now when left out.")]


def add_to(root: typer.Typer) -> None:
    """Register the commands of this file."""
    root.command()(export)


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
