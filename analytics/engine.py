"""All rules of one plant in one pure object: readings in, findings and results out. Live and replay share it."""

from dataclasses import dataclass

from analytics.energy.live import EnergyAccounts
from analytics.energy.standards import EnergyData
from analytics.interlocks.parameters import Parameters
from analytics.interlocks.supervision import Supervision
from plant.findings import Finding
from plant.model import Plant
from plant.readings import Readings


@dataclass(frozen=True, slots=True)
class EngineOutput:
    """What a batch of readings led to."""

    findings: tuple[Finding, ...]
    """New, changed or withdrawn; the same id again is an update."""
    results: Readings
    """Readings of virtual points."""


class Engine:
    """Driven only by the time of the readings: no clock, no I/O. One engine belongs to one plant."""

    def __init__(self, plant: Plant, data: EnergyData, parameters: Parameters) -> None:
        """Prepare.

        Raises:
            FixError: the plant file asks for energy data that are not there.
        """
        self._supervision = Supervision(plant, parameters)
        self._accounts = EnergyAccounts(plant, data)

    @property
    def too_late(self) -> int:
        """Rows that came too late for the live rules."""
        return self._supervision.too_late

    def step(self, readings: Readings) -> EngineOutput:
        """Take a batch of readings, in any order within it."""
        found = self._supervision.step(readings)
        more, results = self._accounts.step(readings, self._supervision.heard)
        return EngineOutput(tuple(found + more), results)
