"""IA-01 missed trip, IA-02 slow trip, IA-09 demand under bypass.

With delay 2 s, scan 1 s, margin 1 s and response 8 s: a vote that lasts 2 + 1 = 3 s is a demand; from its start
the command must come within 2 + 2 * 1 + 1 = 5 s and the safe state within 8 s.
"""

import pytest

from plant.findings import Severity
from tests.analytics.interlock_kit import BAD, COMMAND, SKEW, Course, Found, Watch, judge, plant, severity, told

ONE = plant()
DEMAND: Course = [(0, 5.0), (10, 12.0)]
TRIP: Course = [(0, 0.0), (13, 1.0)]
CLOSES: Course = [(0, 1.0), (16, 0.0)]


def test_a_demand_with_a_command_and_a_safe_state_in_time_is_no_finding() -> None:
    assert judge(ONE, A=DEMAND, X=TRIP, V=CLOSES) == []


def test_a_missed_trip_is_found_once_its_deadline_is_sure() -> None:
    watch = Watch(ONE).hear(told(ONE, 40, A=DEMAND))
    assert watch.found() == [Found("IA-01", "I", 10, None)]
    assert watch.first_told["IA-01"] == 10 + COMMAND + SKEW
    (finding,) = watch.held()
    assert finding.severity is Severity.CRITICAL
    assert {r.point: r.value for r in finding.evidence} == {"A": 12.0, "V": 1.0, "X": 0.0, "W": 0.0, "a": 0.0}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param(15.0, [], id="at the deadline itself"),
        pytest.param(15.1, [Found("IA-01", "I", 10, 15.1)], id="just after it"),
    ],
)
def test_the_command_must_come_by_the_deadline(command: float, expected: list[Found]) -> None:
    assert judge(ONE, A=DEMAND, X=[(0, 0.0), (command, 1.0)], V=CLOSES) == expected


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(12.0, [], id="recovers within the delay"),
        pytest.param(12.9, [], id="recovers before a scan can have seen the delay over"),
        pytest.param(13.0, [Found("IA-01", "I", 10, 13)], id="stays for delay and scan: a demand, trip or not"),
        pytest.param(14.0, [Found("IA-01", "I", 10, 14)], id="recovers before the command's deadline"),
        pytest.param(20.0, [Found("IA-01", "I", 10, 20)], id="recovers after it"),
    ],
)
def test_a_vote_that_ends_in_time_is_no_demand(until: float, expected: list[Found]) -> None:
    assert judge(ONE, A=[*DEMAND, (until, 5.0)]) == expected


def test_a_trip_after_a_short_demand_still_moves_the_final_element() -> None:
    short = [*DEMAND, (14, 5.0)]
    assert judge(ONE, A=short, X=TRIP, V=CLOSES) == []
    assert judge(ONE, A=short, X=TRIP) == [Found("IA-02", "I", 10, None)]


@pytest.mark.parametrize(
    ("safe", "expected"),
    [
        pytest.param(18.0, [], id="at the deadline itself"),
        pytest.param(18.5, [Found("IA-02", "I", 10, 18.5)], id="half a second late"),
        pytest.param(99.0, [Found("IA-02", "I", 10, None)], id="never"),
    ],
)
def test_every_final_element_must_be_safe_in_time(safe: float, expected: list[Found]) -> None:
    assert judge(ONE, A=DEMAND, X=TRIP, V=[(0, 1.0), (safe, 0.0)]) == expected


def test_a_late_command_is_one_finding_although_the_element_is_late_for_it() -> None:
    late = judge(ONE, A=DEMAND, X=[(0, 0.0), (17, 1.0)], V=[(0, 1.0), (25, 0.0)])
    assert late == [Found("IA-01", "I", 10, 17)]


def test_a_command_in_the_same_moment_as_the_cause_is_still_timed_to_the_safe_state() -> None:
    assert judge(ONE, A=DEMAND, X=[(0, 0.0), (10, 1.0)]) == [Found("IA-02", "I", 10, None)]
    assert judge(ONE, A=DEMAND, X=[(0, 0.0), (9.5, 1.0)]) == [Found("IA-02", "I", 10, None)], "sampled before it"


