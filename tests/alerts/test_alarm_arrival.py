"""The order of arrival: late, twice, and by clocks that are wrong. An alarm must not go blind for any of them."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.arrival import AHEAD, EARLIEST, PATIENCE, ArrivalCounts
from alerts.rules import TOLERANCE, Change, Limits, Move
from plant.clock import SECOND
from plant.model import Plant
from plant.readings import Reading, Readings
from plant.status import BAD, UNCERTAIN

T0 = 1_800_000_000 * SECOND


class Bench:
    """A desk clock of its own beside the device's."""

    def __init__(self, plant: Plant) -> None:
        self.limits = Limits.of(plant)

    def see(self, now: float, *rows: tuple[float, float] | tuple[float, float, int]) -> list[str]:
        """The moves of ``p/1.H`` (high 90, deadband 5) and ``p/1.bad`` at our clock ``now`` [s after T0]."""
        readings = Readings.from_rows([Reading("p/1", at(r[0]), r[1], *r[2:]) for r in rows])
        moves = self.limits.step(readings, at(now))
        return [f"{c.alarm} {c.move}" for c in moves if c.alarm in {"p/1.H", "p/1.bad"}]

    @property
    def counts(self) -> ArrivalCounts:
        return self.limits.arrivals.counts


def at(second: float) -> int:
    return T0 + round(second * SECOND)


@pytest.fixture
def bench(plant: Plant) -> Bench:
    return Bench(plant)


def test_late_readings_are_ignored_and_counted(bench: Bench) -> None:
    assert bench.see(10, (10, 95)) == ["p/1.H raise"]
    assert bench.see(11, (9, 10), (8, 10)) == []
    assert bench.counts == ArrivalCounts(late=2)


def test_a_batch_may_be_in_any_order(bench: Bench) -> None:
    assert bench.see(12, (12, 10), (10, 50), (11, 95)) == ["p/1.H raise", "p/1.H return"]


def test_what_comes_twice_changes_nothing(bench: Bench) -> None:
    rows: tuple[tuple[float, float], ...] = ((10, 95), (11, 10))
    bench.see(11, *rows)
    assert bench.see(12, *rows) == []
    assert bench.counts == ArrivalCounts(late=1, repeated=1)


def test_good_and_bad_under_one_time_are_both_seen_and_not_twice(bench: Bench) -> None:
    assert bench.see(10, (10, 95)) == ["p/1.H raise"]
    assert bench.see(11, (10, math.nan, BAD)) == ["p/1.H bad", "p/1.bad raise"], "Bad with the old source time"
    assert bench.see(12, (10, 95), (10, math.nan, BAD)) == [], "both again"
    assert bench.counts.repeated == 2
    assert bench.see(13, (13, 95)) == ["p/1.H usable", "p/1.bad return"]


def test_within_a_batch_bad_wins_over_good_of_the_same_time(bench: Bench) -> None:
    assert bench.see(10, (10, math.nan, BAD), (10, 50)) == ["p/1.H bad", "p/1.bad raise"]


def test_a_clock_that_stands_still_does_not_blind_the_alarm(bench: Bench) -> None:
    bench.see(10, (10, 50))
    assert bench.see(11, (10, 95)) == ["p/1.H raise"]
    assert bench.see(12, (10, 96)) == []
    assert bench.see(13, (10, 50)) == ["p/1.H return"]
    assert bench.see(14, (10, 95)) == ["p/1.H raise"]


def test_each_call_under_a_clock_that_stands_still_has_a_time_of_its_own(bench: Bench) -> None:
    times = set()
    for n in range(10):
        rows = Readings.from_rows([Reading("p/1", at(0), 95 if n % 2 else 50)])
        times |= {c.time for c in bench.limits.step(rows, at(n)) if c.move is Move.RAISE and c.alarm == "p/1.H"}
    assert len(times) == 5


@pytest.mark.parametrize(
    "device",
    [
        pytest.param(8 * 3600, id="local time instead of UTC"),
        pytest.param(AHEAD / SECOND + 2.5, id="a little more than the tolerance"),
        pytest.param(10 * 365 * 86_400, id="ten years ahead"),
        pytest.param(-(T0 / SECOND), id="1970"),
        pytest.param((EARLIEST - T0) / SECOND - 20, id="before 2000"),
    ],
)
def test_an_impossible_time_counts_as_the_time_of_arrival(bench: Bench, device: float) -> None:
    assert bench.see(10, (device + 10, 95)) == ["p/1.H raise"]
    rows = Readings.from_rows([Reading("p/1", at(device + n), 10 if n == 12 else 95) for n in (11, 12, 13)])
    changes = [c for c in bench.limits.step(rows, at(13)) if c.alarm == "p/1.H"]
    assert [c.move for c in changes] == [Move.RETURN, Move.RAISE], "in their order, none lost"
    assert all(at(13) <= c.time < at(13) + 10 for c in changes)
    assert changes[0].time < changes[1].time
    assert bench.counts.wrong_clock == 4
    assert bench.see(14, (14, 10)) == ["p/1.H return"], "the clock is right again, at once"


def test_a_time_within_the_tolerance_is_the_device_s_own(bench: Bench) -> None:
    rows = Readings.from_rows([Reading("p/1", at(AHEAD / SECOND), 95)])
    (change,) = [c for c in bench.limits.step(rows, at(0)) if c.alarm == "p/1.H"]
    assert change.time == at(AHEAD / SECOND)
    assert bench.counts == ArrivalCounts()
    over = Readings.from_rows([Reading("p/1", at(AHEAD / SECOND) + 1, 10)])
    (change,) = [c for c in bench.limits.step(over, at(0)) if c.alarm == "p/1.H"]
    assert (change.move, bench.counts.wrong_clock) == (Move.RETURN, 1)


