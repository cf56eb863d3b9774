"""One edition of a limit standard: its dates, its rows with three grades, and the corrections of its values.

Advanced, access and limit value are grades 1, 2 and 3 of the editions since about 2018. A grade that the standard
does not give is absent; one that it gives but for which no source was found is named in ``not_available``. Neither
is ever zero. Grade 2 may be stricter than grade 1 (GB 21258-2024), and values may be negative.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from analytics.energy.corrections import Correction, GradeName, Input
from analytics.energy.sourced import Data, Exact, Source, Sourced, Text
from plant.model import Id, Title

Industry = Literal["chemical", "coal", "metallurgy", "building materials"]
Unit = Literal["kgce/t", "kgoe/t", "kgoe/(t·EF)", "kgce/toe", "kgce/m3", "kgce/GJ", "gce/kWh", "kWh/t", "kg/t"]
"""kgoe: oil equivalent; toe: tonne of oil equivalent; EF: energy factor of a refinery (能量因数)."""


Number = Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z0-9/ .\-]{1,40}-(19|20)\d\d$")]
"""With the year of the edition: ``GB 21257-2024``."""


class Grade(Sourced):
    """One value of a limit standard, in the unit of its row."""


class Electricity(Data):
    """How the edition counts electricity."""

    basis: Literal["equivalent value", "equal value", "not applicable", "not seen"]
    """当量值, 等价值; *not seen* where no source says it."""
    factor: Exact | None = None
    unit: Literal["kgce/kWh", "kgoe/kWh"] | None = None
    known: Literal["stated by a source", "inferred", "confirmed by arithmetic"] | None = None
    sources: tuple[Id, ...] = ()
    note: Text | None = None

    @model_validator(mode="after")
    def _factor_has_its_unit_and_source(self) -> Self:
        whole = self.unit is not None and self.known is not None and bool(self.sources)
        if self.factor is not None and not whole:
            raise ValueError("a factor needs unit, known and sources")
        if self.factor is None and (self.unit, self.known) != (None, None):
            raise ValueError("without a factor there is no unit and nothing known")
        return self


class StandardRow(Data):
    """One product and indicator of a limit standard."""

    key: Id
    """Unique over all editions."""
    line: Id
    """The same for the same product and indicator in every edition: ``caustic.liquid_30``."""
    product_zh: Title
    product_en: Title
    indicator_zh: Title = "单位产品综合能耗"
    indicator_en: Title = "comprehensive energy consumption per unit product"
    unit: Unit
    table: Title = "-"
    page: int | None = None
    """Page of the printed standard."""
    advanced: Grade | None = None
    access: Grade | None = None
    limit: Grade | None = None
    not_available: tuple[GradeName, ...] = ()
    """Grades that the standard gives, but no source at hand: to be looked up, never to be guessed."""
    electricity: Electricity | None = None
    """Where the row counts electricity otherwise than its standard."""
    note: Text | None = None

    def grade(self, name: GradeName) -> Grade | None:
        """A grade by its name."""
        match name:
            case GradeName.ADVANCED:
                return self.advanced
            case GradeName.ACCESS:
                return self.access
            case GradeName.LIMIT:
                return self.limit

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = {name for name in GradeName if self.grade(name) is not None}
        if given & set(self.not_available):
            raise ValueError("a grade has a value and stands in not_available")
        if not given and not self.not_available:
            raise ValueError("no grade has a value: name those that the standard gives in not_available")
        return self


class LimitStandard(Data):
    """One edition of a limit standard."""

    schema_version: Literal[2]
    number: Number
    title_zh: Title
    title_en: Title | None = None
    industry: Industry
    branch: Title | None = None
    issued: date | None = None
    effective_date: Annotated[date | None, Field(alias="effective")]
    """First day in force; None where no source gives it."""
    valid_to: date | None
    """Last day; None while it is in force, or where no source gives it."""
    dates_confidence: Literal["two sources", "one source"] | None
    """None where no date is known."""
    dates_sources: tuple[Id, ...] = ()
    replaces: tuple[Number, ...] = ()
    superseded_by: Number | None = None
    clause: Title | None = None
    """Where the values stand."""
    covers: tuple[Id, ...] = ()
    """Beginnings of lines that its title covers, for editions that have no row of theirs."""
    electricity: Electricity
    boundary: Text | None = None
    """None where no source gives it."""
    original_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of the original document, as the source of the numbers states it."""
    notes: tuple[Text, ...] = ()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    inputs: tuple[Input, ...] = ()
    corrections: tuple[Correction, ...] = ()
    rows: tuple[StandardRow, ...]

    @property
    def effective(self) -> date:
        """First day on which it is known to be in force; ``date.max`` where no source gives it."""
        return date.max if self.effective_date is None else self.effective_date

    @property
    def year(self) -> int:
        """Year of the edition, from its number."""
        return int(self.number[-4:])

    def row(self, key: str) -> StandardRow | None:
        """A row by its key."""
        return next((r for r in self.rows if r.key == key), None)

    def corrections_of(self, row: StandardRow) -> tuple[Correction, ...]:
        """The corrections that concern a row, in the order in which they apply."""
        return tuple(c for c in self.corrections if row.key in c.rows)

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        known = [d for d in (self.issued, self.effective_date, self.valid_to) if d is not None]
        if known != sorted(known):
            raise ValueError("issued, effective and valid_to must follow one another")
        if known and (self.dates_confidence is None or not self.dates_sources):
            raise ValueError("dates need dates_confidence and dates_sources")
        return self
