"""Alarm load: ten-minute bins on the clock, floods, and chattering against a plain computation."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import kpi
from alerts.kpi import BIN, Span, chattering, load, span
from plant.clock import SECOND

T0 = 1_800_000_000 * SECOND
CALLS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from("abc")), max_size=25).map(
    lambda calls: sorted((T0 + s * SECOND, alarm) for s, alarm in calls)
)


@pytest.mark.parametrize(
    ("seconds", "chatters"),
    [
        # at least 3 activations within 60 s (facts 1.3)
        pytest.param([0, 30, 60], True, id="three in exactly a minute"),
        pytest.param([0, 30, 60.000_000_001], False, id="a nanosecond longer"),
        pytest.param([0, 1], False, id="two"),
        pytest.param([0, 50, 100, 150], False, id="three in any minute never"),
        pytest.param([0, 100, 101, 102], True, id="later ones"),
        pytest.param([5, 5, 5], True, id="at once"),
    ],
)
def test_chattering_is_three_calls_within_a_minute(seconds: list[float], chatters: bool) -> None:  # noqa: FBT001 - a table
    calls = [(T0 + round(s * SECOND), "a") for s in seconds]
    assert chattering(calls) == (frozenset("a") if chatters else frozenset())


@given(CALLS)
def test_chattering_is_what_trying_all_triples_finds(calls: list[tuple[int, str]]) -> None:
    expected = {
        alarm
        for alarm in "abc"
        for first, _, last in combinations([t for t, a in calls if a == alarm], 3)
        if last - first <= 60 * SECOND
    }
    assert chattering(calls) == expected


@given(CALLS)
def test_every_call_is_in_exactly_one_bin(calls: list[tuple[int, str]]) -> None:
    found = load(calls, span(T0 + 400 * SECOND, 1))
    assert sum(b.calls for b in found.bins) == found.calls == len(calls)
    assert all(b.start % BIN == 0 for b in found.bins)
    assert found.peak == max((b.calls for b in found.bins), default=0)


def test_a_flood_is_more_than_ten_calls_in_ten_minutes() -> None:
    over = Span(T0, T0 + 6 * BIN)
    ten = [(T0 + n, "a") for n in range(10)]
    assert load(ten, over).flood_share == 0
    assert load([*ten, (T0 + BIN - 1, "b")], over).flood_share == pytest.approx(1 / 6)
    assert load([*ten, (T0 + BIN, "b")], over).flood_share == 0


def test_the_span_begins_with_a_whole_bin_and_ends_now() -> None:
    now = T0 + 123 * SECOND
    assert span(now, 2) == Span(T0 - 7200 * SECOND, now + 1)
    assert span(10, 168) == Span(0, 11)


def test_more_calls_than_are_looked_at_are_said_to_be_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kpi, "MOST_CALLS", 2)
    assert load([(T0, "a")], Span(T0, T0 + BIN)).complete
    assert not load([(T0, "a"), (T0, "b")], Span(T0, T0 + BIN)).complete
