"""Both languages say everything; nothing is said in code."""

import re
import string
from pathlib import Path

import plantwatch.console
from plant.findings import FindingState
from plant.model import Priority
from plantwatch.console.data import AlarmState
from plantwatch.console.energy_view import Verdict
from plantwatch.console.frame import PAGES
from plantwatch.console.interlock_view import InterlockState, Vote
from plantwatch.console.shown import Quality
from plantwatch.console.texts import TEXTS, text

SOURCES = [p for p in Path(plantwatch.console.__file__).parent.glob("*.py") if p.name != "texts.py"]
CODE = "\n".join(p.read_text(encoding="utf-8") for p in SOURCES)
BUILT = {
    *PAGES.values(),
    *(f"priority_{p}" for p in Priority),
    *(f"alarm_{s}" for s in AlarmState),
    *(f"finding_{s}" for s in FindingState),
    *(f"reach_{v}" for v in Verdict),
    *(f"state_{s}" for s in InterlockState),
    *(f"vote_{v}" for v in Vote),
    *Quality,
    *(f"role_{r}" for r in ("operator", "engineer", "regulator", "admin")),
}
"""Keys that the code puts together."""


def _names(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def test_every_text_stands_in_both_languages_with_the_same_names() -> None:
    for key, (english, chinese) in TEXTS.items():
        assert english.strip(), key
        assert chinese.strip(), key
        assert _names(english) == _names(chinese), key


def test_every_chinese_text_is_chinese() -> None:
    plain = {"range_10m"}
    assert [k for k, (_, zh) in TEXTS.items() if not re.search(r"[\u4e00-\u9fff]", zh) and k not in plain] == []


def test_every_key_that_the_code_names_exists() -> None:
    named = set(re.findall(r"""\b(?:t|text)\(\s*["']([a-z0-9_]+)["']""", CODE))
    assert named | BUILT <= set(TEXTS)


def test_every_text_is_used() -> None:
    used = BUILT | {key for key in TEXTS if f'"{key}"' in CODE or f"'{key}'" in CODE or key.startswith("event_")}
    columns = set(re.findall(r'"([a-z_]+)"', CODE))
    health = {"received", "sent", "spooled", "lost", "failing"}
    assert set(TEXTS) - used - columns - health == set()


def test_no_chinese_stands_outside_the_texts() -> None:
    assert re.findall(r"[\u4e00-\u9fff]+", CODE.replace("中文", "")) == []


def test_a_text_is_filled_in() -> None:
    assert text("unacknowledged", "en", n=3) == "3 unacknowledged"
    assert text("unacknowledged", "zh", n=3) == "3 条未确认"
