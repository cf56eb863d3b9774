"""Options that several commands share."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from plant.clock import from_datetime
from plant.errors import FixError

PlantOption = Annotated[
    Path, typer.Option("--plant", "-p", metavar="FILE", help="The plant file (YAML).", envvar="PLANTWATCH_PLANT")
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there already.")]
out = Console(highlight=False, soft_wrap=True)
"""Where commands print their results."""
err = Console(stderr=True, highlight=False)
"""Where commands print progress, so that results can be piped."""


def refuse_to_overwrite(path: Path, *, force: bool) -> None:
    """Refuse when the file is there and the user did not say to replace it.

    Raises:
        FixError: ``path`` exists and ``force`` is false.
    """
    if path.exists() and not force:
        raise FixError(f"{path} is there already; choose another name or add --force to replace it")


def instant(text: str, *, option: str) -> int:
    """A time that a person typed [ns UTC]: ISO 8601; without a zone it is UTC.

    Raises:
        FixError: it cannot be read.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise FixError(
            f"{option} {text!r} is no time; write it like 2026-11-25T08:00 or 2026-11-25T08:00:00+08:00"
        ) from error
    return from_datetime(when if when.tzinfo is not None else when.replace(tzinfo=UTC))
