"""One membrane electrolyser: Faraday's law, cell voltage, anolyte, catholyte and heat.

Reactions per mole of electrons, with current efficiency e (O'Brien, Bommaraju, Hine: Handbook of Chlor-Alkali
Technology, 2005, ch. 4):

    cathode   H2O + electron -> 1/2 H2 + OH-;  the share 1 - e of the OH- crosses the membrane
    anode     e Cl- -> e/2 Cl2;  (1 - e) OH- -> (1 - e)/4 O2 + (1 - e)/2 H2O
    membrane  e Na+ with water_transport x e H2O

All the loss is counted as oxygen; chlorate and dissolved chlorine are left out.
"""

from dataclasses import dataclass
from math import exp

from simulators.processes.constants import (
    ATMOSPHERE,
    CP_BRINE,
    CP_CAUSTIC,
    CP_CL2,
    CP_H2,
    CP_O2,
    CP_WATER,
    ENTHALPY_CHLORINE,
    ENTHALPY_OXYGEN,
    FARADAY,
    LATENT,
    M_CL2,
    M_H2,
    M_H2O,
    M_NA,
    M_NACL,
    M_NAOH,
    M_O2,
    M_OH,
    REFERENCE,
)
from simulators.processes.liquids import vapour_pressure
from simulators.processes.parameters import Case

DESIGN_TEMPERATURE = 361.15
"""Temperature at which the voltage line holds [K]: 88 degC."""
_BRINE_ACTIVITY, _CAUSTIC_ACTIVITY = 0.86, 0.48
_ANOLYTE, _CATHOLYTE, _METAL = 3000.0, 3500.0, 6.0e6
_LOSS, _AMBIENT = 900.0, 298.15
_DOUBLE_LAYER = 60.0


@dataclass(slots=True)
class Feed:
    """What enters an electrolyser."""

    brine: float
    """Flow [kg/s]."""
    brine_fraction: float
    brine_temperature: float
    caustic: float
    """Flow [kg/s]."""
    caustic_fraction: float
    caustic_temperature: float


def efficiency(case: Case) -> float:
    """Current efficiency for NaOH at the membrane's age [1]."""
    return case.current_efficiency - case.efficiency_ageing * case.membrane_age


def cell_voltage(case: Case, density: float, temperature: float) -> float:
    """Mean cell voltage [V] at a current ``density`` [A/m2] and ``temperature`` [K].

    U = U0 + k j + ageing + temperature term; falls to 0 without current (discharge of the double layer left out).
    Range: 1.5-6 kA/m2, 70-92 degC.
    """
    thermal = case.voltage_temperature * (temperature - DESIGN_TEMPERATURE)
    load = density * case.cell_area / case.full_current
    line = case.voltage_intercept + case.voltage_ageing * case.membrane_age + case.voltage_slope * density
    return (line + thermal * load) * (1.0 - exp(-density / _DOUBLE_LAYER))


