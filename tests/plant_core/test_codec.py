"""The wire: what goes in comes out, and anything else is a clear refusal."""

import dataclasses
import json
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.codec import Batch, Loss, decode_batch, decode_finding, encode_batch, encode_finding
from plant.errors import DropError
from plant.findings import Finding, FindingState, Severity
from plant.readings import Reading, Readings

TEXT = st.text(max_size=8)
ROWS = st.lists(
    st.builds(
        Reading,
        point=st.sampled_from(["a", "b", "c"]),
        time=st.integers(-(2**63), 2**63 - 1),
        value=st.floats(allow_nan=False),
        status=st.integers(0, 2**32 - 1),
        text=st.none() | TEXT,
    ),
    max_size=20,
)
LOSSES = st.lists(st.builds(Loss, TEXT, st.integers(0, 9**9), st.integers(0, 9**9), st.integers(0, 9**9), TEXT))


def a_batch(rows: list[Reading], losses: tuple[Loss, ...] = ()) -> Batch:
    return Batch("agent-1", 7, 3, 99, Readings.from_rows(rows), losses)


@given(ROWS, LOSSES)
def test_a_batch_survives_the_wire_with_every_bit(rows: list[Reading], losses: list[Loss]) -> None:
    batch = decode_batch(encode_batch(a_batch(rows, tuple(losses))))
    assert list(batch.readings.rows()) == rows
    assert batch.losses == tuple(losses)
    assert (batch.agent, batch.epoch, batch.sequence, batch.sent) == ("agent-1", 7, 3, 99)


def test_a_missing_value_stays_missing() -> None:
    [row] = decode_batch(encode_batch(a_batch([Reading("a", 1, math.nan, 0x808C0000)]))).readings.rows()
    assert math.isnan(row.value)
    assert row.status == 0x808C0000


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_with_a_reason(payload: bytes) -> None:
    with pytest.raises(DropError, match=r"\w"):
        decode_batch(payload)


GOOD = encode_batch(a_batch([Reading("a", 1, 2.0), Reading("b", 2, 3.0, 4, "x")], (Loss("a", 1, 1, 2, "why"),)))


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_batch_is_read_or_refused_but_never_crashes(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(GOOD)
    for place, byte in changes:
        damaged[place] = byte
    try:
        batch = decode_batch(bytes(damaged))
    except DropError:
        return
    assert len(batch.readings) == len(list(batch.readings.rows()))


@given(st.integers(0, len(GOOD) - 1))
def test_a_batch_cut_short_is_refused(length: int) -> None:
    try:
        batch = decode_batch(GOOD[:length])
    except DropError:
        return
    assert len(batch.readings) == 2  # only the end-of-stream mark was cut off


def test_other_columns_are_refused() -> None:
    table = pa.table({"point": ["a"], "value": [1.0]}).replace_schema_metadata({"version": "1"})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(DropError, match="columns"):
        decode_batch(sink.getvalue().to_pybytes())


def test_another_version_is_refused_by_its_number() -> None:
    with pytest.raises(DropError, match="version"):
        decode_batch(GOOD.replace(b"\x07\x00\x00\x00version", b"\x07\x00\x00\x00versiom"))


FINDING = Finding(
    rule="IA-01",
    subject="SIF-1",
    severity=Severity.CRITICAL,
    start=10,
    end=20,
    expected="trip within 4 s",
    seen="没有动作",
    clause="IEC 61511-1, 16.2",
    evidence=(Reading("a", 1, math.nan, 0x80000000), Reading("b", 2, 1.5)),
    state=FindingState.CLOSED,
    expected_zh="4 s 内联锁动作",
    seen_zh="没有动作",
)


def test_a_finding_survives_the_wire_and_keeps_its_id() -> None:
    back = decode_finding(encode_finding(FINDING))
    assert back.id == FINDING.id
    assert back.evidence[1:] == FINDING.evidence[1:]
    assert math.isnan(back.evidence[0].value)
    assert (back.state, back.severity, back.seen) == (FindingState.CLOSED, Severity.CRITICAL, "没有动作")


def test_a_finding_is_told_in_the_language_of_its_reader() -> None:
    back = decode_finding(encode_finding(FINDING))
    assert back.told_in("zh") == ("4 s 内联锁动作", "没有动作")
    assert back.told_in("en") == ("trip within 4 s", "没有动作")


def test_a_finding_from_before_it_was_told_in_chinese_is_read_and_told_in_english() -> None:
    body = json.loads(encode_finding(FINDING))
    del body["expected_zh"], body["seen_zh"]
    old = decode_finding(json.dumps(body).encode())
    assert (old.id, old.expected_zh, old.seen_zh) == (FINDING.id, "", "")
    assert old.told_in("zh") == ("trip within 4 s", "没有动作")


def test_the_id_of_a_finding_depends_on_rule_subject_and_start_only() -> None:
    assert FINDING.closed(99).id == FINDING.id == FINDING.withdrawn().id
    assert Finding("IA-01", "SIF-1", Severity.LOW, 11, None, "", "", "").id != FINDING.id


@given(st.binary(max_size=100) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: repr(x).encode()))
def test_any_other_text_is_no_finding(payload: bytes) -> None:
    with pytest.raises(DropError, match="finding"):
        decode_finding(payload)


def test_deep_nesting_is_no_finding() -> None:
    with pytest.raises(DropError, match="finding"):
        decode_finding(b"[" * 100_000)


def test_a_large_batch_keeps_its_dictionary_codes() -> None:
    n = 50_000
    code = np.arange(n, dtype=np.int32) % 200
    readings = Readings(tuple(f"p{i}" for i in range(200)), code, np.arange(n), np.ones(n), np.zeros(n, np.uint32))
    back = decode_batch(encode_batch(Batch("x", 1, 1, 1, readings))).readings
    assert back.points == readings.points
    assert np.array_equal(back.code, code)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("subject", "\ud800", id="half a surrogate pair"),
        pytest.param("start", 10**30, id="a time that no column holds"),
        pytest.param("told", -1, id="a time before 1970"),
        pytest.param("rule", "", id="no rule"),
        pytest.param("seen_zh", "\udc00", id="half a surrogate pair in Chinese"),
        pytest.param("expected_zh", 7, id="a Chinese text that is none"),
        pytest.param("rule", "x" * 201, id="a name that is too long"),
        pytest.param(
            "evidence", [{"point": "a", "time": 1, "value": "1e999", "status": 0}], id="infinite evidence"
        ),
    ],
)
def test_a_finding_that_nothing_could_store_is_refused(name: str, value: object) -> None:
    body = json.loads(encode_finding(FINDING)) | {name: value}
    with pytest.raises(DropError, match="finding cannot be read"):
        decode_finding(json.dumps(body).encode())


def test_when_a_finding_was_told_goes_along_but_makes_no_other_finding() -> None:
    told = dataclasses.replace(FINDING, told=77)
    assert decode_finding(encode_finding(told)).told == 77
    assert told == FINDING
