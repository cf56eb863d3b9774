"""The mine's physics against closed forms: dilution, delay, fan laws, breathing goaf, belts, hoist, washery."""

from math import sqrt

import pytest

from plant.clock import SECOND
from simulators.processes.coal.airway import Airway, Warmth
from simulators.processes.coal.constants import BAROMETER, DEPTH, GRAVITY, HEAT_FLOW
from simulators.processes.coal.dispatcher import cheap, driving, producing
from simulators.processes.coal.goaf import LEAKAGE, SOURCE, VOID, Goaf
from simulators.processes.coal.haulage import Belt
from simulators.processes.coal.heading import DUCT, Heading
from simulators.processes.coal.hoist import PAYLOAD, Hoist
from simulators.processes.coal.mine import METERS
from simulators.processes.coal.parameters import load_mine_case
from simulators.processes.coal.preparation import Preparation
from simulators.processes.coal.ventilation import INERTANCE, NATURAL, Ventilation, fan_efficiency, fan_pressure
from simulators.processes.coal.water import Water
from simulators.processes.parameters import CaseName
from tests.simulators.coal_parts import make

AFTER, BEFORE = load_mine_case(CaseName.AFTER), load_mine_case(CaseName.BEFORE)


def test_gas_is_diluted_to_emission_over_air() -> None:
    road = Airway(4, 200.0, 14.0, 0.0)
    for _ in range(3000):
        road.step(1.0, 30.0, 0.0, 0.15)
    assert road.fraction(3) == pytest.approx(0.15 / 30.15, rel=1e-6)  # c = e / (Q + e)
    assert road.methane == pytest.approx(0.15, rel=1e-6)


@pytest.mark.parametrize("flow", [pytest.param(36.0, id="full air"), pytest.param(12.0, id="a third of the air")])
def test_gas_arrives_downstream_after_volume_over_flow(flow: float) -> None:
    road = Airway(8, 1000.0, 14.0, 0.0)
    road.step(1.0, flow, 2.0)  # a pulse of 2 m3
    amount = moment = 0.0
    for second in range(1, 8000):
        road.step(1.0, flow, 0.0)
        amount += road.methane
        moment += road.methane * second
    assert amount == pytest.approx(2.0, rel=1e-6)
    # Mean residence time of tanks in series is V / Q = 14,000 m3 / Q, whatever their number (Levenspiel, ch. 14).
    assert moment / amount == pytest.approx(14_000.0 / flow, rel=0.01)


def test_gas_collects_where_the_air_stands_still() -> None:
    road = Airway(1, 20.0, 16.0, 0.0)
    for _ in range(100):
        road.step(1.0, 0.0, 0.0, 0.008)
    assert road.content == pytest.approx(0.8, rel=0.01)  # 0.008 m3/s x 100 s, hardly any pushed out


def test_fan_laws_and_the_operating_point() -> None:
    # Fan laws: flow with speed, pressure with its square (McPherson, ch. 10).
    assert fan_pressure(0.8 * 125.0, 0.8) == pytest.approx(0.64 * fan_pressure(125.0, 1.0))
    assert fan_efficiency(AFTER, 100.0, 0.8) == pytest.approx(fan_efficiency(AFTER, 125.0, 1.0))
    air = Ventilation(AFTER)
    for _ in range(7200):
        air.step(1.0, (False, False), 0.0)
    assert air.flow == pytest.approx(110.0, abs=0.2)
    assert air.pressure + NATURAL == pytest.approx(air.resistance * air.flow**2, rel=1e-3)  # p = R Q2
    hydraulic = air.pressure * air.fan_flow
    assert air.power == pytest.approx(hydraulic / (air.efficiency * AFTER.fan_drive_efficiency), rel=1e-9)


def test_without_a_fan_the_air_runs_down_to_natural_ventilation_and_the_standby_fan_takes_over() -> None:
    air = Ventilation(AFTER)
    resistance = air.resistance
    # dQ/dt = -R Q2 / I without any pressure: at first the air loses R Q2 / I each second.
    assert resistance * air.flow**2 / INERTANCE == pytest.approx(5.2, abs=0.1)
    for _ in range(900):
        air.step(1.0, (True, True), 0.0)
    assert air.power == 0.0
    # The standing fans resist with the curve's own term: 100 Pa = (R + c) Q2.
    assert air.flow == pytest.approx(sqrt(NATURAL / (resistance + 0.0892)), rel=0.02)
    for _ in range(300):
        air.step(1.0, (True, False), 0.0)
    assert air.duty == 1
    assert air.flow > 95.0


