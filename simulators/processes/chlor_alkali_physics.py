"""The physics of the whole chlor-alkali plant: its parts, put together and stepped in order, SI units."""

from math import cos, pi

import numpy as np

from simulators.processes.brine import BrineCircuit, feed_demand
from simulators.processes.caustic import STRENGTH, CausticCircuit
from simulators.processes.constants import M_NAOH
from simulators.processes.electrolysis import DESIGN_TEMPERATURE, Electrolyser, Feed
from simulators.processes.final_elements import BREAKERS, chlor_alkali_elements
from simulators.processes.gases import GasHeader, isothermal_power
from simulators.processes.load_schedule import LoadSchedule
from simulators.processes.parameters import Case
from simulators.processes.rectifier import Rectifier
from simulators.processes.utilities import Utilities
from simulators.processes.walks import Walks

GROUPS = 8
"""Cell groups of an electrolyser whose voltage is measured."""
_ZONE = 8 * 3600.0
"""Local time minus UTC [s], for the tariff and the ambient temperature."""
_WET_COOLING = 0.85
"""Share of the heat in the wet gases that cooling water takes; chilled water takes the rest [1]."""
_DIFFERENCE = 5_000.0
"""Hydrogen is held this much [Pa] above chlorine, so that the membranes rest on the anode."""
_HALF_WAY = 0.5
_FRESH, _ABSORBER = 0.15, 30_000.0
"""Strength [1] and mass [kg] of the absorption caustic, renewed in 4 h."""


class ChlorAlkaliPhysics:
    """True state of the plant and the flows of its last step; knows no instrument and no plant file."""

    def __init__(self, case: Case, rng: np.random.Generator, dt: float) -> None:
        """A plant near its steady state at 95 % load, in steps of ``dt`` [s]."""
        self.case, self._dt = case, dt
        self.walks = Walks(rng, dt)
        self.cell_spread = cell_spread(rng)
        self.electrolysers = (Electrolyser(case), Electrolyser(case))
        self.rectifiers = (Rectifier(case), Rectifier(case))
        self.brine, self.caustic, self.utilities = BrineCircuit(case), CausticCircuit(case), Utilities(case)
        self.chlorine = GasHeader(60.0, 313.15, 20_000.0)
        self.hydrogen = GasHeader(40.0, 308.15, 25_000.0)
        self.schedule = LoadSchedule(0.95, _ZONE)
        self.elements = chlor_alkali_elements()
        self.absorbent, self.compression = _FRESH, (0.0, 0.0)
        self.ambient, self.bus = 298.15, 10_050.0
        self.rates: dict[str, float] = {}
        """What every meter measures [W, kg/s or m3/s], by point."""

    def step(self, seconds: float, safe: frozenset[str]) -> None:
        """Advance to ``seconds`` since 1970 UTC; ``safe`` names the feedbacks that a trip drives to safety."""
        walks = self.walks.step()
        self.ambient = 293.15 - 6.0 * cos(2.0 * pi * ((seconds + _ZONE) / 86_400.0 - 0.125)) + walks.ambient
        self.bus = 10_050.0 + 40.0 * walks.bus
        self._operate(seconds, walks.load, safe)
        self._electrolyse()
        self._gases()
        self._use_utilities()
        self.rates = self._rates()

    def _operate(self, seconds: float, wander: float, safe: frozenset[str]) -> None:
        """Operator, final elements and direct current."""
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
        caustic.supply(self._dt, self.load, max(water, 0.0), mean, DESIGN_TEMPERATURE)
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


def cell_spread(rng: np.random.Generator) -> tuple[tuple[float, ...], ...]:
    """Relative deviation of the voltage of each cell group from the mean [1], per electrolyser; sums to zero."""
    table = rng.standard_normal((2, GROUPS)) * 0.004
    table -= table.mean(axis=1, keepdims=True)
    return tuple(tuple(row) for row in np.clip(table, -0.01, 0.01).tolist())
