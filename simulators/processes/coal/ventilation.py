"""The main fan and the mine's air: pressure, quantity, power, and what happens when it stops.

Sources: square law p = R Q2 and splits of parallel roads in proportion to 1/sqrt(R), fan laws with speed and fan
power p Q / efficiency (McPherson, "Subsurface Ventilation and Environmental Engineering", Springer 1993, ch. 5, 7
and 10). The momentum of the moving air, dQ/dt = (p - R Q2) / I with I = density x length / area, makes the air
go on for a while when the fan has stopped.
"""

from math import sqrt

from simulators.processes.coal.parameters import MineCase

SHUT_OFF = 4200.0
"""Fan pressure without flow at full speed [Pa]."""
CURVE = 0.0892
"""Fall of the fan pressure with the flow squared [Pa s2/m6]; range 80-160 m3/s at full speed."""
BEST_FLOW = 125.0
"""Flow of the highest efficiency at full speed [m3/s]."""
RESISTANCE = 0.2066
"""Of the whole mine [N s2/m8]."""
NATURAL = 100.0
"""Natural ventilation pressure in winter, cold shaft against warm return [Pa]."""
INERTANCE = 480.0
"""Of the air in the mine [kg/m4]: 1.2 kg/m3 x 6,000 m / 15 m2."""
WANTED = 110.0
"""Air that the mine needs [m3/s]."""
SHARES = (36.0, 16.0, 16.0, 14.0, 28.0)
"""Of longwall, headings 1 and 2, chambers, trunk road: conductances 1/sqrt(R) that give these flows [m3/s]."""
_RUN_UP, _RUN_DOWN = 0.02, 0.05
_CHANGEOVER = 60.0
_LEAST_EFFICIENCY = 0.3


def fan_pressure(flow: float, speed: float) -> float:
    """Pressure [Pa] of the fan at a ``flow`` [m3/s] and ``speed`` [1 of full]; a standing fan resists."""
    return SHUT_OFF * speed * speed - CURVE * flow * abs(flow)


def fan_efficiency(case: MineCase, flow: float, speed: float) -> float:
    """Of the fan wheel [1]: a parabola over the flow at full speed, highest at ``BEST_FLOW``."""
    away = flow / (max(speed, 0.05) * BEST_FLOW) - 1.0
    return max(case.fan_efficiency * (1.0 - 1.2 * away * away), _LEAST_EFFICIENCY)


class Ventilation:
    """State of the main fans and of the air in the mine, SI units."""

    __slots__ = (
        "case", "duty", "efficiency", "energised", "fan_flow", "flow", "gas", "leak", "power", "pressure",
        "resistance", "speed", "standing", "wanted_speed",
    )  # fmt: skip

    def __init__(self, case: MineCase) -> None:
        """Fan 1 on duty, near its steady state."""
        self.case = case
        self.duty = 0
        """Which fan is in service: 0 or 1."""
        self.flow = WANTED
        """Air entering the mine [m3/s]."""
        self.speed = self.wanted_speed = max(0.926, case.fan_least_speed)
        self.pressure = 2400.0
        self.leak = case.fan_leakage * sqrt(self.pressure)
        self.fan_flow = self.flow + self.leak
        self.efficiency, self.power, self.energised, self.standing = case.fan_efficiency, 0.0, True, 0.0
        self.resistance = RESISTANCE
        self.gas = 0.25
        """Gas that the mine adds to its air [m3/s]: the fan moves it too."""

    def step(self, dt: float, stopped: tuple[bool, bool], wander: float) -> None:
        """Advance by ``dt`` [s]; ``stopped`` tells which fans are held by their stop buttons, ``wander`` [1]."""
        case = self.case
        self._operate(dt, stopped)
        self.resistance = (RESISTANCE + case.fan_damper) * (1.0 + 0.005 * wander)
        self.fan_flow = self.flow + self.gas + self.leak
        self.pressure = fan_pressure(self.fan_flow, self.speed)
        self.leak = case.fan_leakage * sqrt(max(self.pressure, 0.0))
        self.efficiency = fan_efficiency(case, self.fan_flow, self.speed)
        air = max(self.pressure, 0.0) * self.fan_flow
        self.power = air / (self.efficiency * case.fan_drive_efficiency) if self.energised else 0.0
        flow = self.flow
        self.flow += dt * (self.pressure + NATURAL - self.resistance * flow * abs(flow)) / INERTANCE

    def _operate(self, dt: float, stopped: tuple[bool, bool]) -> None:
        """Speed control, run-up and run-down; the standby fan takes over a minute after the other has stopped."""
        self.energised = not stopped[self.duty]
        if self.energised:
            self.standing = 0.0
            self.wanted_speed += dt * 1.0e-4 * (WANTED - self.flow)
            self.wanted_speed = min(max(self.wanted_speed, self.case.fan_least_speed), 1.0)
            self.speed += min(max(self.wanted_speed - self.speed, -_RUN_DOWN * dt), _RUN_UP * dt)
            return
        self.speed = max(self.speed - _RUN_DOWN * dt, 0.0)
        self.standing += dt
        if self.standing >= _CHANGEOVER and not stopped[1 - self.duty]:
            self.duty = 1 - self.duty

    def splits(self, wander: float) -> tuple[float, float, float, float, float]:
        """Air of longwall, headings 1 and 2, chambers and trunk [m3/s]; ``wander`` [1] moves the face's part."""
        first, second, third, fourth, fifth = SHARES
        first *= 1.0 + 0.01 * wander
        unit = self.flow / (first + second + third + fourth + fifth)
        return first * unit, second * unit, third * unit, fourth * unit, fifth * unit
