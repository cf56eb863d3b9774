"""Air, the methane it carries and its heat: airways as tanks in series, junctions, thermal cells.

A row of n mixed cells of volume V delays what flows through it by n V / Q on average and spreads it as turbulent
dispersion does (Levenspiel, "Chemical Reaction Engineering", 3rd ed., ch. 14). Nothing is lost at any flow, also
when the air stands still and gas collects. Explicit Euler steps: a cell must hold more than one step's flow.
"""

from simulators.processes.coal.constants import HEAT_FLOW


class Airway:
    """A road in ``cells`` mixed parts; methane [m3] in each."""

    __slots__ = ("cells", "flow", "methane", "volume")

    def __init__(self, cells: int, length: float, area: float, fraction: float) -> None:
        """A road of ``length`` [m] and ``area`` [m2], filled with air of a methane ``fraction`` [1]."""
        self.volume = length * area / cells
        """Of one cell [m3]."""
        self.cells = [fraction * self.volume] * cells
        self.flow = 0.0
        """Leaving at the end [m3/s]."""
        self.methane = 0.0
        """Leaving at the end [m3/s]."""

    def step(self, dt: float, flow: float, methane: float, added: float = 0.0, at: int = 0) -> None:
        """Advance by ``dt`` [s].

        Args:
            dt: step [s].
            flow: air entering [m3/s].
            methane: part of it that is methane [m3/s].
            added: methane that the road itself gives off [m3/s].
            at: the cell where it does.
        """
        cells = self.cells
        exchange = dt / self.volume
        for i, content in enumerate(cells):
            if i == at:
                flow += added
                methane += added
            leaving = content * exchange * flow
            cells[i] = content + dt * methane - leaving
            methane = leaving / dt
        self.flow, self.methane = flow, methane

    def fraction(self, cell: int) -> float:
        """Methane fraction in a cell [1]."""
        return self.cells[cell] / self.volume

    @property
    def content(self) -> float:
        """Methane in the road [m3]."""
        return sum(self.cells)


class Warmth:
    """One thermal cell: the air of a road with the skin of its walls. Heat above 0 K [J] is T times capacity."""

    __slots__ = ("capacity", "conductance", "rock", "strata", "temperature")

    def __init__(self, capacity: float, conductance: float, rock: float, temperature: float) -> None:
        """A cell with a heat ``capacity`` [J/K] and a ``conductance`` [W/K] to ``rock`` [K]."""
        self.capacity, self.conductance, self.rock, self.temperature = capacity, conductance, rock, temperature
        self.strata = 0.0
        """Heat from the rock in the last step [W]."""

    def step(self, dt: float, flow: float, entering: float, power: float) -> float:
        """Advance by ``dt`` [s] with ``flow`` [m3/s] entering at a temperature [K] and ``power`` [W] released.

        Returns the temperature [K] at which the air left during this step.
        """
        leaving = self.temperature
        self.strata = self.conductance * (self.rock - leaving)
        heat = HEAT_FLOW * flow * (entering - leaving) + power + self.strata
        self.temperature = leaving + dt * heat / self.capacity
        return leaving
