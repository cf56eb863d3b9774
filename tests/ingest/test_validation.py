"""The check of a batch: whatever the rows, each ends in exactly one place, in its order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.validation import Validator
from plant.codec import Batch
from plant.readings import Reading, Readings
from plant.status import is_good
from tests.ingest.crashing_ingest import PLANT

T0 = 1_700_000_000_000_000_000
DAY = 86_400_000_000_000

_rows = st.lists(
    st.builds(
        Reading,
        st.sampled_from(["A", "B", "sys/x/y/z", "nobody", "", "a\0b"]) | st.text(max_size=8),
        st.integers(-(2**63), 2**63 - 1) | st.integers(T0 - DAY, T0 + 2 * DAY),
        st.floats(),
        st.integers(0, 2**32 - 1) | st.just(0),
        st.none() | st.text(max_size=3),
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(rows=_rows)
def test_every_row_is_kept_or_rejected_for_one_reason(rows: list[Reading]) -> None:
    readings = Readings.from_rows(rows)
    checked = Validator(PLANT).check(Batch("edge", 1, 1, T0, readings))
    places = [checked.kept, *(r.readings for r in checked.rejections)]
    assert sorted(repr(r) for place in places for r in place.rows()) == sorted(repr(r) for r in rows)
    assert len({r.reason for r in checked.rejections}) == len(checked.rejections)
    for row in checked.kept.rows():
        assert row.point in {"A", "B"} or row.point.startswith("sys/")
        assert row.time <= T0 + DAY
    assert not (is_good(checked.kept.status) & (checked.kept.value != checked.kept.value)).any()


def test_a_batch_without_a_wrong_row_is_passed_on_without_a_copy() -> None:
    readings = Readings.from_rows([Reading("A", T0, 1.0), Reading("B", T0, 2.0)])
    assert Validator(PLANT).check(Batch("edge", 1, 1, T0, readings)).kept is readings
