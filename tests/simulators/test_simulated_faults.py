"""What each kind of fault makes of the values that devices send, what it leaves alone, and the truth it notes."""

# Expected numbers: faults are laid over a plant with the same seed, so a healthy twin tells what was true.

import numpy as np
import pytest

from plant.clock import SECOND
from plant.errors import FixError
from plant.model import MqttAddress, OpcUaAddress
from plant.readings import Reading, Readings
from simulators import faults as f
from simulators.packaged import chlor_alkali, packaged_plant
from simulators.plantsim import SimulatedPlant
from simulators.processes.parameters import CaseName
from simulators.scenario import Player, Scenario

PLANT = packaged_plant()
PRESSURE, FLOW, TOTAL, RATE = "PT-401A.pressure", "W-101.flow", "EM-201.total", "EM-201.rate"


def simulation(**changes: object) -> SimulatedPlant:
    scenario = Scenario.model_validate({"schema_version": 1, "name": "x", "seed": 4, "duration": 1e6, **changes})
    return chlor_alkali(scenario, PLANT)


def run(sim: SimulatedPlant, seconds: int) -> Readings:
    return Readings.concat([sim.advance() for _ in range(seconds)])


def shown(readings: Readings, point: str) -> list[Reading]:
    return list(readings.select([point]).rows())


def pair(fault: f.Fault, *, before: int = 10, during: int = 20) -> tuple[Readings, Readings, SimulatedPlant]:
    """Rows while the fault lasts, and those of a healthy twin; the faulty plant for more."""
    sick, healthy = simulation(), simulation()
    run(sick, before)
    run(healthy, before)
    sick.inject(fault)
    return run(sick, during), run(healthy, during), sick


def values(readings: Readings, point: str) -> list[float]:
    return [r.value for r in shown(readings, point)]


def others_are_untouched(sick: Readings, healthy: Readings, *affected: str) -> None:
    left = [p for p in PLANT.points if p not in affected]
    a, b = sick.select(left), healthy.select(left)
    assert a.counts() == b.counts()
    for column in ("time", "value", "status"):
        np.testing.assert_array_equal(getattr(a, column), getattr(b, column))


def test_a_frozen_sensor_keeps_its_value_with_new_times_and_returns() -> None:
    sick, healthy, sim = pair(f.Frozen(point=PRESSURE))
    rows = shown(sick, PRESSURE)
    assert len({r.value for r in rows}) == 1
    assert len({r.time for r in rows}) == 20
    assert {r.status for r in rows} == {0}
    assert len(set(values(healthy, PRESSURE))) > 1
    others_are_untouched(sick, healthy, PRESSURE)
    sim.clear()
    assert len(set(values(run(sim, 20), PRESSURE))) > 1


def test_a_drift_grows_steadily() -> None:
    sick, healthy, _ = pair(f.Drift(point=FLOW, per_hour=36.0))  # 0.01 a second
    added = np.array(values(sick, FLOW)) - np.array(values(healthy, FLOW))
    np.testing.assert_allclose(added, 0.01 * np.arange(1, 21), atol=1e-9)
    others_are_untouched(sick, healthy, FLOW)


def test_a_spike_is_a_constant_too_much() -> None:
    sick, healthy, _ = pair(f.Spike(point=FLOW, size=5.0), during=2)
    np.testing.assert_allclose(np.array(values(sick, FLOW)) - np.array(values(healthy, FLOW)), 5.0, atol=1e-9)


@pytest.mark.parametrize(
    ("status", "value"),
    [
        pytest.param(0x803C_0000, None, id="Bad: no value"),
        pytest.param(0x4094_0000, 999.0, id="Uncertain: the value is shown"),
        pytest.param(0, 999.0, id="Good: the value is shown"),
    ],
)
def test_out_of_range_shows_its_value_unless_the_status_is_bad(status: int, value: float | None) -> None:
    sick, healthy, _ = pair(f.OutOfRange(point=FLOW, value=999.0, status=status))
    assert {r.status for r in shown(sick, FLOW)} == {status}
    assert all(np.isnan(v) if value is None else v == value for v in values(sick, FLOW))
    others_are_untouched(sick, healthy, FLOW)


def test_a_bad_status_takes_the_value_and_a_gateway_has_one_status_for_its_device() -> None:
    sick, healthy, _ = pair(f.BadStatus(point=PRESSURE, status=0x808C_0000))
    assert {r.status for r in shown(sick, PRESSURE)} == {0x808C_0000}
    assert np.isnan(values(sick, PRESSURE)).all()
    others_are_untouched(sick, healthy, PRESSURE)
    sick, healthy, _ = pair(f.BadStatus(point=TOTAL))
    assert {r.status for p in (TOTAL, RATE) for r in shown(sick, p)} == {0x808C_0000}
    others_are_untouched(sick, healthy, TOTAL, RATE)


