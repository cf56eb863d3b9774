"""Columns of readings: they fit together, keep their order rules, and never change a status."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.readings import Reading, Readings
from plant.status import StatusClass, has_overflow, is_good, status_class, status_classes

ROWS = st.lists(
    st.builds(
        Reading,
        point=st.sampled_from(["a", "b", "c/d", "温度"]),
        time=st.integers(-(2**62), 2**62),
        value=st.floats(allow_nan=False),
        status=st.integers(0, 2**32 - 1),
        text=st.none() | st.text(max_size=5),
    ),
    max_size=30,
)


@given(ROWS)
def test_rows_come_back_as_they_went_in(rows: list[Reading]) -> None:
    assert list(Readings.from_rows(rows).rows()) == rows


@given(ROWS, ROWS)
def test_joining_batches_keeps_every_row_in_order(first: list[Reading], second: list[Reading]) -> None:
    joined = Readings.concat([Readings.from_rows(first), Readings.from_rows(second)])
    assert list(joined.rows()) == first + second


@given(ROWS)
def test_selecting_each_point_in_turn_gives_every_row_once(rows: list[Reading]) -> None:
    readings = Readings.from_rows(rows)
    parts = [list(readings.select([p]).rows()) for p in readings.points]
    assert sorted(repr(r) for part in parts for r in part) == sorted(map(repr, rows))


@given(ROWS)
def test_compacting_changes_no_row(rows: list[Reading]) -> None:
    compact = Readings.from_rows(rows).compact()
    assert list(compact.rows()) == rows
    assert list(compact.points) == sorted({r.point for r in rows})


@given(
    st.permutations([Reading("b", 1, 1.0), Reading("a", 1, 2.0), Reading("a", 0, 3.0), Reading("a", 1, 2.0, 1)])
)
def test_time_order_is_the_same_whatever_the_order_of_arrival(rows: list[Reading]) -> None:
    ordered = list(Readings.from_rows(rows).in_time_order().rows())
    assert ordered == [Reading("a", 0, 3.0), Reading("a", 1, 2.0), Reading("a", 1, 2.0, 1), Reading("b", 1, 1.0)]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        Readings(("a",), np.zeros(2, np.int32), np.zeros(1, np.int64), np.zeros(2), np.zeros(2, np.uint32))


def test_a_code_outside_the_dictionary_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        Readings(("a",), np.ones(1, np.int32), np.zeros(1, np.int64), np.zeros(1), np.zeros(1, np.uint32))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(0x0000_0000, StatusClass.GOOD, id="Good"),
        pytest.param(0x0000_0480, StatusClass.GOOD, id="Good with overflow"),
        pytest.param(0x0030_0000, StatusClass.GOOD, id="GoodClamped"),
        pytest.param(0x0096_0000, StatusClass.GOOD, id="GoodLocalOverride"),
        pytest.param(0x4090_0000, StatusClass.UNCERTAIN, id="UncertainLastUsableValue"),
        pytest.param(0x808C_0000, StatusClass.BAD, id="BadSensorFailure"),
        pytest.param(0xFFFF_FFFF, StatusClass.BAD, id="reserved severity counts as Bad"),
    ],
)
def test_severity_is_judged_by_the_two_top_bits(code: int, expected: StatusClass) -> None:
    column = np.array([code], np.uint32)
    assert status_class(code) is expected
    assert status_classes(column).tolist() == [expected]
    assert is_good(column).tolist() == [expected is StatusClass.GOOD]


def test_overflow_needs_both_the_data_value_and_the_overflow_bit() -> None:
    # OPC 10000-4, 7.39: bit 7 means overflow only when InfoType (bits 10-11) is DataValue.
    assert has_overflow(np.array([0x480, 0x080, 0x400, 0], np.uint32)).tolist() == [True, False, False, False]
