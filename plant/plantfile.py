"""Read a YAML file into a checked model, or report every error at once, with its line and what would be right."""

import difflib
import json
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from plant import yaml_source
from plant.crosscheck import Complaint, cross_check
from plant.errors import FixError
from plant.model import Plant
from plant.yaml_source import Document

T = TypeVar("T", bound=BaseModel)

MAX_PROBLEMS = 200
"""Problems shown at most; one wrong indentation can cause thousands."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in a file."""

    file: str
    line: int
    column: int
    path: str
    """``interlocks[0].causes[1].set_point``."""
    value: str
    """The offending value, shortened; empty when there is none."""
    message: str
    hint: str
    """What would be right; may be empty."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: {self.path or 'file'}: {self.message}"
        return where + (f" (got {self.value})" if self.value else "") + (f". {self.hint}" if self.hint else "")


class PlantFileError(FixError):
    """A file with errors; ``problems`` has all of them in the order of their lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.line, p.column, p.path, p.message)))
        super().__init__(render(self.problems))


def render(problems: tuple[Problem, ...]) -> str:
    """All problems as a compiler prints them, with a count at the end."""
    lines = [str(p) for p in problems[:MAX_PROBLEMS]]
    more = len(problems) - len(lines)
    if more:
        lines.append(f"... and {more} more")
    lines.append(f"{len(problems)} error{'' if len(problems) == 1 else 's'}")
    return "\n".join(lines)


def load_plant(path: Path) -> Plant:
    """The plant in a file.

    Raises:
        PlantFileError: everything that is wrong with it.
        FixError: the file cannot be read.
    """
    return parse_plant(read_text(path), name=str(path))


def read_text(path: Path) -> str:
    """The text of a file, with its size bounded before it is read.

    Raises:
        FixError: it is not there, too large, or not UTF-8.
    """
    try:
        if path.stat().st_size > yaml_source.MAX_BYTES:
            raise FixError(f"{path} is larger than {yaml_source.MAX_BYTES // 1024 // 1024} MiB; split it")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FixError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FixError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error


def parse_plant(text: str, *, name: str) -> Plant:
    """The plant in a text; ``name`` stands for the file in messages.

    Raises:
        PlantFileError: everything that is wrong with it.
    """
    document = yaml_source.read(text)
    plant, problems = _validated(document, Plant, name)
    if problems:
        # What is right is still checked against the rest, so that all errors show at once.
        pruned = _without_wrong_parts(document.data)
        complaints = [] if pruned is None else cross_check(pruned, known=_ids(document.data))
    else:
        complaints = [] if plant is None else cross_check(plant)
    problems += [_complaint(c, document, name) for c in complaints]
    if problems or plant is None:
        raise PlantFileError(problems)
    return plant


def parse_yaml(text: str, name: str, model: type[T]) -> T:
    """Any other file of ours: ``model`` read from YAML with the same error reports.

    Raises:
        PlantFileError: everything that is wrong with it.
    """
    found, problems = _validated(yaml_source.read(text), model, name)
    if problems or found is None:
        raise PlantFileError(problems)
    return found


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the plant file, for editors."""
    schema = Plant.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = "urn:plantwatch:plant-file:1"
    return schema


# --- from pydantic's errors to places in the file -------------------------------------------------


def _validated(document: Document, model: type[T], name: str) -> tuple[T | None, list[Problem]]:
    problems = [
        Problem(name, f.mark.line, f.mark.column, _dotted(f.path), "", f.message, _sentence(f.hint))
        for f in document.faults
    ]
    if document.data is None:
        if not problems:
            problems = [Problem(name, 1, 1, "", "null", "the file holds nothing", "Start from the example.")]
        return None, problems
    try:
        return model.model_validate(document.data), problems
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += [_problem(d, document, name, model) for d in _likeliest(details, document.data)]
        return None, problems


def _likeliest(details: list[ErrorDetails], data: Any) -> list[ErrorDetails]:  # noqa: ANN401 - plain YAML data
    """Of the branches of a union only the one with the fewest errors: the one that was meant."""
    groups: dict[yaml_source.Path, dict[str, list[ErrorDetails]]] = {}
    for detail in details:
        where, branch = _place(detail["loc"], data)
        groups.setdefault(where if branch else (*where, "\0"), {}).setdefault(branch, []).append(detail)
    kept: list[ErrorDetails] = []
    for branches in groups.values():
        fewest: list[ErrorDetails] = min(branches.values(), key=_count)
        kept += fewest
    return [d for d in kept if not (d["type"] == "too_short" and _has_wrong_items(d, kept))]


def _count(details: list[ErrorDetails]) -> int:
    return len(details)


def _has_wrong_items(short: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """A list is called too short when its items are wrong: the items' own errors say it better."""
    loc = short["loc"]
    return any(len(d["loc"]) > len(loc) and d["loc"][: len(loc)] == loc for d in details)


