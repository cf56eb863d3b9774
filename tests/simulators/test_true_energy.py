"""When a tonne truly cost more than allowed: worked out from the process, whatever its meters are made to show."""

from decimal import Decimal

import numpy as np
import pytest

from plant.clock import SECOND
from simulators import faults as f
from simulators.packaged import chlor_alkali, packaged_plant
from simulators.scenario import Scenario
from simulators.true_energy import HOUR, ProductLimit, TrueHours
from simulators.truth import Truth

PLANT = packaged_plant()
BEGIN = 1_767_196_800 * SECOND  # 2026-01-01T00:00:00+08:00, a full hour
COLUMNS = {"EM-101.total": 0, "MM-201.total": 1}
LIMIT = ProductLimit("caustic-30", {"EM-101": Decimal("0.1")}, "MM-201", Decimal(1), Decimal(350))
"""A kWh weighs 0.1 kgce, so that 3,500 kWh a tonne are just allowed."""


def truths(
    hours: list[tuple[float, float]], *, disturbed: int | None = None, begin: int = BEGIN, after: int = 120
) -> list[Truth]:
    """The truth of hours with so many (kWh, t); the counters roll over on the way."""
    true = TrueHours(PLANT, COLUMNS, begin)
    kwh, t, time = 99_999_000.0, 999_999.0, begin
    true.note(time, np.array([kwh, t]))
    time -= time % HOUR
    for used, made in hours:
        kwh, t, time = (kwh + used) % 1e8, round((t + made) % 1e6, 4), time + HOUR
        true.note(time, np.array([kwh, t]))
    now = time + after * SECOND
    return true.truths(LIMIT, now, lambda start, _: start == BEGIN + (disturbed or -1) * HOUR)


def told(found: list[Truth]) -> list[tuple[int, int | None, bool]]:
    """Start and end in hours, and whether it is certain."""
    assert all((t.what, t.subject) == ("EN-LIMIT", "caustic-30") for t in found)
    return [
        ((t.start - BEGIN) // HOUR, None if t.end is None else (t.end - BEGIN) // HOUR, t.certain) for t in found
    ]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param([(3000, 1), (3000, 1)], [], id="below"),
        pytest.param([(3000, 1), (4000, 1), (3000, 1)], [(1, 2, True)], id="one hour above"),
        pytest.param([(4000, 1), (4000, 1)], [(0, None, True)], id="above to the end"),
        pytest.param([(4000, 1), (50, 0), (4000, 1), (3000, 1)], [(0, 3, True)], id="no production ends nothing"),
        pytest.param([(3000, 1), (3510, 1), (3000, 1)], [(1, 2, False)], id="so little above that digits decide"),
        pytest.param([(3000, 1), (3490, 1), (3000, 1)], [(1, 2, False)], id="so little below"),
        pytest.param([(3000, 1), (3520, 1), (3000, 1)], [(1, 2, True)], id="more than half a per cent above"),
    ],
)
def test_each_run_of_hours_above_the_limit_is_one_truth(
    hours: list[tuple[float, float]], expected: list[tuple[int, int | None, bool]]
) -> None:
    assert told(truths(hours)) == expected


def test_an_hour_with_a_faulty_meter_may_have_no_figure() -> None:
    hours = [(3000.0, 1.0), (4000.0, 1.0), (3000.0, 1.0)]
    assert told(truths(hours, disturbed=1)) == [(1, 2, False)]
    assert told(truths(hours, disturbed=2)) == [(1, 2, False)], "its end may not be seen"
    assert told(truths([(3000.0, 1.0)] * 3, disturbed=1)) == [], "far below, a faulty meter is no excuse"


def test_an_hour_counts_when_it_has_been_judged() -> None:
    assert told(truths([(4000.0, 1.0)], after=39)) == []
    assert told(truths([(4000.0, 1.0)], after=70)) == [(0, None, False)]
    assert told(truths([(4000.0, 1.0)], after=81)) == [(0, None, True)]


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        pytest.param(400, [], id="less than 90 %"),
        pytest.param(300, [(0, None, False)], id="less than 95 %"),
        pytest.param(100, [(0, None, True)], id="nearly whole"),
    ],
)
def test_a_first_hour_that_is_not_whole(late: int, expected: list[tuple[int, int | None, bool]]) -> None:
    assert told(truths([(4000.0, 1.0)], begin=BEGIN + late * SECOND)) == expected


def test_the_plant_tells_it_beside_the_faults() -> None:

    plan = Scenario.model_validate({"schema_version": 1, "name": "n", "duration": 3700})
    sim = chlor_alkali(plan, PLANT)
    fault = f.MeterReset(meter="EM-101")
    sim.advance()
    sim.inject(fault)
    assert [t.what for t in sim.truth()] == ["EN-RESET"]
    sim.know_limits([ProductLimit("caustic-30", {"EM-201": Decimal(9)}, "MM-201", Decimal(1), Decimal(1))])
    for _ in range(3700):
        sim.advance()
    assert [t.what for t in sim.truth()] == ["EN-RESET", "EN-LIMIT"]
