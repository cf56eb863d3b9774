"""Coefficient sets: standard coal per unit of an energy carrier or working medium, and what a conversion rests on.

GB/T 2589 gives its tables only as a fallback: a measured lower heating value of the plant's own fuel comes first,
with its evidence and the days for which it holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from analytics.energy.sourced import Confidence, Data, Exact, Quantity, Source, Sourced, Sources, Text
from plant.errors import FixError
from plant.model import Id, Title
from plant.units import factor as unit_factor


class Carrier(Data):
    """An energy carrier or working medium."""

    carrier: Id
    name_zh: Title
    name_en: Title | None = None
    unit: Title
    note: Text | None = None


class Coefficient(Carrier):
    """Standard coal per unit of a carrier."""

    kgce: Exact
    """[kgce per ``unit``]."""
    confidence: Confidence
    sources: Sources
    heat: Quantity | None = None
    """Lower heating value of a fuel, or energy for a medium, where a source gives it."""


class Span(Carrier):
    """A carrier for which the set gives two ends and no single number: its heating value must be measured."""

    lowest: Exact
    """[kgce per ``unit``]."""
    highest: Exact
    """[kgce per ``unit``]."""
    confidence: Confidence
    sources: Sources


class CoefficientSet(Data):
    """One edition of GB/T 2589, or the table of a limit standard that overrides it."""

    schema_version: Literal[2]
    number: Title
    title_zh: Title
    title_en: Title | None = None
    issued: date | None = None
    effective: date | None
    """None where no source gives it."""
    valid_to: date | None
    """Last day; None while it is in force."""
    dates_sources: tuple[Id, ...] = ()
    standard_coal: Sourced
    """[kJ/kgce]."""
    notes: tuple[Text, ...] = ()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    coefficients: tuple[Coefficient, ...]
    spans: tuple[Span, ...] = ()
    not_available: tuple[Carrier, ...] = ()
    """Carriers that the set has, but whose number no source at hand gives."""

    @cached_property
    def by_carrier(self) -> dict[str, Coefficient]:
        """The coefficients by carrier key."""
        return {c.carrier: c for c in self.coefficients}

    @model_validator(mode="after")
    def _each_carrier_once(self) -> Self:
        keys = [c.carrier for c in (*self.coefficients, *self.spans, *self.not_available)]
        twice = sorted({k for k in keys if keys.count(k) > 1})
        if twice:
            raise ValueError(f"carriers that stand here twice: {', '.join(twice)}")
        return self


class MeasuredHeatingValue(Data):
    """A measured lower heating value of the plant's own fuel, as received."""

    carrier: Id
    unit: Literal["kg", "m3"]
    kilojoules: Annotated[Exact, Field(ge=500, le=150_000)]
    """[kJ per ``unit``]; hydrogen, the richest fuel, has 120,000 kJ/kg."""
    first: date
    last: date | None = None
    """Last day; None until further notice."""
    evidence: Text
    """Report and its number."""
    measured_by: Text


class Origin(StrEnum):
    """Where a factor comes from."""

    TABLE = "table of the set"
    MEASURED = "measured heating value"


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor with everything that it rests on."""

    carrier: str
    unit: str
    kgce: Decimal
    """[kgce per ``unit``]."""
    coefficients: str
    """Number of the set."""
    origin: Origin
    evidence: str
    """Confidence of the table, or the report of the measurement."""


@dataclass(frozen=True, slots=True)
class Converted:
    """An amount of a carrier as standard coal."""

    quantity: Decimal
    """In the factor's unit."""
    kgce: Decimal
    factor: Factor


def factor_on(
    day: date, carrier: str, *, coefficients: CoefficientSet, measured: Iterable[MeasuredHeatingValue] = ()
) -> Factor:
    """The factor of a carrier on a day: a measured heating value that holds on it, otherwise the table.

    Raises:
        FixError: two measured values hold on the day, or there is no number for the carrier.
    """
    valid = [m for m in measured if m.carrier == carrier and m.first <= day and (m.last is None or day <= m.last)]
    if len(valid) > 1:
        reports = ", ".join(m.evidence for m in valid)
        raise FixError(f"{carrier} has {len(valid)} measured heating values on {day}: {reports}; end all but one")
    if valid:
        return _measured(valid[0], coefficients)
    found = coefficients.by_carrier.get(carrier)
    if found is None:
        raise FixError(why_missing(coefficients, carrier))
    evidence = f"{found.confidence}: {', '.join(found.sources)}"
    return Factor(carrier, found.unit, found.kgce, coefficients.number, Origin.TABLE, evidence)


def convert(quantity: Decimal, unit: str, *, factor: Factor) -> Converted:
    """An amount [``unit``] as standard coal.

    Raises:
        FixError: the unit does not convert to the factor's.
    """
    amount = quantity * unit_factor(unit, factor.unit)
    return Converted(amount, amount * factor.kgce, factor)


def why_missing(coefficients: CoefficientSet, carrier: str) -> str:
    """Why a set gives no number for a carrier, and what to do."""
    span = next((s for s in coefficients.spans if s.carrier == carrier), None)
    what_to_do = "state a measured heating value with its evidence, or add a set of your own with its source"
    if span is not None:
        between = f"{span.lowest} to {span.highest} kgce/{span.unit}"
        return f"{coefficients.number} gives {carrier} only as {between}: {what_to_do}"
    if any(c.carrier == carrier for c in coefficients.not_available):
        return f"{carrier} in {coefficients.number}: value not available, no source at hand gives it: {what_to_do}"
    known = ", ".join(sorted(coefficients.by_carrier))
    return f"{coefficients.number} has no carrier {carrier!r}: {what_to_do}; known: {known}"


def _measured(found: MeasuredHeatingValue, coefficients: CoefficientSet) -> Factor:
    per_unit = found.kilojoules / coefficients.standard_coal.value
    until = "" if found.last is None else f" to {found.last}"
    evidence = (
        f"{found.kilojoules} kJ/{found.unit}, {found.evidence}, {found.measured_by}, from {found.first}{until}"
    )
    return Factor(found.carrier, found.unit, per_unit, coefficients.number, Origin.MEASURED, evidence)
