"""The skip hoist: measuring pocket, balanced skips, speed in a trapezoid, power from work and motion.

Power = d(lift + motion)/dt / efficiency while it drives; while it brakes the drive gives back a part. The skips
and ropes balance each other, so only the payload is lifted.
"""

from math import sqrt

from simulators.processes.coal.constants import DEPTH, GRAVITY
from simulators.processes.coal.parameters import MineCase

PAYLOAD = 12_000.0
"""Of a skip [kg]."""
TOP_SPEED, ACCELERATION = 9.0, 0.7
"""[m/s], [m/s2]."""
LOADING = 12.0
"""[s]"""
MOVING_MASS = 70_000.0
"""Skips, ropes and drum, without the payload [kg]."""
FEEDER = 170.0
"""Coal from the bunker to the pocket [kg/s]."""
_LONGEST_PAUSE = 900.0
_IDLE = 60.0e3
"""Hydraulics, cooling, lighting [W]: more than braking gives back, so the meter never runs backwards."""
_EMPTY = 0.02
_RELEASE_SPEED = 0.05


class Hoist:
    """State of the hoist, SI units."""

    __slots__ = (
        "braked", "case", "dumped", "feeding", "heat", "load", "pause", "pocket", "position", "power", "speed",
        "temperature", "trips", "work",
    )  # fmt: skip

    def __init__(self, case: MineCase) -> None:
        """Loading at the pit bottom."""
        self.case = case
        self.pocket, self.load, self.position, self.speed, self.pause = PAYLOAD, 0.0, 0.0, 0.0, LOADING
        self.power = self.work = self.heat = self.dumped = self.feeding = 0.0
        self.braked = True
        self.temperature, self.trips = 333.15, 0

    def step(self, dt: float, level: float, *, released: bool) -> None:
        """Advance by ``dt`` [s].

        Args:
            dt: step [s].
            level: filled share of the bunker [1]: the fuller, the shorter the pause between trips.
            released: no safety brake holds it.
        """
        self.feeding = 0.0 if level <= _EMPTY else min(FEEDER, (PAYLOAD - self.pocket) / dt)
        self.pocket += dt * self.feeding
        before = self._energy
        self.dumped = 0.0
        if not released:
            self.speed = max(self.speed - 3.0 * dt, 0.0)
        elif self.load > 0.0:
            self.speed = self._wanted(dt)
        self._travel(dt, level, released=released)
        self.braked = self.speed < _RELEASE_SPEED
        self._consume(dt, self._energy - before + self.dumped * dt * GRAVITY * DEPTH, released=released)

    @property
    def _energy(self) -> float:
        """Lift and motion [J]."""
        moving = 0.5 * (MOVING_MASS + self.load) * self.speed * self.speed
        return moving + self.load * GRAVITY * self.position

    def _wanted(self, dt: float) -> float:
        """Speed of the trapezoid [m/s]: brake in time for the tipping point."""
        left = max(DEPTH - self.position, 0.0)
        braking = sqrt(2.0 * ACCELERATION * left)
        return min(self.speed + ACCELERATION * dt, TOP_SPEED, max(braking, 0.3))

    def _travel(self, dt: float, level: float, *, released: bool) -> None:
        """Travel, dump, pause, load."""
        if self.load > 0.0:
            self.position += self.speed * dt
            if self.position >= DEPTH:
                self.dumped, self.load, self.position, self.speed = self.load / dt, 0.0, 0.0, 0.0
                self.trips += 1
                self.pause = LOADING + _LONGEST_PAUSE * max(0.75 - level, 0.0) ** 2
            return
        self.pause -= dt
        if self.pause <= 0.0 and released and self.pocket >= PAYLOAD - 1.0:
            self.load, self.pocket = self.pocket, 0.0

    def _consume(self, dt: float, gained: float, *, released: bool) -> None:
        """Electricity [W] for the energy ``gained`` [J] in this step, and what becomes heat [W]."""
        mechanical = gained / dt
        if mechanical >= 0.0:
            drive = mechanical / self.case.hoist_efficiency
        else:
            drive = mechanical * self.case.hoist_recovery if released else 0.0
        self.power = _IDLE + drive
        self.work = mechanical
        self.heat = self.power - mechanical
        self.temperature += dt / 1800.0 * (303.15 + 6.0e-5 * self.power - self.temperature)
