"""``python -m tests.bench``: measure, print a table, write bench.json. A missed target is marked, not an error."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tests.bench.environment import environment, file_system, load_average, use_cores
from tests.bench.figures import Bench, BenchError, Effort, Result
from tests.bench.report import notes, table, write
from tests.bench.suite import BENCHES

_QUICK = (1, 0.25)
_FULL = (3, 1.0)
_WIDTH = 120
"""Width of the table where there is no terminal [characters]."""
_NAMES = ", ".join(b.name for b in BENCHES)

Only = Annotated[list[str] | None, typer.Option(help=f"Measure only this one; may be repeated. One of: {_NAMES}.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="One repeat with a quarter of the data: to see that it runs.")
]
Folder = Annotated[
    Path,
    typer.Option(help="Where the files of the runs go and are removed again; a real disk, or fsync says nothing."),
]
Cores = Annotated[
    int, typer.Option(min=1, help="Cores that everything together may use, where the system can limit them.")
]


def main(
    *,
    only: Only = None,
    quick: Quick = False,
    output: Annotated[Path, typer.Option(help="The file to write.")] = Path("bench.json"),
    folder: Folder = Path("var/bench"),
    cores: Cores = 2,
) -> None:
    """Measure plantwatch on this machine: real broker, real OPC UA server, real files; about three minutes.

    Exit code 0 also when a target is missed; 1 when a run lost a value or could not be made.

    Example: python -m tests.bench --only chain --quick
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    chosen = _chosen(only or [])
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(folder.resolve())
    facts = environment(use_cores(cores)) | {"quick": quick, "file_system": file_system(folder)}
    results = _run(chosen, _QUICK if quick else _FULL)
    figures = [figure for result in results for figure in result.figures]
    console.print(table(figures))
    notes(console, figures)
    failed = [result for result in results if result.failed is not None]
    for result in failed:
        console.print(f"[bold red]{result.name} gave no number:[/] ", end="")
        console.print(result.failed, markup=False)
    write(output, results, facts)
    loads = ", ".join(f"{result.load[0]:.1f}" for result in results)
    where = f"{facts['cpu']}, {facts['cores_used']} cores used, {facts['file_system']}"
    console.print(f"{where}, load before each: {loads}; written to {output}")
    sys.exit(1 if failed else 0)


def _chosen(only: list[str]) -> list[Bench]:
    unknown = set(only) - {b.name for b in BENCHES}
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there is no such benchmark; there are {_NAMES}")
    return [b for b in BENCHES if not only or b.name in only]


def _run(benches: list[Bench], effort: tuple[int, float]) -> list[Result]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    results = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(benches))
        for bench in benches:
            progress.update(task, description=bench.about)
            wanted = Effort(*effort, lambda text: progress.update(task, description=text))
            results.append(_measure(bench, wanted))
            progress.advance(task)
    return results


def _measure(bench: Bench, effort: Effort) -> Result:
    load, begin = load_average(), time.monotonic()
    try:
        figures, failed = tuple(bench.run(effort)), None
    except (BenchError, OSError) as error:
        figures, failed = (), str(error)
    return Result(bench.name, time.monotonic() - begin, load, figures, failed)


if __name__ == "__main__":
    typer.run(main)
