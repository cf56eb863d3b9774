"""HistoryRead over the ring of a simulated plant: raw values, statuses and source times unchanged."""

from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.server.history import HistoryStorageInterface

from plant.clock import from_datetime, to_datetime
from simulators.history_ring import HistoryRing
from simulators.opcua_values import data_value

_EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - OPC UA leaves an unset time at 1601 without a zone
MICROSECOND = 1_000


class RingHistory(HistoryStorageInterface):  # type: ignore[misc]
    """asyncua's history storage, reading only; nothing is subscribed to."""

    def __init__(self, ring: HistoryRing, points: dict[ua.NodeId, str], *, most: int = 10_000) -> None:
        """``most`` values are answered at once, the rest by continuation point."""
        super().__init__(most)
        self._ring, self._points, self._most = ring, points, most

    async def init(self) -> None:
        """Nothing to prepare."""

    async def stop(self) -> None:
        """Nothing to close: the ring outlives the server."""

    async def new_historized_node(self, node_id: ua.NodeId, period: timedelta | None, count: int = 0) -> None:  # noqa: ARG002 - asyncua's interface
        """Refuse: the ring's points are fixed."""
        raise ua.UaStatusCodeError(ua.StatusCodes.BadNotSupported)

    async def save_node_value(self, node_id: ua.NodeId, datavalue: ua.DataValue) -> None:  # noqa: ARG002 - asyncua's interface
        """Refuse: the plant fills the ring itself."""
        raise ua.UaStatusCodeError(ua.StatusCodes.BadNotSupported)

    async def read_node_history(
        self, node_id: ua.NodeId, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[ua.DataValue], datetime | None]:
        """Raw values of one node (OPC 10000-11, 6.5.3); without a start, or end before start: newest first."""
        point = self._points.get(node_id)
        if point is None:
            return [], None
        first, last = _ns(start), _ns(end)
        backwards = first is None or (last is not None and last < first)
        low, high = (last, first) if backwards and first is not None else (first, last)
        rows = self._ring.read(point, low, None if high is None else high + MICROSECOND - 1)
        if backwards:
            rows = rows[::-1]
        most = min(nb_values or self._most, self._most)
        values = [data_value(r.value, r.status, r.time, r.text) for r in rows[:most].rows()]
        more = len(rows) > most and (nb_values == 0 or nb_values > most)
        return values, to_datetime(int(rows.time[most])) if more else None

    async def new_historized_event(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - events are not kept
        """Refuse: no events."""
        raise ua.UaStatusCodeError(ua.StatusCodes.BadNotSupported)

    async def save_event(self, event: Any) -> None:  # noqa: ANN401, ARG002 - asyncua's interface
        """Refuse: no events."""
        raise ua.UaStatusCodeError(ua.StatusCodes.BadNotSupported)

    async def read_event_history(self, *_: Any, **__: Any) -> tuple[list[Any], datetime | None]:  # noqa: ANN401
        """No events."""
        return [], None


def _ns(when: datetime | None) -> int | None:
    """A request's time [ns UTC]; None where the client left it open."""
    if when is None or when.replace(tzinfo=None) < _EARLIEST:
        return None
    return from_datetime(when if when.tzinfo is not None else when.replace(tzinfo=UTC))
