"""``check``, ``schema`` and ``browse``: everything about the plant file."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plant.errors import FixError
from plantwatch.commands.options import Force, err, out, refuse_to_overwrite

if TYPE_CHECKING:
    from edge_agent.browse import Variable
    from plant.settings import OpcUaConnection, Settings

PlantFile = Annotated[Path, typer.Argument(metavar="FILE", help="The plant file (YAML).")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command()(check)
    app.command()(schema)
    app.command()(browse)


def check(file: PlantFile) -> None:
    """Check a plant file; print every error at once, with its line, and exit 2 if there is any.

    Example: plantwatch check plant.yaml
    """
    from plant.plantfile import load_plant

    plant = load_plant(file)
    out.print(
        f"{file}: good. {len(plant.points)} points, {len(plant.meters)} energy meters,"
        f" {len(plant.products)} products, {len(plant.interlocks)} interlocks.",
        markup=False,
    )


def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write the JSON Schema of the plant file, so that an editor can complete and check it.

    Example: plantwatch schema -o plantwatch.schema.json
    """
    from plant.plantfile import json_schema

    text = json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        out.print(f"{output}: written. In the plant file's first line: # yaml-language-server: $schema={output}")


def browse(
    url: Annotated[str, typer.Argument(metavar="URL", help="The server, for example opc.tcp://10.0.0.5:4840.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The plant file to write.")] = Path("plant.yaml"),
    source: Annotated[
        str,
        typer.Option(help="Source id; user, password and certificates are those of PLANTWATCH_OPCUA under it."),
    ] = "dcs",
    plant: Annotated[str, typer.Option("--id", help="Id of the plant.")] = "plant-1",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most variables to list.")] = 100_000,
    *,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="No encryption and no user: for a closed test bench only.")
    ] = False,
    force: Force = False,
) -> None:
    """List the variables of an OPC UA server and begin a plant file with them.

    Example: plantwatch browse opc.tcp://10.0.0.5:4840 --output plant.yaml
    """
    from edge_agent.starter import starter_plant_file
    from plant.plantfile import load_plant
    from plant.settings import load_settings
    from plant.units import is_unit

    refuse_to_overwrite(output, force=force)
    settings = load_settings()
    variables = asyncio.run(_browse(_connection(settings, source, url, insecure=insecure), settings, limit))
    if not variables:
        raise FixError(f"{url} shows no variables to this user; check the user's rights on the server")
    output.write_text(
        starter_plant_file(variables, url=url, plant=plant, source=source, is_unit=is_unit), encoding="utf-8"
    )
    found = load_plant(output)
    out.print(
        f"{output}: {len(found.points)} of {len(variables)} variables written as points. Next: sort them into"
        f" areas, add meters, products and interlocks, and run: plantwatch check {output}",
        markup=False,
    )


def _connection(settings: "Settings", source: str, url: str, *, insecure: bool) -> "OpcUaConnection":
    from plant.settings import OpcUaConnection

    known = settings.opcua.get(source, OpcUaConnection(url=url))
    return known.model_copy(update={"url": url, "insecure": insecure or known.insecure})


async def _browse(connection: "OpcUaConnection", settings: "Settings", limit: int) -> Sequence["Variable"]:
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from edge_agent.browse import browse as browse_server
    from plantwatch import wiring

    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(f"connecting to {connection.url}")

        def tell(found: int, left: int) -> None:
            progress.update(task, description=f"{found} variables found, {left} folders to visit")

        return await browse_server(wiring.opcua(connection, settings), limit=limit, progress=tell)
