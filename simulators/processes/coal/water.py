"""Mine water: sump, three pumps in the shaft, the treated water that goes down again for dust suppression.

Each pump meets its own pipe: H0 - a Q2 = static head + k Q2, power = density g Q H / efficiency.
"""

from math import sqrt

from simulators.processes.coal.constants import DEPTH, GRAVITY, WATER_DENSITY
from simulators.processes.coal.parameters import MineCase

SUMP, TANK = 3000.0, 2000.0
"""Volumes of sump and surface tank [m3]."""
INFLOW = 0.115
"""From the rock [m3/s]: 414 m3/h."""
SHUT_OFF, PUMP_CURVE = 690.0, 7000.0
"""Pump head without flow [m] and its fall with the flow squared [m s2/m6]; range 0.06-0.15 m3/s."""
PUMPS = 3
_FIRST, _SECOND, _THIRD, _OFF = 0.60, 0.75, 0.85, 0.30
_CHEAP = 0.45
_MOTOR_HEAT = 0.25
"""Share of the losses that the air takes; the water takes the rest [1]."""


class Water:
    """State of the mine water, SI units."""

    __slots__ = (
        "air_heat", "case", "discharged", "flow", "fresh", "head", "inflow", "lift", "power", "running", "spray",
        "sump", "tank", "temperatures", "washed",
    )  # fmt: skip

    def __init__(self, case: MineCase) -> None:
        """Half full, no pump running."""
        self.case = case
        self.sump, self.tank = 0.5 * SUMP, 0.6 * TANK
        self.running = [False, False, False]
        self.flow = sqrt((SHUT_OFF - DEPTH) / (PUMP_CURVE + case.pipe_friction))
        """Of one pump [m3/s]: where pump and pipe agree."""
        self.head = SHUT_OFF - PUMP_CURVE * self.flow * self.flow
        self.inflow, self.spray, self.washed, self.fresh, self.discharged = INFLOW, 0.0, 0.0, 0.0, 0.0
        self.power = self.lift = self.air_heat = 0.0
        self.temperatures = [308.15, 308.15, 308.15]

    @property
    def level(self) -> float:
        """Filled share of the sump [1]."""
        return self.sump / SUMP

    @property
    def pumps(self) -> int:
        """How many run."""
        return sum(self.running)

    def step(self, dt: float, wander: float, used: tuple[float, float], *, cheap: bool, powered: bool) -> None:
        """Advance by ``dt`` [s].

        Args:
            dt: step [s].
            wander: of the inflow [1].
            used: water for dust suppression, which runs back to the sump, and for the washery [m3/s].
            cheap: electricity is cheap now: pump while it is.
            powered: the pumps have electricity.
        """
        self.spray, self.washed = used
        self.inflow = INFLOW * (1.0 + 0.04 * wander)
        self._decide(cheap=cheap, powered=powered)
        pumped = self.flow * self.pumps
        self.sump += dt * (self.inflow + self.spray - pumped)
        self._distribute(dt, pumped)
        hydraulic = WATER_DENSITY * GRAVITY * pumped * self.head
        self.power = hydraulic / self.case.pump_efficiency
        self.lift = WATER_DENSITY * GRAVITY * pumped * DEPTH
        self.air_heat = _MOTOR_HEAT * (self.power - self.lift)
        for i, runs in enumerate(self.running):
            self.temperatures[i] += dt / 1200.0 * ((333.15 if runs else 300.15) - self.temperatures[i])

    def _decide(self, *, cheap: bool, powered: bool) -> None:
        """Level control with hysteresis; at the cheap tariff the first pump begins earlier."""
        level, on = self.level, self.running
        if level <= _OFF or not powered:
            on[0] = on[1] = on[2] = False
            return
        on[0] = on[0] or level >= (_CHEAP if cheap else _FIRST)
        on[1] = on[1] or level >= _SECOND
        on[2] = on[2] or level >= _THIRD

    def _distribute(self, dt: float, pumped: float) -> None:
        """Treated water to its users; the rest is discharged, what lacks is bought."""
        wanted = self.spray + self.washed
        room = (0.8 * TANK - self.tank) / 600.0
        self.discharged = max(pumped - wanted - room, 0.0)
        self.fresh = max(wanted - pumped + (0.3 * TANK - self.tank) / 600.0, 0.0)
        self.tank += dt * (pumped + self.fresh - wanted - self.discharged)