class Electrolyser:
    """The state of one electrolyser and the flows of its last step, all in SI units."""

    __slots__ = (
        "anolyte_heat", "anolyte_out", "anolyte_salt", "case", "catholyte_heat", "catholyte_out",
        "catholyte_soda", "chlorine", "current", "density", "efficiency", "enthalpy", "feed", "gas_heat",
        "heat", "hydrogen", "loss", "naoh", "oxygen", "salt", "salt_used", "soda", "vapour_anode",
        "vapour_cathode", "voltage", "water_lost",
    )  # fmt: skip

    def __init__(self, case: Case) -> None:
        """A running electrolyser at its design temperature."""
        self.case = case
        self.efficiency = efficiency(case)
        self.salt = _ANOLYTE * 0.19
        self.soda = _CATHOLYTE * 0.32
        self.heat = self._capacity * (DESIGN_TEMPERATURE - REFERENCE)
        self.feed = Feed(10.0, 0.258, case.feed_temperature, 18.0, 0.31, 353.15)
        self.step(0.0, case.full_current, self.feed)

    @property
    def _capacity(self) -> float:
        return _ANOLYTE * CP_BRINE + _CATHOLYTE * CP_CAUSTIC + _METAL

    @property
    def temperature(self) -> float:
        """Of both sides [K]."""
        return REFERENCE + self.heat / self._capacity

    @property
    def anolyte_fraction(self) -> float:
        """NaCl mass fraction of the depleted brine [1]."""
        return self.salt / _ANOLYTE

    @property
    def catholyte_fraction(self) -> float:
        """NaOH mass fraction of the caustic leaving [1]."""
        return self.soda / _CATHOLYTE

    @property
    def power(self) -> float:
        """Direct-current power [W]."""
        return self.current * self.voltage

    @property
    def inventory(self) -> float:
        """Mass inside [kg]: constant, the electrolyser overflows."""
        return _ANOLYTE + _CATHOLYTE

    def step(self, dt: float, current: float, feed: Feed) -> None:
        """Advance by ``dt`` [s] with ``current`` [A] and ``feed``."""
        self.feed = feed
        self.current = current
        self.density = current / self.case.cell_area
        temperature = self.temperature
        self.voltage = self.case.cells * cell_voltage(self.case, self.density, temperature)
        self._react(current * self.case.cells / FARADAY, temperature)
        self._overflow(dt, current * self.case.cells / FARADAY)
        self._warm(dt, current * self.case.cells / FARADAY, temperature)

    def _react(self, electrons: float, temperature: float) -> None:
        """Molar flows [mol/s] of the gases and of the vapour they carry."""
        e = self.efficiency
        self.chlorine = 0.5 * e * electrons
        self.hydrogen = 0.5 * electrons
        self.oxygen = 0.25 * (1.0 - e) * electrons
        saturation = vapour_pressure(temperature)
        anode, cathode = _BRINE_ACTIVITY * saturation, _CAUSTIC_ACTIVITY * saturation
        self.vapour_anode = (self.chlorine + self.oxygen) * anode / (ATMOSPHERE + 20_000.0 - anode)
        self.vapour_cathode = self.hydrogen * cathode / (ATMOSPHERE + 25_000.0 - cathode)

    def _overflow(self, dt: float, electrons: float) -> None:
        """Flows out [kg/s]: each side keeps its mass, what comes in and is not used overflows."""
        e, feed = self.efficiency, self.feed
        dragged = self.case.water_transport * e * electrons * M_H2O
        back = (1.0 - e) * electrons
        self.salt_used = e * electrons * M_NACL
        gas = self.chlorine * M_CL2 + self.oxygen * M_O2 + self.vapour_anode * M_H2O
        self.anolyte_out = feed.brine + back * M_OH - e * electrons * M_NA - dragged - gas
        self.water_lost = feed.brine - self.salt_used - self.anolyte_out
        self.naoh = e * electrons * M_NAOH
        gas = self.hydrogen * M_H2 + self.vapour_cathode * M_H2O
        self.catholyte_out = feed.caustic + e * electrons * M_NA + dragged - back * M_OH - gas
        self.anolyte_salt = self.anolyte_out * self.anolyte_fraction
        self.catholyte_soda = self.catholyte_out * self.catholyte_fraction
        self.salt += dt * (feed.brine * feed.brine_fraction - self.salt_used - self.anolyte_salt)
        self.soda += dt * (feed.caustic * feed.caustic_fraction + self.naoh - self.catholyte_soda)

    def _warm(self, dt: float, electrons: float, temperature: float) -> None:
        """Heat balance: electricity and feeds in, reaction, gases, vapour, overflow and losses out."""
        feed, above, e = self.feed, temperature - REFERENCE, self.efficiency
        self.enthalpy = electrons * (e * ENTHALPY_CHLORINE + (1.0 - e) * ENTHALPY_OXYGEN)
        vapour = (self.vapour_anode + self.vapour_cathode) * M_H2O
        gases = self.chlorine * CP_CL2 + self.hydrogen * CP_H2 + self.oxygen * CP_O2
        self.gas_heat = vapour * (LATENT + CP_WATER * above) + gases * above
        self.loss = _LOSS * (temperature - _AMBIENT)
        self.anolyte_heat = self.anolyte_out * CP_BRINE * above
        self.catholyte_heat = self.catholyte_out * CP_CAUSTIC * above
        brine = feed.brine * CP_BRINE * (feed.brine_temperature - REFERENCE) - self.anolyte_heat
        caustic = feed.caustic * CP_CAUSTIC * (feed.caustic_temperature - REFERENCE) - self.catholyte_heat
        self.heat += dt * (self.power - self.enthalpy - self.gas_heat - self.loss + brine + caustic)
