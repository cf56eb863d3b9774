"""The plants that come with plantwatch, ready to be stepped."""

from pathlib import Path
from typing import assert_never

from plant.model import Plant
from plant.plantfile import load_plant
from simulators.plantsim import SimulatedPlant
from simulators.process import Process
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.coal.mine import CoalMine
from simulators.processes.coal.parameters import load_mine_case
from simulators.processes.parameters import load_case
from simulators.scenario import ProcessName, Scenario

_PLANTS = Path(__file__).parent / "plants"
PLANT_FILE = _PLANTS / "chlor_alkali.yaml"
"""Of the plant that is meant where none is named."""


def plant_file(process: ProcessName) -> Path:
    """The packaged plant file of a process."""
    return _PLANTS / f"{process}.yaml"


def packaged_plant(process: ProcessName = ProcessName.CHLOR_ALKALI) -> Plant:
    """The packaged plant of a process."""
    return load_plant(plant_file(process))


def simulated(scenario: Scenario, plant: Plant | None = None) -> SimulatedPlant:
    """The plant of a scenario in its case, with its seed, at its start; the faults are begun by a ``Player``.

    Args:
        scenario: process, case, seed and start.
        plant: a changed copy of the packaged plant file (other limits, names or addresses); None for that itself.

    Raises:
        FixError: the plant file has points that this process does not make, or lacks some.
    """
    model = packaged_plant(scenario.process) if plant is None else plant
    return SimulatedPlant(model, _process(scenario, model), seed=scenario.seed)


def chlor_alkali(scenario: Scenario, plant: Plant | None = None) -> SimulatedPlant:
    """The chlor-alkali plant, see ``simulated``."""
    return simulated(scenario, plant)


def _process(scenario: Scenario, plant: Plant) -> Process:
    case, seed, start = scenario.plant, scenario.seed, scenario.begin
    match scenario.process:
        case ProcessName.CHLOR_ALKALI:
            return ChlorAlkali(plant, load_case(case), seed=seed, start=start)
        case ProcessName.COAL_MINE:
            return CoalMine(plant, load_mine_case(case), seed=seed, start=start)
        case _:
            assert_never(scenario.process)
