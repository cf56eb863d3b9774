"""A plant of two energy meters and one product, small enough to do its accounts by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from analytics.energy.live import EnergyAccounts
from analytics.energy.standards import EnergyData
from plant.clock import SECOND, from_datetime
from plant.findings import Finding
from plant.model import Plant
from plant.plantfile import parse_plant
from plant.readings import Reading, Readings

DATA = EnergyData.packaged()
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
SKEW = 2 * SECOND

FILE = """
schema_version: 1
id: small
name: Small plant
time_zone: Asia/Shanghai
sources: [{id: meters, protocol: mqtt, silent_after: 90}]
areas:
  - id: area
    name: Area
    units:
      - id: unit
        name: Unit
        points:
          - {id: E.total, name: e, kind: counter, unit: kWh, period: 60, address: {source: meters, topic: E}}
          - {id: E.rate, name: e, unit: kW, range: [0, 2000], period: 60, address: {source: meters, topic: Er}}
          - {id: S.total, name: s, kind: counter, unit: GJ, period: 60, address: {source: meters, topic: S}}
          - {id: P.total, name: p, kind: counter, unit: t, period: 60, address: {source: meters, topic: P}}
          - {id: other, name: o, period: 60, address: {source: meters, topic: O}}
meters:
  - id: E
    name: Electricity
    point: E.total
    rate: E.rate
    carrier: electricity_equivalent
    rollover: "1000000"
    max_rate: "2000"
  - {id: S, name: Steam heat, point: S.total, carrier: heat, rollover: "10000", max_rate: "10"}
products:
  - id: caustic
    name: Caustic
    production: {id: P, name: Caustic, point: P.total, rollover: "100000", max_rate: "10"}
    meters: [E, S]
    coefficients: GB/T 2589-2020
    limit: {standard: GB 21257-2024, row: gb21257_2024.caustic_30}
    result: small/caustic
"""


def small_plant(*replaced: tuple[str, str]) -> Plant:
    """The plant, with texts of its file replaced by others."""
    text = FILE
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new)
    return parse_plant(text, name="small.yaml")


def at(text: str) -> int:
    """Nanoseconds UTC of an ISO time with its zone."""
    return from_datetime(datetime.fromisoformat(text))


def every_minute(start: int, end: int) -> NDArray[np.int64]:
    """Times of one value a minute from ``start`` to ``end`` [ns UTC], both included."""
    return np.arange(start, end + 1, MINUTE, dtype=np.int64)


def counter(times: NDArray[np.int64], first: str, per_hour: float, digits: int = 3) -> NDArray[np.float64]:
    """A counter that shows ``first`` at the first time and then runs evenly, rounded to its digits."""
    shown: NDArray[np.float64] = np.round(float(first) + (times - times[0]) / HOUR * per_hour, digits)
    return shown


@dataclass
class Drive:
    """Feeds accounts step by step and keeps the last state of every finding and every result."""

    accounts: EnergyAccounts
    findings: dict[str, Finding] = field(default_factory=dict)
    results: list[Reading] = field(default_factory=list)
    newest: int = 0

    @classmethod
    def of(cls, plant: Plant, data: EnergyData | None = None) -> "Drive":
        return cls(EnergyAccounts(plant, DATA if data is None else data))

    def step(self, readings: Readings) -> None:
        """One batch, heard up to its newest value less the skew."""
        if len(readings):
            self.newest = max(self.newest, int(readings.time.max()))
        found, results = self.accounts.step(readings, lambda _: self.newest - SKEW)
        self.findings |= {f.id: f for f in found}
        self.results += list(results.rows())

    def value(self, point: str, start: int) -> Reading:
        """The result of the period that starts at ``start``."""
        (row,) = [r for r in self.results if r.point == point and r.time == start]
        return row

    def rules(self) -> list[tuple[str, str]]:
        """Rule and subject of every finding."""
        return sorted((f.rule, f.subject) for f in self.findings.values())


def in_batches(readings: Readings, sizes: Sequence[int]) -> list[Readings]:
    """The readings in time order, cut into batches of the given sizes over and over."""
    ordered, batches, start, i = readings.in_time_order(), [], 0, 0
    while start < len(ordered):
        batches.append(ordered[start : start + sizes[i % len(sizes)]])
        start, i = start + sizes[i % len(sizes)], i + 1
    return batches
