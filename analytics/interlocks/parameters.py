"""Parameters of the interlock rules: data with their source, loaded once by whoever builds the engine."""

from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from plant.plantfile import parse_yaml

Time = Annotated[float, Field(ge=0, le=3600)]


class Parameters(BaseModel):
    """What no standard fixes; see the file for the source. All times in seconds of event time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1]
    edition: str
    source: str
    lateness: Time
    wait: Time
    ahead: Time
    command_margin: Time
    uncertain_after: Time
    stale_periods: Annotated[float, Field(ge=1)]
    stale_least: Time
    skew: Time = 2.0
    """Longest normal difference [s] between the ways of two values to us: a conclusion from absence waits this
    long. A deployment fact, not an engineering one; a simulated clock stretches it by its speed."""


def default_parameters() -> Parameters:
    """The parameters that come with plantwatch.

    Raises:
        PlantFileError: the packaged file is damaged.
    """
    file = files("analytics.interlocks") / "data" / "defaults.yaml"
    return parse_yaml(file.read_text(encoding="utf-8"), file.name, Parameters)
