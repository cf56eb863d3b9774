"""An underground coal mine that behaves: physics, instruments, meters and safety logic (a ``Process``)."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from plant.clock import SECOND
from plant.model import Plant
from plant.status import Codes
from simulators.processes.coal.dispatcher import Dispatcher
from simulators.processes.coal.parameters import MineCase
from simulators.processes.coal.physics import HAND_SWITCHES, MinePhysics
from simulators.processes.coal.points import true_values
from simulators.processes.stepped import Stepped

METERS: dict[str, tuple[float, int]] = {
    "EM-001": (91_234_567.0, 1),
    "EM-101": (6_234_567.0, 1),
    "EM-102": (5_345_678.0, 1),
    "EM-103": (7_456_789.0, 1),
    "EM-104": (8_123_456.0, 1),
    "EM-105": (4_234_567.0, 1),
    "EM-111": (9_012_345.0, 1),
    "EM-112": (2_345_678.0, 1),
    "EM-113": (1_456_789.0, 1),
    "EM-114": (6_789_012.0, 1),
    "EM-115": (5_678_901.0, 1),
    "EM-116": (4_567_890.0, 1),
    "EM-201": (8_901_234.0, 1),
    "HM-101": (34_567.0, 3),
    "WM-101": (456_789.0, 2),
    "WM-102": (2_345_678.0, 1),
    "MM-101": (3_456_789.0, 2),
    "MM-201": (3_234_567.0, 2),
    "MM-202": (2_345_678.0, 2),
    "MM-203": (987_654.0, 2),
    "MM-204": (4_321.0, 4),
    "GM-501": (7_654_321.0, 1),
}
"""What each meter shows at the start [its unit], and its decimal places; the order of ``MinePhysics.rates``."""


class CoalMine(Stepped[MinePhysics]):
    """The simulated mine; see ``simulators.process.Process`` for what its methods promise."""

    def __init__(self, plant: Plant, case: MineCase, *, seed: int, start: int, step_size: int = SECOND) -> None:
        """Run ``case`` from ``start`` [ns UTC] in steps of ``step_size`` [ns, at most 2 s].

        Raises:
            FixError: the plant file has a point that this process does not make, or lacks one.
        """
        physics = partial(MinePhysics, case)
        super().__init__(
            plant,
            physics,
            true_values,
            METERS,
            seed=seed,
            start=start,
            step_size=step_size,
            hand_switches=HAND_SWITCHES,
        )
        self.physics.stopped = self.switches
        self.dispatcher = Dispatcher(self.logic)

    def step(self) -> tuple[NDArray[np.float64], Codes]:
        """Advance one step; values and status codes in column order, new arrays."""
        for button in self.dispatcher.due(self._dt):
            self.switch(button, 1.0)
        return super().step()
