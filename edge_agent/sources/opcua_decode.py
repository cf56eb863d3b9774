"""OPC UA publish and history answers, from bytes straight into columns.

Binary encoding of OPC 10000-6, 5.2. The client library builds some five objects per value and drops a whole
message when one structure in it is unknown; here a value costs one ``struct`` call, an unknown structure costs
its own row only, and source times keep their 100 ns.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from math import nan
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from plant.errors import DropError
from plant.status import BAD, Codes

MAX_DEPTH = 16
"""Nesting of variants and diagnostics that is still followed."""
BAD_DATA_ENCODING_UNSUPPORTED = 0x8039_0000
"""Status of a row whose value is not a number or a text."""

_DATA_CHANGE = 811
_STATUS_CHANGE = 820
_EPOCH_DIFFERENCE = 116_444_736_000_000_000
"""1970-01-01 as FILETIME [100 ns since 1601-01-01]."""
_LAST_TIME = 2**63 // 100 + _EPOCH_DIFFERENCE - 1
"""FILETIME of the last time that fits int64 ns (year 2262)."""

_NUMBERS = {1: "?", 2: "b", 3: "B", 4: "h", 5: "H", 6: "i", 7: "I", 8: "q", 9: "Q", 10: "f", 11: "d"}
_FIXED = {13: 8, 14: 16, 19: 4}
_NAMES = {13: "DateTime", 14: "Guid", 15: "ByteString", 16: "XmlElement", 17: "NodeId", 18: "ExpandedNodeId",
          19: "StatusCode", 20: "QualifiedName", 22: "structure", 23: "DataValue", 24: "Variant",
          25: "DiagnosticInfo"}  # fmt: skip
_STRING, _LOCALIZED = 12, 21
_VALUE, _STATUS, _SOURCE, _SERVER, _SOURCE_PICO, _SERVER_PICO = 1, 2, 4, 8, 16, 32
_ARRAY, _DIMENSIONS, _TYPE = 0x80, 0x40, 0x3F


@dataclass(slots=True)
class Columns:
    """Decoded values in the order of the message; rows of equal index belong together."""

    handle: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    source: list[int] = field(default_factory=list)
    """FILETIME [100 ns since 1601]; 0 where the server sent none."""
    server: list[int] = field(default_factory=list)
    text: dict[int, str] = field(default_factory=dict)
    """Texts by row."""
    unsupported: dict[int, str] = field(default_factory=dict)
    """Names of types that are neither number nor text, by row."""

    def __len__(self) -> int:
        return len(self.handle)

    def add(self, handle: int, value: tuple[float, str | None, str | None], rest: tuple[int, int, int]) -> None:
        """Append one row that went the slow way: (number, text, unsupported type), (status, source, server)."""
        row, status = len(self.handle), rest[0]
        number, text, unsupported = value
        if text is not None:
            self.text[row] = text
        if unsupported is not None:
            self.unsupported[row] = unsupported
            status = status if status & BAD else BAD_DATA_ENCODING_UNSUPPORTED
        self.handle.append(handle)
        self.value.append(number)
        self.status.append(status)
        self.source.append(rest[1])
        self.server.append(rest[2])

    def statuses(self) -> Codes:
        """Status codes as a column."""
        return np.array(self.status, np.uint32)

    def times(self, arrival: int) -> tuple[NDArray[np.int64], int]:
        """Source times [ns UTC], and how many rows had none and took the server's time or ``arrival`` [ns UTC]."""
        source, server = np.array(self.source, np.int64), np.array(self.server, np.int64)
        known, fallback = _plausible(source), _plausible(server)
        chosen = np.where(known, source, server)
        times = (np.clip(chosen, 0, _LAST_TIME) - _EPOCH_DIFFERENCE) * 100
        times[~known & ~fallback] = arrival
        return times, int(np.count_nonzero(~known))

    def texts(self) -> NDArray[np.object_] | None:
        """Text column, or None when no row has text."""
        if not self.text:
            return None
        column = np.full(len(self), None, np.object_)
        for row, text in self.text.items():
            column[row] = text
        return column


