"""IA-14 bad or stale signal: Uncertain may last 60 s; with a period of 1 s, stale is more than max(3 * 1, 5) s."""

import pytest

from plant.readings import Reading
from tests.analytics.interlock_kit import BAD, SKEW, T0, Course, Found, S, Watch, judge, plant, told

ONE = plant()
UNCERTAIN = 0x4090_0000


@pytest.mark.parametrize(
    ("name", "before"),
    [
        pytest.param("A", 5.0, id="cause"),
        pytest.param("X", 0.0, id="command"),
        pytest.param("V", 1.0, id="feedback"),
        pytest.param("W", 0.0, id="bypass of the whole"),
        pytest.param("a", 0.0, id="bypass of a channel"),
    ],
)
def test_every_signal_of_an_interlock_is_told_bad_at_once(name: str, before: float) -> None:
    watch = Watch(ONE).hear(told(ONE, 30, **{name: [(0, before), (10, (0, BAD)), (20, before)]}))
    assert watch.found() == [Found("IA-14", name, 10, 20)]
    assert watch.first_told["IA-14"] == 10


def test_a_point_that_no_interlock_uses_is_nobodys_signal() -> None:
    assert judge(ONE, H=[(0, 1.0), (10, (0, BAD))]) == []


def test_a_good_status_without_a_number_is_bad() -> None:
    assert judge(ONE, A=[(0, 5.0), (10, float("inf")), (20, 5.0)]) == [Found("IA-14", "A", 10, 20)]


@pytest.mark.parametrize(
    ("good_again", "expected"),
    [
        pytest.param(70.0, [], id="60 s exactly"),
        pytest.param(71.0, [Found("IA-14", "A", 10, 71)], id="61 s"),
    ],
)
def test_uncertain_counts_after_a_minute(good_again: float, expected: list[Found]) -> None:
    assert judge(ONE, 90, A=[(0, 5.0), (10, (5.0, UNCERTAIN)), (good_again, 5.0)]) == expected


def test_from_bad_to_uncertain_is_one_finding_until_it_is_good() -> None:
    worse: Course = [(0, 5.0), (10, (0, BAD)), (20, (5.0, UNCERTAIN)), (50, 5.0)]
    assert judge(ONE, 60, A=worse) == [Found("IA-14", "A", 10, 50)]


def test_every_good_sub_code_is_good() -> None:
    assert judge(ONE, A=[(0, 5.0), (10, (5.0, 0x0030_0000)), (20, (5.0, 0x0000_0480))]) == []


# --- stale ------------------------------------------------------------------------------------------


def silent(start: float, end: float, value: float = 5.0) -> Course:
    return [(0, value), (start + 0.5, None), (end, value)]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        pytest.param(15.0, [], id="5 s exactly"),
        pytest.param(16.0, [Found("IA-14", "A", 10, 16)], id="6 s"),
        pytest.param(15.2, [Found("IA-14", "A", 10, 15.2)], id="5.2 s, between two seconds"),
        pytest.param(999.0, [Found("IA-14", "A", 10, None)], id="for good"),
    ],
)
def test_no_update_while_the_source_lives(end: float, expected: list[Found]) -> None:
    assert judge(ONE, 30, A=silent(10, end)) == expected


def test_staleness_waits_until_it_is_sure() -> None:
    watch = Watch(ONE).hear(told(ONE, 30, A=silent(10, 999)))
    assert watch.first_told["IA-14"] == 10 + 6 + SKEW, "heard for more than 5 s: at the sixth second"


def test_the_period_of_the_point_decides() -> None:
    slow = plant()
    area = slow.areas[0].model_dump()
    for p in area["units"][0]["points"]:
        p["period"] = 10 if p["id"] == "A" else p["period"]
    slow = type(slow).model_validate({**slow.model_dump(), "areas": [area]})
    assert judge(slow, 60, A=silent(10, 40)) == [], "3 * 10 s"
    assert judge(slow, 60, A=silent(10, 41)) == [Found("IA-14", "A", 10, 41)]


def test_a_point_without_a_period_reports_by_exception() -> None:
    assert judge(ONE, 600, X=[(0, 0.0)], W=[(0, 0.0)]) == []


