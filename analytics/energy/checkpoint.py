"""The state of the energy accounts as JSON, without the values: what a restart needs beside stored readings."""

import json
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from analytics.saved import SavedFinding
from plant.errors import FixError
from plant.virtual import Period


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class SavedMeter(_Saved):
    """A ``MeterWatch`` without its series."""

    last: tuple[int, float] | None
    changed: int | None
    grain: int
    gap: SavedFinding | None
    stuck: SavedFinding | None
    breaks: dict[str, tuple[SavedFinding, int]]


class SavedVoice(_Saved):
    """A ``Voice``."""

    first: int | None
    newest: int | None
    pauses: list[tuple[int, int]]


class SavedPeriod(_Saved):
    """A period of a product that is being filled."""

    product: str
    period: Annotated[Period, BeforeValidator(Period)]
    start: int
    over: SavedFinding | None
    told: int = 0
    """Up to where the period so far was told [ns UTC]."""


class SavedAccounts(_Saved):
    """Everything."""

    schema_version: Literal[1]
    since: int | None
    """Stored readings since this time [ns UTC] complete it; None when none are needed."""
    periods: list[SavedPeriod]
    meters: dict[str, SavedMeter]
    voices: dict[str, SavedVoice]

    def as_json(self) -> dict[str, object]:
        """Plain data."""
        return self.model_dump(mode="json")

    @classmethod
    def read(cls, state: object) -> Self:
        """From plain data.

        Raises:
            FixError: it was not written by ``as_json`` of this version.
        """
        try:
            return cls.model_validate_json(json.dumps(state))
        except (ValidationError, ValueError, TypeError) as error:
            raise FixError(
                f"the checkpoint of the energy accounts cannot be read: {error}. Start without it: "
                "the accounts then begin with the stored readings alone"
            ) from error