def test_the_goaf_breathes_out_when_the_barometer_falls_and_keeps_its_gas_when_it_rises() -> None:
    def out(change: float) -> float:
        goaf = Goaf(BAROMETER)
        goaf.step(1.0, LEAKAGE, 0.0, BAROMETER + change, 0.25)
        return goaf.out

    still = LEAKAGE + SOURCE - 0.25
    assert out(0.0) == pytest.approx(still)
    # 300 Pa an hour: V / p0 x 300 / 3600 s = 1.5e5 / 87,500 x 0.0833 = 0.143 m3/s.
    assert out(-300.0 / 3600.0) - still == pytest.approx(VOID / BAROMETER * 300.0 / 3600.0)
    assert out(+300.0 / 3600.0) < still
    assert out(+50.0) == 0.0


def test_a_heading_without_its_fan_passes_the_cut_off_value_within_minutes() -> None:
    heading = Heading(AFTER, 0.0)
    seconds = 0
    for _ in range(1500):
        heading.step(1.0, (False, False), 1.0)
        heading.cut(1.0, powered=True, allowed=True)
    assert heading.end.fraction(0) < 0.006
    while heading.end.fraction(0) < 0.015:
        heading.step(1.0, (True, True), 1.0)
        heading.cut(1.0, powered=True, allowed=True)
        seconds += 1
    assert heading.blown < 0.01 * DUCT
    assert 120 < seconds < 900


def test_the_second_local_fan_takes_over_in_seconds() -> None:
    heading = Heading(AFTER, 0.0)
    for _ in range(30):
        heading.step(1.0, (True, False), 1.0)
    assert heading.running == [False, True]
    assert heading.blown > 0.95 * DUCT


def test_air_is_warmed_by_machines_and_rock() -> None:
    cell = Warmth(2.0e7, 3000.0, 293.15, 285.15)
    for _ in range(20_000):
        cell.step(1.0, 36.0, 285.15, 100_000.0)
    # Steady: Q c (T - T_in) = P + U (T_rock - T).
    flow = HEAT_FLOW * 36.0
    assert cell.temperature == pytest.approx(
        (flow * 285.15 + 100_000.0 + 3000.0 * 293.15) / (flow + 3000.0), abs=1e-3
    )


def test_coal_leaves_the_belt_after_its_length_at_its_speed() -> None:
    belt = Belt(BEFORE, 1800.0, 25.0, 3.15, 0.0)
    out = [_discharge(belt, 100.0 if second < 10 else 0.0) for second in range(700)]
    assert next(s for s, rate in enumerate(out) if rate > 0.0) == pytest.approx(1800.0 / 3.15, abs=2.0)
    assert sum(out) == pytest.approx(1000.0)
    assert sum(rate > 0.0 for rate in out) <= 10
    assert belt.mass == pytest.approx(0.0, abs=1e-6)


def _discharge(belt: Belt, feed: float) -> float:
    belt.step(1.0, feed, running=True, ambient=290.0)
    return belt.discharge


def test_a_belt_takes_the_power_of_its_friction_and_lift() -> None:
    belt = Belt(BEFORE, 1800.0, 25.0, 3.15, 40.0)
    belt.step(1.0, 126.0, running=True, ambient=290.0)
    # C f L g (rolls 30 + belts 60 + coal 40 kg/m) + coal g H, with C = 1 + 100/1800 and f = 0.030 of the case.
    force = (1.0 + 1.0 / 18.0) * 0.030 * 1800.0 * GRAVITY * 130.0 + 40.0 * GRAVITY * 25.0
    assert belt.power == pytest.approx(force * 3.15 / 0.82, rel=0.01)


