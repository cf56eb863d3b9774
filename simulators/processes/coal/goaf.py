"""The goaf behind the longwall: a slow store of gas that breathes with the barometer and is drained.

Reference volumes: the void V holds V p / p0 of gas, so a fall of the barometer drives gas out at V / p0 x -dp/dt
(ideal gas, constant temperature; McPherson, "Subsurface Ventilation and Environmental Engineering", 12.4).
"""

from simulators.processes.coal.constants import BAROMETER

VOID = 1.5e5
"""Void of the goaf that is connected to the face [m3]."""
LEAKAGE = 0.70
"""Air that leaks from the face into the goaf and comes back at the return corner [m3/s]."""
DRAINED = 0.25
"""Mixture that the drainage pipe takes out of the goaf [m3/s]."""
SOURCE = 0.10
"""Methane from the seams around, at rest [m3/s]."""


class Goaf:
    """Gas in the goaf [m3 at the mean barometer] and its flows in the last step [m3/s]."""

    __slots__ = ("content", "drained", "drained_methane", "methane", "out", "source", "volume")

    def __init__(self, pressure: float) -> None:
        """A goaf in balance at a barometer of ``pressure`` [Pa]."""
        self.volume = VOID * pressure / BAROMETER
        self.content = self.volume * SOURCE / (LEAKAGE + SOURCE)
        self.source, self.out, self.methane = SOURCE, LEAKAGE, 0.0
        self.drained = self.drained_methane = 0.0

    @property
    def fraction(self) -> float:
        """Methane fraction of the gas [1]."""
        return self.content / self.volume

    def step(self, dt: float, leak: float, leak_methane: float, pressure: float, drained: float) -> None:
        """Advance by ``dt`` [s].

        Args:
            dt: step [s].
            leak: air that enters from the face [m3/s], and
            leak_methane: the methane in it [m3/s].
            pressure: barometer now [Pa].
            drained: mixture taken by the drainage pipe [m3/s].
        """
        volume = VOID * pressure / BAROMETER
        fraction = self.fraction
        self.source, self.drained = SOURCE, drained
        # A barometer that rises fast holds back what would leave; it never draws more than leaks in.
        self.out = max(leak + self.source - drained - (volume - self.volume) / dt, 0.0)
        self.methane, self.drained_methane = self.out * fraction, drained * fraction
        self.volume += dt * (leak + self.source - drained - self.out)
        self.content += dt * (leak_methane + self.source - self.methane - self.drained_methane)