def test_stale_means_no_rows_and_the_count_says_so() -> None:
    sick, healthy, sim = pair(f.Stale(point=PRESSURE))
    assert shown(sick, PRESSURE) == []
    others_are_untouched(sick, healthy, PRESSURE)
    assert sim.produced[PRESSURE] == 10
    assert sim.produced[FLOW] == 30
    sick, healthy, _ = pair(f.Stale(point=RATE))
    others_are_untouched(sick, healthy, TOTAL, RATE)
    assert shown(sick, TOTAL) == []


def test_a_reset_meter_counts_on_from_zero() -> None:
    sick, healthy, _ = pair(f.MeterReset(meter="EM-201"), during=40)
    counted = np.array(values(sick, TOTAL))
    true = np.array(values(healthy, TOTAL))
    assert 0 <= counted[0] < 1.0
    np.testing.assert_allclose(np.diff(counted), np.diff(true), atol=1e-5)
    others_are_untouched(sick, healthy, TOTAL)


def test_a_stuck_meter_stands_still_and_goes_on_from_there() -> None:
    sick, healthy, sim = pair(f.MeterStuck(meter="EM-201"), during=40)
    assert len(set(values(sick, TOTAL))) == 1
    last = values(sick, TOTAL)[-1]
    sim.clear()
    twin = simulation()
    run(twin, 50)
    np.testing.assert_allclose(
        np.diff([last, *values(run(sim, 40), TOTAL)])[1:], np.diff(values(run(twin, 40), TOTAL)), atol=1e-5
    )
    others_are_untouched(sick, healthy, TOTAL)


def test_a_roll_over_passes_the_modulus_and_nothing_is_lost() -> None:
    modulus = float(next(m.rollover for m in PLANT.meters if m.id == "EM-101") or 0)
    sick, healthy, _ = pair(f.MeterRollover(meter="EM-101", below=20.0), before=14, during=60)
    counted, true = np.array(values(sick, "EM-101.total")), np.array(values(healthy, "EM-101.total"))
    assert counted.max() < modulus
    assert counted[0] == pytest.approx(modulus - 20.0, abs=1e-6)
    assert counted[-1] < counted[0]
    np.testing.assert_allclose(np.diff(counted) % modulus, np.diff(true), atol=1e-5)


def test_an_offline_device_makes_no_values() -> None:
    sick, healthy, _ = pair(f.DeviceOffline(device="EM-201"))
    others_are_untouched(sick, healthy, TOTAL, RATE)
    assert shown(sick, TOTAL) == []
    sick, healthy, _ = pair(f.DeviceOffline(device="meters"))
    meters = [p.id for p in PLANT.points.values() if isinstance(p.address, MqttAddress)]
    others_are_untouched(sick, healthy, *meters)
    assert not len(sick.select(meters))


def test_a_wrong_clock_moves_the_times_of_its_source_only() -> None:
    sick, healthy, _ = pair(f.ClockWrong(source="dcs", offset=-2.5))
    dcs = [p.id for p in PLANT.points.values() if isinstance(p.address, OpcUaAddress)]
    assert ((sick.select(dcs).time - healthy.select(dcs).time) == -2.5 * SECOND).all()
    others_are_untouched(sick, healthy, *dcs)


# --- interlocks: what the logic solver does -------------------------------------------------------


def first(readings: Readings, point: str, value: float) -> int | None:
    """When the point first shows the value [ns UTC]."""
    return next((r.time for r in shown(readings, point) if r.value == value), None)


def test_a_demand_on_a_healthy_interlock_trips_and_is_reset_afterwards() -> None:
    made, _, sim = pair(f.Demand(interlock="IL-301"), during=60)
    assert first(made, "IL-301.command", 1.0) is not None
    sim.clear()
    made = run(sim, 130)
    assert first(made, "IL-301.command", 0.0) is not None
    assert sim.truth() == []


def test_a_missed_demand_never_trips() -> None:
    made, _, sim = pair(f.InterlockMissed(interlock="IL-301"), during=60)
    beyond = [(np.array(values(made, f"GD-301{c}.chlorine")) >= 2.0).any() for c in "ABC"]
    assert sum(beyond) == 2  # 2oo3: as many channels as must vote, no more
    assert first(made, "IL-301.command", 1.0) is None
    sim.clear()
    run(sim, 130)
    sim.inject(f.Demand(interlock="IL-301"))
    assert first(run(sim, 60), "IL-301.command", 1.0) is not None  # back to normal service


def test_a_slow_interlock_is_beyond_its_allowed_time() -> None:
    interlock = next(i for i in PLANT.interlocks if i.id == "IL-121")
    effect = interlock.effects[0]

    def safe_after(fault: f.Fault) -> float:
        made, _, _ = pair(fault, during=120)
        commanded = first(made, interlock.command, 1.0)
        feedback = shown(made, effect.feedback)
        assert commanded is not None
        reached = next(
            r.time
            for r in feedback
            if r.time >= commanded and abs(r.value - effect.safe_state) <= effect.tolerance + 1e-9
        )
        return (reached - commanded) / SECOND

    assert safe_after(f.Demand(interlock="IL-121")) <= interlock.response
    assert safe_after(f.InterlockSlow(interlock="IL-121")) > interlock.response


