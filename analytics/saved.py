"""How the state of the rules is written as JSON: findings, and values that JSON has no word for.

What is read back equals what was written: every missing value is one and the same NaN, as NaN equals only itself.
"""

import json
from dataclasses import replace
from math import isfinite, nan
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from plant.codec import decode_finding, encode_finding
from plant.errors import DropError
from plant.findings import Finding


def _written(finding: Finding) -> Any:  # noqa: ANN401 - JSON
    return json.loads(encode_finding(finding))


def _read(value: object) -> object:
    if not isinstance(value, dict):
        return value
    try:
        found = decode_finding(json.dumps(value).encode())
    except DropError as error:
        raise ValueError(str(error)) from error
    return replace(found, evidence=tuple(replace(r, value=one_nan(r.value)) for r in found.evidence))


def one_nan(value: float) -> float:
    """The value; for one that is no finite number the one NaN that stands for a missing value."""
    return value if isfinite(value) else nan


SavedFinding = Annotated[Finding, BeforeValidator(_read), PlainSerializer(_written)]
"""A finding as the wire has it."""
SavedValue = Annotated[
    float,
    BeforeValidator(lambda x: nan if x is None else x),
    AfterValidator(one_nan),
    PlainSerializer(lambda x: x if isfinite(x) else None),
]
"""A number, or None for none."""
