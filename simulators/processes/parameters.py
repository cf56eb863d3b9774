"""Parameter sets of the chlor-alkali plant: before and after renovation, read from YAML with their sources."""

from enum import StrEnum
from pathlib import Path

from pydantic import PositiveFloat, PositiveInt
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from plant.errors import FixError
from plant.model import Part

CASES = Path(__file__).parent.parent / "plants" / "chlor_alkali_cases.yaml"


class CaseName(StrEnum):
    """State of the plant."""

    BEFORE = "before"
    AFTER = "after"


class Case(Part):
    """One parameter set; meanings, units and sources stand in the YAML file."""

    cells: PositiveInt
    cell_area: PositiveFloat
    full_current: PositiveFloat
    voltage_intercept: PositiveFloat
    voltage_slope: PositiveFloat
    voltage_temperature: float
    voltage_ageing: float
    current_efficiency: PositiveFloat
    efficiency_ageing: float
    membrane_age: float
    water_transport: PositiveFloat
    rectifier_fixed_loss: PositiveFloat
    rectifier_voltage_drop: PositiveFloat
    rectifier_resistance: PositiveFloat
    brine_recuperation: float
    feed_temperature: PositiveFloat
    dechlorination_steam: PositiveFloat
    pump_power: PositiveFloat
    utility_power: PositiveFloat
    compressor_efficiency: PositiveFloat
    chiller_cop: PositiveFloat
    air_use: PositiveFloat
    water_use: PositiveFloat


def load_case(name: CaseName, path: Path = CASES) -> Case:
    """Read one parameter set.

    Raises:
        FixError: the file cannot be read, lacks the case, or a value is wrong.
    """
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return Case.model_validate(document[name.value])
    except (OSError, YAMLError, KeyError, TypeError, ValueError) as error:
        message = (
            f"{path}: cannot read the case {name.value!r}: {error}; mend the file or restore the packaged one"
        )
        raise FixError(message) from error
