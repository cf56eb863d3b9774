"""Files of energy data: those that come with plantwatch, read when first asked for, and a user's own.

A user's file is checked as a whole: every error at once, with line and reason. A number without a source, with an
undeclared source or known from memory is refused like any other mistake.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from analytics.energy.coefficients import CoefficientSet
from analytics.energy.cross_references import Fault, faults
from analytics.energy.limit_standard import LimitStandard
from plant import yaml_source
from plant.errors import FixError
from plant.plantfile import PlantFileError, Problem, parse_yaml, read_text

_FILE = re.compile(r"(?P<body>[a-z]+)(?P<number>\d[\d.]*)_(?P<year>\d{4})\.yaml")


class PackagedStandards(Mapping[str, LimitStandard]):
    """The limit standards that come with plantwatch, by number; each file is read when it is first asked for."""

    @cached_property
    def _files(self) -> dict[str, Traversable]:
        """Files by the number that their name says: ``gb21257_2024.yaml`` holds GB 21257-2024."""
        found: dict[str, Traversable] = {}
        for file in (files("analytics.energy") / "data" / "standards").iterdir():
            parts = _FILE.fullmatch(file.name)
            if parts is not None:
                found[f"{parts['body'].upper()} {parts['number']}-{parts['year']}"] = file
        return dict(sorted(found.items()))

    def __getitem__(self, number: str) -> LimitStandard:
        return _packaged(self._files[number].name)

    def __contains__(self, number: object) -> bool:
        return number in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


@cache
def _packaged(name: str) -> LimitStandard:
    """A packaged file; it never changes while the program runs, so it is read once."""
    file = files("analytics.energy") / "data" / "standards" / name
    return parse_yaml(file.read_text(encoding="utf-8"), name, LimitStandard)


def packaged_coefficients() -> dict[str, CoefficientSet]:
    """The coefficient sets that come with plantwatch, by number."""
    folder = files("analytics.energy") / "data" / "coefficients"
    texts = sorted((f.name, f.read_text(encoding="utf-8")) for f in folder.iterdir())
    sets = [parse_yaml(text, name, CoefficientSet) for name, text in texts if name.endswith(".yaml")]
    return {s.number: s for s in sets}


def read_own(paths: Iterable[Path]) -> dict[Path, LimitStandard | CoefficientSet]:
    """A user's own files.

    Raises:
        PlantFileError: everything that is wrong with any of them.
        FixError: a file cannot be read.
    """
    found: dict[Path, LimitStandard | CoefficientSet] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            found[path] = parse_own(read_text(path), name=str(path))
        except PlantFileError as error:
            problems += error.problems
    problems += _same_number(found)
    if problems:
        raise PlantFileError(problems)
    return found


def own_files(folder: Path) -> list[Path]:
    """The YAML files of a folder.

    Raises:
        FixError: there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise FixError(f"{folder} is no folder; give one that holds files of standards (YAML)")
    found = sorted(p for p in folder.iterdir() if p.suffix in {".yaml", ".yml"})
    if not found:
        raise FixError(f"{folder} holds no .yaml file")
    return found


def parse_own(text: str, *, name: str) -> LimitStandard | CoefficientSet:
    """A standard or coefficient set of a user, told apart by its keys; ``name`` stands for the file in messages.

    Raises:
        PlantFileError: everything that is wrong with it.
    """
    document = yaml_source.read(text)
    data = document.data
    is_set = isinstance(data, dict) and "coefficients" in data and "rows" not in data
    problems = [_problem(f, document, name) for f in faults(data)]
    try:
        found = parse_yaml(text, name, CoefficientSet) if is_set else parse_yaml(text, name, LimitStandard)
    except PlantFileError as error:
        raise PlantFileError([*error.problems, *problems]) from error
    if problems:
        raise PlantFileError(problems)
    return found


def _problem(fault: Fault, document: yaml_source.Document, name: str) -> Problem:
    mark = document.mark(fault.place)
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in fault.place).removeprefix(".")
    return Problem(name, mark.line, mark.column, path, f'"{fault.value[:60]}"', fault.message, fault.hint)


def _same_number(found: Mapping[Path, LimitStandard | CoefficientSet]) -> list[Problem]:
    first: dict[str, Path] = {}
    problems: list[Problem] = []
    for path, item in found.items():
        other = first.setdefault(item.number, path)
        if other != path:
            message = f"{item.number} stands in {other} too"
            problems.append(Problem(str(path), 1, 1, "number", item.number, message, "Keep one of the files"))
    return problems
