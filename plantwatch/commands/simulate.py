"""``simulate run`` and ``simulate replay``: a plant to watch where there is none, or last month's over again."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from plant.clock import SECOND, iso, to_datetime
from plant.errors import FixError
from plant.model import Plant
from plant.plantfile import load_plant
from plant.service import run_service
from plant.settings import Settings, load_settings
from plantwatch.commands.options import PlantOption, err, instant
from plantwatch.simulator import Outlets, opcua_settings, places, plant_clock, run_served, served
from simulators.packaged import PLANT_FILE, chlor_alkali
from simulators.recording import Recording, RecordingFile, Survey, Unreadable, survey
from simulators.recording_sort import sort_recording
from simulators.scenario import Player, Scenario, find_scenario, packaged_scenarios, random_scenario
from simulators.serve import Served

app = typer.Typer(help="Serve a simulated plant, or a recording, over OPC UA and MQTT.", no_args_is_help=True)

_DAY = 86_400.0
_YEARS = (1990, 2199)

Speed = Annotated[
    float | None,
    typer.Option("--speed", min=0.01, max=100_000, help="How many times as fast as real time; 1 if not given."),
]
Length = Annotated[
    float | None,
    typer.Option(
        "--for", min=0.001, metavar="SECONDS",
        help="Stop producing after this much simulated time; it keeps serving until it is stopped.",
    ),
]  # fmt: skip
OpcUaPort = Annotated[int, typer.Option("--opcua-port", min=1, max=65_535, help="TCP port of the OPC UA server.")]
NoOpcUa = Annotated[bool, typer.Option("--no-opcua", help="Without the OPC UA server.")]
NoMqtt = Annotated[bool, typer.Option("--no-mqtt", help="Without the MQTT devices.")]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="OPC UA without encryption and users, for a test on this machine.")
]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write what was produced, and the faults, to this JSON file."),
]


@app.command()
def run(  # noqa: PLR0913 - typer makes one option of each
    *,
    scenario: Annotated[
        str,
        typer.Option(help=f"A file, or one of {', '.join(packaged_scenarios())}, or random."),
    ] = "normal",
    plant: Annotated[
        Path,
        typer.Option(
            "--plant",
            "-p",
            metavar="FILE",
            show_default="packaged",
            help="A changed copy of the packaged plant file.",
        ),
    ] = PLANT_FILE,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed than the scenario's.")] = None,
    speed: Speed = None,
    length: Length = None,
    start: Annotated[str | None, typer.Option(metavar="TIME", help="Simulated start; now if not given.")] = None,
    opcua_port: OpcUaPort = 4840,
    no_opcua: NoOpcUa = False,
    no_mqtt: NoMqtt = False,
    insecure: Insecure = False,
    report: Report = None,
) -> None:
    """Serve a simulated chlor-alkali membrane plant with its faults, until stopped.

    The OPC UA password comes from PLANTWATCH_SIMULATOR__PASSWORD (user: PLANTWATCH_SIMULATOR__USERNAME, else
    agent), that of the user operator from PLANTWATCH_SIMULATOR__OPERATOR_PASSWORD, the MQTT broker from
    PLANTWATCH_FIELD_MQTT or PLANTWATCH_MQTT__HOST and others. It stops with Ctrl-C or SIGTERM.

    Example: plantwatch simulate run --scenario demo --speed 60 --insecure --no-mqtt
    """
    settings, model = load_settings(), load_plant(plant)
    clock = plant_clock(settings, start=None if start is None else instant(start, option="--start"), speed=speed)
    chosen = _scenario(scenario, model, seed, length, clock.simulated_origin)
    sim = chlor_alkali(chosen, model)
    until = None if length is None else sim.time + round(length * SECOND)
    outlets = _outlets(
        settings, port=None if no_opcua else opcua_port, mqtt=not no_mqtt, insecure=insecure, report=report
    )
    _run(lambda: served(sim, settings, outlets, clock, player=Player(chosen, sim), until=until), settings, outlets)


@app.command()
def replay(  # noqa: PLR0913 - typer makes one option of each
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The recording: .csv or .parquet.")],
    plant: PlantOption,
    *,
    speed: Speed = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="New time of the first row; now if not given.")
    ] = None,
    keep_times: Annotated[
        bool, typer.Option("--keep-times", help="Leave the times as they were recorded.")
    ] = False,
    zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Time zone of times that name none, like Asia/Shanghai.")
    ] = None,
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Leave out rows that cannot be read, and play the others.")
    ] = False,
    opcua_port: OpcUaPort = 4840,
    no_opcua: NoOpcUa = False,
    no_mqtt: NoMqtt = False,
    insecure: Insecure = False,
    report: Report = None,
) -> None:
    """Serve a recording as a plant, so that history goes through the whole chain once more.

    The file has the columns time, point, value, and if you like status and text: what `plantwatch export` writes.
    Every point is served where the plant file says; times are moved so that the first row is now. Passwords and
    the broker come from the environment as for `simulate run`.

    Example: plantwatch simulate replay october.parquet --plant plant.yaml --speed 60 --insecure
    """
    if keep_times and start is not None:
        raise FixError("--keep-times and --start say different things: leave one out")
    settings, model = load_settings(), load_plant(plant)
    outlets = _outlets(
        settings, port=None if no_opcua else opcua_port, mqtt=not no_mqtt, insecure=insecure, report=report
    )
    unreadable = Unreadable.SKIP if skip_unreadable else Unreadable.REFUSE
    with TemporaryDirectory(prefix="plantwatch-replay-") as folder:
        recording, found = _surveyed(RecordingFile(file, model, zone, unreadable), Path(folder))
        begin = None if start is None else instant(start, option="--start")
        if keep_times and settings.clock is None:
            begin = found.start
        clock = plant_clock(settings, start=begin, speed=speed)
        shift = 0 if keep_times else _whole_microseconds(clock.simulated_origin - found.start)
        sim = Recording(recording, found, shift=shift, speed=clock.speed)
        _run(lambda: served(sim, settings, outlets, clock, player=None, until=None), settings, outlets)


def _surveyed(file: RecordingFile, folder: Path) -> tuple[RecordingFile, Survey]:
    """The recording, read through once and sorted if needed, and what is in it."""
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=err) as bar:
        task = bar.add_task(f"Reading {file.path.name}", total=None)
        found = survey(file, lambda done, total: bar.update(task, completed=done, total=total))
        if not found.ordered:
            bar.update(task, description="Sorting by time", total=None)
            file = sort_recording(file, folder)
    lines = [
        f"{file.path}: {found.rows:,} rows of {len(found.points)} points, {iso(found.start)} to {iso(found.end)}"
    ]
    if found.computed:
        lines.append(
            f"{found.computed:,} rows of points that plantwatch computes are left out: it computes them again"
        )
    if found.skipped:
        lines.append(f"{found.skipped:,} rows cannot be read and are left out; the first: {found.problems[0]}")
    for line in lines:
        err.print(line, markup=False, soft_wrap=True)
    return file, found


def _whole_microseconds(time: int) -> int:
    return time - time % 1_000


def _scenario(name: str, plant: Plant, seed: int | None, length: float | None, start: int) -> Scenario:
    """The scenario asked for, at another start and with another seed where one is given."""
    found = random_scenario(plant, seed or 0, length or _DAY) if name == "random" else find_scenario(name)
    when = to_datetime(start)
    if not _YEARS[0] <= when.year <= _YEARS[1]:
        raise FixError(f"--start {when.isoformat()}: choose a year from {_YEARS[0]} to {_YEARS[1]}")
    return found.model_copy(update={"start": when, "seed": found.seed if seed is None else seed})


def _outlets(settings: Settings, *, port: int | None, mqtt: bool, insecure: bool, report: Path | None) -> Outlets:
    if report is not None and not report.parent.is_dir():
        raise FixError(f"--report {report}: folder {report.parent} does not exist; make it first")
    opcua = None if port is None else opcua_settings(settings, port=port, insecure=insecure)
    return Outlets(opcua, mqtt=mqtt, report=report)


def _run(make: Callable[[], Served], settings: Settings, outlets: Outlets) -> None:
    async def work() -> None:
        plant = make()
        await run_served(plant, places(plant, settings, outlets))

    raise typer.Exit(run_service(work, name="plantwatch.simulate"))
