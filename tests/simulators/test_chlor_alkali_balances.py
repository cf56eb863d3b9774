"""Mass, atoms and energy of the plant close: what went in is inside or has come out, through a trip too.

0.1 % is what the plant must hold; explicit flows hold far more, so the tests ask for it and see small leaks.
The boundary: salt, make-up and pure water, electricity and steam in; gases, caustic and cooling out.
"""

from pathlib import Path

import pytest

from plant.clock import SECOND
from plant.plantfile import load_plant
from simulators.processes.brine import SALT_MOISTURE
from simulators.processes.caustic import WATER_TEMPERATURE
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.chlor_alkali_physics import ChlorAlkaliPhysics
from simulators.processes.constants import CP_WATER, M_CL2, M_H2, M_H2O, M_NACL, M_NAOH, M_O2, REFERENCE
from simulators.processes.counters import J_PER_GJ, J_PER_KWH
from simulators.processes.parameters import CaseName, load_case

FILE = Path(__file__).parents[2] / "simulators" / "plants" / "chlor_alkali.yaml"
NAMES = ("mass", "sodium", "chlorine", "hydrogen")


def inside(p: ChlorAlkaliPhysics) -> dict[str, float]:
    """What the plant holds [kg, mol, mol, mol, J]; mass and solutes are separate states, so atoms can fail."""
    brine, caustic, cells = p.brine.tanks, (p.caustic.tank, p.caustic.product_tank), p.electrolysers
    salt = sum(t.solute for t in brine) + sum(e.salt for e in cells)
    soda = sum(t.solute for t in caustic) + sum(e.soda for e in cells)
    mass = sum(t.mass for t in (*brine, *caustic)) + sum(e.inventory for e in cells)
    return {
        "mass": mass,
        "sodium": salt / M_NACL + soda / M_NAOH,
        "chlorine": salt / M_NACL,
        "hydrogen": 2.0 * (mass - salt - soda) / M_H2O + soda / M_NAOH,
        "heat": sum(t.heat for t in (*brine, *caustic)) + sum(e.heat for e in cells),
    }


def flows(p: ChlorAlkaliPhysics) -> tuple[dict[str, float], dict[str, float]]:
    """What crosses the boundary in the last step, in and out [kg/s, mol/s]."""
    b, c = p.brine, p.caustic
    salt, water = b.salt * (1.0 - SALT_MOISTURE), b.salt * SALT_MOISTURE + b.water + c.water
    cl2, o2, h2 = (sum(getattr(e, gas) for e in p.electrolysers) for gas in ("chlorine", "oxygen", "hydrogen"))
    vapour = sum(e.vapour_anode + e.vapour_cathode for e in p.electrolysers)
    solution_water = (c.leaving - c.leaving_naoh) / M_H2O
    came = {
        "mass": salt + water,
        "sodium": salt / M_NACL,
        "chlorine": salt / M_NACL,
        "hydrogen": 2.0 * water / M_H2O,
    }
    went = {
        "mass": cl2 * M_CL2 + o2 * M_O2 + h2 * M_H2 + vapour * M_H2O + c.leaving,
        "sodium": c.leaving_naoh / M_NAOH,
        "chlorine": 2.0 * cl2,
        "hydrogen": 2.0 * (h2 + vapour + solution_water) + c.leaving_naoh / M_NAOH,
    }
    return came, went


def heat_out(p: ChlorAlkaliPhysics) -> float:
    """Heat and chemical energy that leave in the last step [W]; water entering warm counts negative."""
    b, c = p.brine, p.caustic
    cells = sum(e.enthalpy + e.gas_heat + e.loss for e in p.electrolysers)
    rectifiers = sum(r.loss for r in p.rectifiers)
    entering = c.water * CP_WATER * (WATER_TEMPERATURE - REFERENCE)
    liquids = b.cooling + b.flash + b.loss + b.salt_heat + c.cooling + c.product_cooling + c.leaving_heat
    return cells + rectifiers + liquids - entering


@pytest.fixture(params=[pytest.param(name, id=name.value) for name in CaseName])
def process(request: pytest.FixtureRequest) -> ChlorAlkali:
    plant = load_plant(FILE)
    return ChlorAlkali(plant, load_case(request.param), seed=3, start=1_790_000_000 * SECOND)


def trip_at(process: ChlorAlkali, step: int) -> None:
    """Stop and restart the plant on the way, so that the balance sees changing inventories."""
    if step == 1200:
        process.switch("HS-001.pressed", 1)
    if step == 1500:
        process.switch("HS-001.pressed", 0)
        process.switch("IL-001.reset", 1)


def test_mass_and_atoms_close(process: ChlorAlkali) -> None:
    before = inside(process.physics)
    came, went = dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 0.0)
    for step in range(4800):
        trip_at(process, step)
        process.step()
        into, out = flows(process.physics)
        for name in NAMES:
            came[name] += into[name]
            went[name] += out[name]
    after = inside(process.physics)
    for name in NAMES:
        error = came[name] - went[name] - (after[name] - before[name])
        assert abs(error) < 1e-6 * came[name], name


def test_metered_energy_is_found_again(process: ChlorAlkali) -> None:
    first, _ = process.step()
    before, went = inside(process.physics)["heat"], 0.0
    for step in range(4800):
        trip_at(process, step)
        last, _ = process.step()
        went += heat_out(process.physics)

    def metered(meter: str) -> float:
        column = process.points.index(f"{meter}.total")
        return float(last[column] - first[column])

    came = J_PER_KWH * (metered("EM-101") + metered("EM-102"))
    came += J_PER_GJ * (metered("SM-101") + metered("SM-102"))
    assert (
        abs(came - went - (inside(process.physics)["heat"] - before)) < 1e-4 * came
    )  # the counters show tenths of a kWh
