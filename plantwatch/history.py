"""Work over the stored history of the embedded historian, with progress: export, and the rules once more."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from analytics.energy.standards import EnergyData
from analytics.engine import Engine
from analytics.replay import Comparison, ReplayResult, compare, held, replay
from ingest.export import Existing, ExportFormat, Span
from ingest.export import export as write_export
from plant.clock import SECOND
from plant.errors import FixError, Unavailable
from plant.io.duckdb import DuckDbHistorian
from plant.model import Plant
from plant.settings import load_settings
from plant.virtual import result_units
from plantwatch import wiring
from plantwatch.commands.options import err
from plantwatch.findings_store import FindingsStore
from plantwatch.rules import parameters

T = TypeVar("T")
Tell = Callable[[int, int], None]
"""Hears how much is done, of how much."""

_MOST = 1_000_000
"""Live findings that are compared at most."""
FORMATS = {".csv": ExportFormat.CSV, ".parquet": ExportFormat.PARQUET}


def export_history(points: Sequence[str], span: Span, path: Path, *, existing: Existing) -> int:
    """Write stored readings to a file; the number of rows.

    Raises:
        FixError: the file's name does not tell its format, or nothing can be read or written.
    """
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise FixError(f"{path}: the name must end in .csv or .parquet, so that the format is clear")

    async def work(historian: DuckDbHistorian, progress: Tell) -> int:
        return await write_export(
            historian, points, span, path, file_format=kind, existing=existing, progress=progress
        )

    return with_history("exporting", work)


def replay_history(plant: Plant, start: int, end: int) -> tuple[ReplayResult, Comparison]:
    """Run the rules over the stored history, and compare with what they found live.

    Args:
        plant: whose history it is; another version of the plant file shows what its set points would have found.
        start: from when [ns UTC].
        end: until when, not included [ns UTC].

    Raises:
        FixError: there is no history, or the server has it open.
    """
    settings = load_settings()
    speed = wiring.speed(settings)

    async def work(historian: DuckDbHistorian, tell: Tell) -> ReplayResult:
        def told(until: int, _rows: int) -> None:
            tell((until - start) // SECOND, (end - start) // SECOND)

        def engine() -> Engine:
            return Engine(plant, EnergyData.with_own(settings.standards), parameters(speed))

        return await replay(plant, engine, historian, start, end, progress=told)

    result = with_history("replaying", work)
    with closing(FindingsStore(settings.data / "findings.db")) as store:
        live = store.newest(limit=_MOST, end=end)
    return result, compare(held(live, start, end), result.findings)


def chosen(plant: Plant, points: Sequence[str] | None) -> Sequence[str]:
    """The points asked for, or all of the plant file with their results.

    Raises:
        FixError: the plant file has no such point.
    """
    known = [*plant.points, *result_units(plant)]
    if not points:
        return known
    unknown = sorted(set(points) - set(known))
    if unknown:
        raise FixError(f"the plant file has no point {', '.join(unknown)}; its points: {', '.join(known[:10])} …")
    return points


def with_history(what: str, work: Callable[[DuckDbHistorian, Tell], Coroutine[Any, Any, T]]) -> T:
    """The result of ``work`` over the stored history, with a progress bar named ``what``."""

    async def run() -> T:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task(what, total=None)

            def tell(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            async with _historian() as historian:
                return await work(historian, tell)

    return asyncio.run(run())


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
