"""Reading what was missed from the server's history, or declaring it lost when the server keeps none."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from edge_agent.sources.opcua_decode import Columns, decode_history
from edge_agent.sources.opcua_items import Item
from edge_agent.sources.opcua_session import Session
from plant.clock import SECOND
from plant.codec import Loss
from plant.readings import Readings

_HISTORY_READ = 0x04
"""Bit of the access level attribute, OPC 10000-3, 8.57."""
_SPREAD = 60 * SECOND
"""Gaps that begin within this of each other share a request [ns]."""
_MAX_PAGES = 10_000
"""Continuations of one request after which the server is believed to run in circles [1]."""


@dataclass(slots=True)
class Gap:
    """Values of one item that may be missing between two source times [ns UTC], both known to us."""

    item: Item
    start: int
    end: int
    reason: str
    known_start: bool = True
    """True when ``start`` is a value that we have; False when it is only where a first look begins."""

    at_least: int = 0
    """Values that are missing for certain, whatever the times say [1]."""

    def loss(self, end: int | None = None) -> tuple[Loss, ...]:
        """The gap as declared losses: by the expected period, or 1 where the number cannot be known."""
        last = self.end if end is None else end
        period = self.item.period
        expected = round((last - self.start) / (period * SECOND)) - 1 if period else 1
        count = max(self.at_least, expected)
        return (Loss(self.item.point, count, self.start, last, self.reason),) if count > 0 else ()


async def learn_history(session: Session, gaps: Sequence[Gap]) -> None:
    """Ask once per connection and item whether the server keeps its history."""
    asked = [g.item for g in gaps if g.item.history is None and g.item.node is not None]
    nodes = [i.node for i in asked if i.node is not None]
    levels = await session.read(nodes, AttributeIds.UserAccessLevel)
    for item, level in zip(asked, levels, strict=True):
        bits = level.Value.Value if level.Value is not None else 0
        item.history = isinstance(bits, int) and bool(bits & _HISTORY_READ)


def alike(gaps: Sequence[Gap], limit: int) -> list[list[Gap]]:
    """Gaps in groups of at most ``limit`` that begin at nearly the same time: one request each."""
    groups: list[list[Gap]] = []
    for gap in sorted(gaps, key=lambda g: g.start):
        if not groups or len(groups[-1]) >= limit or gap.start - groups[-1][0].start > _SPREAD:
            groups.append([])
        groups[-1].append(gap)
    return groups


@dataclass(slots=True)
class Page:
    """Part of the history of a group of gaps."""

    readings: Readings
    losses: tuple[Loss, ...] = ()


async def read_gaps(session: Session, gaps: Sequence[Gap]) -> AsyncIterator[Page]:
    """History of a group of gaps page by page; refused items end as losses.

    Raises:
        ua.UaError, TimeoutError, OSError: the connection is lost; the gaps stay open.
        DropError: the answer cannot be read.
    """
    start, end = min(g.start for g in gaps), max(g.end for g in gaps)
    details = ua.ReadRawModifiedDetails()
    details.IsReadModified = False
    details.StartTime, details.EndTime = _floor(start), _floor(end) + timedelta(microseconds=1)
    # No limit of our own: asyncua's server cuts at such a limit without giving a continuation point.
    details.NumValuesPerNode = ua.Counter(0)
    details.ReturnBounds = False
    waiting: list[tuple[Gap, bytes | None]] = [(g, None) for g in gaps]
    first: dict[int, int] = {}
    for _ in range(_MAX_PAGES):
        if not waiting:
            return
        page, waiting = await _page(session, details, waiting, first)
        yield page
    yield Page(Readings.empty(), tuple(loss for g, _ in waiting for loss in g.loss()))


async def _page(
    session: Session,
    details: ua.ReadRawModifiedDetails,
    waiting: Sequence[tuple[Gap, bytes | None]],
    first: dict[int, int],
) -> tuple[Page, list[tuple[Gap, bytes | None]]]:
    request = ua.HistoryReadRequest()
    request.Parameters.HistoryReadDetails = details
    request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    request.Parameters.ReleaseContinuationPoints = False
    request.Parameters.NodesToRead = [
        ua.HistoryReadValueId(NodeId=gap.item.node, ContinuationPoint=point) for gap, point in waiting
    ]
    answers = decode_history(await session.call(request))
    rest: list[tuple[Gap, bytes | None]] = []
    parts: list[Readings] = []
    losses: list[Loss] = []
    for (gap, before), answer in zip(waiting, answers, strict=False):
        readings = history_readings(gap.item.point, answer.columns)
        if len(readings):
            first[gap.item.handle] = min(first.get(gap.item.handle, gap.end), int(readings.time.min()))
            parts.append(readings)
        if answer.continuation is not None and answer.continuation != before:
            rest.append((gap, answer.continuation))
        else:
            losses += _missing(gap, answer.status, first.get(gap.item.handle))
    for gap, _ in waiting[len(answers) :]:
        losses += gap.loss()
    return Page(Readings.concat(parts), tuple(losses)), rest


def _missing(gap: Gap, status: int, first: int | None) -> tuple[Loss, ...]:
    if status & 0x8000_0000 or (first is None and gap.known_start):
        return gap.loss()
    # A history that begins after our last value was itself lost, for example at the restart.
    if gap.known_start and first is not None and first > gap.start:
        return gap.loss(end=first)
    return ()


def history_readings(point: str, columns: Columns) -> Readings:
    """One node's history as readings; rows without any time are left out, they cannot be placed."""
    times, _ = columns.times(arrival=0)
    readings = Readings(
        (point,),
        np.zeros(len(columns), np.int32),
        times,
        np.array(columns.value, np.float64),
        columns.statuses(),
        columns.texts(),
    )
    return readings[times != 0]


_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _floor(ns: int) -> datetime:
    return _START + timedelta(microseconds=ns // 1000)


def microseconds(when: datetime) -> int:
    """Whole microseconds since 1970 of a time from the client library, which is UTC with or without a zone."""
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return (aware - _START) // _MICROSECOND
