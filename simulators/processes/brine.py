"""The brine circuit: saturator, reaction tank, ion exchange, feed tank, heater; depleted brine and dechlorination.

Four mixed tanks in a ring with level control; salt and make-up water replace what the cells took.
"""

from simulators.processes.constants import (
    CP_BRINE,
    CP_SALT,
    CP_WATER,
    ENTHALPY_SALT,
    M_NACL,
    REFERENCE,
)
from simulators.processes.liquids import Tank
from simulators.processes.parameters import Case

SATURATED = 0.2585
"""NaCl mass fraction the saturator holds [1], about 305 g/L at 60 degC."""
DEPLETED = 0.190
"""NaCl mass fraction wanted of the depleted brine [1], about 213 g/L."""
SALT_MOISTURE = 0.02
_LEVEL, _GAIN = 0.6, 1.0 / 400.0
_COLD = 298.15
_EXCHANGE = 331.15
_VACUUM = 344.15
_LOSS = 2500.0
_LEAST_FEED = 3.0


def feed_demand(salt_used: float, water_lost: float, fraction: float) -> float:
    """Feed brine [kg/s] of one electrolyser so that it leaves at the depleted strength.

    Steady salt balance F x = used + (F - used - lost) x_d solved for F; at least a minimum that keeps the
    membranes wet without current.
    """
    wanted = (salt_used * (1.0 - DEPLETED) - DEPLETED * water_lost) / max(fraction - DEPLETED, 0.03)
    return max(wanted, _LEAST_FEED)


