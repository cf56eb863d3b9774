"""``simulate run`` and ``simulate replay``: from what a person asked for to a plant that is being served."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from analytics.energy.standards import EnergyData
from plant.clock import SECOND, iso, to_datetime
from plant.errors import FixError
from plant.model import Plant
from plant.plantfile import load_plant
from plant.service import run_service
from plant.settings import Settings, load_settings
from plantwatch.commands.options import err, instant
from plantwatch.simulator import Outlets, opcua_settings, places, plant_clock, run_served, served
from plantwatch.true_limits import product_limits
from simulators.packaged import plant_file, simulated
from simulators.recording import Recording, RecordingFile, Survey, Unreadable, survey
from simulators.recording_sort import sort_recording
from simulators.scenario import Player, ProcessName, Scenario, find_scenario, random_scenario
from simulators.serve import Served

_DAY = 86_400.0
_YEARS = (1990, 2199)
_RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Options that both commands have."""

    speed: float | None
    start: str | None
    opcua_port: int | None
    """None for no OPC UA."""
    mqtt: bool
    insecure: bool
    report: Path | None

    def begin(self) -> int | None:
        """Simulated start [ns UTC]; None where none is asked for.

        Raises:
            FixError: it is no time.
        """
        return None if self.start is None else instant(self.start, option="--start")

    def outlets(self, settings: Settings) -> Outlets:
        """What the plant is served over.

        Raises:
            FixError: the report cannot be written there, or the OPC UA server lacks a setting.
        """
        if self.report is not None and not self.report.parent.is_dir():
            raise FixError(f"--report {self.report}: folder {self.report.parent} does not exist; make it first")
        port = self.opcua_port
        opcua = None if port is None else opcua_settings(settings, port=port, insecure=self.insecure)
        return Outlets(opcua, mqtt=self.mqtt, report=self.report)


def play_scenario(
    name: str, wishes: Wishes, *, process: str | None, plant: Path | None, seed: int | None, length: float | None
) -> int:
    """Serve a scenario until stopped; the exit code.

    Args:
        name: a file, a packaged name, or ``random``.
        wishes: clock and outlets.
        process: which plant; None for the scenario's own, and for ``random`` the chlor-alkali plant.
        plant: a changed copy of the packaged plant file.
        seed: another seed than the scenario's.
        length: simulated time after which nothing more is produced [s].

    Raises:
        FixError: something that was asked for cannot be done.
    """
    settings, kind = load_settings(), _process(name, process)
    model = load_plant(plant or plant_file(kind))
    clock = plant_clock(settings, start=wishes.begin(), speed=wishes.speed)
    scenario = _scenario(name, kind, model, seed, length, clock.simulated_origin)
    sim = simulated(scenario, model)
    data = EnergyData.with_own(settings.standards)
    sim.know_limits(product_limits(model, data, to_datetime(sim.time).date()))
    until = None if length is None else sim.time + round(length * SECOND)
    outlets = wishes.outlets(settings)
    return _run(
        lambda: served(sim, settings, outlets, clock, player=Player(scenario, sim), until=until), settings, outlets
    )


def play_recording(
    path: Path, wishes: Wishes, *, plant: Path, keep_times: bool, zone: str | None, unreadable: Unreadable
) -> int:
    """Serve a recording until stopped; the exit code.

    Args:
        path: the recording, ``.csv`` or ``.parquet``.
        wishes: clock and outlets.
        plant: the plant file.
        keep_times: leave the times as recorded, instead of moving the first to the start.
        zone: of times that name none.
        unreadable: what to do with rows that cannot be read.

    Raises:
        FixError: something that was asked for cannot be done.
    """
    if keep_times and wishes.start is not None:
        raise FixError("--keep-times and --start say different things: leave one out")
    settings, model = load_settings(), load_plant(plant)
    outlets, begin = wishes.outlets(settings), wishes.begin()
    with TemporaryDirectory(prefix="plantwatch-replay-") as folder:
        file, found = _surveyed(RecordingFile(path, model, zone, unreadable), Path(folder))
        if keep_times and settings.clock is None:
            begin = found.start
        clock = plant_clock(settings, start=begin, speed=wishes.speed)
        shift = clock.simulated_origin - found.start
        shift = 0 if keep_times else shift - shift % 1_000  # whole microseconds, as OPC UA clients show them
        sim = Recording(file, found, shift=shift, speed=clock.speed)
        return _run(lambda: served(sim, settings, outlets, clock, player=None, until=None), settings, outlets)


def _process(scenario: str, asked: str | None) -> ProcessName:
    """Which plant a scenario is of.

    Raises:
        FixError: there is no such plant, or the scenario is of another.
    """
    known = [p.value for p in ProcessName]
    if asked is not None and asked not in known:
        raise FixError(f"--process {asked}: choose one of {', '.join(known)}")
    if scenario == _RANDOM:
        return ProcessName.CHLOR_ALKALI if asked is None else ProcessName(asked)
    own = find_scenario(scenario).process
    if asked is not None and asked != own:
        raise FixError(
            f"--process {asked}: scenario {scenario!r} is of {own}; leave --process out, or choose another"
        )
    return own


def _scenario(
    name: str, process: ProcessName, plant: Plant, seed: int | None, length: float | None, start: int
) -> Scenario:
    """The scenario asked for, at another start and with another seed where one is given."""
    if name == _RANDOM:
        found = random_scenario(plant, seed or 0, length or _DAY, process=process)
    else:
        found = find_scenario(name, plant)
    when = to_datetime(start)
    if not _YEARS[0] <= when.year <= _YEARS[1]:
        raise FixError(f"--start {when.isoformat()}: choose a year from {_YEARS[0]} to {_YEARS[1]}")
    return found.model_copy(update={"start": when, "seed": found.seed if seed is None else seed})


def _surveyed(file: RecordingFile, folder: Path) -> tuple[RecordingFile, Survey]:
    """The recording, read through once and sorted if needed, and what is in it."""
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=err) as bar:
        task = bar.add_task("Reading the recording", total=None)
        found = survey(file, lambda done, total: bar.update(task, completed=done, total=total))
        err.print(f"{file.path}: {_summary(found)}", markup=False, soft_wrap=True)
        if not found.ordered:
            bar.update(task, description="Sorting it by time", total=None)
            file = sort_recording(file, folder)
    return file, found


def _summary(found: Survey) -> str:
    lines = [f"{found.rows:,} rows of {len(found.points)} points, {iso(found.start)} to {iso(found.end)}"]
    if found.computed:
        lines.append(f"{found.computed:,} rows of points that plantwatch computes itself are left out")
    if found.skipped:
        lines.append(f"{found.skipped:,} rows cannot be read and are left out; the first: {found.problems[0]}")
    return "\n  ".join(lines)


def _run(make: Callable[[], Served], settings: Settings, outlets: Outlets) -> int:
    async def work() -> None:
        plant = make()
        await run_served(plant, places(plant, settings, outlets))

    return run_service(work, name="plantwatch.simulate")
