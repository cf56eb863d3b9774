"""Well-mixed tanks of brine and caustic that conserve mass, solute and heat; densities and vapour pressure."""

from simulators.processes.constants import REFERENCE, ZERO_C


def brine_density(fraction: float, temperature: float) -> float:
    """Density [kg/m3] of NaCl brine of a mass ``fraction`` [1] at ``temperature`` [K].

    Linear fit, within 1 % for 0.15-0.27 and 20-90 degC: 26 % gives 1197 at 20 degC, 1176 at 60 degC
    (Perry's Handbook, densities of aqueous solutions).
    """
    return (998.2 - 0.44 * (temperature - ZERO_C - 20.0)) * (1.0 + 0.766 * fraction)


def caustic_density(fraction: float, temperature: float) -> float:
    """Density [kg/m3] of caustic of a mass ``fraction`` [1] at ``temperature`` [K].

    Linear fit, within 1 % for 0.28-0.50 and 20-100 degC: 32 % gives 1349 at 20 degC, 1308 at 80 degC
    (Perry's Handbook, densities of aqueous solutions).
    """
    return 1349.0 + 980.0 * (fraction - 0.32) - 0.688 * (temperature - ZERO_C - 20.0)


def vapour_pressure(temperature: float) -> float:
    """Saturation pressure [Pa] of water at ``temperature`` [K], 1-100 degC: Antoine, NIST constants in mmHg."""
    return float(133.322 * 10.0 ** (8.07131 - 1730.63 / (233.426 + temperature - ZERO_C)))


class Tank:
    """A mixed tank: mass [kg], solute [kg] and heat above the reference temperature [J]."""

    __slots__ = ("capacity", "cp", "heat", "mass", "solute")

    def __init__(self, capacity: float, cp: float, *, level: float, fraction: float, temperature: float) -> None:
        """Fill a tank of ``capacity`` [kg] to ``level`` [1] with liquid of specific heat ``cp`` [J/(kg K)]."""
        self.capacity = capacity
        self.cp = cp
        self.mass = capacity * level
        self.solute = self.mass * fraction
        self.heat = self.mass * cp * (temperature - REFERENCE)

    @property
    def level(self) -> float:
        """Filled share [1]."""
        return self.mass / self.capacity

    @property
    def fraction(self) -> float:
        """Mass fraction of the solute [1]."""
        return self.solute / self.mass

    @property
    def temperature(self) -> float:
        """Temperature [K]."""
        return REFERENCE + self.heat / (self.mass * self.cp)

    def exchange(self, mass: float, solute: float, heat: float) -> None:
        """Add the net mass [kg], solute [kg] and heat [J] of a step; negative takes out."""
        self.mass += mass
        self.solute += solute
        self.heat += heat
