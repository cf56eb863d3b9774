"""A chlor-alkali membrane plant that behaves: its parts, put together and stepped in order (a ``Process``)."""

from dataclasses import dataclass
from math import cos, pi
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plant.clock import SECOND
from plant.errors import FixError
from plant.model import Kind, Plant
from plant.status import Codes
from simulators.process import InterlockMode
from simulators.processes.brine import BrineCircuit, feed_demand
from simulators.processes.caustic import STRENGTH, CausticCircuit
from simulators.processes.chlor_alkali_points import BREAKERS, cell_spread, true_values
from simulators.processes.constants import M_NAOH
from simulators.processes.counters import Counters
from simulators.processes.electrolysis import DESIGN_TEMPERATURE, Electrolyser, Feed
from simulators.processes.final_elements import chlor_alkali_elements
from simulators.processes.gases import GasHeader, isothermal_power
from simulators.processes.load_schedule import LoadSchedule
from simulators.processes.logic_solver import LogicSolver
from simulators.processes.parameters import Case
from simulators.processes.rectifier import Rectifier
from simulators.processes.sensors import Sensors
from simulators.processes.utilities import Utilities
from simulators.processes.walks import Walks

CELL_SETPOINT: Final = DESIGN_TEMPERATURE
_ZONE = 8 * 3600.0
_PRESS = 2.0
"""Time [s] that a reset button stays pressed."""
_WET_COOLING = 0.85
"""Share of the heat in the wet gases that cooling water takes; chilled water takes the rest [1]."""
_DIFFERENCE = 5_000.0
"""Hydrogen is held this much [Pa] above chlorine, so that the membranes rest on the anode."""
_HALF_WAY = 0.5
_FRESH, _ABSORBER = 0.15, 30_000.0
"""Strength [1] and mass [kg] of the absorption caustic, renewed in 4 h."""


@dataclass(frozen=True, slots=True)
class Block:
    """Many steps at once; row ``i`` is one step."""

    points: tuple[str, ...]
    time: NDArray[np.int64]
    """[ns UTC], shape (n,)."""
    value: NDArray[np.float64]
    """In each point's unit, shape (n, points)."""
    status: Codes
    """Shape (n, points)."""


