"""A small language for limits that depend on inputs: ``value + 1.10 * (clinker_ratio - 75)``.

Numbers, named inputs, + - * /, comparisons, and / or / not, and six functions:
``min(a, b, ...)``, ``max(a, b, ...)``, ``abs(a)``, ``if(condition, then, otherwise)``,
``linear(x, x1, y1, x2, y2, ...)`` (straight lines between points, no value outside them) and
``case(input, "label", number, ...)`` (an input with named choices; no value for a label that is not listed).

The text becomes a tree of our own nodes that is walked with exact decimals; nothing in it is ever run as code.
Length, number of tokens and nesting are bounded, so that no text can hang or exhaust the program.

This module makes the tree; ``expression_kinds`` checks that its parts fit together, ``expression_values``
walks it.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from plant.errors import FixError

MAX_LENGTH = 1000
"""Characters of an expression."""
MAX_TOKENS = 200
MAX_NESTING = 16
"""Brackets, calls and signs inside one another."""
MAX_DIGITS = 20
"""Digits of a number."""


class ExpressionError(FixError):
    """The text is not an expression; ``column`` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        self.column = column
        super().__init__(f"{message} (column {column})")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """An input."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Label:
    """One of the choices of an input, in quotes."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator or a function with its arguments."""

    operator: str
    arguments: tuple["Node", ...]
    column: int


Node = Number | Name | Label | Operation

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\"(?P<label>[^\"\n]{1,64})\"|(?P<sign><=|>=|==|!=|[-+*/<>(),]))",
    re.ASCII,
)
COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
WORDS = frozenset({"and", "or", "not"})
_LEAST_ARGUMENTS = {"min": 2, "max": 2, "abs": 1, "if": 3, "linear": 5, "case": 3}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        ExpressionError: it is none; the text says what is wrong and where.
    """
    parser = _Parser(_tokens(text))
    node = parser.disjunction()
    left = parser.here
    if left.kind != "end":
        raise ExpressionError(f"{left.text!r} is one too many", left.column)
    return node


def _tokens(text: str) -> list[_Token]:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH + 1)
    found: list[_Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            column = place + 1 + len(text[place:]) - len(text[place:].lstrip())
            raise ExpressionError(f"{text[column - 1 : column + 7]!r} is not understood", column)
        word = match.group(match.lastgroup)
        column = match.start(match.lastgroup) + 1
        if match.lastgroup == "number" and len(word) > MAX_DIGITS + 1:
            raise ExpressionError(f"a number has more than {MAX_DIGITS} digits", column)
        kind = "word" if match.lastgroup == "name" and word in WORDS else match.lastgroup
        found.append(_Token(kind, word, column))
        if len(found) > MAX_TOKENS:
            raise ExpressionError(f"more than {MAX_TOKENS} numbers, names and signs", column)
        place = match.end()
    return [*found, _Token("end", "end of the expression", end + 1)]


class _Parser:
    """Recursive descent, lowest binding first: or, and, not, comparison, + -, * /, sign, atom."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nesting = 0

    @property
    def here(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        token = self.here
        if token.kind in {"sign", "word"} and token.text in texts:
            self._at += 1
            return token
        return None

    def _must(self, text: str) -> None:
        if self._take(text) is None:
            raise ExpressionError(f"{text!r} is missing before {self.here.text!r}", self.here.column)

    def _deeper(self) -> None:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise ExpressionError(f"nested deeper than {MAX_NESTING}", self.here.column)

    def disjunction(self) -> Node:
        node = self._conjunction()
        while token := self._take("or"):
            node = Operation("or", (node, self._conjunction()), token.column)
        return node

    def _conjunction(self) -> Node:
        node = self._negation()
        while token := self._take("and"):
            node = Operation("and", (node, self._negation()), token.column)
        return node

    def _negation(self) -> Node:
        token = self._take("not")
        if token is None:
            return self._comparison()
        self._deeper()
        node = Operation("not", (self._negation(),), token.column)
        self._nesting -= 1
        return node

    def _comparison(self) -> Node:
        node = self._sum()
        token = self._take(*COMPARISONS)
        return node if token is None else Operation(token.text, (node, self._sum()), token.column)

    def _sum(self) -> Node:
        node = self._term()
        while token := self._take("+", "-"):
            node = Operation(token.text, (node, self._term()), token.column)
        return node

    def _term(self) -> Node:
        node = self._signed()
        while token := self._take("*", "/"):
            node = Operation(token.text, (node, self._signed()), token.column)
        return node

    def _signed(self) -> Node:
        token = self._take("-")
        if token is None:
            return self._atom()
        self._deeper()
        node = Operation("negative", (self._signed(),), token.column)
        self._nesting -= 1
        return node

    def _atom(self) -> Node:
        token = self.here
        self._at += token.kind != "end"
        match token.kind:
            case "number":
                return Number(Decimal(token.text))
            case "label":
                return Label(token.text, token.column)
            case "name":
                return Name(token.text, token.column) if self._take("(") is None else self._call(token)
            case "sign" if token.text == "(":
                self._deeper()
                node = self.disjunction()
                self._must(")")
                self._nesting -= 1
                return node
            case _:
                raise ExpressionError(f"a number or a name is missing before {token.text!r}", token.column)

    def _call(self, function: _Token) -> Node:
        least = _LEAST_ARGUMENTS.get(function.text)
        if least is None:
            known = ", ".join(sorted(_LEAST_ARGUMENTS))
            raise ExpressionError(f"no function {function.text!r}; there are {known}", function.column)
        self._deeper()
        arguments = [self.disjunction()]
        while self._take(","):
            arguments.append(self.disjunction())
        self._must(")")
        self._nesting -= 1
        if len(arguments) < least or not _right_count(function.text, len(arguments)):
            raise ExpressionError(f"{function.text} has the wrong number of arguments", function.column)
        return Operation(function.text, tuple(arguments), function.column)


def _right_count(function: str, count: int) -> bool:
    match function:
        case "abs" | "if":
            return count == _LEAST_ARGUMENTS[function]
        case "linear" | "case":
            return count % 2 == 1
        case _:
            return True
