"""The limit values of a row for the inputs of a plant, and its measured value as the standard compares it.

Every answer names what it rests on: the value of the table, each correction and what it made of it. What a
standard does not give, what no source gives, and what cannot be corrected are three different answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from analytics.energy.corrections import Correction, GradeName, Input
from analytics.energy.expression_kinds import names
from analytics.energy.expression_values import NoValue, condition, number
from analytics.energy.expressions import parse
from analytics.energy.limit_standard import LimitStandard, StandardRow

Inputs = Mapping[str, Decimal | str]
"""Numbers in the unit of the input, and labels of choices, by name."""


class State(StrEnum):
    """What is known of a number."""

    VALUE = "value"
    NOT_IN_STANDARD = "not given by the standard"
    NOT_AVAILABLE = "value not available"
    """The standard gives it, but no source at hand: a file of one's own can add it."""
    NOT_ASSESSABLE = "not assessable"
    """It depends on something that is not known."""


@dataclass(frozen=True, slots=True)
class Step:
    """One correction that was made."""

    correction: str
    clause: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Known:
    """A number, or why there is none."""

    state: State
    value: Decimal | None
    """In the row's unit; None unless ``state`` is VALUE."""
    reason: str
    """Why there is none, and what to do; empty when there is one."""
    base: Decimal | None = None
    """Before corrections."""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides of the comparison ``measured <= value``."""

    measured: Known
    limits: dict[GradeName, Known]


def compared(standard: LimitStandard, row: StandardRow, measured: Decimal, *, inputs: Inputs) -> Compared:
    """Both sides of the comparison for a measured unit consumption [the row's unit]."""
    return Compared(
        corrected_measured(standard, row, measured, inputs=inputs),
        {name: limit_value(standard, row, name, inputs=inputs) for name in GradeName},
    )


def limit_value(standard: LimitStandard, row: StandardRow, grade: GradeName, *, inputs: Inputs) -> Known:
    """The value of a grade with its corrections."""
    found = row.grade(grade)
    if grade in row.not_available:
        where = f"{standard.number}, {row.product_en}, {grade} value"
        return Known(
            State.NOT_AVAILABLE,
            None,
            f"{where}: no source at hand gives it. Look it up in the standard and add it with its source in a file"
            " of your own",
        )
    if found is None:
        return Known(State.NOT_IN_STANDARD, None, f"{standard.number} gives no {grade} value for {row.product_en}")
    wanted = [c for c in standard.corrections_of(row) if c.applies_to == "limit values" and grade in c.grades]
    return _apply(wanted, grade, found.value, _Stated(standard, inputs))


def corrected_measured(standard: LimitStandard, row: StandardRow, measured: Decimal, *, inputs: Inputs) -> Known:
    """A measured unit consumption [the row's unit] as the standard compares it."""
    wanted = [c for c in standard.corrections_of(row) if c.applies_to == "measured value"]
    return _apply(wanted, None, measured, _Stated(standard, inputs))


@dataclass(frozen=True, slots=True)
class _Stated:
    standard: LimitStandard
    inputs: Inputs

    def fault(self, name: str) -> str:
        """What is wrong with a stated input; empty when nothing is."""
        declared = next((i for i in self.standard.inputs if i.name == name), None)
        return "" if declared is None or name not in self.inputs else fault_of(declared, self.inputs[name])


def fault_of(declared: Input, stated: Decimal | str) -> str:
    """What is wrong with the value of an input; empty when nothing is."""
    if declared.choices:
        known = ", ".join(declared.choices)
        return "" if stated in declared.choices else f"{declared.name} is {stated}; it must be one of {known}"
    if not isinstance(stated, Decimal) or not stated.is_finite():
        return f"{declared.name} is {stated}; it must be a number [{declared.unit}]"
    if declared.minimum is None or declared.maximum is None or declared.minimum <= stated <= declared.maximum:
        return ""
    return (
        f"{declared.name} is {stated} {declared.unit}, outside {declared.minimum} to {declared.maximum}"
        f" {declared.unit}: check its unit"
    )


def _apply(wanted: list[Correction], grade: GradeName | None, base: Decimal, stated: _Stated) -> Known:
    steps: list[Step] = []
    value = base
    for correction in wanted:
        try:
            after = _corrected(correction, grade, value, stated)
        except NoValue as error:
            clause = f" ({correction.clause})" if correction.clause else ""
            reason = f"{stated.standard.number}{clause}, {correction.text_en}: {error}"
            return Known(State.NOT_ASSESSABLE, None, reason, base, tuple(steps))
        if after is not None:
            steps.append(Step(correction.id, correction.clause or "", value, after))
            value = after
    return Known(State.VALUE, value, "", base, tuple(steps))


def _corrected(correction: Correction, grade: GradeName | None, value: Decimal, stated: _Stated) -> Decimal | None:
    """The new value; None where the correction's condition does not hold.

    Raises:
        NoValue: it cannot be said.
    """
    when = correction.when
    if when is not None and not condition(parse(when), _inputs(when, stated, value)):
        return None
    if correction.not_known is not None:
        raise NoValue(correction.not_known)
    text = correction.expression(grade)
    return None if text is None else number(parse(text), _inputs(text, stated, value))


def _inputs(text: str, stated: _Stated, value: Decimal) -> dict[str, Decimal | str]:
    """What an expression may use: the inputs that it names, each checked against its range.

    Raises:
        NoValue: one lies outside its range or is no known choice.
    """
    used = names(parse(text))
    faults = [wrong for name in sorted(used) if (wrong := stated.fault(name))]
    if faults:
        raise NoValue("; ".join(faults))
    return {"value": value, **{n: stated.inputs[n] for n in used if n in stated.inputs and n != "value"}}
