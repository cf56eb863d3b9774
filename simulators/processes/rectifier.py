"""One rectifier: direct current following its set point, losses, temperatures."""

from math import sqrt

from simulators.processes.parameters import Case

POWER_FACTOR = 0.94
_WATER_SHARE = 0.5
_WATER_FLOW = 8.33
_CP = 4186.0


def loss(case: Case, current: float) -> float:
    """Losses [W] at a direct ``current`` [A]: fixed, semiconductor drop and ohmic; none with the breaker open."""
    return (
        case.rectifier_fixed_loss + (case.rectifier_voltage_drop + case.rectifier_resistance * current) * current
    )


class Rectifier:
    """State of one rectifier, SI units."""

    __slots__ = (
        "ac_current", "ac_power", "case", "current", "loss", "oil", "setpoint", "thyristor", "water_return",
    )  # fmt: skip

    def __init__(self, case: Case) -> None:
        """A rectifier at full current."""
        self.case = case
        self.current = self.setpoint = case.full_current
        self.loss = loss(case, self.current)
        self.ac_power = self.ac_current = 0.0
        self.oil, self.thyristor, self.water_return = 328.15, 323.15, 311.15

    def follow(self, dt: float, setpoint: float, *, closed: bool) -> None:
        """Bring the current towards ``setpoint`` [A] (time constant 3 s); an open breaker stops it at once."""
        self.setpoint = setpoint
        share = min(dt / 3.0, 1.0)
        self.current = self.current + share * (setpoint - self.current) if closed else 0.0

    def settle(self, dt: float, dc_power: float, bus: float, ambient: float, *, closed: bool) -> None:
        """Losses, primary side at ``bus`` voltage [V] and temperatures, for a direct-current power [W]."""
        self.loss = loss(self.case, self.current) if closed else 0.0
        self.ac_power = dc_power + self.loss
        self.ac_current = self.ac_power / (sqrt(3.0) * bus * POWER_FACTOR)
        self.oil += dt / 3600.0 * (ambient + 8.0 + 1.1e-4 * self.loss * (1.0 - _WATER_SHARE) * 2.0 - self.oil)
        self.water_return = 305.15 + _WATER_SHARE * self.loss / (_WATER_FLOW * _CP)
        self.thyristor += dt / 60.0 * (self.water_return + 1.0e-3 * self.current - self.thyristor)
