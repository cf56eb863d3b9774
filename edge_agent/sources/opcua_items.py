"""Monitored items: which node each point is, whether it delivers, and from when it may have missed values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaError
from numpy.typing import NDArray

from edge_agent.sources.opcua_session import Session
from plant.clock import SECOND
from plant.errors import Unavailable
from plant.model import OpcUaAddress, Plant

_PATIENCE = 2.5
"""Periods without a value after which history is looked at [1]."""
NEVER = -1
"""In time columns: nothing has come yet."""


@dataclass(slots=True)
class Item:
    """One point's monitored item."""

    handle: int
    point: str
    address: OpcUaAddress
    period: float | None
    """Expected time between values [s]."""
    node: ua.NodeId | None = None
    monitored: int | None = None
    """The server's id of the item; None while it is not subscribed."""
    resume: int | None = None
    """Source time [ns UTC] after which values may be missing until the first live one."""
    open_gaps: int = 0
    """Gaps whose history is still to be read; the point's mark waits for them."""
    history: bool | None = None
    """Whether the server keeps history of it; None while not asked."""


@dataclass(slots=True)
class ItemTable:
    """All items of a source; an item's handle is its row in the columns."""

    items: list[Item]
    last: NDArray[np.int64]
    """Source time of the last live value [ns UTC]."""
    delivered: NDArray[np.bool_]
    patience: NDArray[np.int64]
    """Longest believable step between two source times [ns]; without a period any step is."""
    points: tuple[str, ...]
    refused: dict[int, str] = field(default_factory=dict)
    """Items that the server does not monitor, with the reason."""
    troubled: dict[int, str] = field(default_factory=dict)
    """Items whose value says that they can not be read, with the reason."""

    def failing(self) -> dict[str, str]:
        """Every failing point with its reason."""
        return {self.points[h]: reason for h, reason in sorted({**self.troubled, **self.refused}.items())}

    def complete(self) -> bool:
        """True when every item has delivered or is listed as failing."""
        missing = np.flatnonzero(~self.delivered)
        return all(h in self.refused or h in self.troubled for h in missing.tolist())


def item_table(plant: Plant, source: str) -> ItemTable:
    """The items of every point of this source."""
    items: list[Item] = []
    for point in plant.points.values():
        if isinstance(point.address, OpcUaAddress) and point.address.source == source:
            items.append(Item(len(items), point.id, point.address, point.period))
    n = len(items)
    patience = [int(_PATIENCE * i.period * SECOND) if i.period else np.iinfo(np.int64).max for i in items]
    return ItemTable(
        items,
        np.full(n, NEVER, np.int64),
        np.zeros(n, np.bool_),
        np.array(patience, np.int64),
        tuple(i.point for i in items),
    )


def resolve(text: str, namespaces: Sequence[str]) -> ua.NodeId:
    """The node id of ``nsu=<uri>;s=…`` (or ``ns=…``) with the namespaces the server has now.

    Raises:
        ValueError: the text is not a node id, or the server does not have the namespace.
    """
    if text.startswith("nsu="):
        uri, _, rest = text[4:].partition(";")
        if uri not in namespaces:
            message = f"the server has no namespace {uri!r}"
            raise ValueError(message)
        text = f"ns={namespaces.index(uri)};{rest}"
    try:
        return ua.NodeId.from_string(text)
    except (UaError, ValueError) as error:
        message = f"{text!r} is not a node id: {error}"
        raise ValueError(message) from error


async def subscribe(session: Session, subscription: int, table: ItemTable, wanted: Iterable[Item]) -> None:
    """Create monitored items in batches of the server's limit; what is refused is listed with its reason.

    Raises:
        Unavailable: the server takes not even one item, or is gone.
    """
    namespaces = await session.namespaces()
    ready: list[Item] = []
    for item in wanted:
        try:
            item.node = resolve(item.address.node, namespaces)
        except ValueError as error:
            table.refused[item.handle] = str(error)
        else:
            ready.append(item)
    size, start = session.limits.items, 0
    while start < len(ready):
        part = ready[start : start + size]
        try:
            await _create(session, subscription, table, part)
        except (ua.uaerrors.BadTooManyOperations, ua.uaerrors.BadRequestTooLarge) as error:
            # Servers exist whose real limit is below the one they name.
            if size == 1:
                raise Unavailable(f"the server takes no monitored item: {error}") from error
            size = max(1, min(size, len(part)) // 2)
        else:
            start += len(part)


async def _create(session: Session, subscription: int, table: ItemTable, part: Sequence[Item]) -> None:
    request = ua.CreateMonitoredItemsParameters()
    request.SubscriptionId = ua.IntegerId(subscription)
    request.TimestampsToReturn = ua.TimestampsToReturn.Both
    request.ItemsToCreate = [_request(item) for item in part]
    results = await session.within(session.client.uaclient.create_monitored_items(request))
    for item, result in zip(part, results, strict=True):
        if result.StatusCode.is_good():
            item.monitored = result.MonitoredItemId
            if table.refused.pop(item.handle, None) is not None:
                # Stays listed until its first value: "connected" must not flicker while it comes back.
                table.troubled[item.handle] = "subscribed late, no value yet"
        else:
            item.monitored = None
            table.refused[item.handle] = result.StatusCode.name


def _request(item: Item) -> ua.MonitoredItemCreateRequest:
    wanted = ua.MonitoringParameters()
    wanted.ClientHandle = ua.IntegerId(item.handle)
    wanted.SamplingInterval = ua.Duration(item.address.sampling * 1000)
    wanted.QueueSize = ua.Counter(item.address.queue)
    wanted.DiscardOldest = True
    wanted.Filter = _filter(item.address.deadband)
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor = ua.ReadValueId(NodeId=item.node, AttributeId=AttributeIds.Value)
    request.MonitoringMode = ua.MonitoringMode.Reporting
    request.RequestedParameters = wanted
    return request


def _filter(deadband: float) -> ua.DataChangeFilter:
    wanted = ua.DataChangeFilter()
    if deadband > 0:
        wanted.Trigger = ua.DataChangeTrigger.StatusValue
        wanted.DeadbandType = ua.UInt32(ua.DeadbandType.Absolute)
        wanted.DeadbandValue = ua.Double(deadband)
    else:
        # With the time as a trigger a steady value keeps arriving, and so can be told from a dead one.
        wanted.Trigger = ua.DataChangeTrigger.StatusValueTimestamp
        wanted.DeadbandType = ua.UInt32(ua.DeadbandType.None_)
        wanted.DeadbandValue = ua.Double(0.0)
    return wanted


async def forget(session: Session, subscription: int, items: Sequence[Item]) -> None:
    """Delete the monitored items of nodes that are gone, so that they can be made anew."""
    known = [item.monitored for item in items if item.monitored is not None]
    if not known:
        return
    request = ua.DeleteMonitoredItemsParameters()
    request.SubscriptionId = ua.IntegerId(subscription)
    request.MonitoredItemIds = [ua.IntegerId(i) for i in known]
    await session.within(session.client.uaclient.delete_monitored_items(request))
    for item in items:
        item.monitored = None
