"""The value of an expression for given inputs, with exact decimals.

NoValue   there is none: an input is missing, a table ends, a choice is not listed, a division by zero
"""

import operator
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow, localcontext

from analytics.energy.expressions import Label, Name, Node, Number, Operation
from plant.errors import FixError

Value = Decimal | str | bool
_DIGITS = 34


class NoValue(FixError):  # noqa: N818 - a state of the inputs, named as the callers speak of it
    """The expression has no value for these inputs; the text says why."""


def number(node: Node, inputs: Mapping[str, Decimal | str]) -> Decimal:
    """The number that an expression gives, to 34 digits.

    Raises:
        NoValue: it gives none for these inputs.
    """
    found = _evaluate(node, inputs)
    if not isinstance(found, Decimal):
        raise NoValue("the expression gives no number")
    return found


def condition(node: Node, inputs: Mapping[str, Decimal | str]) -> bool:
    """Whether a condition holds.

    Raises:
        NoValue: it cannot be said for these inputs.
    """
    found = _evaluate(node, inputs)
    if not isinstance(found, bool):
        raise NoValue("the expression gives no yes or no")
    return found


def _evaluate(node: Node, inputs: Mapping[str, Decimal | str]) -> Value:
    with localcontext(Context(prec=_DIGITS, traps=[InvalidOperation, DivisionByZero, Overflow])):
        try:
            return _value(node, inputs)
        except DecimalException as error:
            raise NoValue("it divides by zero, or a number grows beyond all bounds") from error


def _value(node: Node, inputs: Mapping[str, Decimal | str]) -> Value:
    match node:
        case Number():
            return node.value
        case Label():
            return node.text
        case Name():
            found = inputs.get(node.name)
            if found is None:
                raise NoValue(f"{node.name} is not given")
            return found
        case Operation():
            return _operation(node, inputs)


def _operation(node: Operation, inputs: Mapping[str, Decimal | str]) -> Value:
    match node:
        case Operation("if", (when, then, otherwise)):
            return _value(then if _true(when, inputs) else otherwise, inputs)
        case Operation("and" | "or", (first, second)):
            decided = _true(first, inputs)
            return decided if decided is (node.operator == "or") else _true(second, inputs)
        case Operation("not", (only,)):
            return not _true(only, inputs)
        case Operation("case", (choice, *pairs)):
            return _case(_value(choice, inputs), pairs, inputs)
        case Operation("==" | "!=", (first, second)):
            return (_value(first, inputs) == _value(second, inputs)) is (node.operator == "==")
        case _:
            return _calculate(node.operator, [_plain(a, inputs) for a in node.arguments])


def _case(chosen: Value, pairs: list[Node], inputs: Mapping[str, Decimal | str]) -> Value:
    for label, result in zip(pairs[::2], pairs[1::2], strict=True):
        if isinstance(label, Label) and label.text == chosen:
            return _value(result, inputs)
    raise NoValue(f"nothing is known for {chosen!s:.64}")


def _true(node: Node, inputs: Mapping[str, Decimal | str]) -> bool:
    found = _value(node, inputs)
    if not isinstance(found, bool):
        raise NoValue("a condition is needed, not a number")
    return found


def _plain(node: Node, inputs: Mapping[str, Decimal | str]) -> Decimal:
    found = _value(node, inputs)
    if not isinstance(found, Decimal):
        raise NoValue("a number is needed")
    return found


_OPERATIONS: dict[str, Callable[[Decimal, Decimal], Decimal | bool]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _calculate(name: str, given: list[Decimal]) -> Value:
    match name:
        case "min":
            return min(given)
        case "max":
            return max(given)
        case "abs":
            return abs(given[0])
        case "negative":
            return -given[0]
        case "linear":
            return _linear(given[0], given[1:])
        case _:
            return _OPERATIONS[name](given[0], given[1])


def _linear(x: Decimal, points: list[Decimal]) -> Decimal:
    xs, ys = points[::2], points[1::2]
    for i in range(len(xs) - 1):
        if xs[i] <= x <= xs[i + 1]:
            return ys[i] + (ys[i + 1] - ys[i]) * (x - xs[i]) / (xs[i + 1] - xs[i])
    raise NoValue(f"{x} lies outside the table from {xs[0]} to {xs[-1]}")
