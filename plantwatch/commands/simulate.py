"""``simulate run`` and ``simulate replay``: a plant to watch where there is none, or last month's over again."""

from pathlib import Path
from typing import Annotated

import typer

from plantwatch.commands.options import PlantOption

app = typer.Typer(help="Serve a simulated plant, or a recording, over OPC UA and MQTT.", no_args_is_help=True)

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
        typer.Option(
            help="A file, or one of ours: normal, demo, every_fault, coal_normal, coal_demo, coal_every_fault; "
            "or random."
        ),
    ] = "normal",
    process: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Plant of the scenario random: chlor_alkali (if not given) or coal_mine."
        ),
    ] = None,
    plant: Annotated[
        Path | None,
        typer.Option("--plant", "-p", metavar="FILE", help="A changed copy of the packaged plant file."),
    ] = None,
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
    """Serve a simulated plant with its faults, until stopped: a chlor-alkali plant, or a coal mine (coal_normal).

    The OPC UA password comes from PLANTWATCH_SIMULATOR__PASSWORD (user: PLANTWATCH_SIMULATOR__USERNAME, else
    agent), that of the user operator from PLANTWATCH_SIMULATOR__OPERATOR_PASSWORD, the MQTT broker from
    PLANTWATCH_FIELD_MQTT or PLANTWATCH_MQTT__HOST and others. It stops with Ctrl-C or SIGTERM.

    Example: plantwatch simulate run --scenario demo --speed 60 --insecure --no-mqtt
    """
    from plantwatch.playing import Wishes, play_scenario

    wishes = Wishes(speed, start, None if no_opcua else opcua_port, not no_mqtt, insecure, report)
    raise typer.Exit(play_scenario(scenario, wishes, process=process, plant=plant, seed=seed, length=length))


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
    from plantwatch.playing import Wishes, play_recording
    from simulators.recording import Unreadable

    wishes = Wishes(speed, start, None if no_opcua else opcua_port, not no_mqtt, insecure, report)
    unreadable = Unreadable.SKIP if skip_unreadable else Unreadable.REFUSE
    code = play_recording(file, wishes, plant=plant, keep_times=keep_times, zone=zone, unreadable=unreadable)
    raise typer.Exit(code)
