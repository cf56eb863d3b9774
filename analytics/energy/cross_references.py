"""What in a standard's file refers to what: sources, rows, inputs and choices, checked on the plain data.

On plain data, so that these errors show together with those of the model, even when the model refuses the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analytics.energy.expression_kinds import Kind, kind_of, labels
from analytics.energy.expressions import ExpressionError, parse

Place = tuple[str | int, ...]
_REFERENCES = frozenset({"sources", "dates_sources"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One reference that leads nowhere."""

    place: Place
    value: str
    message: str
    hint: str


def faults(data: Any) -> list[Fault]:  # noqa: ANN401 - plain YAML data
    """Every wrong reference of a file; parts of a wrong shape are left to the model."""
    if not isinstance(data, dict):
        return []
    return [*_sources(data), *_twice(data), *_rows(data), *_carriers(data), *_expressions(data)]


def _items(data: dict[Any, Any], key: str) -> list[tuple[int, dict[Any, Any]]]:
    found = data.get(key)
    return [(i, x) for i, x in enumerate(found) if isinstance(x, dict)] if isinstance(found, list) else []


def _ids(data: dict[Any, Any], key: str, name: str) -> list[Any]:
    return [x.get(name) for _, x in _items(data, key)]


def _sources(data: dict[Any, Any]) -> Iterator[Fault]:
    known = [i for i in _ids(data, "sources", "id") if isinstance(i, str)]
    for place, used in _used(data, ()):
        if used not in known:
            hint = f"declared: {', '.join(known)}" if known else "declare it under sources at the top of the file"
            yield Fault(place, str(used), "no such source in this file", hint)


def _used(data: Any, place: Place) -> Iterator[tuple[Place, str]]:  # noqa: ANN401 - plain YAML data
    if isinstance(data, list):
        for i, item in enumerate(data):
            yield from _used(item, (*place, i))
    elif isinstance(data, dict):
        for key, item in data.items():
            if key in _REFERENCES and isinstance(item, list):
                yield from (((*place, key, i), x) for i, x in enumerate(item) if isinstance(x, str))
            yield from _used(item, (*place, key))


def _twice(data: dict[Any, Any]) -> Iterator[Fault]:
    for part, name in (("sources", "id"), ("rows", "key"), ("inputs", "name"), ("corrections", "id")):
        seen: set[str] = set()
        for i, item in _items(data, part):
            key = item.get(name)
            if isinstance(key, str) and key in seen:
                yield Fault((part, i, name), key, f"this {name} stands here twice", "give it a name of its own")
            seen.add(str(key))


def _rows(data: dict[Any, Any]) -> Iterator[Fault]:
    known = _ids(data, "rows", "key")
    for i, correction in _items(data, "corrections"):
        wanted = correction.get("rows")
        for n, key in enumerate(wanted if isinstance(wanted, list) else []):
            if key not in known:
                place = ("corrections", i, "rows", n)
                yield Fault(place, str(key), "no such row in this file", "use the key of a row")


def _carriers(data: dict[Any, Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for part in ("coefficients", "spans", "not_available"):
        for i, item in _items(data, part):
            key = item.get("carrier")
            if isinstance(key, str) and key in seen:
                yield Fault((part, i, "carrier"), key, "this carrier stands here twice", "remove one")
            seen.add(str(key))


def _expressions(data: dict[Any, Any]) -> Iterator[Fault]:
    inputs = {str(x.get("name")): x.get("choices") for _, x in _items(data, "inputs")}
    kinds = {name: Kind.CHOICE if choices else Kind.NUMBER for name, choices in inputs.items()}
    kinds["value"] = Kind.NUMBER
    for place, text, wanted in _texts(data):
        try:
            tree = parse(text)
            found = kind_of(tree, kinds)
            if found is not wanted:
                yield Fault(place, text, f"this is {found.value}, not {wanted.value}", "")
            for name, label in sorted(labels(tree)):
                known = inputs.get(name)
                if isinstance(known, dict) and label not in known:
                    there = ", ".join(map(str, known))
                    yield Fault(place, label, f"{name} has no such choice", f"there are {there}")
        except ExpressionError as error:
            yield Fault(place, text, str(error), "")


def _texts(data: dict[Any, Any]) -> Iterator[tuple[Place, str, Kind]]:
    for i, correction in _items(data, "corrections"):
        for key, kind in (("when", Kind.CONDITION), ("new_value", Kind.NUMBER)):
            if isinstance(correction.get(key), str):
                yield ("corrections", i, key), correction[key], kind
        by_grade = correction.get("by_grade")
        for grade, text in by_grade.items() if isinstance(by_grade, dict) else ():
            if isinstance(text, str):
                yield ("corrections", i, "by_grade", grade), text, Kind.NUMBER
