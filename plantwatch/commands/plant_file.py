"""``check`` and ``schema``: everything about the plant file."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from plant.plantfile import json_schema, load_plant

PlantFile = Annotated[Path, typer.Argument(metavar="FILE", help="The plant file (YAML).")]
_out = Console(highlight=False, soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command()(check)
    app.command()(schema)


def check(file: PlantFile) -> None:
    """Check a plant file; print every error at once, with its line, and exit 2 if there is any.

    Example: plantwatch check plant.yaml
    """
    plant = load_plant(file)
    _out.print(
        f"{file}: good. {len(plant.points)} points, {len(plant.meters)} energy meters,"
        f" {len(plant.products)} products, {len(plant.interlocks)} interlocks."
    )


def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write the JSON Schema of the plant file, so that an editor can complete and check it.

    Example: plantwatch schema -o plantwatch.schema.json
    """
    text = json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        _out.print(f"{output}: written. In the plant file's first line: # yaml-language-server: $schema={output}")