class BrineCircuit:
    """State of the brine ring and the flows of its last step, SI units."""

    __slots__ = (
        "case", "cooling", "dechlorinated", "dechlorination_heat", "depleted", "feed", "feed_tank",
        "feed_temperature", "flash", "heater", "loss", "purified", "raw_out", "reaction", "recovered",
        "return_flow", "salt", "salt_heat", "saturator", "water",
    )  # fmt: skip

    def __init__(self, case: Case) -> None:
        """A circuit near its steady state."""
        self.case = case
        self.saturator = Tank(40_000.0, CP_BRINE, level=_LEVEL, fraction=SATURATED, temperature=326.65)
        self.reaction = Tank(40_000.0, CP_BRINE, level=_LEVEL, fraction=SATURATED, temperature=326.65)
        self.feed_tank = Tank(80_000.0, CP_BRINE, level=_LEVEL, fraction=SATURATED, temperature=326.65)
        self.depleted = Tank(40_000.0, CP_BRINE, level=_LEVEL, fraction=DEPLETED, temperature=358.15)
        self.feed = 20.0
        self.feed_temperature = case.feed_temperature
        self.purified = self.raw_out = self.return_flow = self.dechlorinated = 20.0
        self.salt = self.water = self.heater = self.cooling = self.flash = self.dechlorination_heat = 0.0
        self.loss = self.salt_heat = self.recovered = 0.0

    @property
    def tanks(self) -> tuple[Tank, ...]:
        """Every tank of the ring."""
        return self.saturator, self.reaction, self.feed_tank, self.depleted

    def prepare(self, feed: float, hot: float) -> None:
        """Heat the ``feed`` [kg/s] for the cells: first by the hot return at ``hot`` [K], then by steam."""
        self.feed = feed
        cold = self.feed_tank.temperature
        capacity = min(feed, self.return_flow) * CP_BRINE
        self.recovered = max(self.case.brine_recuperation * capacity * (hot - cold), 0.0)
        warm = cold + self.recovered / (feed * CP_BRINE)
        self.heater = max(feed * CP_BRINE * (self.case.feed_temperature - warm), 0.0)
        self.feed_temperature = warm + self.heater / (feed * CP_BRINE)

    def step(self, dt: float, returned: tuple[float, float, float], used: tuple[float, float]) -> None:
        """Advance by ``dt`` [s].

        ``returned`` is the cells' overflow: flow [kg/s], NaCl [kg/s] and heat [W]; ``used`` is the NaCl and the
        water that the cells took [kg/s].
        """
        self.return_flow, salt, heat = returned
        self._control(used)
        self._dechlorinate(dt, salt, heat - self.recovered)

    def _control(self, used: tuple[float, float]) -> None:
        """Flows [kg/s] by level control, make-up water by what the cells took, salt by what saturates it."""
        self.purified = max(self.feed + _pull(_LEVEL, self.feed_tank), 0.0)
        self.raw_out = max(self.purified + _pull(_LEVEL, self.reaction), 0.0)
        self.dechlorinated = max(self.return_flow - _pull(_LEVEL, self.depleted), 0.0)
        salt, water = used
        self.water = max(water - SALT_MOISTURE * salt + _pull(_LEVEL, self.saturator), 0.0)
        weak = self.dechlorinated * (SATURATED - self.depleted.fraction) + self.water * SATURATED
        missing = (SATURATED - self.saturator.fraction) * self.saturator.mass / 600.0
        self.salt = max((weak / (1.0 - SATURATED) + missing) / (1.0 - SALT_MOISTURE), 0.0)

    def _dechlorinate(self, dt: float, salt: float, heat: float) -> None:
        """Depleted-brine tank, then steam and flash of the dechlorination tower."""
        tank, flow = self.depleted, self.dechlorinated
        out, carried = flow * tank.fraction, flow * CP_BRINE * (tank.temperature - REFERENCE)
        self.dechlorination_heat = self.case.dechlorination_steam * flow
        self.flash = max(carried + self.dechlorination_heat - flow * CP_BRINE * (_VACUUM - REFERENCE), 0.0)
        tank.exchange(dt * (self.return_flow - flow), dt * (salt - out), dt * (heat - carried))
        self._saturate(dt, flow, out, carried + self.dechlorination_heat - self.flash)

    def _saturate(self, dt: float, flow: float, solute: float, heat: float) -> None:
        """Saturator: dechlorinated brine, salt (dissolving takes heat) and make-up water in, raw brine out."""
        tank, crystal = self.saturator, self.salt * (1.0 - SALT_MOISTURE)
        cold = (crystal * CP_SALT + (self.salt - crystal + self.water) * CP_WATER) * (_COLD - REFERENCE)
        self.salt_heat = crystal / M_NACL * ENTHALPY_SALT
        self.loss = _LOSS * (tank.temperature - _COLD)
        arriving = self.raw_out * tank.fraction
        carried = self.raw_out * CP_BRINE * (tank.temperature - REFERENCE)
        heat += cold - self.salt_heat - self.loss - carried
        mass = flow + self.salt + self.water - self.raw_out
        tank.exchange(dt * mass, dt * (solute + crystal - arriving), dt * heat)
        self._react(dt, arriving, carried)

    def _react(self, dt: float, arriving: float, carried: float) -> None:
        """Reaction tank and filter, then the cooler before ion exchange."""
        tank, flow = self.reaction, self.purified
        self.cooling = max(flow * CP_BRINE * (tank.temperature - _EXCHANGE), 0.0)
        heat = flow * CP_BRINE * (tank.temperature - REFERENCE)
        solute = flow * tank.fraction
        tank.exchange(dt * (self.raw_out - flow), dt * (arriving - solute), dt * (carried - heat))
        self._store(dt, solute, heat - self.cooling)

    def _store(self, dt: float, solute: float, heat: float) -> None:
        """Tank of purified brine."""
        tank = self.feed_tank
        out = self.feed * CP_BRINE * (tank.temperature - REFERENCE)
        tank.exchange(
            dt * (self.purified - self.feed), dt * (solute - self.feed * tank.fraction), dt * (heat - out)
        )


def _pull(wanted: float, tank: Tank) -> float:
    """Extra flow [kg/s] into ``tank`` that brings its level back."""
    return (wanted - tank.level) * tank.capacity * _GAIN