def test_a_clock_that_was_set_back_is_believed_after_a_minute(bench: Bench) -> None:
    bench.see(0, (0, 50))
    for n in range(1, 61):
        assert bench.see(n, (n - 3600, 95)) == []
    assert PATIENCE == 60 * SECOND
    assert bench.see(61, (61 - 3600, 95)) == ["p/1.H raise"]
    assert bench.see(62, (62 - 3600, 50)) == ["p/1.H return"]
    assert (bench.counts.set_back, bench.counts.late) == (1, 60)


def test_history_that_is_read_again_is_never_believed_to_be_the_present(bench: Bench) -> None:
    bench.see(0, (0, 95))
    for n in range(1, 200):  # ten times as fast as the clock
        assert bench.see(n, *((-5000 + 10.0 * n + k, 50) for k in range(10))) == []
    assert bench.counts.set_back == 0


def test_one_late_reading_that_comes_again_and_again_is_never_believed(bench: Bench) -> None:
    bench.see(0, (0, 95))
    assert [bench.see(n, (-3600, 50)) for n in range(1, 300)] == [[]] * 299


def test_late_readings_among_live_ones_are_never_believed(bench: Bench) -> None:
    for n in range(300):
        moves = bench.see(n, (n, 95), (n - 3600, 50))
        assert moves == (["p/1.H raise"] if n == 0 else [])


def test_a_running_on_delay_does_not_hang_when_the_clock_is_set_back(plant: Plant) -> None:
    limits = Limits.of(plant)  # t.L: low 10, on delay 60 s
    moves: list[tuple[Move, int]] = []
    limits.step(Readings.from_rows([Reading("t", at(0), 5)]), at(0))
    for n in range(1, 200):
        rows = Readings.from_rows([Reading("t", at(n - 3600), 5)])
        moves += [(c.move, n) for c in limits.step(rows, at(n))]
    assert [m for m, _ in moves] == [Move.RAISE]
    assert moves[0][1] <= 61 + 60 + 1


# --- invariants -----------------------------------------------------------------------------------

POINTS = ("p/1", "t", "s", "quiet")
ROW = st.tuples(
    st.sampled_from(POINTS),
    st.floats(0.1, 20),
    st.sampled_from([0, 1, 5, 9, 10, 10.5, 11, 85, 90, 95, 99, math.nan]),
    st.sampled_from([0, UNCERTAIN, BAD]),
)
STREAMS = st.lists(ROW, max_size=40)
CUTS = st.lists(st.integers(0, 40), max_size=8)


def rows_of(drawn: Sequence[tuple[str, float, float, int]]) -> list[Reading]:
    now, found = 0.0, []
    for point, gap, value, status in drawn:
        now += gap
        found.append(Reading(point, at(now), value, status))
    return found


def run(plant: Plant, batches: Sequence[Sequence[Reading]], now: int) -> list[Change]:
    limits, changes = Limits.of(plant), []
    for batch in batches:
        changes += limits.step(Readings.from_rows(batch), now)
    return sorted(changes, key=key)


def key(change: Change) -> tuple[str, int, str]:
    return (change.alarm, change.time, change.move)


def split(rows: Sequence[Reading], cuts: Sequence[int]) -> list[list[Reading]]:
    edges = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    return [list(rows[a:b]) for a, b in pairwise(edges)]


@settings(deadline=None)
@given(STREAMS, CUTS)
def test_any_split_into_batches_gives_the_same_changes(
    plant: Plant, drawn: list[tuple[str, float, float, int]], cuts: list[int]
) -> None:
    rows = rows_of(drawn)
    assert [key(c) for c in run(plant, split(rows, cuts), at(900))] == [
        key(c) for c in run(plant, [rows], at(900))
    ]


@settings(deadline=None)
@given(STREAMS, CUTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_within_the_tolerance_gives_the_same_changes(
    plant: Plant, drawn: list[tuple[str, float, float, int]], cuts: list[int], random: object
) -> None:
    rows = rows_of(drawn)
    lag = {point: random.uniform(0, TOLERANCE / SECOND) for point in POINTS}  # type: ignore[attr-defined]
    arrived = sorted(rows, key=lambda r: r.time + round(lag[r.point] * SECOND))
    assert [key(c) for c in run(plant, split(arrived, cuts), at(900))] == [
        key(c) for c in run(plant, [rows], at(900))
    ]


@settings(deadline=None)
@given(STREAMS, CUTS, st.lists(st.integers(0, 8), max_size=6))
def test_batches_that_come_again_give_nothing_new(
    plant: Plant, drawn: list[tuple[str, float, float, int]], cuts: list[int], again: list[int]
) -> None:
    batches = split(rows_of(drawn), cuts)
    repeated: list[list[Reading]] = []
    for i, batch in enumerate(batches):
        repeated += [batch, *[b for k in again if k <= i for b in batches[k : i + 1]]]
    once = run(plant, batches, at(900))
    assert [key(c) for c in run(plant, repeated, at(900))] == [key(c) for c in once]


@settings(deadline=None)
@given(STREAMS)
def test_moves_alternate(plant: Plant, drawn: list[tuple[str, float, float, int]]) -> None:
    changes = run(plant, [rows_of(drawn)], at(900))
    for alarm in {c.alarm for c in changes}:
        for pair in ({Move.RAISE, Move.RETURN}, {Move.BAD, Move.USABLE}):
            moves = [c.move for c in changes if c.alarm == alarm and c.move in pair]
            assert all(a is not b for a, b in pairwise(moves))
            assert not moves or moves[0] in {Move.RAISE, Move.BAD}
