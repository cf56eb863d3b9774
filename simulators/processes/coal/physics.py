"""The whole mine: its parts, put together and stepped in order, SI units."""

import numpy as np

from simulators.processes.coal.airway import Airway, Warmth
from simulators.processes.coal.constants import AUTOCOMPRESSION
from simulators.processes.coal.dispatcher import cheap, driving, local_hour, producing
from simulators.processes.coal.elements import (
    BELTS,
    BRAKE,
    COMPRESSOR,
    FACE,
    HEADINGS,
    SHEARER,
    WASHERY,
    mine_elements,
)
from simulators.processes.coal.face import CARRIED, Face
from simulators.processes.coal.goaf import DRAINED
from simulators.processes.coal.haulage import Belt, Bunker
from simulators.processes.coal.heading import Heading
from simulators.processes.coal.hoist import Hoist
from simulators.processes.coal.parameters import MineCase
from simulators.processes.coal.power import Loads, Power
from simulators.processes.coal.preparation import Preparation
from simulators.processes.coal.surface import BOREHOLE_FRACTION, BOREHOLES, Surface
from simulators.processes.coal.ventilation import Ventilation
from simulators.processes.coal.water import Water
from simulators.processes.walks import Walks

HAND_SWITCHES = ("MF-1.stop", "MF-2.stop", "LF-121.stop", "LF-122.stop", "LF-131.stop", "LF-132.stop")
"""Stop buttons that lock: main fans, and two local fans at each heading."""
BELT_GAS = 0.01e-3
"""Methane that coal gives off on the gate conveyor [m3/kg]."""
OLD_WORKINGS = 0.020
"""Methane that comes to the trunk road from sealed districts [m3/s]."""
SPRAY = 4.0e-3
"""Water for dust suppression at the face [m3/s]."""
_HALF_WAY = 0.5
_FULL_BUNKER, _ROOM_AGAIN = 0.93, 0.88


