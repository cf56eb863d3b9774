"""A chlor-alkali membrane plant that behaves: physics, instruments, meters and safety logic (a ``Process``)."""

from functools import partial

from plant.clock import SECOND
from plant.model import Plant
from simulators.processes.chlor_alkali_physics import ChlorAlkaliPhysics
from simulators.processes.chlor_alkali_points import true_values
from simulators.processes.counters import START
from simulators.processes.parameters import Case
from simulators.processes.stepped import Stepped


class ChlorAlkali(Stepped[ChlorAlkaliPhysics]):
    """The simulated plant; see ``simulators.process.Process`` for what its methods promise."""

    def __init__(self, plant: Plant, case: Case, *, seed: int, start: int, step_size: int = SECOND) -> None:
        """Run ``case`` from ``start`` [ns UTC] in steps of ``step_size`` [ns, at most 2 s].

        Raises:
            FixError: the plant file has a point that this process does not make, or lacks one.
        """
        physics = partial(ChlorAlkaliPhysics, case)
        super().__init__(plant, physics, true_values, START, seed=seed, start=start, step_size=step_size)
