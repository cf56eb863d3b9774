"""The operator: follows the tariff with the load, walks a little, ramps gently, restarts after a cleared trip."""

from math import cos, pi

_DAY = 86_400.0
_RESTART_AFTER = 120.0
_RAMP = 1.0 / 1800.0
_SHUT_DOWN = 0.0


class LoadSchedule:
    """Wanted load of each rectifier [1 of full current]."""

    __slots__ = ("cleared", "loads", "zone")

    def __init__(self, start_load: float, zone: float) -> None:
        """Start at ``start_load`` [1]; ``zone`` [s] is local time minus UTC."""
        self.loads = [start_load, start_load]
        self.cleared = [_RESTART_AFTER, _RESTART_AFTER]
        self.zone = zone

    def target(self, seconds: float, wander: float) -> float:
        """Load wanted [1] at ``seconds`` since 1970 UTC: most at the cheap tariff of 03:00, plus a slow walk."""
        hour = (seconds + self.zone) % _DAY / _DAY
        return min(max(0.93 + 0.05 * cos(2.0 * pi * (hour - 0.125)) + 0.012 * wander, 0.80), 1.0)

    def step(self, dt: float, target: float, tripped: tuple[bool, bool]) -> None:
        """Advance by ``dt`` [s]: ramp to ``target``; zero while tripped, and restart some time after the reset."""
        for i, stopped in enumerate(tripped):
            self.cleared[i] = 0.0 if stopped else self.cleared[i] + dt
            if stopped:
                self.loads[i] = _SHUT_DOWN
            elif self.cleared[i] >= _RESTART_AFTER:
                step = _RAMP * dt
                self.loads[i] += min(max(target - self.loads[i], -step), step)

    def closed(self, rectifier: int) -> bool:
        """Whether the operator wants the breaker of ``rectifier`` (0 or 1) closed."""
        return self.cleared[rectifier] >= _RESTART_AFTER