class MinePhysics:
    """True state of the mine and the flows of its last step; knows no instrument and no plant file."""

    def __init__(self, case: MineCase, rng: np.random.Generator, dt: float) -> None:
        """A mine at work, in steps of ``dt`` [s]."""
        self.case, self._dt = case, dt
        self.walks = Walks(rng, dt)
        self.surface, self.ventilation, self.water = Surface(case), Ventilation(case), Water(case)
        self.face = Face(case, self.surface.barometer)
        self.headings = (Heading(case, 600.0), Heading(case, 2200.0))
        self.belts = (Belt(case, 1800.0, 25.0, 3.15, 15.0), Belt(case, 2200.0, 90.0, 3.5, 20.0))
        """Gate and trunk conveyor."""
        self.bunker, self.hoist, self.washery = Bunker(0.42), Hoist(case), Preparation(case)
        self.main_return = Airway(8, 1500.0, 18.0, 0.002)
        self.heat = tuple(Warmth(c, u, rock, t) for c, u, rock, t in _THERMAL)
        """Gate, face, headings, chambers, trunk road."""
        self.power = Power(case)
        self.elements = mine_elements()
        self.receiving = 17_400.0
        """Raw coal in the bin under the headframe [kg]."""
        self.raw_output = 58.0
        """From that bin over the belt scale [kg/s]."""
        self.hour, self.room, self.splits = 0.0, True, self.ventilation.splits(0.0)
        self.gas_pumps, self.belt_gas = case.gas_pump_power, 0.0
        """Power of the gas drainage station [W]; methane from the coal on the gate conveyor [m3/s]."""
        self.stopped: dict[str, float] = dict.fromkeys(HAND_SWITCHES, 0.0)
        """Position of every stop button; the process sets them."""
        self.rates: dict[str, float] = {}
        """What every meter measures [W, kg/s or m3/s], by point."""

    def step(self, seconds: float, safe: frozenset[str]) -> None:
        """Advance to ``seconds`` since 1970 UTC; ``safe`` names the feedbacks that a trip drives to safety."""
        dt, walks = self._dt, self.walks.step()
        self.hour = local_hour(seconds)
        for name, element in self.elements.items():
            element.move(dt, safe=name in safe)
        weather = (walks.ambient, walks.quality, walks.small)
        self.surface.step(dt, seconds, weather, max(self.ventilation.flow, 0.0))
        self._ventilate(dt)
        self._mine(dt)
        self._haul(dt)
        self._serve(dt)
        self._warm(dt)
        self.rates = self._rates()

    @property
    def voltage(self) -> float:
        """Voltage as a share of its nominal [1]."""
        return 1.0 + 0.004 * self.walks.bus

    def on(self, feedback: str) -> bool:
        """Whether a final element is past half its way to the end that ``1`` stands for."""
        return self.elements[feedback].position > _HALF_WAY

    def _ventilate(self, dt: float) -> None:
        """Air and gas of every road."""
        stop, walks, air = self.stopped, self.walks, self.ventilation
        air.step(dt, (stop["MF-1.stop"] > 0.0, stop["MF-2.stop"] > 0.0), walks.small)
        self.splits = face, first, second, chambers, trunk = air.splits(walks.small)
        gas = 1.0 + 0.03 * walks.quality
        self.belt_gas = BELT_GAS * self.belts[0].discharge
        self.face.step(dt, face, self.belt_gas, (self.surface.barometer, DRAINED), gas)
        one, two = self.headings
        one.step(dt, (stop["LF-121.stop"] > 0.0, stop["LF-122.stop"] > 0.0), gas)
        two.step(dt, (stop["LF-131.stop"] > 0.0, stop["LF-132.stop"] > 0.0), gas)
        flow = self.face.outer.flow + first + second + chambers + trunk
        # A local fan takes its air from the road and gives it back: what it adds is the heading's methane.
        flow += one.road.flow - one.blown + two.road.flow - two.blown
        methane = self.face.outer.methane + one.road.methane + two.road.methane
        self.main_return.step(dt, flow, methane, OLD_WORKINGS + self.bunker.gas, 0)
        air.gas = self.main_return.flow - air.flow

    def _mine(self, dt: float) -> None:
        """Longwall and headings: they work while shift, power and haulage allow."""
        gate, trunk = (self.on(name) for name in BELTS)
        level = self.bunker.level
        self.room = level < (_FULL_BUNKER if self.room else _ROOM_AGAIN)
        haulage = gate and trunk and self.room
        pace = 1.0 + 0.03 * self.walks.load if haulage and producing(self.hour) else 0.0
        self.face.cut(dt, powered=self.on(FACE), shearer_powered=self.on(SHEARER), pace=pace)
        for i, heading in enumerate(self.headings):
            allowed = trunk and self.room and driving(self.hour, i)
            heading.cut(dt, powered=self.on(HEADINGS[i]), allowed=allowed)

    def _haul(self, dt: float) -> None:
        """Belts, bunker, hoist, belt scale; a belt stops with the one that it feeds."""
        gate, trunk = self.belts
        runs = self.on(BELTS[1]) and self.room
        gate.step(dt, self.face.shearer.rate, running=self.on(BELTS[0]) and runs, ambient=self.heat[0].temperature)
        coal = gate.discharge + self.headings[0].rate + self.headings[1].rate
        trunk.step(dt, coal, running=runs, ambient=self.heat[5].temperature)
        self.hoist.step(dt, self.bunker.level, released=not self.on(BRAKE))
        self.bunker.step(dt, trunk.discharge, self.hoist.feeding)
        self.raw_output = self.receiving / 300.0
        self.receiving += dt * (self.hoist.dumped - self.raw_output)
        ash = (self.walks.quality, self.walks.small)
        self.washery.step(dt, self.raw_output, ash, running=self.on(WASHERY))

    def _serve(self, dt: float) -> None:
        """Water, compressed air and electricity."""
        surface, case, walks = self.surface, self.case, self.walks
        spray = SPRAY if self.face.shearer_power > 0.0 else 0.3 * SPRAY
        used = (spray, self.washery.water_added / 1000.0)
        self.water.step(dt, walks.load, used, cheap=cheap(self.hour), powered=True)
        surface.compress(dt, running=self.on(COMPRESSOR))
        self.gas_pumps = case.gas_pump_power * (1.0 + 0.01 * walks.small)
        self.power.step(self._loads())

    def _loads(self) -> Loads:
        """What every machine takes."""
        one, two = self.headings
        return Loads(
            fan=self.ventilation.power,
            compressors=self.surface.compressors,
            hoist=self.hoist.power,
            surface=self.case.surface_power * (1.0 + 0.05 * self.walks.load),
            gas_pumps=self.gas_pumps,
            face=self.face.power,
            headings=one.power + two.power,
            local_fans=one.fan_power + two.fan_power,
            belts=self.belts[0].power + self.belts[1].power,
            drainage=self.water.power,
            other=self.case.other_power * (1.0 + 0.03 * self.walks.small),
            washery=self.washery.power,
        )

    def _warm(self, dt: float) -> None:
        """Heat of the machines and of the rock goes into the air of its road."""
        face, first, second, chambers, trunk = self.splits
        entering = self.surface.intake + AUTOCOMPRESSION
        gate_belt, trunk_belt = self.belts
        one, two = self.headings
        gate, wall, heading_one, heading_two, chamber, road = self.heat
        warm = gate.step(dt, face, entering, gate_belt.power - gate_belt.lift + 0.5 * self.power.cables)
        wall.step(dt, face, warm, (1.0 - CARRIED) * self.face.power)
        heading_one.step(dt, first, entering, one.power + one.fan_power)
        heading_two.step(dt, second, entering, two.power + two.fan_power)
        other = self.case.other_power * (1.0 + 0.03 * self.walks.small)
        chamber.step(dt, chambers, entering, self.water.air_heat + other)
        road.step(dt, trunk, entering, trunk_belt.power - trunk_belt.lift + 0.5 * self.power.cables)

    def _rates(self) -> dict[str, float]:
        """What every meter measures now: W, kg/s or m3/s."""
        washery, water = self.washery, self.water
        drained = self.face.goaf.drained_methane + BOREHOLES * BOREHOLE_FRACTION
        return {
            "EM-001.rate": self.power.incoming,
            **self.power.feeders,
            "HM-101.rate": self.surface.heating,
            "WM-101.rate": 1000.0 * water.fresh + self.case.fresh_water,
            "WM-102.rate": 1000.0 * water.discharged,
            "MM-101.rate": self.raw_output,
            "MM-201.rate": washery.feed,
            "MM-202.rate": washery.clean,
            "MM-203.rate": washery.reject,
            "MM-204.rate": washery.magnetite_added,
            "GM-501.rate": drained,
        }


_THERMAL = (
    (4.0e7, 9.0e3, 291.15, 284.15),
    (2.0e7, 3.0e3, 293.15, 291.15),
    (2.0e7, 4.0e3, 292.15, 288.15),
    (2.0e7, 4.0e3, 292.15, 288.15),
    (4.0e7, 3.0e3, 291.15, 296.15),
    (4.0e7, 7.0e3, 291.15, 288.15),
)
"""Capacity [J/K], conductance to the rock [W/K], rock and starting temperature [K] of the thermal cells."""
