"""Days that are not as planned: faults at any time, hours above the limit, late values, disorder, roll-overs."""

import numpy as np
import pytest
from accepted_run import PLANT, Outcome, run, scenario
from random_faults import random_faults

from plant.clock import SECOND
from plant.findings import Finding, FindingState
from plant.readings import Readings

HOUR = 3600
SOURCE = {p.id: p.address.source for p in PLANT.points.values() if p.address is not None}
STOP = {"kind": "demand", "interlock": "IL-001"}
"""An emergency stop, held for as long as the fault lasts."""


def flaws(outcome: Outcome) -> list[str]:
    """What was missed, false or told twice; empty when all is well."""
    found = outcome.score()
    return [
        *(f"missed: {t}" for t in found.missed),
        *(f"false: {f}" for f in found.false),
        *(f"twice: {f}" for _, f in found.duplicates),
    ]


def hourly(outcome: Outcome) -> list[float]:
    """Unit consumption of each hour [kgce/t]; NaN where there is none."""
    return [r.value for r in outcome.results if r.point.endswith("/hour")]


@pytest.mark.parametrize(("seed", "batch"), [(3, 60), (14, 7), (92, 3600)])
def test_random_faults_at_random_times(seed: int, batch: int) -> None:
    outcome = run(random_faults(seed, hours=1.25), batch=batch)
    assert flaws(outcome) == []
    assert len(outcome.score().matched) >= 1


# --- what is no fault -----------------------------------------------------------------------------


def test_a_healthy_demand_on_each_interlock_trips_it_and_gives_no_finding() -> None:
    commands = {i.command for i in PLANT.interlocks}
    tripped: set[str] = set()

    def watch(readings: Readings) -> list[Readings]:
        tripped.update(r.point for r in readings.select(commands).rows() if r.value == 1)
        return [readings]

    demands = [(120 + 400 * i, 60, {"kind": "demand", "interlock": x.id}) for i, x in enumerate(PLANT.interlocks)]
    outcome = run(scenario(*demands, duration=400 * len(demands) + 200), deliver=watch)
    assert tripped == commands
    assert outcome.told == []


def test_a_healthy_demand_with_one_channel_of_three_bad() -> None:
    bad = {"kind": "bad_status", "point": "GD-301C.chlorine"}
    demand = {"kind": "demand", "interlock": "IL-301"}
    outcome = run(scenario((60, 200, bad), (100, 60, demand), duration=500))
    assert flaws(outcome) == []
    assert [(f.rule, f.subject) for f in outcome.findings.values()] == [("IA-14", "GD-301C.chlorine")]


def test_a_roll_over_gives_no_finding_and_the_right_amount() -> None:
    rolled = [
        (0.0, 30.0, {"kind": "meter_rollover", "meter": meter, "below": below})
        for meter, below in (("EM-101", 2000.0), ("SM-101", 1.0), ("MM-201", 1.5))
    ]
    outcomes = [run(scenario(*faults, duration=HOUR + 70), step=2 * SECOND) for faults in (rolled, [])]
    assert [o.told for o in outcomes] == [[], []]
    (with_it,), (without,) = map(hourly, outcomes)
    # The same plant twice: only where the last digit falls differs, 0.0001 t of 6 t at the most.
    assert with_it == pytest.approx(without, rel=1e-4)


# --- hours above the limit ------------------------------------------------------------------------


def test_the_plant_before_its_renovation_is_above_the_limit() -> None:
    outcome = run(scenario(duration=2 * HOUR + 100, plant="before"), step=2 * SECOND)
    assert flaws(outcome) == []
    assert [(f.rule, f.subject, f.state) for f in outcome.findings.values()] == [
        ("EN-LIMIT", "caustic-30", FindingState.OPEN)
    ]
    assert min(hourly(outcome)) > 350  # GB 21257-2024, table 1, liquid caustic >= 30 %, grade 3 [kgce/t]


def test_an_hour_of_which_a_stop_leaves_minutes_is_really_above_the_limit() -> None:
    # Five minutes of production, then an emergency stop of 45 minutes while pumps and fans run on.
    outcome = run(scenario((300, 2700, STOP), duration=2 * HOUR + 100), step=2 * SECOND)
    assert flaws(outcome) == []
    (found,) = outcome.findings.values()
    assert (found.rule, found.subject) == ("EN-LIMIT", "caustic-30")
    begin = scenario(duration=1).begin
    assert (found.start, found.end) == (begin, begin + HOUR * SECOND)