def test_a_stale_signal_that_comes_back_bad_is_one_finding() -> None:
    course: Course = [(0, 5.0), (10.5, None), (20, (0, BAD)), (30, 5.0)]
    assert judge(ONE, 40, A=course) == [Found("IA-14", "A", 10, 30)]


def test_a_signal_that_never_came_is_told() -> None:
    assert judge(ONE, 30, A=[(0, None)]) == [Found("IA-14", "A", 0, None)]
    assert judge(ONE, 30, A=[(0, None), (4, 5.0)]) == []


# --- the source -------------------------------------------------------------------------------------


def without(start: float, end: float, *names: str) -> dict[str, Course]:
    values = {"A": 5.0, "H": 1.0, "V": 1.0, "M": 1.0}
    return {n: silent(start, end, values[n]) for n in names}


def test_a_silent_source_is_one_finding_about_the_source() -> None:
    assert judge(ONE, 90, **without(10, 60, "A", "H", "V")) == [Found("IA-14", "dcs", 10, 60)]


@pytest.mark.parametrize(("end", "is_silent"), [(40.0, False), (41.0, True)], ids=["30 s exactly", "31 s"])
def test_a_source_is_silent_after_its_own_time(end: float, *, is_silent: bool) -> None:
    expected = [Found("IA-14", "dcs", 10, end)] if is_silent else []
    assert judge(ONE, 90, **without(10, end, "A", "H", "V")) == expected


def test_a_silence_that_lasts_is_told_while_it_lasts() -> None:
    watch = Watch(ONE).hear(told(ONE, 90, **without(10, 999, "A", "H", "V")))
    assert watch.found() == [Found("IA-14", "dcs", 10, None)]
    assert watch.first_told["IA-14"] == 10 + 31 + SKEW, "more than 30 s by what the other source has sent since"


def test_a_point_that_stays_away_when_its_source_is_back() -> None:
    story = without(10, 60, "H", "V") | {"A": silent(10, 90)}
    assert judge(ONE, 120, **story) == [Found("IA-14", "A", 10, 90), Found("IA-14", "dcs", 10, 60)]


def test_one_source_alone_is_no_witness_of_its_own_silence() -> None:
    rows = [r for r in told(ONE, 90, **without(10, 60, "A", "H", "V")) if r.point != "M"]
    assert Watch(ONE).hear(rows).found() == [Found("IA-14", "dcs", 10, 60)], "found when it is back"


def test_a_switch_that_was_turned_long_ago_is_no_silence_since_then() -> None:
    rows = [*told(ONE, 60, W=[(0, None)]), Reading("W", T0 - 72_000 * S, 0.0)]
    assert Watch(ONE).hear(rows).found() == []


@pytest.mark.parametrize("offset", [-3600, -2.5, 2.5, 3600])
def test_a_source_with_a_wrong_clock_disturbs_nobody(offset: float) -> None:
    rows = [
        type(r)(r.point, r.time + round(offset * S) if r.point == "M" else r.time, r.value, r.status)
        for r in told(ONE, 300, A=[(0, 5.0), (200, 12.0)])
    ]
    batches = [[r for r in rows if (r.point == "M") is meters] for meters in (True, False)]
    watch = Watch(ONE)
    for n in range(300):
        for batch in batches:
            watch.step(batch[n * len(batch) // 300 : (n + 1) * len(batch) // 300])
    assert watch.found() == [Found("IA-01", "I", 200, None)]
    assert watch.supervision.too_late == 0


def test_a_clock_that_is_put_right_is_told_as_silence_of_its_source() -> None:
    """The meters jump an hour ahead and back: until their time has passed that hour, nothing of them counts."""
    watch = Watch(ONE)
    for r in told(ONE, 200):
        second = (r.time - T0) // S
        ahead = 3600 * S if r.point == "M" and 50 <= second < 100 else 0
        watch.step([type(r)(r.point, r.time + ahead, r.value, r.status)])
    assert [f for f in watch.found() if f.end is None] == [Found("IA-14", "meters", 3600 + 99, None)]
    assert [f.subject for f in watch.found()] == ["meters", "meters"], "the leap itself is a gap in its times"
