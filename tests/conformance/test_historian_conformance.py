"""The promises of ``plant.ports.Historian``, checked on every implementation. Add yours to ``historian``."""

import asyncio
import math
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plant.errors import FixError
from plant.io.duckdb import DuckDbHistorian
from plant.io.memory import MemoryHistorian
from plant.ports import Aggregate
from plant.readings import Reading, Readings
from plant.status import BAD_SENSOR_FAILURE, GOOD, GOOD_CLAMPED, OVERFLOW_BITS, UNCERTAIN, status_class

Store = MemoryHistorian | DuckDbHistorian
Open = Callable[[Path], Store]

OPENERS: dict[str, Open] = {
    "memory": lambda _folder: MemoryHistorian(),
    "duckdb": lambda folder: DuckDbHistorian(folder / "history.duckdb"),
}
T0 = 1_700_000_000_000_000_000
S = 1_000_000_000


@pytest.fixture(params=sorted(OPENERS))
async def historian(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with OPENERS[request.param](tmp_path) as store:
        yield store


def rows(*listed: Reading) -> Readings:
    return Readings.from_rows(listed)


async def stored(historian: Store, *points: str) -> list[Reading]:
    return list((await historian.read(points, 0, 2**62)).rows())


async def test_the_same_rows_written_again_are_not_new_and_not_doubled(historian: Store) -> None:
    some = rows(Reading("A", T0, 1.0), Reading("A", T0 + S, 2.0), Reading("B", T0, 3.0))
    assert await historian.write(some) == 3
    assert await historian.write(some) == 0
    assert await stored(historian, "A", "B") == [
        Reading("A", T0, 1.0), Reading("B", T0, 3.0), Reading("A", T0 + S, 2.0)
    ]  # fmt: skip
    assert await historian.counts() == {"A": 2, "B": 1}


async def test_the_same_key_again_replaces_value_status_and_text(historian: Store) -> None:
    await historian.write(rows(Reading("A", T0, 1.0, GOOD, "old"), Reading("A", T0 + S, 5.0)))
    assert await historian.write(rows(Reading("A", T0, 2.0, GOOD_CLAMPED, "new"))) == 0
    assert await stored(historian, "A") == [Reading("A", T0, 2.0, GOOD_CLAMPED, "new"), Reading("A", T0 + S, 5.0)]


async def test_within_one_write_the_last_of_a_key_wins(historian: Store) -> None:
    assert await historian.write(rows(*(Reading("A", T0, float(i)) for i in range(5)))) == 1
    assert await stored(historian, "A") == [Reading("A", T0, 4.0)]


async def test_a_dictionary_that_names_a_point_twice_means_one_point(historian: Store) -> None:
    twice = Readings(
        ("A", "A"), np.array([0, 1], np.int32), np.array([T0, T0]), np.array([1.0, 2.0]), np.zeros(2, np.uint32)
    )
    assert await historian.write(twice) == 1
    assert await stored(historian, "A") == [Reading("A", T0, 2.0)]


async def test_good_and_bad_at_the_same_time_are_both_kept_with_every_status_bit(historian: Store) -> None:
    codes = (GOOD | OVERFLOW_BITS, UNCERTAIN | 0x1234, BAD_SENSOR_FAILURE)
    await historian.write(rows(*(Reading("A", T0, 1.0, code) for code in codes)))
    assert [r.status for r in await stored(historian, "A")] == sorted(codes)


async def test_the_reserved_severity_is_kept_as_it_came_and_counts_as_bad(historian: Store) -> None:
    await historian.write(rows(Reading("A", T0, 1.0, 0xC000_0001)))
    assert await historian.write(rows(Reading("A", T0, 1.0, 0x8000_0000))) == 0
    assert [r.status for r in await stored(historian, "A")] == [0x8000_0000]


async def test_a_missing_value_and_a_text_come_back(historian: Store) -> None:
    await historian.write(
        rows(Reading("A", T0, math.nan, BAD_SENSOR_FAILURE), Reading("T", T0, math.nan, GOOD, "运行 'ok'"))
    )
    first, second = await stored(historian, "A", "T")
    assert math.isnan(first.value)
    assert first.text is None
    assert second.text == "运行 'ok'"


async def test_read_takes_the_start_leaves_the_end_and_asks_only_the_named_points(historian: Store) -> None:
    await historian.write(rows(*(Reading(p, T0 + i * S, i) for p in "AB" for i in range(5))))
    found = await historian.read(("B", "nobody"), T0 + S, T0 + 3 * S)
    assert [(r.point, r.value) for r in found.rows()] == [("B", 1.0), ("B", 2.0)]
    assert found.points == ("B",)


async def test_nothing_stored_reads_as_nothing(historian: Store) -> None:
    assert len(await historian.read(("A",), 0, 2**62)) == 0
    assert await historian.write(Readings.empty()) == 0
    assert await historian.points() == ()


async def test_order_of_arrival_does_not_matter(historian: Store) -> None:
    listed = [Reading(p, T0 + i * S, i, c) for p in "ABC" for i in range(40) for c in (GOOD, BAD_SENSOR_FAILURE)]
    order = np.random.default_rng(7).permutation(len(listed))
    for part in np.array_split(order, 9):
        await historian.write(rows(*(listed[i] for i in part)))
    assert await stored(historian, *"ABC") == list(rows(*listed).in_time_order().rows())


EMPTY = math.nan


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param(Aggregate.MEAN, [15.0, EMPTY, 30.0], id="mean"),
        pytest.param(Aggregate.MIN, [10.0, EMPTY, 30.0], id="min"),
        pytest.param(Aggregate.MAX, [20.0, EMPTY, 30.0], id="max"),
        pytest.param(Aggregate.LAST, [20.0, EMPTY, 30.0], id="last"),
        pytest.param(Aggregate.COUNT, [2.0, 0.0, 1.0], id="count"),
        # 2 s of 4 (in force before), 4 s of 10, 4 s of 20; then 5 s of 20 (from before) and 5 s of 30
        pytest.param(Aggregate.TIME_WEIGHTED_MEAN, [12.8, EMPTY, 25.0], id="time weighted"),
        pytest.param(Aggregate.INCREASE, [16.0, EMPTY, 10.0], id="increase"),
    ],
)
async def test_aggregates_use_good_values_only(historian: Store, how: Aggregate, expected: list[float]) -> None:
    await historian.write(
        rows(
            Reading("A", T0 - 60 * S, 4.0),
            Reading("A", T0 + 2 * S, 10.0),
            Reading("A", T0 + 3 * S, 900.0, BAD_SENSOR_FAILURE),
            Reading("A", T0 + 4 * S, 900.0, UNCERTAIN),
            Reading("A", T0 + 5 * S, math.nan, GOOD),
            Reading("A", T0 + 6 * S, 20.0, GOOD_CLAMPED),
            Reading("A", T0 + 12 * S, 900.0, BAD_SENSOR_FAILURE),
            Reading("A", T0 + 25 * S, 30.0),
            Reading("B", T0 + 3 * S, 1e6),
        )
    )
    found = await historian.aggregate("A", T0, T0 + 30 * S, window=10 * S, how=how)
    np.testing.assert_array_equal(found.start, [T0, T0 + 10 * S, T0 + 20 * S])
    np.testing.assert_allclose(found.value, expected)