def test_a_command_that_goes_bad_does_not_excuse_the_final_element() -> None:
    bad = judge(ONE, A=DEMAND, X=[*TRIP, (14, (1, BAD))])
    assert Found("IA-02", "I", 10, None) in bad


def test_a_reset_by_hand_ends_the_waiting() -> None:
    assert judge(ONE, A=[*DEMAND, (15, 5.0)], X=[*TRIP, (16, 0.0)]) == []


def test_a_command_taken_back_while_the_cause_persists_must_come_again() -> None:
    back = judge(ONE, A=DEMAND, X=[*TRIP, (20, 0.0)], V=CLOSES)
    assert back == [Found("IA-01", "I", 20, None)]


def test_a_value_that_wavers_around_the_set_point_makes_one_finding() -> None:
    wavers: Course = [(0, 5.0), *((10 + n, 10.5 if n % 2 == 0 else 9.5) for n in range(30))]
    hysteresis = plant(cause={"hysteresis": 1})
    assert judge(hysteresis, A=wavers) == [Found("IA-01", "I", 10, None)]
    assert judge(ONE, A=wavers) == [], "without hysteresis each return starts the delay anew"
    assert judge(hysteresis, A=wavers, X=TRIP) == [Found("IA-02", "I", 10, None)]


def test_a_vote_that_comes_back_gives_the_final_element_no_more_time() -> None:
    again: Course = [*DEMAND, (14, 5.0), (15, 12.0)]
    assert judge(ONE, A=again, X=TRIP) == [Found("IA-02", "I", 10, None)]
    assert judge(ONE, A=again, X=TRIP, V=[(0, 1.0), (20, 0.0)]) == [Found("IA-02", "I", 10, 20)]


# --- voting -----------------------------------------------------------------------------------------

NEVER: Course = [(0, 5.0)]
LATER: Course = [(0, 5.0), (12, 12.0)]
IS_BAD: Course = [(0, 5.0), (10, (0, BAD))]


@pytest.mark.parametrize(
    ("voting", "bad", "channels", "since"),
    [
        pytest.param("1oo1", "no_vote", (DEMAND,), 10, id="1oo1"),
        pytest.param("1oo1", "trip", (IS_BAD,), 10, id="1oo1, Bad trips"),
        pytest.param("1oo1", "no_vote", (IS_BAD,), None, id="1oo1, Bad does not vote"),
        pytest.param("1oo2", "no_vote", (DEMAND, NEVER), 10, id="1oo2, one"),
        pytest.param("1oo2", "no_vote", (NEVER, NEVER), None, id="1oo2, none"),
        pytest.param("1oo2", "trip", (NEVER, IS_BAD), 10, id="1oo2, Bad trips"),
        pytest.param("1oo2", "no_vote", (NEVER, IS_BAD), None, id="1oo2, Bad does not vote"),
        pytest.param("2oo2", "no_vote", (DEMAND, NEVER), None, id="2oo2, one"),
        pytest.param("2oo2", "no_vote", (DEMAND, LATER), 12, id="2oo2, the second decides"),
        pytest.param("2oo2", "trip", (DEMAND, IS_BAD), 10, id="2oo2, Bad trips"),
        pytest.param("2oo2", "no_vote", (DEMAND, IS_BAD), None, id="2oo2, Bad does not vote"),
        pytest.param("2oo3", "no_vote", (DEMAND, NEVER, NEVER), None, id="2oo3, one"),
        pytest.param("2oo3", "no_vote", (DEMAND, NEVER, LATER), 12, id="2oo3, two"),
        pytest.param("2oo3", "no_vote", (IS_BAD, DEMAND, LATER), 12, id="2oo3, one Bad, both others"),
        pytest.param("2oo3", "trip", (IS_BAD, DEMAND, NEVER), 10, id="2oo3, Bad trips with one"),
        pytest.param("2oo3", "trip", (IS_BAD, NEVER, NEVER), None, id="2oo3, one Bad alone"),
        pytest.param("2oo3", "trip", (IS_BAD, IS_BAD, NEVER), 10, id="2oo3, two Bad trip"),
        pytest.param("2oo3", "no_vote", (IS_BAD, IS_BAD, DEMAND), None, id="2oo3, two Bad do not vote"),
    ],
)
def test_votes(voting: str, bad: str, channels: tuple[Course, ...], since: float | None) -> None:
    model = plant(voting, cause={"bad_counts_as": bad})
    all_found = judge(model, **dict(zip("ABC", channels, strict=False)))
    missed = [] if since is None else [Found("IA-01", "I", since, None)]
    assert [f for f in all_found if f.rule == "IA-01"] == missed
    signals = [f.subject for f in all_found if f.rule == "IA-14"]
    assert signals == [n for n, c in zip("ABC", channels, strict=False) if c is IS_BAD], "a Bad channel is told"


