"""What the values of a limit standard depend on: inputs that the plant states, and corrections as expressions.

A correction whose table or formula no source gives says so: what it concerns is then not assessable, and never
used uncorrected.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from analytics.energy.expressions import ExpressionError, parse
from analytics.energy.sourced import Data, Exact, Sources, Text
from plant.model import Id, Title


class GradeName(StrEnum):
    """The three levels, best first."""

    ADVANCED = "advanced"
    """先进值, grade 1."""
    ACCESS = "access"
    """准入值, grade 2."""
    LIMIT = "limit"
    """限定值, grade 3."""


class Input(Data):
    """Something that a limit depends on, stated by the plant: a number in a range, or one of several choices."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    name_zh: Title
    name_en: Title
    unit: Title | None = None
    minimum: Exact | None = None
    maximum: Exact | None = None
    choices: dict[Id, Title] = Field(default_factory=dict)
    """Label of each choice and its name in Chinese and English; empty for a number."""

    @model_validator(mode="after")
    def _number_or_choice(self) -> Self:
        number = (self.unit, self.minimum, self.maximum)
        if self.choices and number != (None, None, None):
            raise ValueError("an input with choices has no unit and no range")
        if not self.choices and (self.unit is None or self.minimum is None or self.maximum is None):
            raise ValueError("a number needs unit, minimum and maximum; otherwise list its choices")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise ValueError("minimum must lie below maximum")
        if self.name == "value":
            raise ValueError("the name value stands for the number that is corrected")
        return self


def _parses(text: str) -> str:
    try:
        parse(text)
    except ExpressionError as error:
        raise ValueError(f"no expression: {error}") from error
    return text


Expression = Annotated[Text, AfterValidator(_parses)]
"""Text that ``analytics.energy.expressions`` understands."""


class Correction(Data):
    """How inputs change the values of rows: by expressions, or *not known*, which makes them not assessable.

    In an expression ``value`` is the number so far: corrections apply in the order of the file.
    """

    id: Id
    text_zh: Text
    text_en: Text
    clause: Title | None = None
    rows: Annotated[tuple[Id, ...], Field(min_length=1)]
    applies_to: Literal["limit values", "measured value"] = "limit values"
    grades: Annotated[tuple[GradeName, ...], Field(min_length=1)] = tuple(GradeName)
    """Limit values that it concerns; all three when left out."""
    when: Expression | None = None
    """Condition; otherwise nothing changes. Always when left out."""
    new_value: Expression | None = None
    """Expression for all of ``grades``, or for the measured value."""
    by_grade: dict[GradeName, Expression] = Field(default_factory=dict)
    """An expression for each grade, where they differ."""
    not_known: Text | None = None
    """Why the correction cannot be made; instead of an expression."""
    confidence: Literal["two sources", "one source", "one weak source"]
    sources: Sources

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.new_value is not None, bool(self.by_grade), self.not_known is not None]
        if sum(ways) != 1:
            raise ValueError("give exactly one of new_value, by_grade and not_known")
        if self.by_grade and (set(self.by_grade) != set(self.grades) or self.applies_to == "measured value"):
            raise ValueError("by_grade needs an expression for each of grades, and corrects limit values only")
        return self

    def expression(self, grade: GradeName | None) -> str | None:
        """The expression for a grade, or for the measured value (None); None where it is not known."""
        return self.new_value if grade is None or self.new_value is not None else self.by_grade.get(grade)
