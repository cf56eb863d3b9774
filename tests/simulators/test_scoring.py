"""The comparison that the demo, the acceptance and the score are made with."""

import json
from dataclasses import replace

import pytest

from plant.clock import SECOND
from plant.errors import FixError
from plant.findings import Finding, Severity
from simulators.scoring import score
from simulators.truth import Truth

TRUTH = Truth("IA-14", "PT-1", 1000 * SECOND, 1060 * SECOND, slack=3.0)


def found(start: float = 1001, end: float | None = 1061, rule: str = "IA-14", subject: str = "PT-1") -> Finding:
    finding = Finding(rule, subject, Severity.HIGH, round(start * SECOND), None, "", "", "")
    return finding if end is None else finding.closed(round(end * SECOND))


def counts(truths: list[Truth], findings: list[Finding], until: int | None = None) -> tuple[int, int, int, int]:
    s = score(truths, findings, until=until)
    assert s.perfect == (not (s.missed or s.false or s.duplicates))
    return len(s.matched), len(s.missed), len(s.false), len(s.duplicates)


def test_found_once_with_the_right_subject_start_and_end() -> None:
    assert counts([TRUTH], [found()]) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        pytest.param(found(rule="IA-01"), (0, 1, 1, 0), id="wrong rule"),
        pytest.param(found(subject="PT-2"), (0, 1, 1, 0), id="wrong subject"),
        pytest.param(found(start=996.9), (0, 1, 1, 0), id="too early"),
        pytest.param(found(start=997), (1, 0, 0, 0), id="just in time"),
        pytest.param(found(end=1063), (1, 0, 0, 0), id="ends just in time"),
        pytest.param(found(end=1063.1), (0, 1, 1, 0), id="ends too late"),
        pytest.param(replace(found(), assessable=False), (0, 1, 1, 0), id="not assessable is no answer"),
        pytest.param(found().withdrawn(), (0, 1, 0, 0), id="withdrawn is as never found"),
    ],
)
def test_only_the_right_finding_counts(finding: Finding, expected: tuple[int, int, int, int]) -> None:
    assert counts([TRUTH], [finding]) == expected


def test_twice_is_once_too_often() -> None:
    assert counts([TRUTH], [found(), found(start=1020)]) == (1, 0, 0, 1)


def test_each_finding_answers_one_truth() -> None:
    later = replace(TRUTH, start=2000 * SECOND, end=2060 * SECOND)
    assert counts([TRUTH, later], [found(), found(2001, 2061)]) == (2, 0, 0, 0)
    assert counts([TRUTH, later], [found()]) == (1, 1, 0, 0)


def test_what_no_rule_speaks_of_and_what_may_go_either_way_is_not_held_against_the_rules() -> None:
    assert counts([replace(TRUTH, detectable=False)], []) == (0, 0, 0, 0)
    assert counts([replace(TRUTH, certain=False)], []) == (0, 0, 0, 0)
    assert counts([replace(TRUTH, certain=False)], [found()]) == (1, 0, 0, 0)


def test_an_optional_truth_does_not_take_the_finding_of_a_certain_one() -> None:
    optional = replace(TRUTH, certain=False, start=TRUTH.start - SECOND)
    assert counts([optional, TRUTH], [found()]) == (1, 0, 0, 0)


def test_a_finding_may_be_open_only_as_long_as_its_fault_can_last() -> None:
    assert counts([TRUTH], [found(end=None)], until=1062 * SECOND) == (1, 0, 0, 0)
    assert counts([TRUTH], [found(end=None)], until=1064 * SECOND) == (0, 1, 1, 0)
    assert counts([replace(TRUTH, end=None)], [found(end=None)], until=9000 * SECOND) == (1, 0, 0, 0)
    assert counts([replace(TRUTH, end=None)], [found()], until=9000 * SECOND) == (0, 1, 1, 0)


def test_the_report_is_plain_json() -> None:
    told = score([TRUTH], [found(subject="PT-2")]).as_json()
    assert json.loads(json.dumps(told)) == told
    assert told["by_rule"] == {"IA-14": {"matched": 0, "missed": 1, "false": 1, "duplicates": 0}}
    assert told["missed"][0] == TRUTH.as_json()


def test_a_truth_survives_json() -> None:
    for truth in (TRUTH, replace(TRUTH, end=None, detectable=False, certain=False)):
        assert Truth.from_json(json.loads(json.dumps(truth.as_json()))) == truth


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({}, id="empty"),
        pytest.param(TRUTH.as_json() | {"start": "yesterday"}, id="no time"),
        pytest.param(TRUTH.as_json() | {"start": "2026-01-01T00:00:00"}, id="no zone"),
        pytest.param(TRUTH.as_json() | {"slack": None}, id="wrong type"),
    ],
)
def test_what_is_no_truth_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(FixError, match="truth"):
        Truth.from_json(told)