async def test_time_weighted_mean_without_a_value_in_force_starts_at_the_first_value(historian: Store) -> None:
    await historian.write(rows(Reading("A", T0 + 5 * S, 1.0), Reading("A", T0 + 9 * S, 6.0)))
    found = await historian.aggregate("A", T0, T0 + 10 * S, window=10 * S, how=Aggregate.TIME_WEIGHTED_MEAN)
    np.testing.assert_allclose(found.value, [2.0])  # 4 s of 1 and 1 s of 6


async def test_a_counter_that_falls_adds_nothing_by_the_fall(historian: Store) -> None:
    values = (90.0, 95.0, 3.0, 7.0)
    await historian.write(rows(*(Reading("E", T0 + i * S, v) for i, v in enumerate(values))))
    found = await historian.aggregate("E", T0, T0 + 10 * S, window=10 * S, how=Aggregate.INCREASE)
    np.testing.assert_allclose(found.value, [9.0])  # 5 before the fall and 4 after it


async def test_the_last_window_is_cut_by_the_end(historian: Store) -> None:
    await historian.write(rows(*(Reading("A", T0 + i * S, i) for i in range(20))))
    found = await historian.aggregate("A", T0, T0 + 15 * S, window=10 * S, how=Aggregate.COUNT)
    np.testing.assert_array_equal(found.value, [10.0, 5.0])


