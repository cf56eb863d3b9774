"""Scenarios: which fault begins when, for how long, and the truth that it should produce."""

import difflib
import random
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from plant import yaml_source
from plant.clock import SECOND, from_datetime
from plant.errors import FixError
from plant.model import Plant, Title
from plant.plantfile import PlantFileError, Problem, parse_yaml, read_text
from simulators import faults as f
from simulators.expected import expected
from simulators.fault_names import check, mistakes
from simulators.plantsim import SimulatedPlant
from simulators.processes.parameters import CaseName
from simulators.truth import Truth, meters_of


class ProcessName(StrEnum):
    """Which plant is simulated."""

    CHLOR_ALKALI = "chlor_alkali"
    COAL_MINE = "coal_mine"


SCENARIOS = Path(__file__).parent / "scenarios"
"""The packaged scenario files."""
Span = Annotated[float, Field(ge=0, le=31_536_000)]
START = "2026-01-01T00:00:00Z"


class TimedFault(BaseModel):
    """One fault with its time."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    at: Span
    """From the start of the scenario [s]."""
    duration: Annotated[float, Field(gt=0, le=31_536_000)] = Field(alias="for")
    """How long it lasts [s]."""
    fault: f.Fault


class Scenario(BaseModel):
    """A scenario file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_version: Literal[1]
    name: Title
    process: ProcessName = ProcessName.CHLOR_ALKALI
    """The plant that its faults speak of."""
    plant: CaseName = CaseName.AFTER
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    start: datetime = datetime.fromisoformat(START)
    """Simulated time of the start, with a zone."""
    duration: Annotated[float, Field(gt=0, le=31_536_000)]
    """[s]; after it the plant runs on without faults."""
    faults: Annotated[tuple[TimedFault, ...], Field(max_length=10_000)] = ()

    @field_validator("start")
    @classmethod
    def _has_zone(cls, start: datetime) -> datetime:
        if start.tzinfo is None or not 1990 <= start.year < 2200:  # noqa: PLR2004 - nanoseconds in 64 bits
            message = "the time needs a zone (for example Z or +08:00) and a year from 1990 to 2199"
            raise ValueError(message)
        return start

    @model_validator(mode="after")
    def _fits(self) -> Self:
        late = [t.at for t in self.faults if t.at >= self.duration]
        if late:
            message = f"faults at {late[:5]} s begin at or after the end of the scenario ({self.duration} s)"
            raise ValueError(message)
        return self

    @property
    def begin(self) -> int:
        """Start [ns UTC]."""
        return from_datetime(self.start)

    def truth(self, plant: Plant) -> list[Truth]:
        """Every finding that it should produce, in the order of the faults.

        Raises:
            FixError: a fault names something that the plant does not have.
        """
        return [
            t
            for timed, start, end in self._times()
            for t in expected(plant, timed.fault, start, end, begin=self.begin)
        ]

    def _times(self) -> Iterator[tuple[TimedFault, int, int]]:
        for timed in self.faults:
            start = self.begin + round(timed.at * SECOND)
            yield timed, start, start + round(timed.duration * SECOND)


