"""The pace of a simulated plant against its clock."""

from dataclasses import dataclass

from plant.clock import SECOND, ScaledClock

_CATCH_UP = 2
"""A late plant runs at most this much faster than its clock, so that its clients' queues keep up."""
_SLACK = 0.05
"""Time that the catching up may be uneven by: timers are coarse [s]."""


@dataclass(slots=True)
class Pace:
    """When the next step may be made: when it is due; after a delay, at most ``_CATCH_UP`` times as fast."""

    clock: ScaledClock
    _spent: int = 0
    """Simulated time that is used up [ns UTC]: catching up may make ``_CATCH_UP`` steps in the rest."""

    def wait(self, due: int, step_size: int) -> float:
        """Time until the step that is due at ``due`` [ns UTC] may be made [s of wall clock]; at most 0: now."""
        return (max(due, self._spent + step_size // _CATCH_UP) - self.clock()) / SECOND / self.clock.speed

    def late(self, due: int) -> float:
        """How late the step that is due at ``due`` [ns UTC] is now [s of wall clock]."""
        return max(0.0, (self.clock() - due) / SECOND / self.clock.speed)

    def made(self, step_size: int) -> None:
        """A step of ``step_size`` [ns] was made now."""
        slack = round(_SLACK * SECOND * self.clock.speed)
        self._spent = max(self._spent + step_size // _CATCH_UP, self.clock() - slack)