def _place(loc: yaml_source.Path, data: Any) -> tuple[yaml_source.Path, str]:  # noqa: ANN401 - YAML data
    """Path of the innermost union on the way, and its branch; without a union the full path and no branch."""
    path: list[str | int] = []
    union: tuple[yaml_source.Path, str] | None = None
    for part in loc:
        inside, data = _inner(data, part)
        if not inside and isinstance(part, str) and part[:1].isupper():
            union = (tuple(path), part)
            continue
        path.append(part)
    return union if union is not None else (tuple(path), "")


def _inner(data: Any, part: str | int) -> tuple[bool, Any]:  # noqa: ANN401 - YAML data
    """Whether there is something at ``part``, and what; the data themselves where there is nothing."""
    if isinstance(data, dict) and part in data:
        return True, data[part]
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return True, data[part]
    return False, data


def _path(loc: yaml_source.Path, data: Any) -> tuple[yaml_source.Path, Any, Any]:  # noqa: ANN401 - plain YAML data
    """The path in the file, the value there and the mapping around it; tags of unions are left out."""
    path: list[str | int] = []
    around: Any = None
    for i, part in enumerate(loc):
        inside, inner = _inner(data, part)
        if inside:
            around, data = data, inner
            path.append(part)
        elif i == len(loc) - 1 and isinstance(data, dict):
            around, data = data, None
            path.append(part)
    return tuple(path), data, around


def _problem(detail: ErrorDetails, document: Document, name: str, model: type[BaseModel]) -> Problem:
    path, value, around = _path(detail["loc"], document.data)
    mark = document.mark(path)
    kind, message, hint = detail["type"], detail["msg"], ""
    if kind == "extra_forbidden":
        message, hint = "unknown key", _nearest(str(path[-1]), _keys_beside(around, model), "key")
    elif kind == "missing":
        message, hint = f"key {path[-1]!r} is missing", "Add it"
        if isinstance(around, dict) and "id" in around:
            hint = f"Add it to {str(around['id'])[:80]!r}"
    elif kind in {"enum", "literal_error", "union_tag_invalid"}:
        expected = str(detail.get("ctx", {}).get("expected") or detail.get("ctx", {}).get("expected_tags") or "")
        message, hint = "not one of the allowed values", f"Allowed: {expected}"
    shown = "" if kind == "missing" else _shown(value)
    return Problem(name, mark.line, mark.column, _dotted(path), shown, message, _sentence(hint))


def _keys_beside(around: Any, model: type[BaseModel]) -> list[str]:  # noqa: ANN401 - plain YAML data
    """Keys of the part of the model that shares most keys with the mapping around the unknown one."""
    if not isinstance(around, dict):
        return []
    parts = [model.model_json_schema(), *model.model_json_schema().get("$defs", {}).values()]
    keys = [list(p.get("properties", {})) for p in parts]
    return max(keys, key=lambda k: (len(set(k) & set(map(str, around))), -len(k)))


def _nearest(word: str, known: Iterable[str], what: str) -> str:
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known {what}s here: {', '.join(sorted(names)[:20])}" if names else ""


def _shown(value: Any) -> str:  # noqa: ANN401 - plain YAML data
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one line of a terminal


def _dotted(path: yaml_source.Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _sentence(hint: str) -> str:
    return hint if not hint or hint[-1] in ".?" else hint + "."


# --- what can still be checked when some parts are wrong -----------------------------------------


def _without_wrong_parts(data: Any) -> Plant | None:  # noqa: ANN401 - plain YAML data
    """The plant without the list items that are wrong; None when it is wrong outside any list."""
    rest = deepcopy(data)
    for _ in range(20):
        try:
            return Plant.model_validate(rest)
        except ValidationError as error:
            wrong = {_innermost_item(_path(d["loc"], rest)[0]) for d in error.errors(include_url=False)}
        if () in wrong:
            return None
        for path in sorted(wrong, key=lambda p: [str(x).zfill(8) for x in p], reverse=True):
            _remove(rest, path)
    return None


def _innermost_item(path: yaml_source.Path) -> yaml_source.Path:
    for length in range(len(path), 0, -1):
        if isinstance(path[length - 1], int):
            return path[:length]
    return ()


def _remove(data: Any, path: yaml_source.Path) -> None:  # noqa: ANN401 - plain YAML data
    for part in path[:-1]:
        _, data = _inner(data, part)
    last = path[-1]
    if isinstance(data, list) and isinstance(last, int) and last < len(data):
        del data[last]


def _ids(data: Any) -> frozenset[str]:  # noqa: ANN401 - plain YAML data
    """Every id that stands anywhere in the file: a reference to one is not called undefined."""
    found: set[str] = set()
    todo = [data]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if isinstance(item.get("id"), str):
                found.add(item["id"])
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return frozenset(found)


def _complaint(complaint: Complaint, document: Document, name: str) -> Problem:
    path = complaint.locate(document.data)
    mark = document.mark(path)
    hint = _nearest(complaint.wrong, complaint.candidates, "id") if complaint.candidates else complaint.hint
    return Problem(
        name, mark.line, mark.column, _dotted(path), complaint.value, complaint.message, _sentence(hint)
    )
