"""The wire: a batch of readings as an Arrow IPC stream, a finding as JSON. Decoding never trusts the input."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from plant.errors import DropError
from plant.findings import Finding
from plant.readings import Readings

SCHEMA_VERSION = 1
MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_BATCH_ROWS = 1_000_000
MAX_FINDING_BYTES = 256 * 1024
_LATEST = 2**62
"""Bound of times in a finding [ns UTC]: they must fit 64-bit columns."""
_STATUS_END = 2**32
"""OPC UA status codes have 32 bits."""
_NAME = 200
"""Most characters of a rule or subject."""

_SCHEMA = pa.schema(
    [
        ("point", pa.dictionary(pa.int32(), pa.utf8())),
        ("time", pa.int64()),
        ("value", pa.float64()),
        ("status", pa.uint32()),
        ("text", pa.utf8()),
    ]
)


@dataclass(frozen=True, slots=True)
class Loss:
    """Values that are known never to arrive: declared, counted, with the reason."""

    point: str
    count: int
    start: int
    """First time [ns UTC] that may be missing."""
    end: int
    """Last time [ns UTC] that may be missing."""
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What an agent sends at once. ``(agent, epoch, sequence)`` names it for ever; a resend is the same batch."""

    agent: str
    epoch: int
    """Rises each time the agent's spool is made anew [ns UTC of its creation]."""
    sequence: int
    """1, 2, 3 … within the epoch; a hole is a loss."""
    sent: int
    """The agent's clock when the batch was closed [ns UTC]."""
    readings: Readings
    losses: tuple[Loss, ...] = ()


_LOSSES = TypeAdapter(tuple[Loss, ...])
_FINDING = TypeAdapter(Finding)


def encode_batch(batch: Batch) -> bytes:
    """Arrow IPC stream, metadata in the schema."""
    readings = batch.readings
    head = {
        b"version": str(SCHEMA_VERSION).encode(),
        b"agent": batch.agent.encode(),
        b"epoch": str(batch.epoch).encode(),
        b"sequence": str(batch.sequence).encode(),
        b"sent": str(batch.sent).encode(),
        b"losses": _LOSSES.dump_json(batch.losses),
    }
    n = len(readings)
    text = pa.nulls(n, pa.utf8()) if readings.text is None else pa.array(readings.text, pa.utf8())
    points = pa.DictionaryArray.from_arrays(
        pa.array(readings.code, pa.int32()), pa.array(readings.points, pa.utf8())
    )
    columns = [points, pa.array(readings.time), pa.array(readings.value), pa.array(readings.status), text]
    record = pa.record_batch(columns, schema=_SCHEMA.with_metadata(head))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def decode_batch(payload: bytes) -> Batch:
    """The batch in a payload.

    Raises:
        DropError: too large, not Arrow, another version, or columns that do not fit.
    """
    if len(payload) > MAX_BATCH_BYTES:
        message = f"batch of {len(payload)} bytes is over the limit of {MAX_BATCH_BYTES}"
        raise DropError(message)
    try:
        with pa.ipc.open_stream(payload) as reader:
            record, head = _one_record(reader), reader.schema.metadata or {}
        return Batch(
            agent=head[b"agent"].decode(),
            epoch=int(head[b"epoch"]),
            sequence=int(head[b"sequence"]),
            sent=int(head[b"sent"]),
            readings=_columns(record),
            losses=_LOSSES.validate_json(head[b"losses"], strict=True),
        )
    except DropError:
        raise
    except (pa.ArrowException, ValueError, KeyError, ValidationError, OSError, TypeError) as error:
        message = f"batch cannot be read: {error}"
        raise DropError(message) from error


def _one_record(reader: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    head = reader.schema.metadata or {}
    if head.get(b"version") != str(SCHEMA_VERSION).encode():
        message = f"batch has schema version {head.get(b'version')!r}; this build reads {SCHEMA_VERSION}"
        raise DropError(message)
    if not reader.schema.equals(_SCHEMA):
        message = f"batch has columns {reader.schema.names} of other names or types than expected"
        raise DropError(message)
    record = reader.read_next_batch()
    if record.num_rows > MAX_BATCH_ROWS:
        message = f"batch of {record.num_rows} rows is over the limit of {MAX_BATCH_ROWS}"
        raise DropError(message)
    record.validate(full=True)
    if any(record.column(i).null_count for i in range(4)):
        message = "batch has empty cells in a column that must be full"
        raise DropError(message)
    return record


def _columns(record: Any) -> Readings:  # noqa: ANN401 - pyarrow ships no types
    point, text = record.column(0), record.column(4)
    names = point.dictionary
    if names.null_count:
        message = "batch has a point without a name"
        raise DropError(message)
    return Readings(
        points=tuple(names.to_pylist()),
        code=np.asarray(point.indices, np.int32),
        time=np.asarray(record.column(1), np.int64),
        value=np.asarray(record.column(2), np.float64),
        status=np.asarray(record.column(3), np.uint32),
        text=None if text.null_count == len(text) else np.array(text.to_pylist(), np.object_),
    )


def finding_fields(finding: Finding) -> dict[str, Any]:
    """Plain data for JSON, with the stable ``id`` beside the fields; NaN becomes None."""
    return _without_nan({"id": finding.id, **_FINDING.dump_python(finding, mode="json")})


def encode_finding(finding: Finding) -> bytes:
    """JSON of ``finding_fields``."""
    return json.dumps(finding_fields(finding), ensure_ascii=False, allow_nan=False).encode()


def decode_finding(payload: bytes) -> Finding:
    """The finding in a payload.

    Raises:
        DropError: too large, not JSON, fields missing or of the wrong type, or values that nothing could store.
    """
    if len(payload) > MAX_FINDING_BYTES:
        message = f"finding of {len(payload)} bytes is over the limit of {MAX_FINDING_BYTES}"
        raise DropError(message)
    try:
        body = json.loads(payload)
        body.pop("id", None)
        for reading in body.get("evidence", []):
            if reading["value"] is None:
                reading["value"] = float("nan")
        found = _FINDING.validate_python(body)
        _check(found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        message = f"finding cannot be read: {error}"
        raise DropError(message) from error
    return found


def _check(finding: Finding) -> None:
    times = (finding.start, finding.told, 0 if finding.end is None else finding.end)
    if not all(0 <= t < _LATEST for t in times):
        message = f"times {times} are not nanoseconds of this age"
        raise ValueError(message)
    if not all(0 <= r.time < _LATEST and 0 <= r.status < _STATUS_END for r in finding.evidence):
        message = "a reading of the evidence has a time or status code that no reading has"
        raise ValueError(message)
    if not all(0 < len(name) <= _NAME for name in (finding.rule, finding.subject)):
        message = f"rule and subject must have 1 to {_NAME} characters"
        raise ValueError(message)
    encode_finding(finding)  # half a surrogate pair or an infinite value cannot be stored or sent on


def _without_nan(body: dict[str, Any]) -> dict[str, Any]:
    for reading in body["evidence"]:
        if reading["value"] != reading["value"]:
            reading["value"] = None
    return body
