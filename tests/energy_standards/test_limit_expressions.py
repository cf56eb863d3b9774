"""The expression language: right where it has a meaning, a clear error everywhere else, never a crash or hang."""

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.energy.expression_kinds import Kind, kind_of, labels, names
from analytics.energy.expression_values import NoValue, condition, number
from analytics.energy.expressions import MAX_LENGTH, ExpressionError, parse

INPUTS: dict[str, Decimal | str] = {"x": Decimal("2.5"), "y": Decimal(-3), "zero": Decimal(0), "salt": "solar"}
KINDS = {"x": Kind.NUMBER, "y": Kind.NUMBER, "zero": Kind.NUMBER, "salt": Kind.CHOICE, "value": Kind.NUMBER}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1 + 2 * 3", "7", id="times before plus"),
        pytest.param("(1 + 2) * 3", "9", id="brackets"),
        pytest.param("10 - 2 - 3", "5", id="from the left"),
        pytest.param("12 / 2 / 3", "2", id="division from the left"),
        pytest.param("-x * 2", "-5.0", id="sign"),
        pytest.param("2 * -x", "-5.0", id="sign inside"),
        pytest.param("0.1 + 0.2", "0.3", id="exact decimals"),
        pytest.param("min(x, y, 1)", "-3", id="least"),
        pytest.param("max(x, y)", "2.5", id="greatest"),
        pytest.param("abs(y)", "3", id="without sign"),
        pytest.param("if(x > 2 and not y > 0, 1, 2)", "1", id="condition"),
        pytest.param("if(x < 2 or y == -3, 1, 2)", "1", id="either"),
        pytest.param("if(zero != 0, 1 / zero, 7)", "7", id="only the branch taken"),
        pytest.param("linear(x, 2, 10, 3, 20)", "15", id="between points"),
        pytest.param("linear(zero, -1, -8.30, 0, 0, 1, 4.25)", "0", id="on a point"),
        pytest.param('case(salt, "refined", 1, "solar", 1.18)', "1.18", id="choice"),
        pytest.param('if(salt == "solar", 1, 2)', "1", id="choice compared"),
    ],
)
def test_an_expression_has_its_value(text: str, expected: str) -> None:
    tree = parse(text)
    assert kind_of(tree, KINDS) is Kind.NUMBER
    assert number(tree, INPUTS) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "missing", id="nothing"),
        pytest.param("1 +", "missing before 'end of the expression'", id="ends early"),
        pytest.param("1 2", "one too many", id="two numbers"),
        pytest.param("(1", "')' is missing", id="open bracket"),
        pytest.param("x ** 2", "missing before '*'", id="no powers"),
        pytest.param("__import__(1)", "no function", id="no code"),
        pytest.param("x.real", "not understood", id="no attributes"),
        pytest.param("x[0]", "not understood", id="no items"),
        pytest.param("lambda: 1", "not understood", id="no functions of one's own"),
        pytest.param("1e999999999", "one too many", id="no exponents"),
        pytest.param("sqrt(2)", "no function 'sqrt'", id="unknown function"),
        pytest.param("if(x > 1, 2)", "wrong number of arguments", id="too few"),
        pytest.param("linear(x, 1, 2, 3)", "wrong number of arguments", id="half a point"),
        pytest.param("1 < 2 < 3", "one too many", id="chained comparison"),
        pytest.param("9" * 30, "more than 20 digits", id="long number"),
        pytest.param("1+" * 600 + "1", f"longer than {MAX_LENGTH}", id="long text"),
        pytest.param("1+" * 150 + "1", "more than 200", id="many signs"),
        pytest.param("(" * 50 + "1" + ")" * 50, "nested deeper", id="deep"),
        pytest.param("-" * 100 + "1", "nested deeper", id="many signs of one number"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_reason(text: str, complaint: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert complaint in str(refused.value)
    assert "column" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("x + unknown", "no input 'unknown'", id="unknown input"),
        pytest.param("x + (y > 1)", "needs a number", id="condition as number"),
        pytest.param("if(x, 1, 2)", "needs a condition", id="number as condition"),
        pytest.param("salt * 2", "needs a number", id="choice as number"),
        pytest.param('x == "solar"', "named choices before it", id="number against a label"),
        pytest.param('"solar" + 1', "can only be compared", id="label as number"),
        pytest.param("linear(x, 2, 1, 1, 1)", "must rise", id="points out of order"),
        pytest.param("linear(x, y, 1, 2, 1)", "plain numbers", id="points that vary"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(ExpressionError, match=complaint):
        kind_of(parse(text), KINDS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("x / zero", "divides by zero", id="division by zero"),
        pytest.param("zero / zero", "divides by zero", id="nothing by nothing"),
        pytest.param("other + 1", "other is not given", id="input missing"),
        pytest.param("linear(x, 3, 1, 4, 2)", "outside the table from 3 to 4", id="table ends"),
        pytest.param('case(salt, "refined", 1)', "nothing is known for solar", id="choice not listed"),
    ],
)
def test_an_expression_without_a_value_says_why(text: str, complaint: str) -> None:
    with pytest.raises(NoValue, match=complaint):
        number(parse(text), INPUTS)


def test_the_inputs_and_labels_of_an_expression_are_known() -> None:
    tree = parse('value + case(salt, "refined", x, "solar", 2) - if(salt == "other", y, 0)')
    assert names(tree) == {"value", "salt", "x", "y"}
    assert labels(tree) == {("salt", "refined"), ("salt", "solar"), ("salt", "other")}


_WORDS = st.sampled_from(
    [*KINDS, "1", "0", "2.5", "999999999999", "and", "or", "not", "if", "min", "max", "abs", "linear", "case",
     *"+-*/<>(),%.[]:=!&é水", "<=", "==", "!=", ">=", "**", '"solar"', '"a"', " ", "\n"]
)  # fmt: skip


@settings(max_examples=800, deadline=1000)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(_WORDS, max_size=40).map(" ".join),
        st.lists(_WORDS, max_size=40).map("".join),
    )
)
def test_any_text_gives_a_number_or_a_clear_error(text: str) -> None:
    try:
        tree = parse(text)
    except ExpressionError:
        return
    for evaluate in (number, condition):
        try:
            found = evaluate(tree, INPUTS)
        except NoValue:
            continue
        assert isinstance(found, bool) or found.is_finite()
    with suppress(ExpressionError):
        assert kind_of(tree, KINDS) in Kind


def _written(tree: tuple | int) -> str:
    return str(tree) if isinstance(tree, int) else f"({_written(tree[0])} {tree[1]} {_written(tree[2])})"


def _exact(tree: tuple | int) -> Fraction:
    if isinstance(tree, int):
        return Fraction(tree)
    a, b = _exact(tree[0]), _exact(tree[2])
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[tree[1]]()


_TREES = st.recursive(st.integers(0, 999), lambda t: st.tuples(t, st.sampled_from("+-*/"), t), max_leaves=8)


@settings(max_examples=200, deadline=1000)
@given(_TREES)
def test_arithmetic_agrees_with_exact_fractions(tree: tuple | int) -> None:
    try:
        expected = _exact(tree)
    except ZeroDivisionError:
        with pytest.raises(NoValue):
            number(parse(_written(tree)), {})
        return
    found = Fraction(number(parse(_written(tree)), {}))
    assert abs(found - expected) <= max(Fraction(1), abs(expected)) / 10**20