def parse_scenario(text: str, *, name: str, plant: Plant | None = None) -> Scenario:
    """The scenario in a text; with ``plant`` also the names in its faults are checked.

    Raises:
        PlantFileError: everything that is wrong with it, with lines.
    """
    scenario = parse_yaml(text, name, Scenario)
    if plant is None:
        return scenario
    document = yaml_source.read(text)
    problems = []
    for i, timed in enumerate(scenario.faults):
        for mistake in mistakes(plant, timed.fault):
            path = ("faults", i, "fault", *mistake.path)
            mark = document.mark(path)
            near = difflib.get_close_matches(str(mistake.value), mistake.known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else ""
            where = f"faults[{i}].fault.{'.'.join(map(str, mistake.path))}"
            problems.append(Problem(name, mark.line, mark.column, where, "", mistake.message, hint))
    if problems:
        raise PlantFileError(problems)
    return scenario


def packaged_scenarios() -> tuple[str, ...]:
    """Names of the packaged scenarios."""
    return tuple(sorted(p.stem for p in SCENARIOS.glob("*.yaml")))


def find_scenario(name: str, plant: Plant | None = None) -> Scenario:
    """The scenario of a packaged name or in a file; with ``plant`` also the names in its faults are checked.

    Raises:
        PlantFileError: everything that is wrong with the file, with lines.
        FixError: it is neither a packaged name nor a file that can be read.
    """
    if name in packaged_scenarios():
        return load_scenario(SCENARIOS / f"{name}.yaml", plant)
    if not Path(name).exists():
        raise FixError(f"scenario {name!r} is no file, nor one of ours: {', '.join(packaged_scenarios())}")
    return load_scenario(Path(name), plant)


def load_scenario(path: Path, plant: Plant | None = None) -> Scenario:
    """The scenario in a file; with ``plant`` also the names in its faults are checked.

    Raises:
        PlantFileError: everything that is wrong with it, with lines.
        FixError: the file cannot be read.
    """
    return parse_scenario(read_text(path), name=str(path), plant=plant)


class Player:
    """Begins and ends a scenario's faults as the simulated time passes them."""

    def __init__(self, scenario: Scenario, sim: SimulatedPlant) -> None:
        """Prepare.

        Raises:
            FixError: a fault names something that the plant does not have.
        """
        for timed in scenario.faults:
            check(sim.plant, timed.fault)
        self._sim = sim
        events = [(start, 1, i, t.fault) for i, (t, start, _) in enumerate(scenario._times())]  # noqa: SLF001 - same module
        events += [(end, 0, i, t.fault) for i, (t, _, end) in enumerate(scenario._times())]  # noqa: SLF001 - same module
        self._events = sorted(events, key=lambda e: e[:3], reverse=True)

    def tick(self) -> list[tuple[f.Fault, bool]]:
        """Apply what is due before the next step; what began (True) and ended (False)."""
        done: list[tuple[f.Fault, bool]] = []
        while self._events and self._events[-1][0] <= self._sim.time:
            _, begins, _, fault = self._events.pop()
            if begins:
                self._sim.inject(fault)
            else:
                self._sim.clear(fault)
            done.append((fault, bool(begins)))
        return done


def random_scenario(
    plant: Plant, seed: int, duration: float, *, process: ProcessName = ProcessName.CHLOR_ALKALI
) -> Scenario:
    """Random faults of ``plant``, one after the other with 15 minutes between, over ``duration`` [s].

    Raises:
        FixError: ``duration`` is not positive.
    """
    if duration <= 0:
        raise FixError(f"duration {duration} s of a random scenario: give more than 0")
    rng = random.Random(seed)  # noqa: S311 - a simulation, no secret
    faults: list[TimedFault] = []
    at = 900.0
    while at + 600.0 < duration:
        length = float(rng.randint(60, 600))
        faults.append(TimedFault.model_validate({"at": at, "for": length, "fault": _any_fault(plant, rng)}))
        at += length + 900.0
    return Scenario(
        schema_version=1,
        name=f"random {seed}",
        process=process,
        seed=seed,
        duration=duration,
        faults=tuple(faults),
    )


def _any_fault(plant: Plant, rng: random.Random) -> f.Fault:
    inputs = [
        c.point for i in plant.interlocks for c in i.causes if plant.points[c.point].range is not None
    ] or list(plant.points)
    interlocks = [i.id for i in plant.interlocks if i.bypass is not None]
    meters = list(meters_of(plant))
    point = rng.choice(inputs)
    choices: list[f.Fault] = [
        f.Frozen(point=point),
        f.Drift(point=point, per_hour=0.01),
        f.BadStatus(point=point),
        f.OutOfRange(point=point, value=1e6),
        f.Stale(point=point),
    ]
    if interlocks:
        name = rng.choice(interlocks)
        choices += [
            f.Demand(interlock=name),
            f.InterlockMissed(interlock=name),
            f.InterlockSlow(interlock=name),
            f.DemandUnderBypass(interlock=name),
            f.BypassLeftOn(interlock=name),
        ]
    if meters:
        meter = rng.choice(meters)
        choices += [f.MeterReset(meter=meter), f.MeterStuck(meter=meter)]
    return rng.choice(choices)
