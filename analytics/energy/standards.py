"""Limit standards and coefficient sets: versioned data with source, edition and confidence, selected by date.

Advanced, access and limit value are grades 1, 2 and 3 of the editions since about 2018. A value known from
memory only cannot be written here: the model refuses such a confidence.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from plant.errors import FixError
from plant.model import Id, LimitRow, Plant, Title
from plant.plantfile import parse_yaml

Confidence = Literal["two sources", "one source"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("value", "kgce", mode="before", check_fields=False)
    @classmethod
    def _written_as_text(cls, number: object) -> object:
        if not isinstance(number, str):
            raise ValueError('write the number in quotes, so that it stays exact: "350"')  # noqa: TRY004 - pydantic
        return number


class Grade(_Data):
    """One value of a limit standard."""

    value: Decimal
    confidence: Confidence
    sources: Annotated[tuple[Title, ...], Field(min_length=1)]


class StandardRow(_Data):
    """One product of a limit standard; a grade that the standard does not give is None, never zero."""

    key: Id
    product_zh: Title
    product_en: Title
    unit: Literal["kgce/t"]
    table: Title
    advanced: Grade | None = None
    access: Grade | None = None
    limit: Grade | None = None


class LimitStandard(_Data):
    """One edition of a limit standard."""

    schema_version: Literal[1]
    number: Title
    title_zh: Title
    title_en: Title
    issued: date
    effective: date
    valid_to: date | None
    """Last day; None while it is in force."""
    replaces: tuple[Title, ...] = ()
    electricity: Id
    boundary: str
    rows: tuple[StandardRow, ...]


class Coefficient(_Data):
    """Standard coal per unit of an energy carrier or working medium."""

    carrier: Id
    name_zh: Title
    unit: Title
    kgce: Decimal
    """[kgce per ``unit``]."""
    confidence: Confidence
    sources: Annotated[tuple[Title, ...], Field(min_length=1)]


class CoefficientSet(_Data):
    """One edition of GB/T 2589."""

    schema_version: Literal[1]
    number: Title
    title_zh: Title
    title_en: Title
    effective: date | None
    valid_to: date | None
    coefficients: tuple[Coefficient, ...]

    @cached_property
    def by_carrier(self) -> dict[str, Coefficient]:
        """The coefficients by carrier key."""
        return {c.carrier: c for c in self.coefficients}


@dataclass(frozen=True, slots=True)
class EnergyData:
    """All standards and coefficient sets that an engine may use."""

    standards: dict[str, LimitStandard]
    coefficient_sets: dict[str, CoefficientSet]

    @classmethod
    def packaged(cls) -> Self:
        """What comes with plantwatch.

        Raises:
            PlantFileError: a packaged file is damaged.
        """
        standards: dict[str, LimitStandard] = {}
        sets: dict[str, CoefficientSet] = {}
        for file in sorted((files("analytics.energy") / "data").iterdir(), key=lambda f: f.name):
            text = file.read_text(encoding="utf-8")
            if file.name.startswith("gbt2589"):
                found = parse_yaml(text, file.name, CoefficientSet)
                sets[found.number] = found
            else:
                standard = parse_yaml(text, file.name, LimitStandard)
                standards[standard.number] = standard
        return cls(standards, sets)

    def row(self, wanted: LimitRow) -> tuple[LimitStandard, StandardRow]:
        """The edition and row that a plant file names.

        Raises:
            FixError: not among the data; the text lists what is.
        """
        standard = self.standards.get(wanted.standard)
        if standard is None:
            raise FixError(
                f"no values for standard {wanted.standard!r}; known: {', '.join(sorted(self.standards))}"
            )
        row = next((r for r in standard.rows if r.key == wanted.row), None)
        if row is None:
            keys = ", ".join(r.key for r in standard.rows)
            raise FixError(f"{wanted.standard} has no row {wanted.row!r}; it has {keys}")
        return standard, row

    def coefficients(self, number: str) -> CoefficientSet:
        """A coefficient set by its number with edition.

        Raises:
            FixError: not among the data.
        """
        found = self.coefficient_sets.get(number)
        if found is None:
            raise FixError(f"no coefficient set {number!r}; known: {', '.join(sorted(self.coefficient_sets))}")
        return found

    def check(self, plant: Plant) -> None:
        """Everything that the plant's products ask for is there.

        Raises:
            FixError: a standard, row, coefficient set or carrier is missing.
        """
        for product in plant.products:
            self.row(product.limit)
            known = self.coefficients(product.coefficients).by_carrier
            for meter in product.meters:
                carrier = plant.meter[meter].carrier
                if carrier not in known:
                    raise FixError(
                        f"meter {meter} of product {product.id}: {product.coefficients} has no sourced coefficient"
                        f" for carrier {carrier!r}; known: {', '.join(sorted(known))}"
                    )
