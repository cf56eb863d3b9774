"""Instruments: unit, first-order lag and noise for all points at once; seeded, so the same every time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plant.errors import FixError
from plant.model import Kind, Point

_BLOCK = 512

FROM_SI: dict[str, tuple[float, float]] = {
    "1": (1.0, 0.0), "%": (100.0, 0.0), "degC": (1.0, -273.15), "kA": (1e-3, 0.0), "A": (1.0, 0.0),
    "mA": (1e3, 0.0), "V": (1.0, 0.0), "mV": (1e3, 0.0), "kV": (1e-3, 0.0), "kW": (1e-3, 0.0), "Hz": (1.0, 0.0),
    "kA/m2": (1e-3, 0.0), "kPa": (1e-3, 0.0), "MPa": (1e-6, 0.0), "m3/h": (3600.0, 0.0), "t/h": (3.6, 0.0),
    "kg/m3": (1.0, 0.0), "g/L": (1.0, 0.0), "mg/m3": (1e6, 0.0), "ug/L": (1e6, 0.0), "mg/kg": (1e6, 0.0),
    "mm/s": (1e3, 0.0), "uS/cm": (1e4, 0.0), "kWh/t": (1.0 / 3600.0, 0.0), "kWh": (1.0, 0.0), "GJ": (1.0, 0.0),
    "t": (1.0, 0.0), "m3": (1.0, 0.0), "kg": (1.0, 0.0), "m": (1.0, 0.0), "m/s": (1.0, 0.0),
    "m/min": (60.0, 0.0), "m3/min": (60.0, 0.0), "ppm": (1e6, 0.0), "Pa": (1.0, 0.0), "kN": (1e-3, 0.0),
}  # fmt: skip
"""Factor and offset from SI to a point's unit; counters already count in their own unit."""

LAG: dict[str, float] = {
    "degC": 15.0, "g/L": 30.0, "kg/m3": 5.0, "ug/L": 60.0, "mg/kg": 30.0, "mg/m3": 4.0, "uS/cm": 10.0,
    "m3/h": 1.5, "t/h": 1.5, "kPa": 0.7, "MPa": 0.7, "%": 3.0, "kW": 0.5, "mV": 10.0, "1": 5.0,
    "m3/min": 1.5, "ppm": 10.0, "Pa": 0.7,
}  # fmt: skip
"""Time constant [s] of an instrument by unit; electrical instruments have 0.2 s."""

NOISE: dict[str, float] = {"A": 5e-4, "kA": 2e-4, "V": 3e-4, "kV": 3e-4, "kW": 3e-4, "Hz": 2e-4, "mg/m3": 4e-4}
"""Standard deviation of the noise as a share of the range, by unit; 0.05 % for the others."""
QUICK = {"XV-301.position", "XV-401.position", "K-305.running"}
"""Limit switches and position transmitters have no lag worth naming."""


@dataclass(slots=True)
class Disturbance:
    """A true local cause at one instrument: the quantity goes to a target and later comes back."""

    target: float
    weight: float
    """Share of the target in the quantity [1]."""
    rate: float
    """Change of the weight per second; negative while ending."""
    goal: float
    """Where the target itself is going, when it was changed during the disturbance."""
    slope: float = 0.0
    """Speed of the target towards its goal [unit/s]."""

    def advance(self, dt: float) -> None:
        """Move weight and target on by ``dt`` [s]."""
        self.weight = min(max(self.weight + self.rate * dt, 0.0), 1.0)
        reach = self.slope * dt
        self.target += min(max(self.goal - self.target, -reach), reach)


