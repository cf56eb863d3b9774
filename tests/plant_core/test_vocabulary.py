"""Topics and clocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.clock import SECOND, ScaledClock, from_datetime, iso, to_datetime
from plant.errors import DropError
from plant.topics import Channel, Topic, parse, subscription


@pytest.mark.parametrize("channel", list(Channel))
def test_a_topic_is_parsed_back_to_its_parts(channel: Channel) -> None:
    topic = Topic("chlor-1", channel, "agent.7")
    assert parse(str(topic)) == topic


@given(st.text(max_size=60))
def test_any_other_topic_is_refused(text: str) -> None:
    with pytest.raises(DropError, match="topic"):
        parse(text)


def test_a_wildcard_in_a_name_is_refused() -> None:
    with pytest.raises(DropError, match="characters"):
        parse("plantwatch/v1/+/readings/a")


def test_the_subscription_takes_every_origin_of_a_plant() -> None:
    assert subscription("chlor-1", Channel.READINGS) == "plantwatch/v1/chlor-1/readings/+"


def test_a_scaled_clock_runs_at_its_speed() -> None:
    clock = ScaledClock(wall_origin=100 * SECOND, simulated_origin=0, speed=60.0)
    assert clock.at(101 * SECOND) == 60 * SECOND


@given(st.integers(-(10**18), 4 * 10**18))
def test_times_are_exact_to_the_microsecond(ns: int) -> None:
    assert from_datetime(to_datetime(ns)) == ns // 1000 * 1000


def test_times_are_shown_in_utc() -> None:
    assert iso(1_767_225_600 * SECOND) == "2026-01-01T00:00:00.000Z"
