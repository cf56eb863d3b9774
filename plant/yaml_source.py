"""YAML read as plain data with the place of every value, bounded and never evaluated.

Only mappings, lists and plain scalars: anchors, aliases, tags and duplicate keys are errors, so that a file of
a few bytes cannot unfold into gigabytes and nothing in it can name a Python object.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32

Path = tuple[str | int, ...]
"""Where a value is: keys and list positions from the top."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with the text itself."""

    mark: Mark
    path: Path
    message: str
    hint: str


@dataclass(slots=True)
class Document:
    """Plain data, where each value stands, and what is wrong with the text."""

    data: Any = None
    marks: dict[Path, Mark] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def mark(self, path: Path) -> Mark:
        """The place of a value, or of the nearest enclosing one that has a place."""
        for length in range(len(path), -1, -1):
            found = self.marks.get(path[:length])
            if found is not None:
                return found
        return Mark(1, 1)


_PLAIN = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


def read(text: str) -> Document:
    """The document in ``text``; its ``faults`` say what is wrong, and ``data`` holds all that could be read."""
    document = Document()
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        document.faults.append(
            Fault(Mark(1, 1), (), f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", "split it")
        )
        return document
    try:
        root = _compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Mark(1, 1) if mark is None else Mark(mark.line + 1, mark.column + 1)
        what = " ".join(str(x) for x in (error.context, error.problem) if x)
        document.faults.append(
            Fault(place, (), f"this is not YAML: {what}", "check indentation, colons and quotes")
        )
    except (YAMLError, RecursionError, ValueError) as error:
        message = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        document.faults.append(Fault(Mark(1, 1), (), f"this is not YAML: {message}", "save it as UTF-8 text"))
    else:
        if root is None:
            document.faults.append(Fault(Mark(1, 1), (), "the file is empty", "start from the example plant file"))
        else:
            document.data = _value(root, (), document, set())
    return document


def _compose(text: str) -> Node | None:
    loader = YAML(typ="safe", pure=True)
    loader.allow_duplicate_keys = True  # reported by us, all of them
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about anchors, which are errors here anyway
        node: Node | None = loader.compose(text)
    return node


def _value(node: Node, path: Path, document: Document, seen: set[int]) -> Any:  # noqa: ANN401 - plain data of any kind
    mark = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
    document.marks.setdefault(path, mark)
    wrong = _refused(node, path, seen)
    if wrong is not None:
        document.faults.append(Fault(mark, path, *wrong))
        return None
    seen.add(id(node))
    match node:
        case MappingNode():
            return dict(_pairs(node, path, document, seen))
        case SequenceNode():
            return [_value(item, (*path, i), document, seen) for i, item in enumerate(node.value)]
        case ScalarNode():
            return _scalar(node, path, document)
        case _:
            return None


def _refused(node: Node, path: Path, seen: set[int]) -> tuple[str, str] | None:
    """Why this node is not read, and what to do; None when it may be."""
    if id(node) in seen or node.anchor is not None:
        return "anchors and aliases (& and *) are not allowed", "write it out"
    if len(path) > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH} levels", "flatten it"
    if not isinstance(node, ScalarNode) and str(node.tag) not in _PLAIN:
        return f"the YAML tag {node.tag} is not allowed", "use plain values"
    return None


def _pairs(node: MappingNode, path: Path, document: Document, seen: set[int]) -> Iterator[tuple[str | int, Any]]:
    known: set[str | int] = set()
    for key_node, value_node in node.value:
        key = _scalar(key_node, path, document) if isinstance(key_node, ScalarNode) else None
        mark = Mark(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key, str | int) or isinstance(key, bool):
            document.faults.append(Fault(mark, path, "a key must be a word or a whole number", "quote the key"))
            continue
        if key in known:
            document.faults.append(Fault(mark, (*path, key), f"key {key!r} stands here twice", "remove one"))
            continue
        known.add(key)
        document.marks[(*path, key)] = mark
        yield key, _value(value_node, (*path, key), document, seen)


def _scalar(node: ScalarNode, path: Path, document: Document) -> Any:  # noqa: ANN401 - any plain scalar
    text = str(node.value)
    match str(node.tag).rsplit(":", 1)[-1]:
        case "null":
            return None
        case "bool":
            return text.lower() in {"true", "yes", "on"}
        case "int" | "float" as kind:
            return _number(text, kind)
        case "str" | "timestamp" | "value" | "merge":
            return text
        case other:
            mark = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
            document.faults.append(Fault(mark, path, f"the YAML tag !{other} is not allowed", "use plain values"))
            return None


def _number(text: str, kind: str) -> int | float | str:
    plain = text.replace("_", "")
    try:
        return int(plain, 0) if kind == "int" and len(plain) <= 25 else float(plain)  # noqa: PLR2004 - past 64 bits
    except ValueError:
        special = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}.get(plain.lower())
        return text if special is None else float(special)