@pytest.mark.parametrize(
    ("comparator", "at_set_point", "beyond", "clear"),
    [
        pytest.param(">=", True, 10.1, 9.9, id=">="),
        pytest.param(">", False, 10.1, 9.9, id=">"),
        pytest.param("<=", True, 9.9, 10.1, id="<="),
        pytest.param("<", False, 9.9, 10.1, id="<"),
        pytest.param("==", True, 10.0, 9.9, id="=="),
    ],
)
def test_the_comparator_decides_at_the_set_point(
    comparator: str, *, at_set_point: bool, beyond: float, clear: float
) -> None:
    model = plant(cause={"comparator": comparator})

    def missed(value: float) -> bool:
        return judge(model, A=[(0, clear), (10, value)]) == [Found("IA-01", "I", 10, None)]

    assert (missed(10.0), missed(beyond), missed(clear)) == (at_set_point, True, False)


# --- what cannot be seen ----------------------------------------------------------------------------


def only(rule: str, findings: list[Found]) -> list[Found]:
    return [f for f in findings if f.rule == rule]


def test_a_channel_that_goes_bad_within_the_delay_leaves_the_trip_not_assessable() -> None:
    dies: Course = [*DEMAND, (12, (0, BAD))]
    assert only("IA-01", judge(ONE, A=dies)) == [Found("IA-01", "I", 10, None, assessable=False)]
    assert severity(ONE, "IA-01", A=dies) is Severity.HIGH


def test_a_channel_that_goes_bad_after_the_delay_does_not_end_the_demand() -> None:
    dies: Course = [*DEMAND, (13, (0, BAD))]
    assert only("IA-01", judge(ONE, A=dies)) == [Found("IA-01", "I", 10, None)]
    returns: Course = [*dies, (30, 5.0)]
    assert only("IA-01", judge(ONE, A=returns)) == [Found("IA-01", "I", 10, 30)], "seen to be over"


def test_a_bad_channel_does_not_end_a_missed_trip() -> None:
    dies: Course = [*DEMAND, (20, (0, BAD))]
    assert only("IA-01", judge(ONE, A=dies)) == [Found("IA-01", "I", 10, None)]


def test_a_value_that_is_no_number_is_not_below_the_set_point() -> None:
    dies: Course = [*DEMAND, (20, float("nan"))]
    assert only("IA-01", judge(ONE, A=dies)) == [Found("IA-01", "I", 10, None)]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([(0, None)], id="never heard of"),
        pytest.param([(0, 0.0), (9, (0, BAD))], id="bad"),
    ],
)
def test_a_trip_whose_command_cannot_be_seen_is_not_assessable(command: Course) -> None:
    safe = judge(ONE, A=DEMAND, X=command, V=CLOSES)
    assert only("IA-01", safe) == [Found("IA-01", "I", 10, None, assessable=False)]
    assert only("IA-02", safe) == [], "the final element shows that it acted"


def test_without_a_visible_command_the_final_element_is_judged_all_the_same() -> None:
    stays = judge(ONE, A=DEMAND, X=[(0, None)])
    assert only("IA-02", stays) == [Found("IA-02", "I", 10, None)]


def test_what_was_not_assessable_is_judged_when_the_command_is_seen() -> None:
    seen_off = judge(ONE, A=DEMAND, X=[(0, 0.0), (9, (0, BAD)), (25, 0.0)], V=CLOSES)
    assert only("IA-01", seen_off) == [Found("IA-01", "I", 10, None)]
    seen_on = judge(ONE, A=DEMAND, X=[(0, 0.0), (9, (0, BAD)), (25, 1.0)], V=CLOSES)
    assert only("IA-01", seen_on) == [Found("IA-01", "I", 10, 25, assessable=False)]