def test_a_trip_of_the_hoist_costs_the_lift_over_the_efficiency() -> None:
    hoist = Hoist(AFTER)
    energy = dumped = 0.0
    while hoist.trips < 5:
        hoist.step(1.0, 0.8, released=True)
        energy += hoist.power - 60.0e3
        dumped += hoist.dumped
        assert hoist.speed <= 9.0
        assert hoist.power > 0.0, "the meter never runs backwards"
    lift = dumped * GRAVITY * DEPTH
    assert dumped == pytest.approx(5 * PAYLOAD, rel=1e-3)
    assert lift / AFTER.hoist_efficiency < energy < 1.06 * lift / AFTER.hoist_efficiency  # the rest is braking


def test_the_safety_brake_stops_the_hoist_and_holds_it() -> None:
    hoist = Hoist(AFTER)
    while hoist.speed < 8.9:
        hoist.step(1.0, 0.8, released=True)
    for _ in range(10):
        hoist.step(1.0, 0.8, released=False)
    place = hoist.position
    hoist.step(1.0, 0.8, released=False)
    assert hoist.speed == 0.0
    assert hoist.position == place
    assert hoist.load > 0.0


def test_pump_and_pipe_agree_and_old_pumps_cost_more() -> None:
    new, old = Water(AFTER), Water(BEFORE)
    # Steady flow: 690 - 7000 Q2 = 550 + k Q2.
    assert new.flow == pytest.approx(sqrt(140.0 / 7600.0))
    assert new.head == pytest.approx(DEPTH + 600.0 * new.flow**2)
    for water in (new, old):
        water.sump = 2000.0
        water.step(1.0, 0.0, (0.0, 0.0), cheap=False, powered=True)
    assert old.power / old.flow > 1.3 * new.power / new.flow


def test_yield_follows_the_two_product_formula() -> None:
    plant = Preparation(AFTER)
    plant.step(1.0, 60.0, (0.0, 0.0), running=True)
    assert plant.yielded == pytest.approx((0.72 - 0.28) / (0.72 - 0.095))  # Wills, ch. 3
    lean = plant.yielded
    plant.step(1.0, 60.0, (1.0, 0.0), running=True)
    assert plant.yielded < lean, "more ash in the raw coal, less clean coal"
    plant.step(1.0, 60.0, (0.0, 2.0), running=True)
    assert plant.clean_ash > 0.095, "a denser medium lets more ash float"


def test_shifts_and_tariff() -> None:
    assert [h for h in range(24) if not producing(h)] == [12, 13, 14, 15, 16, 17]
    assert [h for h in range(24) if not driving(h, 0)] == [18, 19, 20, 21, 22, 23]
    assert [h for h in range(24) if not driving(h, 1)] == [0, 1, 2, 3, 4, 5]
    assert [h for h in range(24) if cheap(h)] == [0, 1, 2, 3, 4, 5, 6, 23]


@pytest.mark.parametrize(
    ("case", "kwh", "kgce", "washing"),
    [
        pytest.param(CaseName.AFTER, (15.0, 22.0), (2.0, 3.0), (2.0, 3.4), id="after"),
        pytest.param(CaseName.BEFORE, (23.0, 33.0), (3.0, 5.0), (4.5, 5.5), id="before"),
    ],
)
def test_a_tonne_of_coal_costs_what_the_case_stands_for(
    case: CaseName, kwh: tuple[float, float], kgce: tuple[float, float], washing: tuple[float, float]
) -> None:
    # What the cases stand for: about the advanced value of GB 29445-2025 (underground, before its adjustment: 2.5,
    # access 6.2, limit 10.8 kgce/t) after the renovation, and half as much again before; a washery below the limit
    # of GB 29446-2019 (power coal: 2.0 / 3.0 / 4.5 kWh/t) after, above it before. GB/T 2589-2020: 0.1229 kgce/kWh,
    # 34.12 kgce/GJ, new water 0.2571 kgce/t.
    block = make(case, step_size=2 * SECOND).run(4 * 1800)  # 08:00 to 12:00

    def increase(meter: str) -> float:
        column = block.value[:, block.points.index(f"{meter}.total")]
        return float(column[-1] - column[0])

    raw = increase("MM-101")
    electricity = sum(increase(m) for m in METERS if m.startswith("EM-1"))
    assert kwh[0] < electricity / raw < kwh[1]
    total = 0.1229 * electricity + 34.12 * increase("HM-101") + 0.2571 * increase("WM-101")
    assert kgce[0] < total / raw < kgce[1]
    assert washing[0] < increase("EM-201") / increase("MM-201") < washing[1]