class ChlorAlkali:
    """The simulated plant; see ``simulators.process.Process`` for what its methods promise."""

    def __init__(self, plant: Plant, case: Case, *, seed: int, start: int, step_size: int = SECOND) -> None:
        """Run ``case`` from ``start`` [ns UTC] in steps of ``step_size`` [ns, at most 2 s].

        Raises:
            FixError: the plant file has a point that this process does not make, or lacks one.
        """
        if not 0 < step_size <= 2 * SECOND:
            raise FixError(f"step size {step_size} ns: the physics needs more than 0 and at most {2 * SECOND} ns")
        rng = np.random.Generator(np.random.PCG64(seed))
        self.case = case
        self._step_size, self._time, self._dt = step_size, start, step_size / SECOND
        self.walks = Walks(rng, self._dt)
        self.cell_spread = cell_spread(rng)
        self.electrolysers = (Electrolyser(case), Electrolyser(case))
        self.rectifiers = (Rectifier(case), Rectifier(case))
        self.brine, self.caustic, self.utilities = BrineCircuit(case), CausticCircuit(case), Utilities(case)
        self.chlorine = GasHeader(60.0, 313.15, 20_000.0)
        self.hydrogen = GasHeader(40.0, 308.15, 25_000.0)
        self.schedule = LoadSchedule(0.95, _ZONE)
        self.elements = chlor_alkali_elements()
        self.logic = LogicSolver.of(plant.interlocks)
        self.switches = switch_positions(plant)
        self.counters = Counters.of(plant)
        self.absorbent, self.compression = 0.15, (0.0, 0.0)
        self.ambient, self.bus = 298.15, 10_050.0
        self.rates: dict[str, float] = {}
        self._presses: dict[str, float] = {}
        self._wire(plant, rng)

    def _wire(self, plant: Plant, rng: np.random.Generator) -> None:
        """Fix the columns: the names of the true values decide their order."""
        self._physics()
        names = tuple(prefix + key for prefix, part in true_values(self) for key in part)
        addressed = {p.id for p in plant.points.values() if p.address is not None}
        if set(names) != addressed:
            lacking, unknown = sorted(set(names) - addressed), sorted(addressed - set(names))
            message = f"plant file {plant.id!r} does not fit this process: lacks {lacking}, unknown {unknown}"
            raise FixError(message)
        unmoved = {e.feedback for i in plant.interlocks for e in i.effects} - set(self.elements)
        if unmoved:
            message = (
                f"plant file {plant.id!r}: no final element moves {sorted(unmoved)}; it has {list(self.elements)}"
            )
            raise FixError(message)
        self._points = names
        self.sensors = Sensors([plant.points[name] for name in names], rng, self._dt)
        index = {name: i for i, name in enumerate(names)}
        self._votes = np.array([index[name] for name in self.logic.inputs])
        self._commands = np.array([index[name] for name in self.logic.commands])
        self._counted = np.array([index[name] for name in self.counters.placeholders])
        self._status: Codes = np.zeros(len(names), np.uint32)

    @property
    def points(self) -> tuple[str, ...]:
        """Point ids in column order."""
        return self._points

    @property
    def step_size(self) -> int:
        """Length of one step [ns]."""
        return self._step_size

    @property
    def time(self) -> int:
        """Simulated time of the last step [ns UTC]."""
        return self._time

    def step(self) -> tuple[NDArray[np.float64], Codes]:
        """Advance one step; values and status codes in column order, new arrays."""
        self._time += self._step_size
        self._physics()
        self.counters.add(self._dt, self.rates)
        true = [value for _, part in true_values(self) for value in part.values()]
        shown = self.sensors.read(self._dt, true)
        shown[self._counted] = self.counters.shown()
        self.logic.scan(self._time / SECOND, shown[self._votes].tolist(), self.switches)
        shown[self._commands] = list(self.logic.commands.values())
        if self._presses:
            self._release()
        return shown, self._status.copy()

    def run(self, steps: int) -> Block:
        """Advance many steps; the same values as ``steps`` calls of ``step``."""
        time = self._time + self._step_size * np.arange(1, steps + 1, dtype=np.int64)
        value = np.empty((steps, len(self._points)))
        status = np.zeros((steps, len(self._points)), np.uint32)
        for i in range(steps):
            value[i], status[i] = self.step()
        return Block(self._points, time, value, status)

    def switch(self, point: str, value: float) -> None:
        """Operate a switch, see ``Process.switch``; a reset button springs back by itself."""
        if point not in self.switches:
            raise FixError(f"{point!r} is no switch of this process; it has {', '.join(self.switches)}")
        self.switches[point] = float(value > 0)
        if point.endswith(".reset") and value > 0:
            self._presses[point] = self._time / SECOND + _PRESS

    def disturb(self, point: str, target: float | None, ramp: float = 0.0) -> None:
        """Cause or end a true local disturbance, see ``Process.disturb``."""
        self.sensors.disturb(point, target, ramp)

    def interlock_mode(self, interlock: str, mode: InterlockMode) -> None:
        """Set how the logic solver treats an interlock, see ``Process.interlock_mode``."""
        self.logic.mode(interlock, mode)

    def _release(self) -> None:
        now = self._time / SECOND
        for point in [p for p, until in self._presses.items() if now >= until]:
            self.switches[point] = 0.0
            del self._presses[point]

    def _physics(self) -> None:
        """One step of everything that is not an instrument."""
        seconds = self._time / SECOND
        walks = self.walks.step()
        self.ambient = 293.15 - 6.0 * cos(2.0 * pi * ((seconds + _ZONE) / 86_400.0 - 0.125)) + walks.ambient
        self.bus = 10_050.0 + 40.0 * walks.bus
        self._operate(seconds, walks.load)
        self._electrolyse()
        self._gases()
        self._use_utilities()
        self.rates = self._rates()

    def _operate(self, seconds: float, wander: float) -> None:
        """Operator, final elements and direct current."""
        safe = self.logic.demanded(seconds)
        self.schedule.step(
            self._dt, self.schedule.target(seconds, wander), (BREAKERS[0] in safe, BREAKERS[1] in safe)
        )
        waiting = [b for i, b in enumerate(BREAKERS) if not self.schedule.closed(i)]
        for name, element in self.elements.items():
            element.move(self._dt, safe=name in safe or name in waiting)
        for i, rectifier in enumerate(self.rectifiers):
            wanted = self.schedule.loads[i] * self.case.full_current
            rectifier.follow(self._dt, wanted, closed=self._closed(i))

    def _electrolyse(self) -> None:
        """Cells with their brine and caustic."""
        cells, brine, caustic = self.electrolysers, self.brine, self.caustic
        water = sum(e.naoh / STRENGTH - (e.catholyte_out - e.feed.caustic) for e in cells)
        mean = 0.5 * (cells[0].temperature + cells[1].temperature)
        caustic.supply(self._dt, self.load, max(water, 0.0), mean, CELL_SETPOINT)
        fraction = brine.feed_tank.fraction
        flows = [self._brine_flow(e, fraction) for e in cells]
        brine.prepare(sum(flows), mean)
        half = 0.5 * (caustic.circulation + caustic.water)
        for i, e in enumerate(cells):
            feed = Feed(
                flows[i], fraction, brine.feed_temperature, half, caustic.feed_fraction, caustic.feed_temperature
            )
            e.step(self._dt, self.rectifiers[i].current, feed)
            self.rectifiers[i].settle(self._dt, e.power, self.bus, self.ambient, closed=self._closed(i))
        self._return_liquids()

    def _brine_flow(self, e: Electrolyser, fraction: float) -> float:
        """Feed brine [kg/s], following the demand with a time constant of 30 s."""
        wanted = feed_demand(e.salt_used, e.water_lost, fraction)
        return e.feed.brine + min(self._dt / 30.0, 1.0) * (wanted - e.feed.brine)

    def _return_liquids(self) -> None:
        """What overflows from the cells goes back to its circuit."""
        a, b = self.electrolysers
        returned = (
            a.anolyte_out + b.anolyte_out,
            a.anolyte_salt + b.anolyte_salt,
            a.anolyte_heat + b.anolyte_heat,
        )
        self.brine.step(self._dt, returned, (a.salt_used + b.salt_used, a.water_lost + b.water_lost))
        returned = (
            a.catholyte_out + b.catholyte_out,
            a.catholyte_soda + b.catholyte_soda,
            a.catholyte_heat + b.catholyte_heat,
        )
        self.caustic.step(self._dt, returned)

    def _gases(self) -> None:
        """Headers, compressors and the absorption of chlorine that must not escape."""
        a, b = self.electrolysers
        chlorine, hydrogen, elements = self.chlorine, self.hydrogen, self.elements
        absorbing = 0.3 * elements["K-305.running"].position
        valve = elements["XV-301.position"].position
        chlorine.step(self._dt, a.chlorine + b.chlorine + a.oxygen + b.oxygen, valve=valve, relief=absorbing)
        vent = elements["XV-401.position"].position
        hydrogen.wanted = max(chlorine.pressure, 0.0) + _DIFFERENCE
        hydrogen.step(self._dt, a.hydrogen + b.hydrogen, valve=1.0, relief=vent)
        e = self.case.compressor_efficiency
        self.compression = (
            isothermal_power(chlorine.compressed, 303.15, 3.0, e),
            isothermal_power(hydrogen.compressed, 308.15, 2.0, e),
        )
        used = 2.0 * chlorine.escaped * M_NAOH * self._dt
        self.absorbent += (_FRESH - self.absorbent) * self._dt / 14_400.0 - used / _ABSORBER

    def _use_utilities(self) -> None:
        """Cooling, water and power of the auxiliaries."""
        brine, caustic = self.brine, self.caustic
        wet = sum(e.gas_heat for e in self.electrolysers)
        losses = sum(r.loss for r in self.rectifiers)
        process = caustic.cooling + caustic.product_cooling + brine.cooling + brine.flash
        cooling = process + _WET_COOLING * wet + losses + sum(self.compression) + 0.5 * caustic.evaporation_heat
        duties = (cooling, (1.0 - _WET_COOLING) * wet)
        self.utilities.step(self._dt, self.load, duties, (caustic.water, brine.water))

    def _closed(self, rectifier: int) -> bool:
        return self.elements[BREAKERS[rectifier]].position > _HALF_WAY

    @property
    def load(self) -> float:
        """Mean direct current as a share of full current [1]."""
        return 0.5 * (self.rectifiers[0].current + self.rectifiers[1].current) / self.case.full_current

    def _rates(self) -> dict[str, float]:
        """What every meter measures now: W, kg/s or m3/s."""
        u, first, second = self.utilities, *self.rectifiers
        return {
            "EM-101.rate": first.ac_power,
            "EM-102.rate": second.ac_power,
            "EM-201.rate": u.pumps,
            "EM-202.rate": sum(self.compression),
            "EM-203.rate": u.tower + u.chiller,
            "EM-204.rate": 60.0e3 * self.caustic.evaporation_feed,
            "SM-101.rate": self.brine.heater,
            "SM-102.rate": self.brine.dechlorination_heat,
            "SM-201.rate": self.caustic.evaporation_heat,
            "WM-101.rate": u.fresh,
            "AM-101.rate": u.air,
            "MM-201.rate": self.caustic.product_naoh,
        }


def switch_positions(plant: Plant) -> dict[str, float]:
    """Every switch that people operate, at rest: bypasses, resets and discrete causes."""
    switches: dict[str, float] = {}
    for interlock in plant.interlocks:
        causes = [c.point for c in interlock.causes if plant.points[c.point].kind is Kind.DISCRETE]
        bypasses = [c.bypass for c in interlock.causes]
        for point in (*causes, interlock.bypass, *bypasses, interlock.reset):
            if point is not None:
                switches[point] = 0.0
    return switches
