"""What every file of energy data is made of: exact numbers, each with its sources and how sure they make it."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from plant.model import Id, Title

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Confidence = Literal["two sources", "two sources, one weak", "one source", "one weak source"]
"""How many independent sources give a number. There is no word for memory: such a number cannot be written."""

_LONGEST = 32


def _written_as_text(number: object) -> object:
    if isinstance(number, Decimal):
        return number
    if not isinstance(number, str):
        raise ValueError('write the number in quotes, so that it stays exact: "350"')  # noqa: TRY004 - pydantic
    if len(number) > _LONGEST or not set(number) <= set("0123456789.-+"):
        raise ValueError('write a plain decimal number of at most 32 characters, for example "0.1229"')
    return number


Exact = Annotated[Decimal, BeforeValidator(_written_as_text), Field(allow_inf_nan=False)]
"""A decimal number that is written in quotes."""


class Data(BaseModel):
    """Settings common to every part of such a file: unknown keys refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


class Source(Data):
    """Where numbers come from."""

    id: Id
    name: Text
    address: Text | None = None
    """None where it was not kept."""
    quality: Text | None = None
    """What is known about its reliability."""


Sources = Annotated[tuple[Id, ...], Field(min_length=1)]
"""Ids of sources of the same file, at least one."""


class Sourced(Data):
    """A number with its sources."""

    value: Exact
    confidence: Confidence
    sources: Sources


class Quantity(Sourced):
    """A number with its unit and sources."""

    unit: Title
