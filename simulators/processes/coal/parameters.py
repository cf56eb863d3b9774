"""The mine's two parameter sets, before and after its renovation, and the file that holds them."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveFloat
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from plant.errors import FixError
from plant.model import Part
from simulators.processes.parameters import CaseName

CASES = Path(__file__).parents[2] / "plants" / "coal_mine_cases.yaml"
Share = Annotated[float, Field(gt=0, le=1)]
Portion = Annotated[float, Field(ge=0, lt=1)]
NotNegative = Annotated[float, Field(ge=0)]


class MineCase(Part):
    """One parameter set; meanings, units and sources stand in the YAML file."""

    fan_efficiency: Share
    fan_drive_efficiency: Share
    fan_least_speed: Share
    fan_damper: NotNegative
    fan_leakage: NotNegative
    local_fan_power: PositiveFloat
    shearer_energy: PositiveFloat
    face_fixed_power: PositiveFloat
    heading_fixed_power: PositiveFloat
    belt_friction: PositiveFloat
    belt_least_speed: Share
    belt_drive_efficiency: Share
    hoist_efficiency: Share
    hoist_recovery: Portion
    pump_efficiency: Share
    pipe_friction: NotNegative
    compressor_efficiency: Share
    compressed_air: PositiveFloat
    gas_pump_power: PositiveFloat
    cable_loss: Portion
    transformer_loss: Portion
    other_power: PositiveFloat
    surface_power: PositiveFloat
    heat_recovery: Portion
    fresh_water: PositiveFloat
    washing_fixed_power: PositiveFloat
    washing_energy: PositiveFloat
    magnetite_loss: PositiveFloat
    clean_moisture: Portion
    reject_moisture: Portion


def load_mine_case(name: CaseName, path: Path = CASES) -> MineCase:
    """Read one parameter set.

    Raises:
        FixError: the file cannot be read, lacks the case, or a value is wrong.
    """
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return MineCase.model_validate(document[name.value])
    except (OSError, YAMLError, KeyError, TypeError, ValueError) as error:
        message = (
            f"{path}: cannot read the case {name.value!r}: {error}; mend the file or restore the packaged one"
        )
        raise FixError(message) from error
