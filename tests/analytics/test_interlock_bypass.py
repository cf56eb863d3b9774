"""IA-06 bypass too long; the limit is 60 s."""

import pytest

from tests.analytics.interlock_kit import BAD, SKEW, T0, Course, Found, S, Watch, judge, plant, told

ONE, THREE = plant(), plant("2oo3")


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        pytest.param(64.0, [], id="within the limit"),
        pytest.param(65.0, [], id="the limit exactly"),
        pytest.param(65.1, [Found("IA-06", "I", 5, 65.1)], id="just beyond"),
        pytest.param(999.0, [Found("IA-06", "I", 5, None)], id="left on"),
    ],
)
def test_a_bypass_may_last_its_limit_and_no_longer(off: float, expected: list[Found]) -> None:
    assert judge(ONE, 90, W=[(0, 0.0), (5, 1.0), (off, 0.0)]) == expected


def test_it_is_found_once_the_limit_is_surely_over() -> None:
    watch = Watch(ONE).hear(told(ONE, 90, W=[(0, 0.0), (5, 1.0)]))
    assert watch.first_told["IA-06"] == 5 + 60 + SKEW


def test_a_channel_bypass_counts_like_one_of_the_whole() -> None:
    assert judge(THREE, 90, b=[(0, 0.0), (5, 1.0)]) == [Found("IA-06", "I", 5, None)]


def test_bypasses_that_overlap_are_one_and_a_pause_starts_anew() -> None:
    overlap = judge(THREE, 90, a=[(0, 0.0), (5, 1.0), (40, 0.0)], b=[(0, 0.0), (39, 1.0)])
    assert overlap == [Found("IA-06", "I", 5, None)], "the interlock was never whole"
    apart = judge(THREE, 90, a=[(0, 0.0), (5, 1.0), (40, 0.0)], b=[(0, 0.0), (41, 1.0)])
    assert apart == []


def test_a_bad_switch_does_not_end_a_bypass() -> None:
    found = judge(ONE, 90, W=[(0, 0.0), (5, 1.0), (20, (0, BAD))])
    assert Found("IA-06", "I", 5, None) in found


@pytest.mark.parametrize("status", [0x0096_0000, 0x0096_0480], ids=["forced", "forced, with overflow bits"])
def test_a_forced_channel_is_a_bypass(status: int) -> None:
    forced: Course = [(0, 5.0), (5, (5.0, status)), (80, 5.0)]
    watch = Watch(THREE).hear(told(THREE, 90, A=forced))
    assert watch.found() == [Found("IA-06", "I", 5, 80)]
    assert [r.time for r in watch.held()[0].evidence] == [T0 + 5 * S], "the value that began it"


def test_a_switch_heard_of_late_tells_since_when_it_is_on() -> None:
    """As after an outage: the server tells the switch's present state with the time of its change, long ago."""
    rows = told(ONE, 400)
    watch = Watch(ONE).hear([r for r in rows if r.point != "W"])
    watch.step([r for r in told(ONE, 400, W=[(100, 1.0)]) if r.point == "W"])
    watch.hear(told(ONE, 410)[-20:])
    assert watch.found() == [Found("IA-06", "I", 100, None)]
    assert watch.supervision.too_late == 0
