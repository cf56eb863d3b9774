"""A heading: a roadheader at its end, a duct that brings the air there, and the gas that comes back along it.

The duct leaks along its way; what arrives sweeps the end, and all of it comes back through the road. Without the
local fan the gas collects where it is freed. First-order desorption as at the longwall.
"""

from simulators.processes.coal.airway import Airway
from simulators.processes.coal.parameters import MineCase

LENGTH, AREA = 600.0, 16.0
DUCT = 7.5
"""Air that one local fan blows into the duct [m3/s]."""
LEAKAGE = 0.2
"""Share of it that the duct loses on its way [1]."""
CUTTING, BOLTING = 1500.0, 2700.0
"""A round: cutting, then bolting [s]."""
RATE = 12.0
"""Coal cut while cutting [kg/s]."""
GAS_OF_COAL, DESORPTION, RIBS = 0.90e-3, 300.0, 0.012
_CUTTER_ENERGY = 6.0e3
"""Electricity of the cutter [J/kg]."""
_END = 20.0
"""Length of the part at the end that the duct sweeps [m]."""
_CHANGEOVER = 5.0


class Heading:
    """State of one heading, SI units."""

    __slots__ = (
        "blown", "case", "cut_gas", "duty", "end", "fan_power", "freed", "power", "rate", "ribs", "road", "round",
        "running", "standing", "stock",
    )  # fmt: skip

    def __init__(self, case: MineCase, phase: float) -> None:
        """A heading at work, ``phase`` [s] into its round."""
        self.case = case
        self.end = Airway(1, _END, AREA, 0.002)
        self.road = Airway(5, LENGTH - _END, AREA, 0.0025)
        self.round = phase
        self.rate, self.blown, self.duty, self.standing = 0.0, DUCT, 0, 0.0
        """Coal cut [kg/s]; air in the duct [m3/s]; which fan is on duty; how long none has run [s]."""
        self.running = [True, False]
        self.stock = self.freed = self.cut_gas = self.ribs = self.power = self.fan_power = 0.0

    def step(self, dt: float, stopped: tuple[bool, bool], gas: float) -> None:
        """Advance fans and air by ``dt`` [s]; ``stopped`` by their buttons, ``gas`` [1] more than usual."""
        self._ventilate(dt, stopped)
        self.freed = gas * GAS_OF_COAL * self.rate
        self.cut_gas = self.stock / DESORPTION
        self.stock += dt * (self.freed - self.cut_gas)
        self.ribs = gas * RIBS
        lost = LEAKAGE * self.blown
        self.end.step(dt, self.blown - lost, 0.0, self.cut_gas + 0.5 * self.ribs)
        # The duct loses air along the whole road; on average it joins in the middle.
        self.road.step(dt, self.end.flow + lost, self.end.methane, 0.5 * self.ribs, 2)

    def _ventilate(self, dt: float, stopped: tuple[bool, bool]) -> None:
        """The fan on duty; the other takes over after five seconds, and nobody goes back by himself."""
        self.standing = self.standing + dt if stopped[self.duty] else 0.0
        if self.standing >= _CHANGEOVER and not stopped[1 - self.duty]:
            self.duty, self.standing = 1 - self.duty, 0.0
        runs = not stopped[self.duty]
        self.running[self.duty], self.running[1 - self.duty] = runs, False
        self.blown += min(dt / 4.0, 1.0) * ((DUCT if runs else 0.0) - self.blown)
        self.fan_power = self.case.local_fan_power if runs else 0.0

    def cut(self, dt: float, *, powered: bool, allowed: bool) -> None:
        """Work for ``dt`` [s] where power, shift and haulage allow."""
        wanted = 0.0
        if powered and allowed:
            self.round = (self.round + dt) % (CUTTING + BOLTING)
            wanted = RATE if self.round < CUTTING else 0.0
        self.rate += min(dt / 10.0, 1.0) * (wanted - self.rate)
        self.rate = self.rate if powered else 0.0
        self.power = self.case.heading_fixed_power + _CUTTER_ENERGY * self.rate if powered else 0.0

    @property
    def methane(self) -> float:
        """In the air of the road [m3]."""
        return self.end.content + self.road.content
