"""A simulated plant, its rules and its alarm desk in one process: no network, as fast as it goes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from alerts.desk import AlarmDesk
from alerts.journal import Entry, Journal
from analytics.energy.standards import EnergyData
from analytics.engine import Engine
from analytics.interlocks.parameters import default_parameters
from plant.clock import SECOND
from plant.findings import Finding
from plant.model import Plant
from plant.readings import Reading, Readings
from simulators.packaged import packaged_plant
from simulators.plantsim import SimulatedPlant
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.parameters import load_case
from simulators.scenario import Player, Scenario
from simulators.scoring import Score, score
from simulators.true_energy import ProductLimit

PLANT = packaged_plant()
DATA = EnergyData.packaged()
PARAMETERS = default_parameters()

Delivery = Callable[[Readings], list[Readings]]
"""From what the devices sent to what arrives, in messages."""

# Written out here, not read from the data that the rules use. Coefficients: GB/T 2589-2020 (0.1229 kgce/kWh,
# 0.03412 kgce/MJ, new water 0.2571 kgce/t, compressed air 0.0400 kgce/m3). Limit: GB 21257-2024, table 1, liquid
# caustic of at least 30 %, grade 3: 350 kgce/t. Counters: kWh, GJ (1,000 MJ), t, m3, and t of NaOH.
LIMIT = ProductLimit(
    product="caustic-30",
    kgce={m: Decimal("0.1229") for m in ("EM-101", "EM-102", "EM-201", "EM-202", "EM-203")}
    | {m: Decimal("34.12") for m in ("SM-101", "SM-102")}
    | {"WM-101": Decimal("0.2571"), "AM-101": Decimal("0.0400")},
    production="MM-201",
    tonnes=Decimal(1),
    limit=Decimal(350),
)


@dataclass
class Outcome:
    """What a run led to."""

    sim: SimulatedPlant
    engine: Engine
    findings: dict[str, Finding] = field(default_factory=dict)
    """The last state of each."""
    told: list[Finding] = field(default_factory=list)
    """Every state of each, in the order in which they were told."""
    results: list[Reading] = field(default_factory=list)
    alarms: list[Entry] = field(default_factory=list)
    """The journal, oldest first."""

    def score(self) -> Score:
        """Truth against findings."""
        return score(self.sim.truth(), self.findings.values(), until=self.sim.time)


def run(
    scenario: Scenario,
    *,
    plant: Plant = PLANT,
    folder: Path | None = None,
    step: int = SECOND,
    batch: int = 60,
    deliver: Delivery = lambda readings: [readings],
) -> Outcome:
    """Play a scenario to its end.

    Args:
        scenario: case, seed, start, duration and faults.
        plant: the plant file.
        folder: where the alarm journal is kept; None for no alarm desk.
        step: of the physics [ns].
        batch: steps that arrive together.
        deliver: how they arrive.
    """
    process = ChlorAlkali(
        plant, load_case(scenario.plant), seed=scenario.seed, start=scenario.begin, step_size=step
    )
    sim = SimulatedPlant(plant, process, seed=scenario.seed)
    sim.know_limits([LIMIT])
    player = Player(scenario, sim)
    outcome = Outcome(sim, Engine(plant, DATA, PARAMETERS))
    journal = None if folder is None else Journal(folder / "alarms.sqlite")
    desk = None if journal is None else AlarmDesk(plant, journal, lambda: sim.time)
    left = round(scenario.duration * SECOND / step)
    while left > 0:
        made = []
        for _ in range(min(batch, left)):
            player.tick()
            made.append(sim.advance())
        left -= len(made)
        for message in deliver(Readings.concat(made)):
            _take(message, outcome, desk)
    if journal is not None:
        outcome.alarms = [line.entry for line in journal.since(0, 1_000_000)]
        journal.close()
    return outcome


def _take(message: Readings, outcome: Outcome, desk: AlarmDesk | None) -> None:
    told = outcome.engine.step(message)
    outcome.told += told.findings
    outcome.findings |= {f.id: f for f in told.findings}
    outcome.results += list(told.results.rows())
    if desk is not None:
        desk.readings(message)
        for finding in told.findings:
            desk.finding(finding)


def scenario(
    *faults: tuple[float, float, dict[str, object]],
    duration: float,
    plant: str = "after",
    seed: int = 1,
    start: str = "2026-01-01T00:00:00Z",
) -> Scenario:
    """A scenario of faults as (at [s], for [s], fault)."""
    timed = [{"at": at, "for": length, "fault": fault} for at, length, fault in faults]
    return Scenario.model_validate(
        {
            "schema_version": 1,
            "name": "acceptance",
            "plant": plant,
            "seed": seed,
            "start": start,
            "duration": duration,
            "faults": timed,
        }
    )
