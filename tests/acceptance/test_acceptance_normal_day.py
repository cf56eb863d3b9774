"""What must hold, point 1: a day of normal operation leads to no finding and no alarm, and is accounted for."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from accepted_run import LIMIT, PLANT, Outcome, run, scenario

from plant.clock import SECOND
from plant.readings import Readings
from simulators.truth import meters_of

DAY = 86_400 * SECOND
MIDNIGHT = "2026-01-01T00:00:00+08:00"
"""The plant's own (Asia/Shanghai), so that the simulated day is one of its days."""
RESULT = PLANT.products[0].result


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, dict[str, tuple[float, float]]]:
    """The day, and what each counter showed at its two ends."""
    plan = scenario(duration=86_400 + 70, start=MIDNIGHT)  # periods close a minute after their end
    ends: dict[str, tuple[float, float]] = {}
    totals = meters_of(PLANT)

    def watch(readings: Readings) -> list[Readings]:
        inside = readings[readings.time <= plan.begin + DAY]
        for meter, point in totals.items():
            shown = inside.select([point])
            if len(shown):
                newest = int(np.argmax(shown.time))
                first = ends.get(meter, (float(shown.value[0]), 0.0))[0]
                ends[meter] = first, float(shown.value[newest])
        return [readings]

    folder: Path = tmp_path_factory.mktemp("day")
    return run(plan, folder=folder, step=2 * SECOND, batch=150, deliver=watch), ends


def test_no_finding_and_no_alarm(day: tuple[Outcome, object]) -> None:
    outcome, _ = day
    assert outcome.told == []
    assert outcome.alarms == []
    assert outcome.sim.truth() == []


def test_24_hours_and_the_day_are_accounted_for_in_full(day: tuple[Outcome, object]) -> None:
    outcome, _ = day
    begin = scenario(duration=1, start=MIDNIGHT).begin
    hours = [r for r in outcome.results if r.point == f"{RESULT}/hour"]
    days = [r for r in outcome.results if r.point == f"{RESULT}/day"]
    assert [r.time for r in hours] == [begin + i * DAY // 24 for i in range(24)]
    assert [r.time for r in days] == [begin]
    closed = tuple(f"{RESULT}/{period}/coverage" for period in ("hour", "day"))
    coverage = [r.value for r in outcome.results if r.point in closed]
    assert len(coverage) == 25
    assert min(coverage) > 0.99
    assert all(r.status == 0 for r in outcome.results)
    # Below: 2,100 kWh of direct current a tonne, the least of a membrane plant (BREF chlor-alkali 2014; the
    # physics is tested against it), as standard coal and nothing else. Above: the limit value.
    least = 2100 * 0.1229
    assert all(least < r.value <= 350 for r in hours + days)


def test_the_day_is_what_its_counters_say(day: tuple[Outcome, dict[str, tuple[float, float]]]) -> None:
    outcome, ends = day
    counted = {m: Decimal(repr(last)) - Decimal(repr(first)) for m, (first, last) in ends.items()}
    by_hand = sum(counted[m] * k for m, k in LIMIT.kgce.items()) / (counted["MM-201"] * LIMIT.tonnes)
    (measured,) = [r.value for r in outcome.results if r.point == f"{RESULT}/day"]
    assert measured == pytest.approx(float(by_hand), rel=1e-5)
