"""What the documentation is compared with: the command line, the settings, the Markdown files."""

# ruff: noqa: ANN401 - the command line library keeps its own types to itself

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from plant.settings import Settings
from plantwatch.cli import app

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=.*", re.DOTALL)


# --- the command line ---------------------------------------------------------------------------


@cache
def root_command() -> Any:
    """The whole command line as click sees it."""
    return typer.main.get_command(app)


def commands(command: Any = None, path: str = "plantwatch") -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its full name."""
    command = root_command() if command is None else command
    for name, child in getattr(command, "commands", {}).items():
        full = f"{path} {name}"
        if hasattr(child, "commands"):
            yield from commands(child, full)
        else:
            yield full, child


def parse(arguments: list[str], command: Any = None, parent: Any = None) -> str:
    """Parse as the program would, without running it; the name of the command. A usage error is raised."""
    command = root_command() if command is None else command
    context = command.make_context(command.name or "plantwatch", list(arguments), parent=parent)
    if not hasattr(command, "commands"):
        return str(context.command_path)
    name, child, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    assert child is not None, f"no command {name}"
    return parse(rest, child, context)


def words(line: str) -> tuple[dict[str, str], list[str]]:
    """A shell line: the variables set before the command, and the words of the command."""
    parts = shlex.split(line.removeprefix("export "), comments=True)
    variables = {}
    while parts and _ASSIGNMENT.fullmatch(parts[0]):
        name, _, value = parts.pop(0).partition("=")
        variables[name] = value
    return variables, parts


# --- the settings -------------------------------------------------------------------------------


def setting_defaults() -> dict[str, str]:
    """Every variable of the environment with its default, as the table in docs/deployment.md writes them."""
    found = dict(_fields(Settings, "PLANTWATCH_"))
    for _, command in commands():
        found |= {p.envvar: "–" for p in command.params if isinstance(p.envvar, str)}
    return found


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        kind, arguments = get_origin(field.annotation), get_args(field.annotation)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{variable}__")
        elif kind is dict:
            yield from _fields(arguments[1], f"{variable}__{{source}}__")
        elif kind is tuple and issubclass(arguments[0], BaseModel):
            yield from ((f"{variable}[].{key.lower()}", text) for key, text in _fields(arguments[0], ""))
        else:
            yield variable, _shown(field.default)


def _shown(default: Any) -> str:
    if default is PydanticUndefined:
        return "needed"
    if default is None:
        return "–"
    return (
        str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )


def unknown_variables(names: Mapping[str, object]) -> set[str]:
    """Names of our prefix that no setting has; a source's id may stand for ``{source}``."""
    shapes = [re.escape(k).replace(r"\{source\}", "[A-Z0-9_]+") for k in setting_defaults()]
    whole = {
        "PLANTWATCH_OPCUA",
        "PLANTWATCH_FIELD_MQTT",
        "PLANTWATCH_WEBHOOKS",
        "PLANTWATCH_MQTT",
        "PLANTWATCH_HTTP",
    }
    ours = {n for n in names if n.startswith("PLANTWATCH_")} - whole
    return {n for n in ours if not any(re.fullmatch(shape, n) for shape in shapes)}


# --- the documents ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document."""

    language: str
    text: str


def tracked() -> list[Path]:
    """Every file that git keeps, and those about to be added."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def documents() -> list[Path]:
    """Every Markdown file of the project."""
    return sorted(p for p in tracked() if p.suffix == ".md")


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a document."""
    return [Block(*found) for found in _FENCE.findall(text)]


def prose(text: str) -> str:
    """A document without its fenced blocks."""
    return _FENCE.sub("", text)


def shell_lines(text: str) -> Iterator[str]:
    """The commands in a document's shell blocks, continued lines joined."""
    for block in blocks(text):
        if block.language in {"sh", "bash", "shell"}:
            yield from (line for line in block.text.replace("\\\n", " ").splitlines() if line.strip())


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its two head lines."""
    below = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    lines = below[below.index("\n|") + 1 :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]
