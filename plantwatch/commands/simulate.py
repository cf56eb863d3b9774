"""``simulate run`` and ``simulate replay``: a plant to watch where there is none, or last month's over again."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from plant.clock import SECOND, to_datetime
from plant.errors import FixError
from plant.model import Plant
from plant.plantfile import load_plant
from plant.service import run_service
from plant.settings import Settings, load_settings
from plantwatch.commands.options import instant
from plantwatch.simulator import Outlets, opcua_settings, places, plant_clock, run_served, served
from simulators.packaged import PLANT_FILE, chlor_alkali
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
