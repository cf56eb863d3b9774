"""Faraday, voltage, balances and specific energy of the chlor-alkali plant."""

from pathlib import Path

import pytest

from plant.clock import SECOND
from plant.plantfile import load_plant
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.constants import M_CL2, M_H2
from simulators.processes.electrolysis import DESIGN_TEMPERATURE, Electrolyser, cell_voltage
from simulators.processes.liquids import brine_density, caustic_density, vapour_pressure
from simulators.processes.parameters import CaseName, load_case
from simulators.processes.rectifier import loss
from simulators.processes.stepped import Block

START = 1_790_000_000 * SECOND
FILE = Path(__file__).parents[2] / "simulators" / "plants" / "chlor_alkali.yaml"


def make(case: CaseName = CaseName.AFTER, seed: int = 7) -> ChlorAlkali:
    plant = load_plant(FILE)
    return ChlorAlkali(plant, load_case(case), seed=seed, start=START)


def increase(block: Block, meter: str) -> float:
    column = block.value[:, block.points.index(f"{meter}.total")]
    return float(column[-1] - column[0])


def test_faraday_gives_1492_grams_of_caustic_per_kiloampere_hour_and_cell() -> None:
    # 40.00 g/mol x 3600 s x 1000 A / 96485 C/mol = 1492.3 g at 100 % current efficiency.
    case = load_case(CaseName.AFTER)
    cell = Electrolyser(case)
    cell.step(1.0, 1000.0, cell.feed)
    per_hour = cell.naoh * 3600.0 / case.cells / cell.efficiency
    assert per_hour == pytest.approx(1.4923, rel=1e-4)


def test_gases_are_in_faraday_proportion() -> None:
    # 1 mol NaOH comes with 1/2 mol Cl2; electrons give 1/2 mol H2: 0.886 t Cl2 and about 0.026 t H2 a tonne.
    cell = Electrolyser(load_case(CaseName.AFTER))
    assert cell.chlorine * M_CL2 / cell.naoh == pytest.approx(0.8864, rel=1e-3)
    assert cell.hydrogen * M_H2 / cell.naoh == pytest.approx(0.0252 / cell.efficiency, rel=1e-3)


def test_voltage_rises_with_current_and_age_and_falls_with_temperature() -> None:
    case = load_case(CaseName.AFTER)
    full = cell_voltage(case, 5000.0, DESIGN_TEMPERATURE)
    assert full == pytest.approx(2.45 + 0.006 + 0.66, abs=1e-6)  # U0 + ageing + k j of the case file
    assert cell_voltage(case, 4000.0, DESIGN_TEMPERATURE) < full
    assert cell_voltage(case, 5000.0, DESIGN_TEMPERATURE - 5.0) == pytest.approx(full + 0.05, abs=1e-6)
    assert cell_voltage(case.model_copy(update={"membrane_age": 4.0}), 5000.0, DESIGN_TEMPERATURE) > full
    assert cell_voltage(case, 0.0, DESIGN_TEMPERATURE) == 0.0


def test_densities_and_vapour_pressure_agree_with_handbook_values() -> None:
    assert brine_density(0.26, 293.15) == pytest.approx(1197.2, rel=0.01)  # Perry, 26 % NaCl at 20 degC
    assert caustic_density(0.32, 293.15) == pytest.approx(1349.0, rel=0.01)  # Perry, 32 % NaOH at 20 degC
    assert caustic_density(0.50, 293.15) == pytest.approx(1525.3, rel=0.01)  # Perry, 50 % NaOH at 20 degC
    assert vapour_pressure(353.15) == pytest.approx(47_373.0, rel=0.005)  # steam tables, 80 degC


def test_rectifier_loses_2_to_5_percent() -> None:
    for name, low, high in ((CaseName.AFTER, 0.02, 0.03), (CaseName.BEFORE, 0.035, 0.05)):
        case = load_case(name)
        dc = case.full_current * case.cells * cell_voltage(case, case.full_current / case.cell_area, 361.15)
        assert low < loss(case, case.full_current) / dc < high


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        pytest.param(CaseName.AFTER, 290.0, 305.0, id="after"),
        pytest.param(CaseName.BEFORE, 340.0, 365.0, id="before"),
    ],
)
def test_a_tonne_of_caustic_costs_what_the_case_stands_for(name: CaseName, low: float, high: float) -> None:
    # GB/T 2589-2020: 0.1229 kgce/kWh, 0.03412 kgce/MJ, water 0.2571 kgce/t, compressed air 0.0400 kgce/m3.
    # GB 21257-2024, 30 % caustic: 308 advanced, 350 limit.
    process = make(name)
    process.run(3600)
    block = process.run(5400)
    tonnes = increase(block, "MM-201")
    electricity = sum(increase(block, m) for m in ("EM-101", "EM-102", "EM-201", "EM-202", "EM-203"))
    heat = 1000.0 * (increase(block, "SM-101") + increase(block, "SM-102"))
    other = 0.2571 * increase(block, "WM-101") + 0.04 * increase(block, "AM-101")
    assert low < (0.1229 * electricity + 0.03412 * heat + other) / tonnes < high
    dc = block.value[:, block.points.index("CR-100.dc_consumption")]
    assert 2100.0 < dc.min() <= dc.max() < 2300.0
