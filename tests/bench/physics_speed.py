"""The simulated plant alone: how much faster than real time."""

import time
from pathlib import Path

from plant.clock import SECOND
from plant.plantfile import load_plant
from simulators.plantsim import SimulatedPlant
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.parameters import CaseName, load_case
from tests.bench.columns import START
from tests.bench.figures import Effort, Figure

_FILE = Path(__file__).parents[2] / "simulators" / "plants" / "chlor_alkali.yaml"
_STEPS = 2 * 3600
_TARGET = 5000.0


def physics(effort: Effort) -> list[Figure]:
    """Steps of one simulated second, with and without the layer of devices and faults."""
    plant, steps = load_plant(_FILE), effort.amount(_STEPS)
    alone, devices = [], []
    for seed in range(effort.repeats):
        process = ChlorAlkali(plant, load_case(CaseName.AFTER), seed=seed, start=START)
        process.run(100)
        begin = time.perf_counter()
        process.run(steps)
        alone.append(steps * process.step_size / SECOND / (time.perf_counter() - begin))
        plantsim = SimulatedPlant(plant, process, seed=seed)
        begin = time.perf_counter()
        for _ in range(steps):
            plantsim.advance()
        devices.append(steps * process.step_size / SECOND / (time.perf_counter() - begin))
    count = len(process.points)
    return [
        Figure(
            "physics", "times real time", tuple(alone), target=_TARGET, note=f"{count} points, 1 s step, one core"
        ),
        Figure(
            "physics with devices", "times real time", tuple(devices), note="the same, as the servers hand it out"
        ),
    ]
