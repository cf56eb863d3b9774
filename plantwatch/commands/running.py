"""``server`` and ``agent``: the long-running programs."""

import logging
from typing import Annotated

import typer

from plant.errors import FixError
from plantwatch.commands.options import PlantOption

_log = logging.getLogger("plantwatch")


def add_to(root: typer.Typer) -> None:
    """Register the commands of this file."""
    root.command()(server)
    root.command()(agent)


def server(plant: PlantOption) -> None:
    """Run the server: ingest, analytics, alerts, HTTP API and console in one process.

    Settings come from the environment: PLANTWATCH_DATA, PLANTWATCH_MQTT__HOST, PLANTWATCH_HTTP__PORT and others,
    see docs/deployment.md. It needs an MQTT broker, and `plantwatch token create` for the first token.

    Example: PLANTWATCH_MQTT__CA_FILE=ca.pem plantwatch server --plant plant.yaml
    """
    from plant.plantfile import load_plant
    from plant.service import run_service
    from plant.settings import load_settings
    from plantwatch.server import run_server

    model, settings = load_plant(plant), load_settings()
    scheme = "https" if settings.http.certificate is not None else "http"

    def ready() -> None:
        _log.info("ready: console and API on %s://%s:%d", scheme, settings.http.host, settings.http.port)

    raise typer.Exit(run_service(lambda: run_server(model, settings, ready=ready), name="plantwatch.server"))


def agent(
    plant: PlantOption,
    name: Annotated[
        str, typer.Option("--name", "-n", help="Id of this agent: names its spool and topic.")
    ] = "edge-1",
) -> None:
    """Run an edge agent: OPC UA and MQTT sources into a spool on disk, and from there to the platform's broker.

    Addresses and passwords come from the environment: PLANTWATCH_OPCUA, PLANTWATCH_FIELD_MQTT,
    PLANTWATCH_MQTT__HOST and others, see docs/deployment.md.

    Example: PLANTWATCH_OPCUA='{"dcs": {"url": "opc.tcp://10.0.0.5:4840"}}' plantwatch agent --plant plant.yaml
    """
    from plant.plantfile import load_plant
    from plant.service import run_service
    from plant.settings import load_settings
    from plantwatch.agent import run_agent

    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or len(name) > _LONGEST:
        raise FixError(f"agent name {name[:_LONGEST]!r}: use up to {_LONGEST} letters, digits, - and _")
    model, settings = load_plant(plant), load_settings()
    raise typer.Exit(run_service(lambda: run_agent(model, settings, name=name), name="plantwatch.agent"))


_LONGEST = 64
