"""How the state of the rules is written as JSON: findings and values that JSON has no word for."""

import json
from math import isfinite, nan
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from plant.codec import decode_finding, encode_finding
from plant.errors import DropError
from plant.findings import Finding


def _written(finding: Finding) -> Any:  # noqa: ANN401 - JSON
    return json.loads(encode_finding(finding))


def _read(value: object) -> object:
    if not isinstance(value, dict):
        return value
    try:
        return decode_finding(json.dumps(value).encode())
    except DropError as error:
        raise ValueError(str(error)) from error


SavedFinding = Annotated[Finding, BeforeValidator(_read), PlainSerializer(_written)]
"""A finding as the wire has it."""
SavedValue = Annotated[
    float,
    BeforeValidator(lambda x: nan if x is None else x),
    PlainSerializer(lambda x: x if isfinite(x) else None),
]
"""A number, or None for none."""
