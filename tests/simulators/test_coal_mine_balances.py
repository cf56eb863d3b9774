"""Air, methane, coal, water, magnetite and electricity of the mine close: what went in is inside or has come out.

0.1 % is what the mine must hold; explicit flows hold far more, so the tests ask for it and see small leaks. On the
way the fans stop, the power is cut, gas collects, and everything starts again: every store changes.
"""

from dataclasses import dataclass

import pytest

from simulators.processes.coal.airway import Warmth
from simulators.processes.coal.constants import AUTOCOMPRESSION, DEPTH, GRAVITY, HEAT_FLOW, WATER_DENSITY
from simulators.processes.coal.face import CARRIED
from simulators.processes.coal.mine import METERS, CoalMine
from simulators.processes.coal.physics import OLD_WORKINGS, MinePhysics
from simulators.processes.coal.preparation import RAW_MOISTURE, REJECT_ASH
from simulators.processes.parameters import CaseName
from tests.simulators.coal_parts import make

NAMES = ("methane", "air", "coal", "water", "washery", "magnetite", "ash")
STEPS = 4500


def inside(p: MinePhysics) -> dict[str, float]:
    """What the mine holds [m3 or kg]."""
    f, w, r, h = p.face, p.water, p.washery, p.hoist
    gas = f.stock + f.methane + sum(h.stock + h.methane for h in p.headings) + p.bunker.stock
    coal = sum(sum(b.cells) for b in p.belts) + p.bunker.mass + h.pocket + h.load + p.receiving + r.silo
    return {
        "methane": gas + p.main_return.content,
        "air": f.goaf.volume,
        "coal": coal,
        "water": w.sump + w.tank,
        "washery": r.water + r.magnetite,
        "magnetite": r.magnetite,
        "ash": 0.0,
    }


def flows(p: MinePhysics) -> tuple[dict[str, float], dict[str, float]]:
    """What crosses the boundary in the last step, in and out [m3/s or kg/s]."""
    f, w, r = p.face, p.water, p.washery
    seams = p.belt_gas + f.ribs + f.goaf.source + sum(h.ribs for h in p.headings) + OLD_WORKINGS
    freed = f.freed + sum(h.freed for h in p.headings) + p.bunker.freed
    given_off = f.cut_gas + sum(h.cut_gas for h in p.headings) + p.bunker.gas
    dry = r.feed * (1.0 - RAW_MOISTURE)
    rejects = dry * (1.0 - r.yielded)
    came = {
        "methane": seams + freed,
        "air": sum(p.splits) + seams + given_off,
        "coal": f.shearer.rate + sum(h.rate for h in p.headings),
        "water": w.inflow + w.fresh,
        "washery": r.feed + r.water_added + r.magnetite_added,
        "magnetite": r.magnetite_added,
        "ash": dry * r.raw_ash,
    }
    went = {
        "methane": p.main_return.methane + f.goaf.drained_methane,
        "air": p.main_return.flow + f.goaf.drained,
        "coal": r.feed,
        "water": w.discharged + w.washed,
        "washery": r.clean + r.reject,
        "magnetite": r.lost_magnetite,
        "ash": dry * r.yielded * r.clean_ash + rejects * REJECT_ASH,
    }
    return came, went


def upset(mine: CoalMine, step: int) -> None:
    """Cut the power, stop the fans, stop the washery, and put everything back."""
    switched = {
        1200: ("HS-001.pressed", 1),
        1320: ("HS-001.pressed", 0),
        1330: ("RS-001.reset", 1),
        1800: ("LF-121.stop", 1),
        1810: ("LF-122.stop", 1),
        2400: ("LF-121.stop", 0),
        2700: ("MF-1.stop", 1),
        2705: ("MF-2.stop", 1),
        3000: ("MF-2.stop", 0),
        3300: ("CV-102.pull_cord", 1),
        3360: ("CV-102.pull_cord", 0),
        3370: ("RS-152.reset", 1),
        3900: ("HS-701.pressed", 1),
        4100: ("HS-701.pressed", 0),
        4110: ("RS-181.reset", 1),
    }
    if step in switched:
        mine.switch(*switched[step])


