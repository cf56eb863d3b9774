"""What the console reads from the historian, and what it remembers of interlocks."""

from math import isnan, nan

import numpy as np
import pytest
from console_fake import DAY, HOUR, ORIGIN, load_plant

from plant.clock import SECOND
from plant.io.memory import MemoryHistorian
from plant.model import Plant
from plant.readings import Reading, Readings
from plant.status import BAD_SENSOR_FAILURE
from plant.virtual import Period, coverage_point, result_point, so_far_coverage_point, so_far_point
from plantwatch.console.data import Grades, InterlockHistory
from plantwatch.console.interlock_watch import InterlockWatch
from plantwatch.console.stored import energy, trends

GRADES = Grades("GB 21257-2024", 308.0, 315.0, 350.0)
T = ORIGIN


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load_plant()


def rows(*values: tuple[str, float, float]) -> Readings:
    """Good readings from (point, seconds after T, value)."""
    return Readings.from_rows(Reading(p, T + int(s * SECOND), v) for p, s, v in values)


async def test_a_trend_has_mean_and_band_and_leaves_a_gap_open(plant: Plant) -> None:
    historian = MemoryHistorian()
    point = "PT-401A.pressure"
    await historian.write(rows((point, 0, 10), (point, 1, 20), (point, 20, 7)))
    trend = (await trends(historian, plant, [point], T, T + 30 * SECOND, window=10 * SECOND))[point]
    assert [trend.low[0], trend.mean[0], trend.high[0]] == [10, 15, 20]
    assert np.isnan(trend.mean[1])
    assert trend.mean[2] == 7


async def test_energy_says_what_is_missing_and_what_rests_on_too_little_data(plant: Plant) -> None:
    product = plant.products[0]
    value, coverage = result_point(product.result, Period.HOUR), coverage_point(product.result, Period.HOUR)
    hour = T // HOUR * HOUR
    historian = MemoryHistorian()
    await historian.write(
        Readings.from_rows(
            [
                Reading(value, hour - 5 * HOUR, 320.0),
                Reading(coverage, hour - 5 * HOUR, 1.0),
                Reading(value, hour - 3 * HOUR, 300.0),
                Reading(coverage, hour - 3 * HOUR, 0.89),
                Reading(value, hour - 2 * HOUR, nan, BAD_SENSOR_FAILURE),
                Reading(coverage, hour - 2 * HOUR, 0.95),
            ]
        )
    )
    account = await energy(historian, plant, product, GRADES, now=T)
    assert [(p.start - hour) // HOUR for p in account.hours] == [-5, -4, -3, -2]
    assert [p.assessable for p in account.hours] == [True, False, False, False]
    assert [isnan(p.consumption) for p in account.hours] == [False, True, False, True]
    assert account.days == ()


async def test_days_begin_at_the_plants_own_midnight(plant: Plant) -> None:
    product = plant.products[0]
    midnight = (T + 8 * HOUR) // DAY * DAY - 8 * HOUR  # Asia/Shanghai is UTC+8 all year
    historian = MemoryHistorian()
    await historian.write(
        Readings.from_rows(
            [
                Reading(result_point(product.result, Period.DAY), midnight - DAY, 331.0),
                Reading(coverage_point(product.result, Period.DAY), midnight - DAY, 0.99),
            ]
        )
    )
    account = await energy(historian, plant, product, GRADES, now=T)
    assert [(p.start, p.consumption, p.assessable) for p in account.days] == [(midnight - DAY, 331.0, True)]


def history(plant: Plant, *batches: Readings) -> InterlockHistory:
    watch = InterlockWatch(plant)
    for batch in batches:
        watch.add(batch)
    return watch.history()["IL-301"]


def at(seconds: float) -> int:
    return T + int(seconds * SECOND)


def test_a_demand_is_when_enough_channels_vote_and_a_trip_is_when_the_command_rises(plant: Plant) -> None:
    seen = history(
        plant,
        rows(("GD-301A.chlorine", 1, 2.0), ("GD-301B.chlorine", 5, 2.5)),
        rows(("GD-301B.chlorine", 6, 2.6), ("IL-301.command", 7, 1)),
    )
    assert seen == InterlockHistory(None, at(5), at(7))


def test_a_bypassed_channel_does_not_vote(plant: Plant) -> None:
    seen = history(
        plant,
        rows(("IL-301.bypass_a", 0, 1), ("GD-301A.chlorine", 1, 5.0), ("GD-301B.chlorine", 2, 5.0)),
    )
    assert seen == InterlockHistory(at(0), None, None)


def test_a_bypass_counts_from_its_rise_until_the_last_switch_is_off(plant: Plant) -> None:
    on = rows(("IL-301.bypass", 0, 1), ("IL-301.bypass", 60, 1), ("IL-301.bypass_b", 90, 1))
    assert history(plant, on).bypassed_since == at(0)
    assert history(plant, on, rows(("IL-301.bypass", 100, 0))).bypassed_since == at(90)
    both_off = rows(("IL-301.bypass", 100, 0), ("IL-301.bypass_b", 101, 0))
    assert history(plant, on, both_off).bypassed_since is None


def test_a_late_row_changes_nothing(plant: Plant) -> None:
    assert history(plant, rows(("IL-301.bypass", 10, 0)), rows(("IL-301.bypass", 5, 1))).bypassed_since is None


def test_the_switches_alone_restore_bypass_and_trip(plant: Plant) -> None:
    watch = InterlockWatch(plant)
    assert {"IL-301.command", "IL-301.bypass", "IL-301.bypass_a"} <= set(watch.switches) < set(watch.points)


async def test_the_hour_so_far_is_the_newest_of_this_hour_and_never_assessable(plant: Plant) -> None:
    product = plant.products[0]
    point, coverage = so_far_point(product.result), so_far_coverage_point(product.result)
    hour = T // HOUR * HOUR
    historian = MemoryHistorian()
    before = [Reading(point, hour - 300 * SECOND, 310.0), Reading(coverage, hour - 300 * SECOND, 1.0)]
    await historian.write(Readings.from_rows(before))
    assert (await energy(historian, plant, product, GRADES, now=T)).so_far == ()  # of an hour that is over
    now = [Reading(point, hour + n * SECOND, 300.0 + n) for n in (300, 600)]
    await historian.write(Readings.from_rows([*now, Reading(coverage, hour + 600 * SECOND, 0.9)]))
    (so_far,) = (await energy(historian, plant, product, GRADES, now=hour + 700 * SECOND)).so_far
    assert (so_far.start, so_far.consumption, so_far.coverage) == (hour + 600 * SECOND, 900.0, 0.9)
    assert not so_far.assessable
