"""``export`` and ``replay``: stored history into files, and through the rules once more."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ingest.export import Existing, ExportFormat, Span
from ingest.export import export as write_export
from plant.clock import SECOND, wall_clock
from plant.errors import FixError, Unavailable
from plant.io.duckdb import DuckDbHistorian
from plant.model import Plant
from plant.plantfile import load_plant
from plant.ports import Historian
from plant.settings import load_settings
from plant.virtual import result_units
from plantwatch.commands.options import Force, PlantOption, err, instant, out

T = TypeVar("T")

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
    model = load_plant(plant)
    kinds = {".csv": ExportFormat.CSV, ".parquet": ExportFormat.PARQUET}
    kind = kinds.get(output.suffix.lower())
    if kind is None:
        raise FixError(f"{output}: the name must end in .csv or .parquet, so that the format is clear")
    span = Span(instant(start, option="--from"), wall_clock() if end is None else instant(end, option="--to"))
    chosen = _chosen(model, points)

    async def work(historian: Historian, progress: Callable[[int, int], None]) -> int:
        existing = Existing.REPLACE if force else Existing.REFUSE
        return await write_export(
            historian, chosen, span, output, file_format=kind, existing=existing, progress=progress
        )

    rows = _with_historian("exporting", work)
    hours = (span.end - span.start) / SECOND / 3600
    out.print(f"{output}: {rows} readings of {len(chosen)} points over {hours:.1f} h", markup=False)


def _chosen(plant: Plant, points: list[str] | None) -> list[str]:
    known = [*plant.points, *result_units(plant)]
    if not points:
        return known
    unknown = sorted(set(points) - set(known))
    if unknown:
        raise FixError(f"the plant file has no point {', '.join(unknown)}; its points: {', '.join(known[:10])} …")
    return points


@asynccontextmanager
async def _historian() -> AsyncIterator[DuckDbHistorian]:
    """The stored history, opened.

    Raises:
        FixError: there is none, or a running server has it open.
    """
    file = load_settings().data / "historian.duckdb"
    if not file.exists():
        raise FixError(f"no historian at {file}; set PLANTWATCH_DATA to the server's data folder")
    try:
        async with DuckDbHistorian(file) as historian:
            yield historian
    except Unavailable as error:
        raise FixError(f"{error}. Is the server running? Stop it first, or ask it for /api/v1/readings") from error


def _with_historian(
    what: str, work: Callable[[DuckDbHistorian, Callable[[int, int], None]], Coroutine[Any, Any, T]]
) -> T:
    """Run ``work`` over the stored history, with a progress bar."""

    async def run() -> T:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task(what, total=None)

            def tell(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            async with _historian() as historian:
                return await work(historian, tell)

    return asyncio.run(run())