def stored_heat(cells: tuple[Warmth, ...]) -> float:
    return sum(cell.capacity * cell.temperature for cell in cells)


def heat_out(p: MinePhysics, leaving: list[float]) -> float:
    """Heat that the air carries out less what the rock gives [W], with the temperatures before the step."""
    gate, face, *others = range(len(p.heat))
    entering = p.surface.intake + AUTOCOMPRESSION
    pairs = [(p.splits[0], leaving[gate], entering), (p.splits[0], leaving[face], leaving[gate])]
    pairs += [(p.splits[i - 1], leaving[i], entering) for i in others]
    air = sum(HEAT_FLOW * flow * (out - into) for flow, out, into in pairs)
    return air - sum(cell.strata for cell in p.heat)


def work(p: MinePhysics) -> float:
    """Energy of coal on belts and in the skip, and of the moving hoist [J]."""
    return sum(b.potential for b in p.belts) + p.hoist._energy


def lifted(p: MinePhysics) -> float:
    """Power in what was lifted to its end in this step, coal and water [W]."""
    belts = sum(b.discharge * GRAVITY * b.rise for b in p.belts)
    water = WATER_DENSITY * GRAVITY * DEPTH * p.water.flow * p.water.pumps
    return belts + p.hoist.dumped * GRAVITY * DEPTH + water


@dataclass
class Account:
    """What a run led to."""

    mine: CoalMine
    came: dict[str, float]
    went: dict[str, float]
    rose: dict[str, float]
    """What is inside at the end less what was at the start."""
    metered: dict[str, float]
    """By counter, in its unit."""
    energy_went: float
    """[J]"""
    energy_rose: float
    """[J]"""


@pytest.fixture(scope="module", params=[pytest.param(name, id=name.value) for name in CaseName])
def account(request: pytest.FixtureRequest) -> Account:
    mine = make(request.param, seed=3)
    p = mine.physics
    first, _ = mine.step()
    before, held = inside(p), stored_heat(p.heat) + work(p)
    came, went, energy = dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 0.0), 0.0
    last = first
    for step in range(STEPS):
        upset(mine, step)
        leaving = [cell.temperature for cell in p.heat]
        last, _ = mine.step()
        into, out = flows(p)
        for name in NAMES:
            came[name] += into[name]
            went[name] += out[name]
        elsewhere = CARRIED * p.face.power + (p.water.power - p.water.lift - p.water.air_heat) + p.hoist.heat
        energy += heat_out(p, leaving) + elsewhere + lifted(p)
    after = inside(p)
    metered = {m: float(last[c] - first[c]) for m in METERS for c in [mine.points.index(f"{m}.total")]}
    rose = {name: after[name] - before[name] for name in NAMES}
    return Account(mine, came, went, rose, metered, energy, stored_heat(p.heat) + work(p) - held)


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_in_is_inside_or_has_come_out(account: Account, name: str) -> None:
    error = account.came[name] - account.went[name] - account.rose[name]
    assert abs(error) < 1e-5 * account.came[name], f"{error} of {account.came[name]}"


def test_metered_electricity_is_found_again_as_heat_and_lift(account: Account) -> None:
    feeders = ("EM-103", "EM-111", "EM-112", "EM-113", "EM-114", "EM-115", "EM-116")
    came = 3.6e6 * sum(account.metered[m] for m in feeders)
    error = came - account.energy_went - account.energy_rose
    assert abs(error) < 1e-3 * came, f"{error} of {came} J"


def test_the_main_meter_sees_all_feeders_and_the_transformers(account: Account) -> None:
    feeders = [m for m in METERS if m.startswith(("EM-1", "EM-2"))]
    assert len(feeders) == 12
    used = sum(account.metered[m] for m in feeders)
    # Each of the 13 counters shows tenths of a kWh.
    came = account.metered["EM-001"] * (1.0 - account.mine.physics.case.transformer_loss)
    assert came == pytest.approx(used, abs=1.3)
