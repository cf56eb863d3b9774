"""Every rule tells what it found in English and in Chinese."""

import json
import re

import numpy as np
import pytest
from energy_plant import Drive, at, counter, every_minute, in_batches, small_plant

from analytics.interlocks.parameters import default_parameters
from analytics.interlocks.supervision import Supervision
from plant.findings import Finding
from plant.readings import Readings
from plant.rule_titles import RULE_TITLES
from tests.analytics.interlock_kit import BAD, Course, Watch, plant, told

ONE = plant()
BEYOND: Course = [(0, 5.0), (10, 12.0)]
LOST: Course = [(0, 0.0), (8, (0, BAD))]
STORIES: dict[str, dict[str, Course]] = {
    "missed trip": {"A": BEYOND},
    "missed trip, command not seen": {"A": BEYOND, "X": LOST},
    "missed trip, vote lost": {"A": [(0, 5.0), (10, 12.0), (12, (0, BAD))]},
    "slow trip": {"A": BEYOND, "X": [(0, 0.0), (13, 1.0)]},
    "slow trip, feedback not seen": {"A": BEYOND, "X": [(0, 0.0), (13, 1.0)], "V": LOST},
    "demand under bypass": {"A": BEYOND, "W": [(0, 0.0), (5, 1.0)]},
    "demand under bypass of a channel": {"A": BEYOND, "a": [(0, 0.0), (5, 1.0)]},
    "bypass too long": {"W": [(0, 0.0), (5, 1.0)]},
    "uncertain": {"A": [(0, 5.0), (5, (5.0, 0x4000_0000))]},
    "stale": {"A": [(0, 5.0), (5, None)]},
    "never": {"A": [(0, None)]},
    "silent source": {name: [(0, 1.0), (5, None)] for name in "AHV"},
}


ENGLISH = re.compile(r"[a-z]{2,}")
UNITS = re.compile(r"0x[0-9a-f]+|kgce/t")


def in_stories() -> dict[str, list[Finding]]:
    """What the interlock rules find in each story."""
    return {name: Watch(ONE).hear(told(ONE, 120, **story), seconds=10).held() for name, story in STORIES.items()}


def of_meters() -> list[Finding]:
    """What the energy rules find: every hour above the limit, and one of each fault of a counter."""
    time = every_minute(at("2026-03-10T20:30:00+08:00"), at("2026-03-11T10:30:00+08:00"))
    energy = counter(time, "3456000", 1500)
    energy[100:200] = energy[100]  # stands still
    energy[500:] -= 3_000_000  # reset
    energy[700:] += 5000  # jump
    kept = np.ones(len(time), np.bool_)
    kept[300:400] = False  # gap
    parts = [
        Readings.of_point("E.total", time[kept], energy[kept]),
        Readings.of_point("E.rate", time, np.full(len(time), 1500.0)),
        Readings.of_point("S.total", time, counter(time, "100", 1.2)),
        Readings.of_point("P.total", time, counter(time, "50", 0.6)),
    ]
    drive = Drive.of(small_plant(('rollover: "1000000"', 'rollover: "10000000"')))
    for batch in in_batches(Readings.concat(parts), [200]):
        drive.step(batch)
    return list(drive.findings.values())


FOUND = [*(f for found in in_stories().values() for f in found), *of_meters()]


def test_the_stories_show_every_rule() -> None:
    assert {f.rule for f in FOUND} == set(RULE_TITLES)
    assert all(in_stories().values()), "and none tells nothing"


def test_every_finding_is_told_in_english_and_in_chinese() -> None:
    for finding in FOUND:
        for english, chinese in zip(finding.told_in("en"), finding.told_in("zh"), strict=True):
            assert ENGLISH.search(english), finding
            assert re.search(r"[\u4e00-\u9fff]", chinese), finding
            assert not ENGLISH.search(UNITS.sub("", chinese)), chinese


def test_both_languages_name_the_same_points_and_numbers() -> None:
    said = re.compile(r"\b[A-Z]\b|\d+(?:\.\d+)?", re.ASCII)
    for finding in FOUND:
        for english, chinese in zip(finding.told_in("en"), finding.told_in("zh"), strict=True):
            assert sorted(said.findall(english)) == sorted(said.findall(chinese)), (english, chinese)


def test_the_reading_of_a_counter_is_told_with_all_its_digits() -> None:
    (reset,) = [f for f in FOUND if f.rule == "EN-RESET"]
    assert reset.seen == "fell from 3468475 to 468500", "3456000 after 499 and 500 minutes of 25 a minute"
    assert reset.seen_zh == "由 3468475 降至 468500"


@pytest.mark.parametrize("name", STORIES)
def test_a_saved_state_from_before_the_chinese_texts_is_taken_on(name: str) -> None:
    watch = Watch(ONE).hear(told(ONE, 120, **STORIES[name]), seconds=10)
    old = Supervision(ONE, default_parameters())
    saved = json.loads(watch.supervision.dump())
    assert _forgets_chinese(saved), "the state holds a finding"
    old.restore(json.dumps(saved))
    assert '"expected_zh":""' in old.dump()


def test_saved_accounts_from_before_the_chinese_texts_are_taken_on() -> None:
    drive = Drive.of(small_plant())
    time = every_minute(at("2026-03-10T20:00:00+08:00"), at("2026-03-10T23:30:00+08:00"))
    parts = (("E.total", 1500), ("S.total", 1.2), ("P.total", 0.6))
    said = Readings.concat([Readings.of_point(p, time, counter(time, "50", rate)) for p, rate in parts])
    for batch in in_batches(said, [100]):
        drive.step(batch)
    state = json.loads(json.dumps(drive.accounts.dump()))
    assert _forgets_chinese(state)
    Drive.of(small_plant()).accounts.restore(state)


def _forgets_chinese(state: object) -> bool:
    """Take the Chinese texts out of all findings in a state; whether there was one."""
    if isinstance(state, list):
        return sum(map(_forgets_chinese, state)) > 0
    if not isinstance(state, dict):
        return False
    known = "expected_zh" in state
    state.pop("expected_zh", None)
    state.pop("seen_zh", None)
    return known + sum(map(_forgets_chinese, state.values())) > 0
