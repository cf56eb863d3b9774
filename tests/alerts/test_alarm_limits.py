"""Limit alarms from readings: equality, deadband, delays to the nanosecond, bad and uncertain signals."""

import math

import pytest

from alerts.rules import QUIET, TOLERANCE, Change, Limits, Move
from plant.clock import SECOND
from plant.model import AlarmKind, AlarmLimit, Area, Plant
from plant.readings import Reading, Readings
from plant.status import BAD_SENSOR_FAILURE, GOOD_CLAMPED, UNCERTAIN

T0 = 1_800_000_000 * SECOND
BAD = BAD_SENSOR_FAILURE
NAN = math.nan


def plant(**limit: object) -> Plant:
    alarm = {"id": "a", "kind": "high", "limit": 90, **limit}
    points = [{"id": "p", "name": "p", "alarms": [alarm]}, {"id": "other", "name": "other"}]
    area = Area.model_validate({"id": "x", "name": "x", "units": [{"id": "u", "name": "u", "points": points}]})
    return Plant(id="plant", name="plant", schema_version=1, areas=(area,))


class Bench:
    """Feeds one point, second by second, from one source; ``now`` follows the data."""

    def __init__(self, **limit: object) -> None:
        self.limits = Limits.of(plant(**limit))

    def see(self, *rows: tuple[float, float] | tuple[float, float, int]) -> list[tuple[Move, float]]:
        """The moves [s after T0] that (time [s], value, status) of the point lead to."""
        readings = [Reading("p", at(r[0]), r[1], *r[2:]) for r in rows]
        return short(self.limits.step(Readings.from_rows(readings), max(r.time for r in readings)))

    def hear(self, second: float, source: str = "") -> list[tuple[Move, float]]:
        """Another point of a source tells how far its data have come."""
        rows = Readings.from_rows([Reading("other", at(second), 0)])
        return short(self.limits.step(rows, at(second), source=source))


def at(second: float) -> int:
    return T0 + round(second * SECOND)


def short(changes: list[Change]) -> list[tuple[Move, float]]:
    return [(c.move, (c.time - T0) / SECOND) for c in changes]


# --- comparison and deadband ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "quiet", "sets", "holds", "clears"),
    [
        # high 90 with a deadband of 5: sets at >= 90, returns at < 85 (facts 1.2); low is the mirror image
        pytest.param("high", 89.999, 90, 85, 84.999, id="high"),
        pytest.param("low", 90.001, 90, 95, 95.001, id="low"),
        pytest.param("equals", 89, 90, 90, 91, id="equals"),
        pytest.param("high", 0, math.inf, 85, -math.inf, id="infinite"),
    ],
)
def test_sets_at_equality_and_the_deadband_delays_only_the_return(
    kind: str, quiet: float, sets: float, holds: float, clears: float
) -> None:
    bench = Bench(kind=kind, deadband=5 if kind != "equals" else 0)
    assert bench.see((0, quiet)) == []
    assert bench.see((1, sets)) == [(Move.RAISE, 1)]
    assert bench.see((2, holds)) == []
    assert bench.see((3, clears)) == [(Move.RETURN, 3)]


def test_a_value_inside_the_deadband_raises_nothing_by_itself() -> None:
    assert Bench(deadband=5).see((0, 87), (1, 89.9), (2, 86)) == []


def test_a_good_code_with_flags_is_good() -> None:
    bench = Bench()
    assert bench.see((0, 95, GOOD_CLAMPED)) == [(Move.RAISE, 0)]
    assert bench.see((1, 10, GOOD_CLAMPED)) == [(Move.RETURN, 1)]


# --- delays ---------------------------------------------------------------------------------------


def test_the_on_delay_is_exact_at_its_boundary() -> None:
    assert Bench(on_delay=60).see((0, 95), (59.999_999_999, 95)) == []
    assert Bench(on_delay=60).see((0, 95), (60, 95)) == [(Move.RAISE, 60)]
    assert Bench(on_delay=60).see((0, 95), (59.999_999_999, 80)) == [], "the condition did not hold for 60 s"


def test_an_interruption_starts_the_on_delay_anew() -> None:
    bench = Bench(on_delay=60)
    assert bench.see((0, 95), (30, 80), (31, 95), (90.9, 95)) == []
    assert bench.see((91, 95)) == [(Move.RAISE, 91)]


def test_the_off_delay_is_the_mirror_image() -> None:
    bench = Bench(off_delay=30)
    assert bench.see((0, 95), (10, 80), (39.999, 80)) == [(Move.RAISE, 0)]
    assert bench.see((40, 80)) == [(Move.RETURN, 40)]


def test_a_value_back_above_the_return_point_starts_the_off_delay_anew() -> None:
    bench = Bench(off_delay=30, deadband=5)
    assert bench.see((0, 95), (10, 80), (20, 86), (30, 80), (59, 80)) == [(Move.RAISE, 0)]
    assert bench.see((60, 80)) == [(Move.RETURN, 60)]


