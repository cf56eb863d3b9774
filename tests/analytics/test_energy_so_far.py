"""The hour so far: told every five minutes, with what has been counted until then, and never judged."""

import numpy as np
import pytest
from energy_plant import HOUR, MINUTE, Drive, at, counter, every_minute, in_batches, small_plant

from plant.readings import Readings
from plant.virtual import so_far_coverage_point, so_far_point

START = at("2026-03-10T12:00+00:00")
POINT = so_far_point("small/caustic")


def readings(start: int, end: int, kilowatts: float) -> Readings:
    """A value a minute: electricity at that power, heat at 2 GJ/h, caustic at 1 t/h."""
    times = every_minute(start, end)
    rates = {"E.total": kilowatts, "S.total": 2.0, "P.total": 1.0}
    parts = [Readings.of_point(p, times, counter(times, "100", rate)) for p, rate in rates.items()]
    return Readings.concat(parts).in_time_order()


def test_it_is_what_was_counted_until_then_per_tonne() -> None:
    drive = Drive.of(small_plant())
    drive.step(readings(START, START + 30 * MINUTE, 1000.0))
    told = [r for r in drive.results if r.point == POINT]
    # the last value came at 12:30, 2 s of skew and 60 s of grace before it: 12:25 is the last that is due
    assert [(r.time - START) // MINUTE for r in told] == [5, 10, 15, 20, 25]
    # per tonne 1000 kWh at 0.1229 kgce/kWh and 2 GJ at 34.12 kgce/GJ (GB/T 2589-2020, annexes): 122.9 + 68.24
    assert told[-1].value == pytest.approx(191.14, rel=0.005)
    coverage = drive.value(so_far_coverage_point("small/caustic"), told[-1].time)
    assert coverage.value == pytest.approx(1.0)


def test_an_expensive_start_is_shown_and_is_no_finding() -> None:
    drive = Drive.of(small_plant())
    drive.step(readings(START, START + 40 * MINUTE, 1900.0))
    # the value of every five minutes may be anything: only the closed hour is judged
    assert drive.results
    assert drive.rules() == []


def test_without_production_there_is_no_figure_but_a_status() -> None:
    drive = Drive.of(small_plant())
    rows = readings(START, START + HOUR // 2, 500.0)
    still = np.array([p == "P.total" for p in rows.points])[rows.code]
    rows.value[still] = 100.0
    drive.step(rows)
    told = [r for r in drive.results if r.point == POINT]
    assert told
    assert all(np.isnan(r.value) and r.status >> 30 == 2 for r in told)


def test_it_begins_anew_with_the_hour_and_what_had_no_data_has_no_figure() -> None:
    drive = Drive.of(small_plant())
    drive.step(readings(START + 50 * MINUTE, START + 80 * MINUTE, 1000.0))
    told = {(r.time - START) // MINUTE: r for r in drive.results if r.point == POINT}
    assert list(told) == [*range(5, 60, 5), 65, 70, 75]  # 60 is the closed hour's own result
    assert all(np.isnan(told[n].value) for n in range(5, 51, 5))
    assert told[75].value == pytest.approx(191.14, rel=0.005)


@pytest.mark.parametrize("size", [7, 100])
def test_the_split_into_batches_changes_nothing(size: int) -> None:
    rows = readings(START, START + 130 * MINUTE, 1000.0)
    whole, split = Drive.of(small_plant()), Drive.of(small_plant())
    whole.step(rows)
    for batch in in_batches(rows, [size]):
        split.step(batch)
    assert sorted(map(repr, split.results)) == sorted(map(repr, whole.results))
