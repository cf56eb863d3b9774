"""Caustic: circulation with pure water and cooler, the 32 % product, its tank and the evaporation to 50 %."""

from simulators.processes.constants import CP_CAUSTIC, CP_WATER, REFERENCE
from simulators.processes.liquids import Tank
from simulators.processes.parameters import Case

STRENGTH = 0.322
"""NaOH mass fraction of the product [1]."""
EVAPORATED = 0.50
"""NaOH mass fraction behind the evaporation [1]."""
WATER_TEMPERATURE = 303.15
"""Pure water [K]."""
_PRODUCT_TEMPERATURE = 318.15
_LEVEL, _GAIN = 0.6, 1.0 / 300.0
_ECONOMY = 2.0
_EVAPORATION_LATENT = 2.35e6
_EVAPORATION_FEED = 0.45
_LEAST_LEVEL = 0.1


class CausticCircuit:
    """State of the caustic side and the flows of its last step, SI units."""

    __slots__ = (
        "circulation", "cooling", "dispatch", "evaporated_water", "evaporation_feed", "evaporation_heat",
        "feed_fraction", "feed_temperature", "leaving", "leaving_heat", "leaving_naoh", "product",
        "product_cooling", "product_heat", "product_naoh", "product_tank", "strong", "tank", "trim",
        "water",
    )  # fmt: skip

    def __init__(self, case: Case) -> None:
        """A circuit near its steady state."""
        del case
        self.tank = Tank(40_000.0, CP_CAUSTIC, level=_LEVEL, fraction=STRENGTH, temperature=361.15)
        self.product_tank = Tank(
            600_000.0, CP_CAUSTIC, level=0.5, fraction=STRENGTH, temperature=_PRODUCT_TEMPERATURE
        )
        self.circulation = 36.0
        self.feed_fraction, self.feed_temperature = 0.31, 353.15
        self.trim = 8.0
        self.water = self.product = self.product_naoh = self.cooling = self.product_cooling = self.product_heat = (
            0.0
        )
        self.evaporation_feed = self.evaporated_water = self.evaporation_heat = self.strong = self.dispatch = 0.0
        self.leaving = self.leaving_naoh = self.leaving_heat = 0.0

    def supply(self, dt: float, load: float, water: float, cell_temperature: float, wanted: float) -> None:
        """Decide circulation, pure water and cooling for the cells.

        ``load`` [1] of full current, ``water`` [kg/s] that the balance needs, cell temperature and its
        set point [K].
        """
        tank = self.tank
        self.circulation = 36.0 * max(0.5, load)
        self.water = max(water + (tank.fraction - STRENGTH) * tank.mass / STRENGTH / 900.0, 0.0)
        mixed = self.circulation + self.water
        self.feed_fraction = self.circulation * tank.fraction / mixed
        heat = self.circulation * CP_CAUSTIC * (tank.temperature - REFERENCE)
        heat += self.water * CP_WATER * (WATER_TEMPERATURE - REFERENCE)
        warm = REFERENCE + heat / (mixed * CP_CAUSTIC)
        self.trim = min(max(self.trim + dt * 2.0e-4 * (cell_temperature - wanted), 0.0), 30.0)
        drop = min(max(self.trim + 1.5 * (cell_temperature - wanted), 0.0), 30.0)
        self.cooling = mixed * CP_CAUSTIC * drop
        self.feed_temperature = warm - drop

    def step(self, dt: float, returned: tuple[float, float, float]) -> None:
        """Advance by ``dt`` [s]; ``returned`` is the cells' overflow: flow [kg/s], NaOH flow [kg/s], heat [W]."""
        tank = self.tank
        flow, soda, heat = returned
        balance = flow - self.circulation
        self.product = max(balance + (tank.level - _LEVEL) * tank.capacity * _GAIN, 0.0)
        above = CP_CAUSTIC * (tank.temperature - REFERENCE)
        out = self.circulation + self.product
        self.product_heat = self.product * above
        cold = self.product * CP_CAUSTIC * (_PRODUCT_TEMPERATURE - REFERENCE)
        self.product_cooling = max(self.product_heat - cold, 0.0)
        self.product_naoh = self.product * tank.fraction
        tank.exchange(dt * (flow - out), dt * (soda - out * tank.fraction), dt * (heat - out * above))
        self._store(dt, self.product_naoh, self.product_heat - self.product_cooling)

    def _store(self, dt: float, soda: float, heat: float) -> None:
        """Product tank, evaporation (a side stream) and dispatch by level."""
        tank = self.product_tank
        fraction = tank.fraction
        self.evaporation_feed = _EVAPORATION_FEED if tank.level > _LEAST_LEVEL else 0.0
        self.strong = self.evaporation_feed * fraction / EVAPORATED
        self.evaporated_water = self.evaporation_feed - self.strong
        self.evaporation_heat = self.evaporated_water * _EVAPORATION_LATENT / _ECONOMY
        wanted = self.product - self.evaporation_feed + (tank.level - 0.5) * tank.capacity / 20_000.0
        self.dispatch = max(wanted, 0.0)
        self.leaving = self.evaporation_feed + self.dispatch
        self.leaving_naoh = self.leaving * fraction
        self.leaving_heat = self.leaving * CP_CAUSTIC * (tank.temperature - REFERENCE)
        tank.exchange(
            dt * (self.product - self.leaving), dt * (soda - self.leaving_naoh), dt * (heat - self.leaving_heat)
        )
