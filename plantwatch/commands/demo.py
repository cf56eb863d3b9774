"""``demo``: everything at once, with faults to look at."""

from pathlib import Path
from typing import Annotated

import typer

from plantwatch.commands.options import out


def add_to(root: typer.Typer) -> None:
    """Register the command."""
    root.command()(demo)


def demo(
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="Times as fast as real time.")] = 10.0,
    scenario: Annotated[
        str, typer.Option(help="A scenario file, or one that comes along: demo, normal, every_fault.")
    ] = "demo",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the plant's noise: same seed, same values.")] = 7,
    seconds: Annotated[
        float | None, typer.Option("--for", min=1, help="End by itself after so many seconds of real time.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what became of values and faults (JSON); with --for."),
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="Data and logs of this run; what an earlier demo left there is removed.")
    ] = Path("var/demo"),
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the console; another when taken.")] = 8080,
    *,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
) -> None:
    """Run a simulated chlor-alkali plant with everything around it, and look at it in the console.

    Simulated devices over OPC UA and MQTT, a broker, an edge agent, and the server with its console; a fault
    every few minutes, and a printed line that says where to look. Ends with Ctrl-C, or by itself with --for.

    Example: plantwatch demo --headless --for 120 --speed 10 --seed 7 --report report.json
    """
    from plant.plantfile import load_plant
    from plant.service import run_service
    from plantwatch.demo import Demo, DemoOptions
    from simulators.packaged import PLANT_FILE
    from simulators.scenario import find_scenario

    found = find_scenario(scenario)
    options = DemoOptions(
        plant_file=PLANT_FILE,
        scenario=found,
        scenario_name=scenario,
        seed=seed,
        speed=speed,
        seconds=seconds,
        headless=headless,
        report=report,
        folder=folder,
        port=port,
    )
    running = Demo(options, load_plant(PLANT_FILE), out)
    raise typer.Exit(run_service(running.run, name="plantwatch.demo"))
