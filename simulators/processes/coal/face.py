"""The longwall: a shearer that cuts to and fro, the gas it frees, and the air that carries it out.

Methane of cut coal leaves with first-order desorption, e = stock / tau; what the ribs give off is steady
(McPherson, "Subsurface Ventilation and Environmental Engineering", 12.3). Along the face the air takes gas up
where the shearer cuts. At the return corner part of the air meets what comes out of the goaf.
"""

from simulators.processes.coal.airway import Airway
from simulators.processes.coal.constants import GRAVITY
from simulators.processes.coal.goaf import LEAKAGE, Goaf
from simulators.processes.coal.parameters import MineCase

LENGTH, AREA = 220.0, 14.0
"""Of the face [m] and its cross-section [m2]."""
CUT = 0.8 * 2.4 * 1400.0
"""Coal cut for each metre of shearer travel [kg/m]: web x height x density in place."""
CUTTING_SPEED = 0.045
"""Shearer speed while cutting [m/s], 2.7 m/min."""
TURN = 3600.0
"""Time at each end for the snake, the supports and inspection [s]."""
GAS_OF_COAL = 0.55e-3
"""Methane that cut coal gives off while it is still at the face [m3/kg]."""
DESORPTION = 500.0
"""Its time constant [s]."""
RIBS = 0.035
"""Methane from faces and ribs at rest [m3/s]."""
CORNER = 0.6
"""Share of the face's air that passes the return corner [1]."""
_SLOW_FROM, _SLOW_OVER = 0.007, 0.003
"""The shearer is slowed from this methane fraction at the face on, and stops this much later [1]."""
CARRIED = 0.75
"""Share of the machines' heat that coal and spray water take away, mostly as vapour [1]."""
_CHAIN = 70.0 * LENGTH * 2.0
_CHAIN_FRICTION, _COAL_FRICTION, _CHAIN_SPEED, _AFC_EFFICIENCY = 0.35, 0.6, 1.2, 0.85


class Shearer:
    """Position along the face and speed, SI units."""

    __slots__ = ("direction", "position", "rate", "speed", "waiting")

    def __init__(self) -> None:
        """Cutting, a third of the way."""
        self.position, self.direction, self.speed, self.waiting = 0.33 * LENGTH, 1.0, CUTTING_SPEED, 0.0
        self.rate = CUT * self.speed
        """Coal cut [kg/s]."""

    def step(self, dt: float, pace: float) -> None:
        """Advance by ``dt`` [s] at a ``pace`` [1 of full speed]; 0 stops it."""
        wanted = 0.0
        if pace > 0.0:
            if self.waiting > 0.0:
                self.waiting -= dt
            else:
                wanted = CUTTING_SPEED * pace
        self.speed += min(dt / 4.0, 1.0) * (wanted - self.speed)
        travel = self.speed * dt
        self.position += self.direction * travel
        self.rate = CUT * self.speed
        if self.waiting <= 0.0 and not 0.0 <= self.position <= LENGTH:
            self.position = min(max(self.position, 0.0), LENGTH)
            self.direction, self.waiting = -self.direction, TURN


class Face:
    """The longwall with its roads: gate (intake), face, return in two parts; SI units."""

    __slots__ = (
        "case", "conveyor_power", "corner", "cut_gas", "fixed", "freed", "gate", "goaf", "outer", "power",
        "returned", "ribs", "shearer", "shearer_power", "stock", "wall",
    )  # fmt: skip

    def __init__(self, case: MineCase, pressure: float) -> None:
        """A face at work, at a barometer of ``pressure`` [Pa]."""
        self.case = case
        self.shearer = Shearer()
        self.goaf = Goaf(pressure)
        self.gate = Airway(4, 1800.0, AREA, 0.0003)
        self.wall = Airway(4, LENGTH, AREA, 0.002)
        self.returned = Airway(8, 1000.0, AREA, 0.005)
        self.outer = Airway(8, 1000.0, AREA, 0.005)
        self.stock = CUT * CUTTING_SPEED * GAS_OF_COAL * DESORPTION
        """Methane still in the coal at the face [m3]."""
        self.freed = self.cut_gas = self.ribs = 0.0
        self.corner = 0.006
        """Methane fraction at the return corner [1]."""
        self.power = self.shearer_power = self.conveyor_power = self.fixed = 0.0

    def step(self, dt: float, air: float, belt_gas: float, barometer: tuple[float, float], gas: float) -> None:
        """Advance the air by ``dt`` [s].

        Args:
            dt: step [s].
            air: entering the gate [m3/s].
            belt_gas: methane from the coal on the gate conveyor [m3/s].
            barometer: pressure [Pa], and the mixture that the drainage pipe takes [m3/s].
            gas: how much more gas than usual the seam gives [1].
        """
        shearer, wall, goaf = self.shearer, self.wall, self.goaf
        self.gate.step(dt, air, 0.0, belt_gas, 1)
        self.freed = gas * GAS_OF_COAL * shearer.rate
        self.cut_gas = self.stock / DESORPTION
        self.stock += dt * (self.freed - self.cut_gas)
        self.ribs = gas * RIBS
        flow, methane = self.gate.flow, self.gate.methane
        leak = LEAKAGE * flow / (flow + 5.0)
        leak_methane = methane * leak / max(flow, 1e-6)
        place = min(int(4.0 * shearer.position / LENGTH), 3)
        wall.step(dt, flow - leak, methane - leak_methane, self.cut_gas + self.ribs, place)
        goaf.step(dt, leak, leak_methane, *barometer)
        passing = CORNER * wall.flow
        self.corner = (CORNER * wall.methane + goaf.methane) / max(passing + goaf.out, 1e-6)
        self.returned.step(dt, wall.flow + goaf.out, wall.methane + goaf.methane)
        self.outer.step(dt, self.returned.flow, self.returned.methane)

    def cut(self, dt: float, *, powered: bool, shearer_powered: bool, pace: float) -> None:
        """Work for ``dt`` [s]: ``pace`` [1] is what shift and haulage allow; no power, no work."""
        slow = 1.0 - (self.wall.fraction(3) - _SLOW_FROM) / _SLOW_OVER
        allowed = pace * min(max(slow, 0.0), 1.0) if powered and shearer_powered else 0.0
        self.shearer.step(dt, allowed)
        moving = self.shearer.speed > 1e-4  # noqa: PLR2004 - it runs out within half a minute
        self.shearer_power = (40.0e3 + self.case.shearer_energy * self.shearer.rate) if moving else 0.0
        self.conveyor_power = self._conveyor() if powered and pace > 0.0 else 0.0
        self.fixed = self.case.face_fixed_power * (1.0 if pace > 0.0 else 0.3) if powered else 0.0
        self.power = self.shearer_power + self.conveyor_power + self.fixed

    def _conveyor(self) -> float:
        """Power of the armoured face conveyor [W]: friction of chain and coal, both ways for the chain."""
        coal = self.shearer.rate * self.shearer.position / _CHAIN_SPEED
        force = GRAVITY * (_CHAIN_FRICTION * _CHAIN + _COAL_FRICTION * coal)
        return force * _CHAIN_SPEED / _AFC_EFFICIENCY

    @property
    def methane(self) -> float:
        """Methane in the air of the roads and in the goaf [m3]."""
        return sum(road.content for road in (self.gate, self.wall, self.returned, self.outer)) + self.goaf.content