class Sensors:
    """Turns true SI values into what the healthy instruments show, in the points' units."""

    __slots__ = (
        "disturbed", "gain", "high", "index", "low", "noise", "offset", "points", "rng", "row", "scale", "shown",
        "sigma",
    )  # fmt: skip

    def __init__(self, points: Sequence[Point], rng: np.random.Generator, dt: float) -> None:
        """Instruments for ``points`` in column order, stepped by ``dt`` [s]."""
        self.points = {p.id: p for p in points}
        self.index = {p.id: i for i, p in enumerate(points)}
        self.scale, self.offset = _columns(_conversion(p) for p in points)
        self.low, self.high = _columns(_range(p) for p in points)
        analog = [p.kind is Kind.ANALOG for p in points]
        span = np.where(analog, self.high - self.low, 0.0)
        self.sigma = span * np.array([NOISE.get(p.unit, 5e-4) for p in points])
        lag = np.array([0.2 if p.id in QUICK else LAG.get(p.unit, 0.2) for p in points])
        self.gain = np.where(analog, 1.0 - np.exp(-dt / lag), 1.0)
        self.rng = rng
        self.row = _BLOCK
        self.noise: NDArray[np.float64] = np.empty((0, len(points)))
        self.shown: NDArray[np.float64] | None = None
        self.disturbed: dict[int, Disturbance] = {}

    def read(self, dt: float, true: Sequence[float]) -> NDArray[np.float64]:
        """What every instrument shows for ``true`` SI values, a new array in column order."""
        value = np.array(true)
        value *= self.scale
        value += self.offset
        if self.disturbed:
            self._disturb(dt, value)
        if self.shown is None:
            self.shown = value.copy()
        value -= self.shown
        value *= self.gain
        self.shown += value
        shown = self.shown + self._noise()
        # Folding at the ends of the range keeps a value inside without freezing it.
        np.maximum(shown, 2.0 * self.low - shown, out=shown)
        np.minimum(shown, 2.0 * self.high - shown, out=shown)
        return shown

    def disturb(self, point: str, target: float | None, seconds: float) -> None:
        """Start or end a disturbance, see ``Process.disturb``."""
        known = self.points.get(point)
        if known is None or known.kind is not Kind.ANALOG or known.range is None:
            raise FixError(f"{point!r} is no analog point of this process; disturb an instrument with a range")
        if target is not None and not known.range[0] <= target <= known.range[1]:
            raise FixError(
                f"disturbance of {point!r} to {target} {known.unit} lies outside its range {known.range}"
            )
        index, rate = self.index[point], 1.0 / max(seconds, 1e-9)
        present = self.disturbed.get(index)
        if target is None:
            if present is not None:
                present.rate = -rate
            return
        if present is None:
            self.disturbed[index] = Disturbance(target, 0.0, rate, target)
        else:
            present.rate, present.goal, present.slope = rate, target, abs(target - present.target) * rate

    def _disturb(self, dt: float, value: NDArray[np.float64]) -> None:
        for index, disturbance in list(self.disturbed.items()):
            disturbance.advance(dt)
            value[index] += disturbance.weight * (disturbance.target - value[index])
            if disturbance.weight == 0.0:
                del self.disturbed[index]

    def _noise(self) -> NDArray[np.float64]:
        if self.row >= len(self.noise):
            self.noise = self.rng.standard_normal((_BLOCK, len(self.sigma))) * self.sigma
            self.row = 0
        row: NDArray[np.float64] = self.noise[self.row]
        self.row += 1
        return row


def _conversion(point: Point) -> tuple[float, float]:
    if point.unit not in FROM_SI:
        raise FixError(
            f"point {point.id!r} in {point.unit!r}: the simulator's instruments know {', '.join(FROM_SI)}"
        )
    return FROM_SI[point.unit]


def _range(point: Point) -> tuple[float, float]:
    if point.kind is not Kind.ANALOG:
        return -np.inf, np.inf
    if point.range is None:
        raise FixError(f"the analog point {point.id!r} has no range; the simulator needs one for its instrument")
    return point.range


def _columns(pairs: Iterable[tuple[float, float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    table = np.array(list(pairs), np.float64)
    return table[:, 0].copy(), table[:, 1].copy()
