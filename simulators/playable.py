"""What can be served as a plant: a simulation or a recording."""

from typing import Protocol

from plant.model import Plant
from plant.readings import Readings
from simulators import faults as f
from simulators.truth import Truth


class Player(Protocol):
    """Begins and ends faults as the simulated time passes; ``simulators.scenario.Player`` is one."""

    def tick(self) -> list[tuple[f.Fault, bool]]:
        """Apply what is due before the next step; what began (True) and ended (False)."""
        ...


class Playable(Protocol):
    """What can be served: a ``SimulatedPlant`` or a ``Recording``."""

    @property
    def plant(self) -> Plant:
        """The plant file that says where each point lives."""
        ...

    @property
    def points(self) -> tuple[str, ...]:
        """Point ids in column order."""
        ...

    @property
    def time(self) -> int:
        """Simulated time of the last step [ns UTC]."""
        ...

    @property
    def step_size(self) -> int:
        """Length of one step [ns]."""
        ...

    @property
    def produced(self) -> dict[str, int]:
        """Values handed out so far per point, exact."""
        ...

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to hand out, ever."""
        ...

    def advance(self) -> Readings:
        """One step: its rows, over the dictionary ``points``."""
        ...

    def switch(self, point: str, value: float) -> None:
        """Operate a switch by hand.

        Raises:
            FixError: it is no switch.
        """
        ...

    def truth(self) -> list[Truth]:
        """What the rules should find so far."""
        ...
