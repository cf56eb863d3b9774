"""What an expression uses, and whether its parts fit together: before it is ever evaluated."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from itertools import pairwise

from analytics.energy.expressions import COMPARISONS, WORDS, ExpressionError, Label, Name, Node, Number, Operation


class Kind(Enum):
    """What a part of an expression is."""

    NUMBER = "a number"
    CHOICE = "an input with named choices"
    CONDITION = "a condition"


def names(node: Node) -> frozenset[str]:
    """The inputs that an expression uses."""
    match node:
        case Name():
            return frozenset({node.name})
        case Operation():
            return frozenset().union(*(names(a) for a in node.arguments))
        case _:
            return frozenset()


def labels(node: Node) -> frozenset[tuple[str, str]]:
    """Pairs of an input with named choices and a label that it is compared with."""
    if not isinstance(node, Operation):
        return frozenset()
    inner = frozenset[tuple[str, str]]().union(*(labels(a) for a in node.arguments))
    chosen = [a.name for a in node.arguments if isinstance(a, Name)]
    if node.operator in {"case", "==", "!="} and chosen:
        return inner | {(chosen[0], a.text) for a in node.arguments if isinstance(a, Label)}
    return inner


def kind_of(node: Node, known: Mapping[str, Kind]) -> Kind:
    """What the expression gives, with every part checked; ``known`` are the inputs that there are.

    Raises:
        ExpressionError: an input is not known, or parts do not fit together.
    """
    match node:
        case Number():
            return Kind.NUMBER
        case Name():
            if node.name not in known:
                there = ", ".join(sorted(known))
                raise ExpressionError(f"no input {node.name!r}; there are {there}", node.column)
            return known[node.name]
        case Label():
            raise ExpressionError(
                f'"{node.text}" can only be compared with an input or stand in case', node.column
            )
        case Operation():
            return _operation_kind(node, known)


def _operation_kind(node: Operation, known: Mapping[str, Kind]) -> Kind:
    arguments, operator = node.arguments, node.operator
    if operator in {"==", "!="} and any(isinstance(a, Label) for a in arguments):
        _choice(arguments, node, known)
        return Kind.CONDITION
    if operator == "case":
        _choice(arguments[:2], node, known)
        if not all(isinstance(a, Label) for a in arguments[1::2]):
            raise ExpressionError("case needs pairs of a label in quotes and a number", node.column)
        _want(arguments[2::2], Kind.NUMBER, known, node)
        return Kind.NUMBER
    if operator == "if":
        _want(arguments[:1], Kind.CONDITION, known, node)
        _want(arguments[1:], Kind.NUMBER, known, node)
        return Kind.NUMBER
    logical = operator in WORDS
    _want(arguments, Kind.CONDITION if logical else Kind.NUMBER, known, node)
    if operator == "linear":
        _rising(node)
    return Kind.CONDITION if logical or operator in COMPARISONS else Kind.NUMBER


def _choice(pair: tuple[Node, ...], node: Operation, known: Mapping[str, Kind]) -> None:
    first, second = pair
    if not isinstance(first, Name) or not isinstance(second, Label) or kind_of(first, known) is not Kind.CHOICE:
        raise ExpressionError("a label in quotes needs an input with named choices before it", node.column)


def _want(arguments: tuple[Node, ...], kind: Kind, known: Mapping[str, Kind], node: Operation) -> None:
    for argument in arguments:
        found = kind_of(argument, known)
        if found is not kind:
            raise ExpressionError(f"{node.operator} needs {kind.value}, not {found.value}", node.column)


def _rising(node: Operation) -> None:
    points = [_constant(a) for a in node.arguments[1:]]
    if None in points:
        raise ExpressionError("the points of linear must be plain numbers", node.column)
    x = [p for p in points[::2] if p is not None]
    if any(a >= b for a, b in pairwise(x)):
        raise ExpressionError("the points of linear must rise from left to right", node.column)


def _constant(node: Node) -> Decimal | None:
    match node:
        case Number():
            return node.value
        case Operation("negative", (Number() as inner,)):
            return -inner.value
        case _:
            return None