@pytest.mark.parametrize("window", [0, -1, 1])
async def test_a_senseless_window_is_refused_with_the_reason(historian: Store, window: int) -> None:
    with pytest.raises(FixError, match="window"):
        await historian.aggregate("A", T0, T0 + 10 * S, window=window, how=Aggregate.MEAN)


async def test_an_unknown_point_aggregates_to_empty_windows(historian: Store) -> None:
    found = await historian.aggregate("nobody", T0, T0 + 2 * S, window=S, how=Aggregate.LAST)
    assert np.isnan(found.value).all()
    assert len(found.value) == 2


async def test_retention_deletes_the_old_and_tells_how_many(historian: Store) -> None:
    await historian.write(rows(*(Reading("A", T0 + i * S, i) for i in range(10)), Reading("OLD", T0, 1.0)))
    assert await historian.retain(T0 + 4 * S) == 5
    assert await historian.counts() == {"A": 6}
    assert await historian.expired() == {"A": 4, "OLD": 1}
    assert await historian.points() == ("A",)
    assert await historian.write(rows(Reading("A", T0 + 5 * S, 5.0), Reading("A", T0, 0.0))) == 1


_readings = st.builds(
    Reading,
    st.sampled_from("AB"),
    st.integers(0, 30).map(lambda n: T0 + n * S),
    st.floats(allow_infinity=False, width=32),
    st.sampled_from([GOOD, GOOD_CLAMPED, UNCERTAIN, BAD_SENSOR_FAILURE, 0xFFFF_FFFF]),
    st.none() | st.text(st.characters(codec="utf-8"), max_size=5),
)
_BATCHES = st.lists(st.lists(_readings, max_size=12), max_size=6)
_QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


async def _both(check: Callable[[Store, Store], Awaitable[None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(OPENERS["memory"](Path(folder)))
            other = await stack.enter_async_context(OPENERS["duckdb"](Path(folder)))
            await check(one, other)


@_QUICK
@given(batches=_BATCHES)
def test_any_batches_leave_every_implementation_with_the_same_rows(batches: list[list[Reading]]) -> None:
    async def check(one: Store, other: Store) -> None:
        for batch in batches:
            assert await one.write(rows(*batch)) == await other.write(rows(*batch))
        assert repr(await stored(one, "A", "B")) == repr(await stored(other, "A", "B"))
        keys = {(r.point, r.time, status_class(r.status)) for batch in batches for r in batch}
        assert sum((await other.counts()).values()) == len(keys)

    asyncio.run(_both(check))


@_QUICK
@given(batch=st.lists(_readings, max_size=40), how=st.sampled_from(Aggregate), window=st.integers(1, 12))
def test_any_rows_aggregate_the_same_in_every_implementation(
    batch: list[Reading], how: Aggregate, window: int
) -> None:
    async def check(one: Store, other: Store) -> None:
        for store in (one, other):
            await store.write(rows(*batch))
        start, end = T0 + 7 * S, T0 + 25 * S
        a = await one.aggregate("A", start, end, window=window * S, how=how)
        b = await other.aggregate("A", start, end, window=window * S, how=how)
        np.testing.assert_array_equal(a.start, b.start)
        np.testing.assert_allclose(a.value, b.value, rtol=1e-9, atol=1e-6)

    asyncio.run(_both(check))
