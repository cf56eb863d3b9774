"""The command line. Errors that plantwatch raises on purpose are shown as one clear text, without a traceback.

Exit codes: 0 done; 1 it did not work this time; 2 the input or the configuration is wrong; 130 interrupted.
"""

import sys
from typing import Annotated

import typer
from rich.console import Console

from plant.errors import FixError, PlantError
from plantwatch.commands import access, data, demo, plant_file, running, simulate, standards

app = typer.Typer(
    name="plantwatch",
    help="Plant data, energy targets and interlock supervision in one tool.\n\nStart with: plantwatch demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
demo.add_to(app)
running.add_to(app)
plant_file.add_to(app)
data.add_to(app)
app.add_typer(simulate.app, name="simulate")
app.add_typer(standards.app, name="standards")
app.add_typer(access.app, name="token")
access.add_to(app)


def _version(wanted: bool) -> None:  # noqa: FBT001 - the shape of a typer callback
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - only when asked

        typer.echo(version("plantwatch"))
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and turn errors into texts and exit codes."""
    errors = Console(stderr=True, highlight=False)
    try:
        app()
    except FixError as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        sys.exit(2)
    except PlantError as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
