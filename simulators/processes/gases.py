"""Chlorine and hydrogen: pressure of a header between the cells and its compressor, compressor power."""

from math import log

from simulators.processes.constants import ATMOSPHERE, GAS


def isothermal_power(moles: float, temperature: float, ratio: float, efficiency: float) -> float:
    """Power [W] to compress ``moles`` [mol/s] of ideal gas by a pressure ``ratio`` [1].

    Isothermal: W = n R T ln r / efficiency, at ``temperature`` [K].
    """
    return moles * GAS * temperature * log(ratio) / efficiency


class GasHeader:
    """Gauge pressure [Pa] of a gas main: dP/dt = (in - out) R T / V, held by the compressor."""

    __slots__ = ("compressed", "escaped", "pressure", "stiffness", "wanted")

    def __init__(self, volume: float, temperature: float, wanted: float) -> None:
        """A main of ``volume`` [m3] at ``temperature`` [K], held at ``wanted`` gauge pressure [Pa]."""
        self.stiffness = GAS * temperature / volume
        self.wanted = wanted
        self.pressure = wanted
        self.compressed = 0.0
        self.escaped = 0.0

    def step(self, dt: float, made: float, *, valve: float, relief: float) -> None:
        """Advance by ``dt`` [s] with ``made`` [mol/s].

        ``valve`` [1] opens the way to the compressor; ``relief`` [1] the way to absorption or vent stack, which
        empties the main with a time constant of 20 s when fully open. The compressor holds the pressure with
        a time constant of 6 s.
        """
        wanted = made + (self.pressure - self.wanted) / (6.0 * self.stiffness)
        self.compressed = max(wanted, 0.0) * valve
        self.escaped = relief * max(self.pressure, 0.0) / (20.0 * self.stiffness)
        self.pressure += dt * (made - self.compressed - self.escaped) * self.stiffness
        self.pressure = max(self.pressure, -0.1 * ATMOSPHERE)
