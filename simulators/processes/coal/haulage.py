"""Belts, the underground bunker and its gas. Coal keeps its place on a belt, and comes out as late as it must.

Belt resistance: C f L g (rolls + belts + coal) + coal g H, power = resistance x speed / efficiency (ISO 5048:1989,
DIN 22101): C the length coefficient, f the artificial friction.
"""

from simulators.processes.coal.constants import GRAVITY
from simulators.processes.coal.parameters import MineCase

_ROLLS, _BELTS = 30.0, 60.0
"""Mass of the turning rolls, and of both strands of the belt [kg/m]."""
_FULL = 60.0
"""Coal on a belt at full load [kg/m]."""
_CHUTE = 20.0
"""Time in which the chute at the head levels out [s]."""
_START, _STOP = 30.0, 8.0
"""Time to start and to stop at full speed [s]."""


class Belt:
    """A belt conveyor: coal in cells of one second's travel, its speed and its power; SI units."""

    __slots__ = (
        "case", "cells", "discharge", "efficiency", "head", "length", "lift", "mass", "moved", "nominal", "pile",
        "power", "rise", "slip", "speed", "temperature",
    )  # fmt: skip

    def __init__(self, case: MineCase, length: float, rise: float, nominal: float, load: float) -> None:
        """A belt of ``length`` and ``rise`` [m] at its ``nominal`` speed [m/s], carrying ``load`` [kg/m]."""
        self.case, self.length, self.rise, self.nominal = case, length, rise, nominal
        cells = int(length / nominal)
        self.cells = [load * length / cells] * cells
        self.head = 0
        """Index of the cell at the head: the next to be emptied."""
        self.mass = load * length
        """Coal on the belt [kg]."""
        self.speed, self.moved, self.discharge = nominal, 0.0, 0.0
        self.pile = 0.3
        """Filling of the chute at the head [1]."""
        self.power, self.lift, self.slip, self.temperature = 0.0, 0.0, 0.01, 318.15
        """Power [W], part of it that lifts coal [W], slip of the drum [1], temperature of the drum [K]."""

    def step(self, dt: float, feed: float, *, running: bool, ambient: float) -> None:
        """Advance by ``dt`` [s] with ``feed`` [kg/s] at the tail; ``ambient`` [K]."""
        self._drive(dt, running=running)
        cells, n = self.cells, len(self.cells)
        self.mass += feed * dt
        cells[self.head - 1] += feed * dt
        load = self.mass / self.length
        self.moved += self.speed * dt * n / self.length
        out = 0.0
        while self.moved >= 1.0:
            self.moved -= 1.0
            out += cells[self.head]
            cells[self.head] = 0.0
            self.head = (self.head + 1) % n
        self.mass -= out
        self.discharge = out / dt
        self.pile += dt / _CHUTE * (0.25 + 0.0015 * self.discharge - self.pile)
        self._consume(dt, load, ambient, energised=running)

    def _drive(self, dt: float, *, running: bool) -> None:
        """Start and stop ramps; a belt with a variable drive runs as fast as its load asks for."""
        if running:
            asked = 0.5 + self.mass / (self.length * _FULL)
            wanted = self.nominal * min(max(asked, self.case.belt_least_speed), 1.0)
            reach = dt * self.nominal / _START
            self.speed += min(max(wanted - self.speed, -reach), reach)
        else:
            self.speed = max(self.speed - dt * self.nominal / _STOP, 0.0)

    def _consume(self, dt: float, load: float, ambient: float, *, energised: bool) -> None:
        self.lift = load * GRAVITY * self.rise * self.speed
        length_factor = 1.0 + 100.0 / self.length
        force = length_factor * self.case.belt_friction * self.length * GRAVITY * (_ROLLS + _BELTS + load)
        shaft = force * self.speed + self.lift
        self.power = shaft / self.case.belt_drive_efficiency if energised else 0.0
        self.slip = 0.008 + 0.01 * load / _FULL if self.speed > 0.0 else 0.0
        self.temperature += dt / 900.0 * (ambient + 6.0 + 6.0e-5 * self.power - self.temperature)

    @property
    def potential(self) -> float:
        """Energy of the coal on the belt above the tail [J]."""
        n = len(self.cells)
        height = self.rise / n
        mass = sum(self.cells[(self.head + i) % n] * (n - 1 - i + self.moved) for i in range(n))
        return mass * GRAVITY * height


CAPACITY = 2.5e6
"""Of the bunker [kg]."""
GAS_OF_COAL, DESORPTION = 0.02e-3, 3600.0
"""Methane that coal still gives off in the bunker [m3/kg], and its time constant [s]."""
BUNKER_AIR = 0.8
"""Air that sweeps the top of the bunker [m3/s]."""


class Bunker:
    """Raw coal underground [kg] and the methane in it [m3]."""

    __slots__ = ("freed", "gas", "mass", "stock")

    def __init__(self, level: float) -> None:
        """Filled to ``level`` [1]."""
        self.mass = level * CAPACITY
        self.stock = 58.0 * GAS_OF_COAL * DESORPTION
        self.freed = self.gas = 0.0

    @property
    def level(self) -> float:
        """Filled share [1]."""
        return self.mass / CAPACITY

    def step(self, dt: float, coming: float, going: float) -> None:
        """Advance by ``dt`` [s] with coal ``coming`` and ``going`` [kg/s]."""
        self.mass += dt * (coming - going)
        self.freed = GAS_OF_COAL * coming
        self.gas = self.stock / DESORPTION
        self.stock += dt * (self.freed - self.gas)
