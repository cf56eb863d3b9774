"""From decoded columns to arrivals: times, first values, overflow, failing values, marks."""

import asyncio

import numpy as np
from asyncua.ua import StatusCode
from numpy.typing import NDArray

from edge_agent.sources.opcua_decode import Columns
from edge_agent.sources.opcua_history import Gap
from edge_agent.sources.opcua_items import NEVER, Item, ItemTable
from edge_agent.sources.source import Arrival, Deliver, Receipt, Vitals
from plant.clock import SECOND, Clock
from plant.codec import Loss
from plant.readings import Readings
from plant.status import Codes, has_overflow

_BELIEVABLE_AHEAD = 3600 * SECOND
"""A source time further in the future than this is not taken as a mark [ns]."""
_CANNOT_BE_READ = frozenset({
    0x8034_0000,  # BadNodeIdUnknown
    0x8033_0000,  # BadNodeIdInvalid
    0x8035_0000,  # BadAttributeIdInvalid
    0x803A_0000,  # BadNotReadable
    0x801F_0000,  # BadUserAccessDenied
    0x8039_0000,  # BadDataEncodingUnsupported
    0x803D_0000,  # BadNotSupported
    0x8089_0000,  # BadConfigurationError
})  # fmt: skip
"""Status codes of a value that say the item itself is at fault, not the measurement."""


class Intake:
    """Turns columns into arrivals and keeps the item table true. One per connection."""

    def __init__(self, table: ItemTable, vitals: Vitals, clock: Clock, deliver: Deliver) -> None:
        self._table, self._vitals, self._clock, self._deliver = table, vitals, clock, deliver
        self._gaps: list[Gap] = []
        self.last_heard = asyncio.get_running_loop().time()
        """Loop time of the last value [s]."""

    def take_gaps(self) -> list[Gap]:
        """Gaps found since the last call."""
        gaps, self._gaps = self._gaps, []
        return gaps

    async def live(self, columns: Columns) -> Receipt:
        """Deliver the values of one notification; waits while the agent is behind."""
        table, now = self._table, self._clock()
        code = np.array(columns.handle, np.int64)
        known = (code >= 0) & (code < len(table.items))
        times, untimed = columns.times(now)
        status = columns.statuses()
        self._gap_of_overflow(code[known], times[known], status[known])
        self._holes(code[known], times[known])
        self._first_values(code[known], times[known])
        self._judge(code[known], status[known], columns)
        table.last[code[known]] = times[known]
        readings = Readings(
            table.points,
            code[known].astype(np.int32),
            times[known],
            np.array(columns.value, np.float64)[known],
            status[known],
            None if (texts := columns.texts()) is None else texts[known],
        )
        self._vitals.untimed += untimed
        self._heard(len(readings), now)
        return await self._deliver(Arrival(readings, self._marks(np.unique(code[known]).tolist(), now)))

    async def past(self, readings: Readings, losses: tuple[Loss, ...], closed: list[Gap]) -> None:
        """Deliver history, and the marks of items whose last gap this closes."""
        for gap in closed:
            gap.item.open_gaps -= 1
        self._vitals.received += len(readings)
        self._vitals.lost += sum(loss.count for loss in losses)
        handles = sorted({g.item.handle for g in closed})
        await self._deliver(Arrival(readings, self._marks(handles, self._clock()), losses))

    def suspect_all(self, reason: str) -> None:
        """Open a gap from the last value of every item to its next one: a whole message is missing."""
        for item in self._table.items:
            last = int(self._table.last[item.handle])
            if last != NEVER:
                self._open(item, last, self._clock(), reason, at_least=0)

    def _heard(self, count: int, now: int) -> None:
        if count:
            self._vitals.received += count
            self._vitals.last_arrival = now
            self.last_heard = asyncio.get_running_loop().time()

    def _marks(self, handles: list[int], now: int) -> dict[str, int]:
        points, items = self._table.points, self._table.items
        latest = zip(handles, self._table.last[handles].tolist(), strict=True)
        return {
            points[handle]: last
            for handle, last in latest
            if items[handle].open_gaps == 0 and NEVER < last <= now + _BELIEVABLE_AHEAD
        }

    def _open(self, item: Item, start: int, end: int, reason: str, *, at_least: int) -> None:
        if end > start:
            item.open_gaps += 1
            self._gaps.append(Gap(item, start, end, reason, at_least=at_least))

    def _first_values(self, code: NDArray[np.int64], times: NDArray[np.int64]) -> None:
        table = self._table
        fresh = np.flatnonzero(~table.delivered[code])
        for row in fresh.tolist():
            handle = int(code[row])
            item = table.items[handle]
            if table.delivered[handle]:
                continue
            table.delivered[handle] = True
            if item.resume is not None and int(times[row]) > item.resume:
                item.open_gaps += 1
                known = int(table.last[handle]) != NEVER
                self._gaps.append(Gap(item, item.resume, int(times[row]), "connection lost", known_start=known))
            item.resume = None

    def _holes(self, code: NDArray[np.int64], times: NDArray[np.int64]) -> None:
        """Look at history where values of an expected period are missing.

        Servers exist (asyncua's among them) that drop from a full queue without setting the overflow bit. A device
        that was merely late has nothing in between, so no loss is declared from this alone.
        """
        order = np.argsort(code, kind="stable")
        code, times = code[order], times[order]
        before = self._table.last[code]
        same = code[1:] == code[:-1]
        before[1:][same] = times[:-1][same]
        late = (before != NEVER) & (times - before > self._table.patience[code]) & self._table.delivered[code]
        for row in np.flatnonzero(late).tolist():
            item = self._table.items[int(code[row])]
            item.open_gaps += 1
            hole = Gap(item, int(before[row]), int(times[row]), "expected values are missing", known_start=False)
            self._gaps.append(hole)

    def _gap_of_overflow(self, code: NDArray[np.int64], times: NDArray[np.int64], status: Codes) -> None:
        for row in np.flatnonzero(has_overflow(status)).tolist():
            item = self._table.items[int(code[row])]
            earlier = np.flatnonzero(code[:row] == item.handle)
            before = int(times[earlier[-1]]) if len(earlier) else int(self._table.last[item.handle])
            if before == NEVER:
                before = int(times[row]) - 1
            self._open(item, before, int(times[row]), "overflow of the server's queue", at_least=1)

    def _judge(self, code: NDArray[np.int64], status: Codes, columns: Columns) -> None:
        """List items whose latest value says that they cannot be read, and unlist those that recovered."""
        troubled = self._table.troubled
        bad = status >> np.uint32(31) == 1
        if not troubled and not bad.any():
            return
        latest = dict(zip(code.tolist(), status.tolist(), strict=True))
        kinds = {columns.handle[row]: name for row, name in columns.unsupported.items()}
        for handle, raw in latest.items():
            plain = raw & 0xFFFF_0000
            if plain not in _CANNOT_BE_READ:
                troubled.pop(handle, None)
            elif handle in kinds:
                troubled[handle] = f"a value of type {kinds[handle]} is neither a number nor a text"
            else:
                troubled[handle] = StatusCode(plain).name
