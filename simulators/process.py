"""The contract of a simulated process: what the servers, faults and tests need of any plant's physics.

A process knows no wall clock, no network and no sensor faults: it is the true plant with healthy instruments
and a working logic solver. Faults of instruments, meters and communication are laid over its values by
``simulators.plantsim``; only faults that change what the plant *does* are told to the process.
"""

from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plant.status import Codes


class InterlockMode(StrEnum):
    """How the logic solver treats one interlock."""

    NORMAL = "normal"
    MISSED = "missed"
    """The vote is there but the command never comes (a dangerous failure)."""
    SLOW = "slow"
    """The command comes in time but its final elements move only after the allowed response time."""
    SPURIOUS = "spurious"
    """The command comes at once, without a cause (a safe failure); it latches like a true trip."""


class Process(Protocol):
    """A simulated process that advances in equal steps. Same parameters, seed and calls: same bytes."""

    @property
    def points(self) -> tuple[str, ...]:
        """Point ids in column order: exactly the points of the plant file that have an address."""
        ...

    @property
    def step_size(self) -> int:
        """Length of one step [ns]."""
        ...

    @property
    def time(self) -> int:
        """Simulated time of the last step [ns UTC]; before the first step the start time."""
        ...

    def step(self) -> tuple[NDArray[np.float64], Codes]:
        """Advance one step; value and status of every point, each of shape (points,), in column order.

        Values are in the plant file's units; the arrays are new and belong to the caller. Every point has a
        value at every step, also those with a longer period: the caller hands them out when they are due.
        """
        ...

    def switch(self, point: str, value: float) -> None:
        """Operate a switch or button by hand: a bypass, a reset, an emergency stop; it acts at the next step.

        Raises:
            FixError: ``point`` is no switch of this process.
        """
        ...

    def disturb(self, point: str, target: float | None, ramp: float = 0.0) -> None:
        """Make the true quantity at the instrument ``point`` go to ``target`` within ``ramp`` [s].

        A true physical cause (a leak, a blocked line), not a sensor fault: redundant detectors are disturbed
        one by one, and the logic solver sees the result. None ends the disturbance within ``ramp`` [s].

        Raises:
            FixError: ``point`` is no analog point of this process.
        """
        ...

    def interlock_mode(self, interlock: str, mode: InterlockMode) -> None:
        """How the logic solver treats ``interlock`` from the next step on.

        Raises:
            FixError: this process has no such interlock.
        """
        ...
