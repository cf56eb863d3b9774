"""What must hold, point 1: every fault that the rules speak of is found once, as what it is, and nothing else.

The expected list is written by hand beside each fault; the truth that the simulator tells is held to it as well.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from accepted_run import PLANT, Outcome, run, scenario
from limit_oracle import expected_limit_alarms

from plant.clock import SECOND
from plant.model import Plant
from plant.readings import Readings

BYPASS_LIMIT = 900.0
"""Of IL-112 in this run [s]; eight hours in the packaged file would only take longer."""

# at [s], for [s], fault, findings
STORY: tuple[tuple[float, float, dict[str, object], tuple[tuple[str, str], ...]], ...] = (
    (0, 30, {"kind": "meter_rollover", "meter": "EM-101", "below": 2000}, ()),
    (120, 1000, {"kind": "bypass_left_on", "interlock": "IL-112"}, (("IA-06", "IL-112"),)),
    (
        300,
        60,
        {"kind": "out_of_range", "point": "PT-401B.pressure", "value": 1e6},
        (("IA-14", "PT-401B.pressure"),),
    ),
    (500, 60, {"kind": "bad_status", "point": "GD-301A.chlorine"}, (("IA-14", "GD-301A.chlorine"),)),
    (700, 60, {"kind": "bad_status", "point": "IL-301.command"}, (("IA-14", "IL-301.command"),)),
    (900, 60, {"kind": "bad_status", "point": "XV-401.position"}, (("IA-14", "XV-401.position"),)),
    (1100, 60, {"kind": "bad_status", "point": "IL-401.bypass_a"}, (("IA-14", "IL-401.bypass_a"),)),
    (
        1300,
        90,
        {"kind": "bad_status", "point": "PT-401A.pressure", "status": 0x40900000},
        (("IA-14", "PT-401A.pressure"),),
    ),
    (1500, 40, {"kind": "bad_status", "point": "PT-401A.pressure", "status": 0x40900000}, ()),
    (1700, 30, {"kind": "stale", "point": "PT-401C.pressure"}, (("IA-14", "PT-401C.pressure"),)),
    (1900, 90, {"kind": "device_offline", "device": "dcs"}, (("IA-14", "dcs"),)),
    (2100, 90, {"kind": "device_offline", "device": "meters"}, (("IA-14", "meters"),)),
    (2300, 20, {"kind": "device_offline", "device": "dcs"}, ()),
    (2500, 20, {"kind": "server_restart"}, ()),
    (2700, 1, {"kind": "meter_reset", "meter": "EM-201"}, (("EN-RESET", "EM-201"),)),
    (2800, 120, {"kind": "device_offline", "device": "SM-101"}, (("EN-GAP", "SM-101"),)),
    (3000, 120, {"kind": "bad_status", "point": "WM-101.total"}, (("EN-GAP", "WM-101"),)),
    (3200, 1100, {"kind": "meter_stuck", "meter": "EM-203"}, (("EN-STUCK", "EM-203"),)),
    (3300, 1100, {"kind": "meter_stuck", "meter": "MM-201"}, (("EN-STUCK", "MM-201"),)),
    (4600, 60, {"kind": "interlock_missed", "interlock": "IL-301"}, (("IA-01", "IL-301"),)),
    (4950, 60, {"kind": "demand_under_bypass", "interlock": "IL-401"}, (("IA-09", "IL-401"),)),
    (5300, 60, {"kind": "interlock_missed", "interlock": "IL-112"}, (("IA-01", "IL-112"),)),
    (5650, 60, {"kind": "interlock_slow", "interlock": "IL-121"}, (("IA-02", "IL-121"),)),
    (6100, 60, {"kind": "demand", "interlock": "IL-122"}, ()),
    (6600, 60, {"kind": "interlock_slow", "interlock": "IL-301"}, (("IA-02", "IL-301"),)),
    (7200, 60, {"kind": "interlock_missed", "interlock": "IL-001"}, (("IA-01", "IL-001"),)),
)
EXPECTED = Counter(pair for *_, found in STORY for pair in found)
END = 7600.0


def plant_with_short_bypass() -> Plant:
    changed = [
        i.model_copy(update={"bypass_limit": BYPASS_LIMIT}) if i.id == "IL-112" else i for i in PLANT.interlocks
    ]
    return PLANT.model_copy(update={"interlocks": tuple(changed)})


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Readings]:
    """The outcome, and every reading that came."""
    came: list[Readings] = []

    def keep(readings: Readings) -> list[Readings]:
        came.append(readings)
        return [readings]

    faults = [(at, length, fault) for at, length, fault, _ in STORY]
    folder: Path = tmp_path_factory.mktemp("story")
    outcome = run(scenario(*faults, duration=END), plant=plant_with_short_bypass(), folder=folder, deliver=keep)
    return outcome, Readings.concat(came)


def test_the_truth_is_what_was_written_down_by_hand(story: tuple[Outcome, Readings]) -> None:
    certain = [t for t in story[0].sim.truth() if t.certain and t.detectable]
    assert Counter((t.what, t.subject) for t in certain) == EXPECTED


def test_every_fault_is_found_once_and_nothing_else(story: tuple[Outcome, Readings]) -> None:
    outcome, _ = story
    found = outcome.score()
    assert found.table() == {
        rule: {
            "matched": sum(n for (r, _), n in EXPECTED.items() if r == rule),
            "missed": 0,
            "false": 0,
            "duplicates": 0,
        }
        for rule in sorted({rule for rule, _ in EXPECTED})
    }
    assert Counter((f.rule, f.subject) for f in outcome.findings.values()) == EXPECTED
    assert all(f.end is not None for f in outcome.findings.values()), "every fault of this story is over"


def test_every_finding_is_an_alarm_that_comes_and_goes_once(story: tuple[Outcome, Readings]) -> None:
    outcome, _ = story
    events = Counter((e.alarm, e.event) for e in outcome.alarms if e.alarm is not None and ":" in e.alarm)
    for (rule, subject), n in EXPECTED.items():
        assert events.pop((f"{rule}:{subject}", "raised")) == n
        assert events.pop((f"{rule}:{subject}", "returned")) == n
    assert not events


def test_limit_alarms_are_those_that_the_readings_ask_for(story: tuple[Outcome, Readings]) -> None:
    outcome, readings = story
    raised = Counter(
        e.alarm for e in outcome.alarms if e.event == "raised" and e.alarm is not None and ":" not in e.alarm
    )
    expected = expected_limit_alarms(PLANT, readings)
    assert raised == expected
    assert "GD-301A.chlorine.H" in expected, "the demand on IL-301 passes it"


def test_evidence_and_times_are_of_the_event(story: tuple[Outcome, Readings]) -> None:
    outcome, _ = story
    begin = scenario(duration=1).begin
    for found in outcome.findings.values():
        assert begin <= found.start <= begin + END * SECOND
        assert all(r.time <= begin + END * SECOND for r in found.evidence)
    (missed,) = [f for f in outcome.findings.values() if (f.rule, f.subject) == ("IA-01", "IL-301")]
    shown = {r.point: r.value for r in missed.evidence}
    assert shown["IL-301.command"] == 0
    assert np.sum([shown[f"GD-301{c}.chlorine"] >= 2 for c in "ABC"]) >= 2, "two of three channels beyond 2 mg/m3"