def _plausible(filetime: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray((filetime > 0) & (filetime <= _LAST_TIME), np.bool_)


@dataclass(slots=True)
class Notification:
    """One answer to a publish request."""

    subscription: int
    available: tuple[int, ...]
    """Sequence numbers that the server can still repeat."""
    sequence: int
    empty: bool
    """True for a keep-alive; ``sequence`` is then the next one to come."""
    columns: Columns
    status_change: int | None = None
    """New status of the whole subscription, when it has one."""


@dataclass(slots=True)
class NodeHistory:
    """History of one node from one answer."""

    status: int
    continuation: bytes | None
    columns: Columns


def decode_publish(data: bytes) -> Notification:
    """The notification in a PublishResponse.

    Raises:
        DropError: the bytes are not a PublishResponse.
    """
    return _guarded(data, "publish answer", _publish)


def decode_republish(data: bytes, subscription: int) -> Notification:
    """The notification in a RepublishResponse.

    Raises:
        DropError: the bytes are not a RepublishResponse.
    """

    def read(cursor: "_Cursor") -> Notification:
        cursor.response_header()
        return _message(cursor, subscription, ())

    return _guarded(data, "republish answer", read)


def decode_history(data: bytes) -> list[NodeHistory]:
    """One entry per node of a HistoryReadResponse; row handles are 0.

    Raises:
        DropError: the bytes are not a HistoryReadResponse.
    """

    def read(cursor: "_Cursor") -> list[NodeHistory]:
        cursor.response_header()
        return [_node_history(cursor) for _ in range(cursor.count())]

    return _guarded(data, "history answer", read)


_T = TypeVar("_T")


def _guarded(data: bytes, what: str, read: Callable[["_Cursor"], _T]) -> _T:
    try:
        return read(_Cursor(data))
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        message = f"{what} of {len(data)} bytes cannot be read: {error}"
        raise DropError(message) from error


def _publish(cursor: "_Cursor") -> Notification:
    cursor.response_header()
    subscription = cursor.u32()
    available = tuple(cursor.u32() for _ in range(cursor.count()))
    cursor.position += 1  # MoreNotifications: the next publish request is on its way anyway
    return _message(cursor, subscription, available)


def _message(cursor: "_Cursor", subscription: int, available: tuple[int, ...]) -> Notification:
    sequence = cursor.u32()
    cursor.position += 8  # PublishTime
    blocks = cursor.count()
    note = Notification(subscription, available, sequence, blocks == 0, Columns())
    for _ in range(blocks):
        kind, end = cursor.extension_object()
        if kind == _DATA_CHANGE:
            _data_change(cursor, note.columns)
        elif kind == _STATUS_CHANGE:
            note.status_change = cursor.u32()
        cursor.position = end
    return note


def _node_history(cursor: "_Cursor") -> NodeHistory:
    status, continuation = cursor.u32(), cursor.byte_string()
    columns = Columns()
    _, end = cursor.extension_object()
    if end > cursor.position:
        for _ in range(cursor.count()):
            value, rest = cursor.data_value(0)
            columns.add(0, value, rest)
    cursor.position = end
    return NodeHistory(status, continuation or None, columns)


def _data_change(cursor: "_Cursor", columns: Columns) -> None:
    count, data, position, layouts = cursor.count(), cursor.data, cursor.position, _LAYOUTS
    handles, values, statuses = columns.handle.append, columns.value.append, columns.status.append
    sources, servers = columns.source.append, columns.server.append
    for _ in range(count):
        layout = layouts.get(data[position + 4] << 8 | data[position + 5])
        if layout is None:
            cursor.position = position
            handle = cursor.u32()
            value, rest = cursor.data_value(0)
            columns.add(handle, value, rest)
            position = cursor.position
            continue
        unpack, size, status, source, server = layout
        row = unpack(data, position)
        position += size
        handles(row[0])
        values(row[1])
        statuses(row[status] if status else 0)
        sources(row[source] if source else 0)
        servers(row[server] if server else 0)
    cursor.position = position


_Layout = tuple[Callable[[bytes, int], tuple[Any, ...]], int, int, int, int]


def _layouts() -> dict[int, _Layout]:
    """Every shape of a number in a data value: (presence mask, type) to its struct and field places."""
    table: dict[int, _Layout] = {}
    shapes = ((_STATUS, "I"), (_SOURCE, "q"), (_SOURCE_PICO, "H"), (_SERVER, "q"), (_SERVER_PICO, "H"))
    for mask in range(64):
        if not mask & _VALUE:
            continue
        for kind, number in _NUMBERS.items():
            form, places, place = f"<Ixx{number}", {_STATUS: 0, _SOURCE: 0, _SERVER: 0}, 2
            for bit, code in shapes:
                if mask & bit:
                    form += code
                    places[bit] = place
                    place += 1
            whole = struct.Struct(form)
            table[mask << 8 | kind] = (
                whole.unpack_from, whole.size, places[_STATUS], places[_SOURCE], places[_SERVER],
            )  # fmt: skip
    return table


_LAYOUTS = _layouts()


class _Cursor:
    """A place in a message; every read checks the bounds through ``struct`` or an explicit test."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, form: str) -> Any:  # noqa: ANN401 - a struct field is what its format says
        """One struct field."""
        (value,) = struct.unpack_from(form, self.data, self.position)
        self.position += struct.calcsize(form)
        return value

    def u8(self) -> int:
        """One byte."""
        return int(self.take("<B"))

    def u32(self) -> int:
        """Four bytes, unsigned."""
        return int(self.take("<I"))

    def count(self) -> int:
        """Length of an array: -1 (null) counts as 0, and never more than bytes are left."""
        n = int(self.take("<i"))
        if n > len(self.data) - self.position:
            message = f"an array claims {n} entries at byte {self.position}"
            raise ValueError(message)
        return max(n, 0)

    def skip(self, size: int) -> None:
        """Step over ``size`` bytes that must be there."""
        if size < 0 or self.position + size > len(self.data):
            message = f"{size} bytes are claimed at byte {self.position}"
            raise ValueError(message)
        self.position += size

    def byte_string(self) -> bytes | None:
        """A length and as many bytes; -1 is None."""
        n = int(self.take("<i"))
        if n < 0:
            return None
        start = self.position
        self.skip(n)
        return self.data[start : self.position]

    def string(self) -> str | None:
        """UTF-8 text; bytes that are not UTF-8 are shown as replacement signs."""
        raw = self.byte_string()
        return None if raw is None else raw.decode("utf-8", "replace")

    def node_id(self) -> int:
        """Numeric identifier of a node id, 0 when it is not numeric."""
        encoding = self.u8()
        kind, number = encoding & 0x3F, 0
        if kind == 0:
            number = self.u8()
        elif kind == 1:
            self.skip(1)
            number = int(self.take("<H"))
        elif kind == 2:  # noqa: PLR2004 - encoding bytes of OPC 10000-6, 5.2.2.9
            self.skip(2)
            number = self.u32()
        elif kind in (3, 5):
            self.skip(2)
            self.byte_string()
        elif kind == 4:  # noqa: PLR2004 - as above
            self.skip(18)
        else:
            message = f"node id encoding {kind} is not known"
            raise ValueError(message)
        if encoding & 0x80:
            self.byte_string()
        if encoding & 0x40:
            self.skip(4)
        return number

    def extension_object(self) -> tuple[int, int]:
        """Type of the body (0 for none) and where it ends; the cursor stands at its start."""
        kind = self.node_id()
        if self.u8() == 0:
            return 0, self.position
        length = int(self.take("<i"))
        end = self.position + max(length, 0)
        if end > len(self.data):
            message = f"a body claims {length} bytes at byte {self.position}"
            raise ValueError(message)
        return kind, end

    def diagnostic_info(self, depth: int = 0) -> None:
        """Step over diagnostics."""
        mask = self.u8()
        for bit in (0x01, 0x02, 0x08, 0x04):
            if mask & bit:
                self.skip(4)
        if mask & 0x10:
            self.byte_string()
        if mask & 0x20:
            self.skip(4)
        if mask & 0x40:
            self.deeper(depth)
            self.diagnostic_info(depth + 1)

    def response_header(self) -> None:
        """Step over type id and response header; service faults were raised before we see the bytes."""
        self.node_id()
        self.skip(16)
        self.diagnostic_info()
        for _ in range(self.count()):
            self.byte_string()
        _, end = self.extension_object()
        self.position = end

    def deeper(self, depth: int) -> None:
        """Refuse nesting without end."""
        if depth >= MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} at byte {self.position}"
            raise ValueError(message)

    def data_value(self, depth: int) -> tuple[tuple[float, str | None, str | None], tuple[int, int, int]]:
        """(number, text, unsupported type) and (status, source, server time)."""
        mask = self.u8()
        value: tuple[float, str | None, str | None] = (nan, None, None)
        if mask & _VALUE:
            value = self.variant(depth)
        status = self.u32() if mask & _STATUS else 0
        source = int(self.take("<q")) if mask & _SOURCE else 0
        if mask & _SOURCE_PICO:
            self.skip(2)
        server = int(self.take("<q")) if mask & _SERVER else 0
        if mask & _SERVER_PICO:
            self.skip(2)
        return value, (status, source, server)

    def variant(self, depth: int) -> tuple[float, str | None, str | None]:
        """(number, text, unsupported type) of a variant; exactly its bytes are consumed."""
        self.deeper(depth)
        encoding = self.u8()
        kind = encoding & _TYPE
        if not encoding & _ARRAY:
            return self.scalar(kind, depth)
        for _ in range(self.count()):
            self.scalar(kind, depth)
        if encoding & _DIMENSIONS:
            self.skip(4 * self.count())
        return nan, None, f"array of {_NAMES.get(kind, 'values')}"

    def scalar(self, kind: int, depth: int) -> tuple[float, str | None, str | None]:
        """One value of a built-in type."""
        if kind in _NUMBERS:
            return float(self.take("<" + _NUMBERS[kind])), None, None
        if kind == 0:
            return nan, None, None
        if kind == _STRING:
            return nan, self.string(), None
        if kind == _LOCALIZED:
            return nan, self.localized_text(), None
        self.step_over(kind, depth)
        return nan, None, _NAMES[kind]

    def localized_text(self) -> str | None:
        """The text of a localized text."""
        mask = self.u8()
        if mask & 1:
            self.byte_string()
        return self.string() if mask & 2 else None

    def step_over(self, kind: int, depth: int) -> None:
        """Skip a value that is neither number nor text."""
        if kind in _FIXED:
            self.skip(_FIXED[kind])
        elif kind in (15, 16):
            self.byte_string()
        elif kind in (17, 18):
            self.node_id()
        elif kind == 20:  # noqa: PLR2004 - built-in type ids of OPC 10000-6, 5.1.2
            self.skip(2)
            self.byte_string()
        elif kind == 22:  # noqa: PLR2004 - as above
            self.position = self.extension_object()[1]
        elif kind == 23:  # noqa: PLR2004 - as above
            self.data_value(depth + 1)
        elif kind == 24:  # noqa: PLR2004 - as above
            self.variant(depth + 1)
        elif kind == 25:  # noqa: PLR2004 - as above
            self.diagnostic_info(depth + 1)
        else:
            message = f"built-in type {kind} is not known"
            raise ValueError(message)
