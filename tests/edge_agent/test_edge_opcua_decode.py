"""Decoding: the same values as the client library's own decoder, and a clear error for any other bytes."""

import contextlib
import math

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary
from edge_parts import T0, when
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.opcua_decode import decode_history, decode_publish
from plant.errors import DropError

# ruff: noqa: ANN001, ANN201 - pytest calls these, nobody imports them

VARIANTS = st.one_of(
    st.floats(width=64).map(lambda v: ua.Variant(v, ua.VariantType.Double)),
    st.booleans().map(lambda v: ua.Variant(v, ua.VariantType.Boolean)),
    st.integers(-(2**31), 2**31 - 1).map(lambda v: ua.Variant(v, ua.VariantType.Int32)),
    st.integers(0, 2**64 - 1).map(lambda v: ua.Variant(v, ua.VariantType.UInt64)),
    st.text(max_size=20).map(lambda v: ua.Variant(v, ua.VariantType.String)),
    st.lists(st.floats(width=64), max_size=4).map(lambda v: ua.Variant(v, ua.VariantType.Double, is_array=True)),
    st.just(ua.Variant(ua.LocalizedText("läuft"), ua.VariantType.LocalizedText)),
    st.just(ua.Variant(ua.NodeId("x", 2), ua.VariantType.NodeId)),
    st.just(ua.Variant(ua.Range(0.0, 1.0), ua.VariantType.ExtensionObject)),
    st.just(ua.Variant(None, ua.VariantType.Null)),
)
TIMES = st.none() | st.integers(-(10**9), 8 * 10**9).map(lambda s: when(s * 10**9))
VALUES = st.builds(ua.DataValue, VARIANTS, st.integers(0, 2**32 - 1).map(ua.StatusCode), TIMES, TIMES)


def published(values):
    items = [ua.MonitoredItemNotification(ua.IntegerId(i), v) for i, v in enumerate(values)]
    response = ua.PublishResponse()
    response.Parameters.SubscriptionId = 7
    response.Parameters.NotificationMessage.SequenceNumber = 3
    response.Parameters.NotificationMessage.NotificationData = [ua.DataChangeNotification(MonitoredItems=items)]
    return struct_to_binary(response)


def filetime(moment):
    return 0 if moment is None else max(0, ua.datetime_to_win_epoch(moment))


@given(st.lists(VALUES, max_size=20))
def test_every_value_comes_out_as_it_was_encoded(values):
    note = decode_publish(published(values))
    assert (note.subscription, note.sequence, note.empty) == (7, 3, False)
    columns = note.columns
    assert columns.handle == list(range(len(values)))
    assert columns.source == [filetime(v.SourceTimestamp) for v in values]
    for row, value in enumerate(values):
        plain = value.Value.Value
        if row in columns.unsupported:
            assert math.isnan(columns.value[row])
            assert columns.status[row] & 0x8000_0000
            continue
        assert columns.status[row] == value.StatusCode.value
        if isinstance(plain, str):
            assert columns.text[row] == plain
        elif isinstance(plain, (bool, int, float)):
            assert float(columns.value[row]) == float(plain) or math.isnan(plain)


BYTES = published([ua.DataValue(ua.Variant(float(i)), ua.StatusCode(), when(T0), when(T0)) for i in range(3)])


@given(st.integers(0, len(BYTES)), st.binary(max_size=12), st.integers(0, 12))
def test_mutated_answers_decode_or_are_refused(at, noise, cut):
    for decode in (decode_publish, decode_history):
        with contextlib.suppress(DropError):
            decode(BYTES[:at] + noise + BYTES[at + cut :])


@given(st.binary(max_size=300))
def test_random_answers_decode_or_are_refused(data):
    for decode in (decode_publish, decode_history):
        with contextlib.suppress(DropError):
            decode(data)


def test_a_claimed_length_beyond_the_message_is_refused_at_once():
    broken = BYTES.replace((3).to_bytes(4, "little") + (0).to_bytes(4, "little"), b"\xff\xff\xff\x7f" + bytes(4))
    with pytest.raises(DropError, match="cannot be read"):
        decode_publish(broken)


def test_a_time_of_a_hundred_nanoseconds_is_kept():
    columns = decode_publish(BYTES).columns
    columns.source = [116_444_736_000_000_001, 0, 2**63 - 1]
    columns.server = [0, 116_444_736_000_000_002, 0]
    times, untimed = columns.times(arrival=42)
    assert times.tolist() == [100, 200, 42]
    assert untimed == 2
