"""Writes a first plant file from what a server says about its variables. Pure."""

import json
import re
from collections.abc import Callable, Sequence
from math import isfinite

from edge_agent.browse import Variable

_TEXT = ("String", "LocalizedText")
_COUNTED = ("Boolean", "Enumeration")
_LONGEST_ID = 128
_LONGEST_UNIT = 32
_LONGEST_TITLE = 200
_LONGEST_NODE = 512
_UNPLAIN = re.compile(r"[^ !#-\[\]-~\u00a1-\u1fff\u2030-\ud7ff]")

_HEAD = """\
# Plant file, begun from the variables of {url}
# What to do next: delete what you do not need, sort the units into areas, give the points expected periods and
# alarm limits, then add meters, products and interlocks. `plantwatch check FILE` names every error with its line.
schema_version: 1
id: {plant}
name: {title}
sources:
  - id: {source}
    protocol: opcua
    publishing_interval: 0.5    # [s]
    silent_after: 30            # [s] without any value: reported as a silent input
areas:
  - id: area-1
    name: Area 1
    units:
"""


def starter_plant_file(
    variables: Sequence[Variable],
    *,
    url: str = "an OPC UA server",
    plant: str = "plant-1",
    source: str = "dcs",
    is_unit: Callable[[str], bool] = lambda _: False,
) -> str:
    """YAML that ``load_plant`` accepts: one process unit per folder, one point per number, state or text.

    Args:
        variables: what ``browse`` found; other types are listed in comments.
        url: the server, for the first comment.
        plant: id of the plant.
        source: id of the source.
        is_unit: tells which unit texts the plant file understands; others become a comment beside unit ``1``.
    """
    taken: set[str] = set()
    lines = [_HEAD.format(url=_comment(url), plant=plant, title=_title(plant), source=source)]
    folders: dict[tuple[str, ...], list[Variable]] = {}
    for variable in variables:
        folders.setdefault(variable.path, []).append(variable)
    for path, members in folders.items():
        name = " / ".join(path) or "Objects"
        lines.append(f"      - id: {_unique(name, taken)}\n        name: {_title(name)}\n")
        points = [_point(v, source, taken, is_unit) for v in members if _usable(v)]
        lines.append("        points:\n" + "".join(points) if points else "        points: []\n")
        left_out = [_comment(v.node) for v in members if not _usable(v)]
        lines += [f"        # left out, not a number or a text: {node}\n" for node in left_out]
    if not folders:
        lines[0] = lines[0].rstrip("\n") + " []\n"
    return "".join(lines)


def _usable(variable: Variable) -> bool:
    return variable.data_type is not None and len(variable.node) <= _LONGEST_NODE


def _point(variable: Variable, source: str, taken: set[str], is_unit: Callable[[str], bool]) -> str:
    kind = _kind(variable)
    lines = [
        f"          - id: {_unique(variable.name, taken)}",
        f"            name: {_title(variable.name)}",
        f"            kind: {kind}",
        f"            address: {{source: {source}, node: {_quoted(variable.node)}}}",
    ]
    unit = variable.unit
    if unit is not None and len(unit) <= _LONGEST_UNIT and is_unit(unit):
        lines.append(f"            unit: {_quoted(unit)}")
    elif unit is not None:
        lines.append(f"            # unit: the server says {_comment(json.dumps(unit, ensure_ascii=False))}")
    low, high = variable.range or (0.0, 0.0)
    if kind == "analog" and isfinite(low) and isfinite(high) and low < high:
        lines.append(f"            range: [{low!r}, {high!r}]")
    if variable.history:
        lines.append("            # the server keeps history: values missed during an outage are read afterwards")
    return "\n".join(lines) + "\n"


def _kind(variable: Variable) -> str:
    if variable.data_type in _TEXT:
        return "text"
    return "discrete" if variable.data_type in _COUNTED else "analog"


def _unique(name: str, taken: set[str]) -> str:
    """An id from a name: letters, digits and ``_ . -``; a number is added until nobody else has it."""
    stem = re.sub(r"[^A-Za-z0-9_.\-]+", "-", name).strip("-_.")[: _LONGEST_ID - 8] or "point"
    candidate, number = stem, 1
    while candidate.lower() in taken:
        number += 1
        candidate = f"{stem}-{number}"
    taken.add(candidate.lower())
    # Quoted, because an id such as 1e3, 12 or no would be read as something else.
    return _quoted(candidate)


def _title(text: str) -> str:
    return _quoted(re.sub(r"\s+", " ", text).strip()[:_LONGEST_TITLE].strip() or "-")


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar, exact; whatever does not show plainly on every screen is escaped."""
    return '"' + _UNPLAIN.sub(lambda sign: f"\\U{ord(sign.group()):08X}", text) + '"'


def _comment(text: str) -> str:
    return re.sub(r"[^\x20-\x7e\u00a1-\ud7ff]+", " ", text)[:_LONGEST_TITLE]
