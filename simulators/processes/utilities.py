"""Utilities: cooling and chilled water, electricity of the auxiliaries, fresh water, air, steam."""

from simulators.processes.constants import CP_WATER, LATENT
from simulators.processes.parameters import Case

BLOW_DOWN = 1.3
"""Cooling-tower make-up per evaporated water [1] (blow-down and drift)."""
PURE_WATER_YIELD = 0.78
"""Pure water per fresh water in reverse osmosis [1]."""


class Utilities:
    """Consumption of the last step, SI units."""

    __slots__ = (
        "air", "case", "chilled", "chiller", "cooling", "cooling_flow", "fresh", "pumps", "supply", "tower",
    )  # fmt: skip

    def __init__(self, case: Case) -> None:
        """Utilities of one parameter set."""
        self.case = case
        self.cooling = 3.0e6
        self.chilled = self.chiller = self.pumps = self.tower = self.fresh = 0.0
        self.air = case.air_use
        self.cooling_flow = 150.0
        self.supply = 299.15

    def step(self, dt: float, load: float, duties: tuple[float, float], water: tuple[float, float]) -> None:
        """Advance by ``dt`` [s].

        ``load`` [1]; ``duties`` [W] on cooling water and on chilled water; ``water`` [kg/s] that the processes
        take as pure and as fresh water.
        """
        cooling, self.chilled = duties
        self.chiller = self.chilled / self.case.chiller_cop
        self.cooling += min(dt / 120.0, 1.0) * (cooling + self.chilled + self.chiller - self.cooling)
        self.cooling_flow = 150.0 * (0.7 + 0.3 * load)
        self.pumps = self.case.pump_power * (0.35 + 0.65 * load)
        self.tower = self.case.utility_power * (0.6 + 0.4 * load)
        pure, fresh = water
        tower = BLOW_DOWN * self.cooling / LATENT
        self.fresh = pure / PURE_WATER_YIELD + fresh + tower + self.case.water_use
        self.air = self.case.air_use * (0.9 + 0.1 * load)

    @property
    def warming(self) -> float:
        """Temperature rise of the cooling water [K]."""
        return self.cooling / (self.cooling_flow * CP_WATER)
