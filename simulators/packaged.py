"""The chlor-alkali plant that comes with plantwatch, ready to be stepped."""

from pathlib import Path

from plant.model import Plant
from plant.plantfile import load_plant
from simulators.plantsim import SimulatedPlant
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.parameters import load_case
from simulators.scenario import Scenario

PLANT_FILE = Path(__file__).parent / "plants" / "chlor_alkali.yaml"


def packaged_plant() -> Plant:
    """The packaged plant file."""
    return load_plant(PLANT_FILE)


def chlor_alkali(scenario: Scenario, plant: Plant | None = None) -> SimulatedPlant:
    """The plant in a scenario's case, with its seed, at its start; the faults are begun by a ``Player``.

    Args:
        scenario: case, seed and start.
        plant: a changed copy of the packaged plant file (other limits, names or addresses); None for that itself.

    Raises:
        FixError: the plant file has points that this process does not make, or lacks some.
    """
    model = packaged_plant() if plant is None else plant
    process = ChlorAlkali(model, load_case(scenario.plant), seed=scenario.seed, start=scenario.begin)
    return SimulatedPlant(model, process, seed=scenario.seed)