def test_a_demand_under_bypass_does_not_trip_and_the_bypass_is_taken_off() -> None:
    made, _, sim = pair(f.DemandUnderBypass(interlock="IL-401"), during=60)
    assert first(made, "IL-401.bypass", 1.0) is not None
    assert first(made, "IL-401.command", 1.0) is None
    sim.clear()
    assert first(run(sim, 130), "IL-401.bypass", 0.0) is not None


def test_a_spurious_trip_comes_without_a_cause() -> None:
    made, _, sim = pair(f.InterlockSpurious(interlock="IL-122"))
    assert first(made, "IL-122.command", 1.0) is not None
    sim.clear()
    assert first(run(sim, 30), "IL-122.command", 0.0) is not None
    (truth,) = sim.truth()
    assert (truth.what, truth.subject, truth.detectable) == ("IA-03", "IL-122", False)


def test_a_forgotten_bypass_stays_until_it_is_cleared() -> None:
    made, _, sim = pair(f.BypassLeftOn(interlock="IL-112"))
    assert first(made, "IL-112.bypass", 1.0) is not None
    (truth,) = sim.truth()
    assert (truth.what, truth.end) == ("IA-06", None)
    sim.clear()
    assert first(run(sim, 3), "IL-112.bypass", 0.0) is not None
    assert sim.truth() == []  # it was shorter than the plant file's bypass_limit


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        pytest.param(f.Frozen(point="nope"), "no point 'nope'", id="point"),
        pytest.param(f.MeterReset(meter="nope"), "it has EM-101", id="meter"),
        pytest.param(f.Demand(interlock="nope"), "it has IL-001", id="interlock"),
        pytest.param(f.DeviceOffline(device="nope"), "name a source", id="device"),
        pytest.param(f.ClockWrong(source="nope", offset=1), "name a source", id="source"),
        pytest.param(f.ServerRestart(late_nodes=("EM-201.total",)), "in the OPC UA server", id="late node"),
        pytest.param(f.MeterRollover(meter="EM-101", below=1e12), "no roll-over value", id="roll-over"),
    ],
)
def test_a_fault_that_names_what_is_not_there_is_refused_and_changes_nothing(fault: f.Fault, text: str) -> None:
    sim, twin = simulation(), simulation()
    with pytest.raises(FixError, match=text):
        sim.inject(fault)
    others_are_untouched(run(sim, 5), run(twin, 5))
    assert sim.truth() == []


# --- the whole ----------------------------------------------------------------------------------


def bytes_of(scenario: Scenario, steps: int) -> bytes:
    sim = chlor_alkali(scenario, PLANT)
    player, made = Player(scenario, sim), []
    for _ in range(steps):
        player.tick()
        made.append(sim.advance())
    rows = Readings.concat(made)
    return b"".join(c.tobytes() for c in (rows.code, rows.time, rows.value, rows.status))


EVENTFUL = {
    "schema_version": 1,
    "name": "eventful",
    "seed": 9,
    "duration": 600,
    "faults": [
        {"at": 5, "for": 40, "fault": {"kind": "frozen", "point": PRESSURE}},
        {"at": 20, "for": 40, "fault": {"kind": "drift", "point": FLOW, "per_hour": 9}},
        {"at": 30, "for": 60, "fault": {"kind": "interlock_slow", "interlock": "IL-301"}},
        {"at": 35, "for": 10, "fault": {"kind": "meter_reset", "meter": "EM-201"}},
        {"at": 50, "for": 10, "fault": {"kind": "clock_wrong", "source": "dcs", "offset": 0.5}},
    ],
}


def test_the_same_seed_and_orders_give_the_same_bytes_with_faults_too() -> None:
    scenario = Scenario.model_validate(EVENTFUL)
    once = bytes_of(scenario, 400)
    assert once == bytes_of(scenario, 400)
    assert once != bytes_of(scenario.model_copy(update={"seed": 10}), 400)
    assert once != bytes_of(scenario.model_copy(update={"faults": scenario.faults[1:]}), 400)


def test_at_the_start_every_device_shows_what_it_has_and_then_keeps_its_period() -> None:
    sim = simulation()
    assert set(sim.advance().points) == set(sim.points)
    assert sim.produced == dict.fromkeys(sim.points, 1)
    made = run(sim, 19)  # 20 s in all
    assert [(r.time - sim.time) // SECOND + 20 for r in shown(made, TOTAL)] == [5, 10, 15, 20]
    assert len(shown(made, FLOW)) == 19
    assert "IL-301.bypass" not in made.counts()  # a switch that nobody touches says nothing more


def test_before_the_renovation_a_tonne_costs_more_electricity() -> None:
    def energy(case: CaseName) -> float:
        """Electricity of one electrolyser by caustic made [kWh/t], over half an hour."""
        sim = simulation(plant=case)
        run(sim, 600)
        before = {p: sim.value(p) for p in ("EM-101.total", "MM-201.total")}
        run(sim, 1800)
        return (sim.value("EM-101.total") - before["EM-101.total"]) / (
            sim.value("MM-201.total") - before["MM-201.total"]
        )

    assert energy(CaseName.BEFORE) > 1.05 * energy(CaseName.AFTER)
