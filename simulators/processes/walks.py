"""Slow random walks that pull back to zero: what the plant's surroundings and people do (Ornstein-Uhlenbeck)."""

from math import exp, sqrt

import numpy as np

_BLOCK = 512
_TIMES = {
    "load": 7200.0,
    "ambient": 10_800.0,
    "bus": 900.0,
    "frequency": 300.0,
    "quality": 14_400.0,
    "small": 600.0,
}
_BOUND = 3.0


class Walks:
    """Standard deviation 1 and bounded at 3; exact discretisation, so the step size does not change the spread.

    Each attribute is one walk: wanted load, ambient temperature, bus voltage, grid frequency, quality of the raw
    materials, and small things of all kinds.
    """

    __slots__ = (
        "_decay",
        "_kick",
        "_noise",
        "_rng",
        "_row",
        "ambient",
        "bus",
        "frequency",
        "load",
        "quality",
        "small",
    )

    def __init__(self, rng: np.random.Generator, dt: float) -> None:
        """Start all walks at 0; ``dt`` [s] is the step."""
        self._rng = rng
        self._decay = [exp(-dt / t) for t in _TIMES.values()]
        self._kick = [sqrt(1.0 - d * d) for d in self._decay]
        self._noise: list[list[float]] = []
        self._row = 0
        self.load = self.ambient = self.bus = self.frequency = self.quality = self.small = 0.0

    def step(self) -> "Walks":
        """Advance one step; returns itself."""
        if self._row >= len(self._noise):
            self._noise = (self._rng.standard_normal((_BLOCK, len(_TIMES))) * self._kick).tolist()
            self._row = 0
        d, n = self._decay, self._noise[self._row]
        self._row += 1
        self.load = min(max(self.load * d[0] + n[0], -_BOUND), _BOUND)
        self.ambient = min(max(self.ambient * d[1] + n[1], -_BOUND), _BOUND)
        self.bus = min(max(self.bus * d[2] + n[2], -_BOUND), _BOUND)
        self.frequency = min(max(self.frequency * d[3] + n[3], -_BOUND), _BOUND)
        self.quality = min(max(self.quality * d[4] + n[4], -_BOUND), _BOUND)
        self.small = min(max(self.small * d[5] + n[5], -_BOUND), _BOUND)
        return self