def test_hours_without_production_have_no_figure_and_no_finding() -> None:
    outcome = run(scenario((1800, HOUR + 1900, STOP), duration=2 * HOUR + 100), step=2 * SECOND)
    assert flaws(outcome) == []
    assert outcome.told == []
    assert np.isnan(hourly(outcome)).tolist() == [False, True]


def test_half_of_the_plant_at_rest_is_no_stuck_meter() -> None:
    # RC-101 is tripped for longer than EM-101 may stand still, while RC-102 makes caustic.
    outcome = run(scenario((300, 2000, {"kind": "demand", "interlock": "IL-111"}), duration=3000), step=2 * SECOND)
    assert flaws(outcome) == []
    assert outcome.told == []


def test_a_production_meter_that_stands_still_makes_no_excess() -> None:
    # A third of the hour would be missing from the production: 450 kgce/t, if it were believed.
    stuck = {"kind": "meter_stuck", "meter": "MM-201"}
    outcome = run(scenario((1000, 1200, stuck), duration=HOUR + 100), step=2 * SECOND)
    assert flaws(outcome) == []
    assert [f.rule for f in outcome.findings.values()] == ["EN-STUCK"]
    assert np.isnan(hourly(outcome)).all()


# --- how values arrive ----------------------------------------------------------------------------


class Held:
    """A source whose values wait for some time and then come all at once, as a server's history does."""

    def __init__(self, source: str, start: int, end: int) -> None:
        self._source, self._start, self._end = source, start, end
        self._kept: list[Readings] = []

    def __call__(self, readings: Readings) -> list[Readings]:
        mine = np.array([SOURCE[p] == self._source for p in readings.points])[readings.code]
        if self._start <= int(readings.time.max()) < self._end:
            self._kept.append(readings[mine])
            return [readings[~mine]]
        came, self._kept = [*self._kept, readings], []
        return [Readings.concat(came)]


def told_of(outcome: Outcome) -> list[Finding]:
    return [f for f in outcome.findings.values() if f.state is not FindingState.WITHDRAWN]


@pytest.mark.parametrize("source", ["dcs", "meters"])
def test_a_server_that_is_away_and_brings_its_values_later_gives_no_finding(source: str) -> None:
    plan = scenario(duration=600)
    begin = plan.begin
    # For 25 s: less than the 30 s for which a source may be silent.
    outcome = run(plan, batch=1, deliver=Held(source, begin + 300 * SECOND, begin + 325 * SECOND))
    assert outcome.told == []
    assert outcome.engine.too_late == 0


def test_what_was_said_of_a_silent_source_is_withdrawn_when_its_values_come_later() -> None:
    plan = scenario(duration=600)
    begin = plan.begin
    outcome = run(plan, batch=1, deliver=Held("dcs", begin + 300 * SECOND, begin + 380 * SECOND))
    assert (outcome.told[0].rule, outcome.told[0].subject) == ("IA-14", "dcs"), "live, it was silent for 30 s"
    assert told_of(outcome) == []


def test_messages_in_pieces_and_disorder_lead_to_the_same() -> None:
    rng = np.random.default_rng(5)

    def torn(readings: Readings) -> list[Readings]:
        mixed = readings[rng.permutation(len(readings))]
        first, second = sorted(rng.integers(0, len(mixed) + 1, 2).tolist())
        return [part for part in (mixed[:first], mixed[first:second], mixed[second:]) if len(part)]

    plan = scenario(
        (60, 60, {"kind": "interlock_missed", "interlock": "IL-401"}),
        (400, 90, {"kind": "device_offline", "device": "EM-101"}),
        (600, 30, {"kind": "stale", "point": "GD-301B.chlorine"}),
        duration=700,
    )
    whole, pieces = run(plan, batch=60), run(plan, batch=2, deliver=torn)
    assert flaws(pieces) == []
    seen = [{(f.id, f.rule, f.subject, f.start, f.end) for f in told_of(o)} for o in (whole, pieces)]
    assert seen[0] == seen[1]
    assert len(seen[0]) == 3