@pytest.mark.parametrize(
    "feedback",
    [
        pytest.param([(0, None)], id="never heard of"),
        pytest.param([(0, 1.0), (14, (0, BAD))], id="bad"),
    ],
)
def test_a_final_element_without_feedback_is_not_assessable(feedback: Course) -> None:
    blind = judge(ONE, A=DEMAND, X=TRIP, V=feedback)
    assert only("IA-02", blind) == [Found("IA-02", "I", 10, None, assessable=False)]
    shown = judge(ONE, A=DEMAND, X=TRIP, V=[*feedback, (30, 1.0)])
    assert only("IA-02", shown) == [Found("IA-02", "I", 10, None)], "not safe after all"


# --- bypass -----------------------------------------------------------------------------------------


def test_a_demand_under_bypass_of_the_whole_interlock_is_found_at_once() -> None:
    watch = Watch(ONE).hear(told(ONE, 30, A=[*DEMAND, (20, 5.0)], W=[(0, 0.0), (5, 1.0)]))
    assert watch.found() == [Found("IA-09", "I", 10, 20)]
    assert watch.first_told["IA-09"] == 10
    assert "the interlock is bypassed" in watch.held()[0].seen


def test_a_demand_under_bypass_of_a_channel() -> None:
    model = plant("2oo3")
    bypass: Course = [(0, 0.0), (5, 1.0)]
    assert judge(model, A=DEMAND, B=LATER, a=bypass) == [Found("IA-09", "I", 12, None)]
    assert judge(model, A=NEVER, B=LATER, C=DEMAND, a=bypass) == [Found("IA-01", "I", 12, None)], "two others vote"
    assert judge(model, A=DEMAND, a=bypass) == [], "one channel is no demand, bypassed or not"


def test_a_bad_channel_does_not_end_a_demand_under_bypass() -> None:
    model = plant("2oo3")
    dies: Course = [*LATER, (20, (0, BAD))]
    found = judge(model, A=DEMAND, B=dies, a=[(0, 0.0), (5, 1.0)])
    assert only("IA-09", found) == [Found("IA-09", "I", 12, None)]


def test_when_the_bypass_ends_the_demand_begins() -> None:
    lifted = judge(ONE, A=DEMAND, W=[(0, 1.0), (20, 0.0)])
    assert lifted == [Found("IA-09", "I", 10, 20), Found("IA-01", "I", 20, None)]


def test_a_bypass_put_on_during_a_demand() -> None:
    early = judge(ONE, A=DEMAND, W=[(0, 0.0), (12, 1.0)])
    assert early == [Found("IA-09", "I", 12, None)], "before the delay is over the trip was not due"
    late = judge(ONE, A=DEMAND, W=[(0, 0.0), (14, 1.0)])
    assert late == [Found("IA-01", "I", 10, 14), Found("IA-09", "I", 14, None)], "it was due and did not come"


def test_a_bypass_switch_that_goes_bad_stays_where_it_was() -> None:
    found = judge(ONE, A=DEMAND, W=[(0, 1.0), (5, (0, BAD))])
    assert only("IA-09", found) == [Found("IA-09", "I", 10, None)]
    assert only("IA-01", found) == []


def test_a_forced_channel_is_bypassed() -> None:
    forced: Course = [(0, 5.0), (5, (5.0, 0x0096_0000)), (50, 12.0)]
    assert judge(ONE, 49, A=forced) == []
    assert judge(ONE, 80, A=forced) == [Found("IA-01", "I", 50, None)]


def test_a_forced_value_beyond_the_set_point_is_no_process_value() -> None:
    forced: Course = [(0, 5.0), (5, (12.0, 0x0096_0000))]
    assert judge(ONE, 49, A=forced) == []
    assert judge(plant("2oo3"), 49, A=forced, B=DEMAND) == [], "nobody knows, and nothing is claimed"


def test_other_good_sub_codes_are_measured_values() -> None:
    assert judge(ONE, A=[(0, 5.0), (10, (12.0, 0x0030_0000))]) == [Found("IA-01", "I", 10, None)], "GoodClamped"


def test_an_uncertain_value_votes() -> None:
    assert judge(ONE, A=[(0, 5.0), (10, (12.0, 0x4090_0000))]) == [Found("IA-01", "I", 10, None)]
