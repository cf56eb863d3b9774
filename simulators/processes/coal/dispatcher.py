"""People: shifts, tariff, and the dispatcher who gives power back once the gas has gone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.processes.coal.constants import ZONE
from simulators.processes.logic_solver import LogicSolver

_HOUR, _DAY = 3600.0, 86_400.0
_RELEASE_AFTER = 600.0
"""Time [s] from the last vote of every interlock on a release button until somebody presses it."""


def local_hour(seconds: float) -> float:
    """Hour of the day at the mine [h] at ``seconds`` since 1970 UTC."""
    return (seconds + ZONE) % _DAY / _HOUR


def producing(hour: float) -> bool:
    """Whether the longwall works: 12:00 to 18:00 local time is the maintenance shift."""
    return not 12.0 <= hour < 18.0  # noqa: PLR2004


def driving(hour: float, heading: int) -> bool:
    """Whether a heading (0 or 1) works: each has its own maintenance shift."""
    start = 18.0 - 18.0 * heading
    return not start <= hour < start + 6.0


def cheap(hour: float) -> bool:
    """Whether electricity is at its cheap tariff: 23:00 to 07:00."""
    return hour >= 23.0 or hour < 7.0  # noqa: PLR2004


@dataclass(slots=True)
class Dispatcher:
    """Presses a release button some minutes after all its interlocks have lost their causes.

    Power is never given back by itself: the rules ask for a person. Without one, a trip of an exercise would keep
    the mine dark for the rest of the run.
    """

    logic: LogicSolver
    quiet: dict[str, float] = field(default_factory=dict)
    """How long each button's interlocks have been without votes while tripped [s]."""

    def due(self, dt: float) -> list[str]:
        """Release buttons to press now; ``dt`` [s] has passed."""
        tripped: dict[str, bool] = {}
        for f in self.logic.functions.values():
            if f.tripped and f.interlock.reset is not None:
                waits = tripped.get(f.interlock.reset, False) or f.since is not None
                tripped[f.interlock.reset] = waits
        if not tripped and not self.quiet:
            return []
        return self._count(dt, tripped)

    def _count(self, dt: float, tripped: Mapping[str, bool]) -> list[str]:
        self.quiet = {b: 0.0 if waits else self.quiet.get(b, 0.0) + dt for b, waits in tripped.items()}
        pressed = [b for b, time in self.quiet.items() if time >= _RELEASE_AFTER]
        for button in pressed:
            self.quiet[button] = 0.0
        return pressed
