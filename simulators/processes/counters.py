"""Cumulative meters as the field has them: whole digits of a counter that rolls over."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from plant.errors import FixError
from plant.model import Plant

J_PER_KWH, J_PER_GJ = 3.6e6, 1e9
START: dict[str, tuple[float, int]] = {
    "EM-101": (41_234_567.0, 1),
    "EM-102": (40_987_654.0, 1),
    "EM-201": (3_456_789.0, 1),
    "EM-202": (2_987_123.0, 1),
    "EM-203": (2_123_456.0, 1),
    "EM-204": (345_678.0, 1),
    "SM-101": (45_678.0, 3),
    "SM-102": (23_456.0, 3),
    "SM-201": (67_890.0, 3),
    "WM-101": (567_890.0, 2),
    "AM-101": (1_234_567.0, 1),
    "MM-201": (123_456.0, 4),
}
"""What each meter shows at the start [its unit], and its decimal places."""


@dataclass(slots=True)
class Counter:
    """A counter that shows ``decimals`` decimal places and starts again at 0 after ``modulus`` digits."""

    factor: float
    """Last digits per SI unit [1/J, 1/kg, 1/m3]."""
    scale: int
    """Last digits per counter unit."""
    modulus: int
    """In last digits; 0 never rolls over."""
    total: float
    """Counted so far [last digit], never rolled over."""

    @property
    def shown(self) -> float:
        """What the counter shows [its unit]."""
        digits = int(self.total)
        return (digits % self.modulus if self.modulus else digits) / self.scale


@dataclass(slots=True)
class Counters:
    """Every counter of the plant by meter."""

    counters: dict[str, Counter]
    """By point of the total."""
    placeholders: dict[str, float]
    """A zero for every total: keeps its column until the step has counted."""

    @classmethod
    def of(cls, plant: Plant, starts: Mapping[str, tuple[float, int]] = START) -> "Counters":
        """Counters with the units and roll-overs of the plant file.

        Args:
            plant: the plant file.
            starts: what each meter shows at the start [its unit], and its decimal places.

        Raises:
            FixError: the plant file lacks a counter or gives it a unit that is not counted here.
        """
        meters = [*plant.meters, *(p.production for p in plant.products)]
        rollover = {m.point: m.rollover for m in meters}
        per_unit = {"kWh": 1.0 / J_PER_KWH, "GJ": 1.0 / J_PER_GJ, "t": 1e-3, "m3": 1.0}
        counters: dict[str, Counter] = {}
        for name, (start, decimals) in starts.items():
            point = f"{name}.total"
            unit = plant.points[point].unit if point in plant.points else "nothing"
            if unit not in per_unit:
                raise FixError(f"counter {point!r} in {unit}: this process counts in {', '.join(per_unit)}")
            scale = 10**decimals
            modulus = int((rollover.get(point) or Decimal(0)) * scale)
            counters[point] = Counter(per_unit[unit] * scale, scale, modulus, start * scale)
        return cls(counters, dict.fromkeys(counters, 0.0))

    def add(self, dt: float, rates: dict[str, float]) -> None:
        """Count ``rates`` [W, kg/s or m3/s], in the order of the meters, for ``dt`` [s]."""
        for counter, rate in zip(self.counters.values(), rates.values(), strict=True):
            counter.total += dt * rate * counter.factor

    def shown(self) -> list[float]:
        """What each total shows [its unit], in the order of the meters."""
        return [counter.shown for counter in self.counters.values()]