def test_a_timer_runs_out_by_the_time_of_other_points_of_the_source_and_the_tolerance() -> None:
    bench = Bench(on_delay=60)
    bench.see((0, 95))
    assert bench.hear(60 + TOLERANCE / SECOND - 0.001) == []
    assert bench.hear(60 + TOLERANCE / SECOND) == [(Move.RAISE, 60)], "event time, not the time of being seen"


def test_another_source_that_is_ahead_lets_no_timer_run_out() -> None:
    bench = Bench(on_delay=60)
    bench.see((0, 95))
    assert bench.hear(600, source="elsewhere") == []
    assert bench.see((1, 80)) == []


def test_a_clock_that_is_ahead_lets_no_timer_run_out() -> None:
    bench = Bench(on_delay=60)
    bench.see((0, 95))
    ahead = Readings.from_rows([Reading("other", at(3000), 0)])
    assert bench.limits.step(ahead, at(1)) == []
    assert bench.see((2, 80)) == []


def test_a_clock_a_little_ahead_shortens_no_delay() -> None:
    bench = Bench(on_delay=5)
    bench.see((0, 95))
    a_little = Readings.from_rows([Reading("other", at(9), 0)])
    assert bench.limits.step(a_little, at(1)) == []
    assert short(bench.limits.step(a_little, at(7))) == [(Move.RAISE, 5)]


def test_a_raising_timer_runs_out_by_our_clock_when_the_source_falls_silent_a_returning_one_does_not() -> None:
    raising, returning = Bench(on_delay=60), Bench(off_delay=60)
    raising.see((0, 95))
    returning.see((0, 95), (1, 80))
    assert raising.limits.quiet(at(60) + QUIET - 1) == []
    assert short(raising.limits.quiet(at(60) + QUIET)) == [(Move.RAISE, 60)]
    assert returning.limits.quiet(at(100_000)) == [], "silence is no proof of a return"


def test_a_simulated_clock_stretches_the_tolerance() -> None:
    bench = Bench(on_delay=60)
    bench.limits = Limits.of(plant(on_delay=60), speed=10)
    bench.see((0, 95))
    assert bench.hear(60 + 10 * TOLERANCE / SECOND - 0.001) == []
    assert bench.hear(60 + 10 * TOLERANCE / SECOND) == [(Move.RAISE, 60)]


# --- quality --------------------------------------------------------------------------------------


def test_a_bad_signal_never_clears() -> None:
    bench = Bench()
    assert bench.see((0, 95), (1, 10, BAD), (2, NAN, BAD)) == [(Move.RAISE, 0), (Move.BAD, 1)]
    assert bench.see((3, 10)) == [(Move.USABLE, 3), (Move.RETURN, 3)]


def test_a_bad_signal_never_raises_a_limit() -> None:
    assert Bench().see((0, 99, BAD)) == [(Move.BAD, 0)]


def test_good_without_a_value_counts_as_bad() -> None:
    bench = Bench()
    assert bench.see((0, 95), (1, NAN)) == [(Move.RAISE, 0), (Move.BAD, 1)]


def test_an_uncertain_value_may_raise_but_not_clear() -> None:
    bench = Bench()
    assert bench.see((0, 95, UNCERTAIN)) == [(Move.RAISE, 0)]
    assert bench.see((1, 10, UNCERTAIN)) == []
    assert bench.see((2, 10)) == [(Move.RETURN, 2)]


def test_the_return_must_be_seen_without_a_break() -> None:
    for break_ in ((20, NAN, BAD), (20, 80, UNCERTAIN)):
        bench = Bench(off_delay=30)
        moves = bench.see((0, 95), (10, 80), break_, (21, 80), (50.9, 80))
        assert Move.RETURN not in [m for m, _ in moves]
        assert bench.see((51, 80)) == [(Move.RETURN, 51)]


def test_a_growing_excursion_keeps_its_start_over_a_bad_signal() -> None:
    bench = Bench(on_delay=60)
    assert bench.see((0, 95), (30, NAN, BAD), (100, NAN, BAD)) == [(Move.BAD, 30)], "not judged while Bad"
    assert bench.see((101, 95)) == [(Move.RAISE, 60), (Move.USABLE, 101)]


def test_a_bad_status_alarm_watches_the_status_and_not_the_value() -> None:
    bench = Bench(kind="bad_status", limit=None, on_delay=5)
    assert bench.see((0, NAN), (1, 99), (2, 0, UNCERTAIN)) == []
    assert bench.see((3, NAN, BAD), (7.9, NAN, BAD)) == []
    assert bench.see((8, NAN, BAD)) == [(Move.RAISE, 8)]
    assert bench.see((9, 1)) == [(Move.RETURN, 9)]


def test_every_kind_of_limit_is_tested_here() -> None:
    assert {k.value for k in AlarmKind} == {"high", "low", "equals", "bad_status"}
    assert AlarmLimit(id="a", kind=AlarmKind.HIGH).limit is None


def test_a_limit_without_a_number_never_alarms() -> None:
    assert Bench(limit=None).see((0, 1e9), (1, -1e9)) == []
