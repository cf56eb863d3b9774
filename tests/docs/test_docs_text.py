"""The documents hold together: links, pictures, sections, the table of settings, words that must not appear."""

import re
from pathlib import Path
from typing import Any

import pytest
from docs_parts import ROOT, blocks, documents, prose, setting_defaults, table, tracked
from fastapi import Depends, FastAPI

from alerts.api import router as alarm_routes
from plant.plantfile import parse_plant
from plantwatch.api import routes

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)

# Letters in brackets, so that this file passes its own test.
_FORBIDDEN = {
    "a path of the machine it was made on": re.compile(r"/w[o]rk/(?:main|shared)|/h[o]me/\w+/"),
    "a host of a package registry": re.compile(
        r"pyp[i]\.org|pythonh[o]sted\.org|registry\.npmj[s]\.org|deb\.deb[i]an\.org|proxy\.gol[a]ng\.org"
    ),
    "how it was written": re.compile(r"\bpro[m]pts?\b|\bassist[a]nts?\b", re.IGNORECASE),
}


@pytest.mark.parametrize("document", documents(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_and_picture_of_a_document_leads_somewhere(document: Path) -> None:
    broken = [t for t in _LINK.findall(prose(document.read_text())) if not _leads(document, t)]
    assert not broken


def _leads(document: Path, target: str) -> bool:
    if target.startswith(("https://", "mailto:")):
        return True
    path, _, anchor = target.partition("#")
    file = document if not path else (document.parent / path)
    if not file.exists() or not file.resolve().is_relative_to(ROOT):
        return False
    return not anchor or anchor in _anchors(file.read_text())


def _anchors(text: str) -> set[str]:
    slugs = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in _HEADING.findall(prose(text))
    }
    return slugs | set(_ANCHOR.findall(text))


def test_both_readmes_have_the_same_sections_pictures_and_commands() -> None:
    english, chinese = ((ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md"))
    assert _ANCHOR.findall(english) == _ANCHOR.findall(chinese)
    assert [level for level, _ in _HEADING.findall(prose(english))] == [
        level for level, _ in _HEADING.findall(prose(chinese))
    ]
    assert [p.replace("-zh.png", ".png") for p in _IMAGE.findall(chinese)] == _IMAGE.findall(english)
    assert [_bare(b.text) for b in blocks(english)] == [_bare(b.text) for b in blocks(chinese)]


def _bare(text: str) -> list[str]:
    """Lines of code without their comments and without the labels of a diagram."""
    lines = (re.sub(r"\s*#.*", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line.isascii() and line]


def test_every_picture_in_the_folder_is_shown() -> None:
    shown = {
        Path(p).name
        for name in ("README.md", "README.zh-CN.md")
        for p in _IMAGE.findall((ROOT / name).read_text())
    }
    assert {p.name for p in (ROOT / "docs/images").iterdir()} == shown


def test_the_table_of_settings_names_every_setting_with_its_default_and_no_other() -> None:
    rows = table((ROOT / "docs/deployment.md").read_text(), "Settings")
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows}
    assert documented == setting_defaults()
    assert all(row[2] for row in rows), "a setting without a meaning"


def test_every_entry_of_the_glossary_is_complete_and_stands_once() -> None:
    text = (ROOT / "docs/glossary.md").read_text()
    entries = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| term")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in entries]
    incomplete = [row[0] for row in cells if len(row) != 5 or not all(row)]
    assert not incomplete
    terms = [row[0] for row in cells]
    assert len(terms) == len(set(terms))


def test_decisions_have_a_number_a_date_and_the_four_parts() -> None:
    files = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(p.name[:4]) for p in files] == list(range(1, len(files) + 1))
    for file in files:
        titles = [title for level, title in _HEADING.findall(file.read_text()) if level == "##"]
        assert titles == ["Context", "Decision", "Alternatives looked at", "Consequences"], file.name
        assert re.search(r"^Date: 20\d\d-\d\d-\d\d", file.read_text(), re.MULTILINE), file.name


def test_nothing_tells_where_or_how_it_was_written() -> None:
    found = []
    for file in tracked():
        if file.suffix in {".png", ".woff2"} or file.name == "package-lock.json":
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        found += [f"{file.relative_to(ROOT)}: {what}" for what, word in _FORBIDDEN.items() if word.search(text)]
    assert not found


def test_the_plant_file_of_the_guide_loads() -> None:
    text = (ROOT / "docs/plant-file.md").read_text()
    whole = [b.text for b in blocks(text) if b.text.startswith("schema_version")]
    assert len(whole) == 1
    plant = parse_plant(whole[0], name="docs/plant-file.md")
    assert [i.id for i in plant.interlocks] == ["IL-1"]


def test_the_table_of_routes_names_every_route_and_no_other() -> None:
    nothing: Any = None  # the guard and the parts behind the routes: nothing is called
    app = FastAPI()
    for router in (routes(nothing, _open, health=nothing, status=nothing), alarm_routes(nothing, _open)):
        app.include_router(router)
    real = {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}
    rows = table((ROOT / "docs/deployment.md").read_text(), "The HTTP API")
    assert {row[0].strip("`").split("?")[0] for row in rows} == real


def _open(_: object) -> Any:  # noqa: ANN401 - FastAPI's own type of a dependency
    return Depends(lambda: None)
