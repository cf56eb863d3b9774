"""Lists the variables of an OPC UA server: the start of a plant file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaStatusCodeError

from edge_agent.sources.opcua_session import CONNECTION_ERRORS, Session, open_session, unavailable
from edge_agent.sources.opcua_settings import OpcUaSettings

MAX_VARIABLES = 100_000
"""Where browsing stops unless told otherwise [1]."""

Progress = Callable[[int, int], None]
"""Called with (variables found, nodes still to visit)."""

_PER_REQUEST = 100
_FOLDERS_AND_VARIABLES = 3
"""Node class mask: Object (1) and Variable (2)."""
_TYPES = {1: "Boolean", 2: "SByte", 3: "Byte", 4: "Int16", 5: "UInt16", 6: "Int32", 7: "UInt32", 8: "Int64",
          9: "UInt64", 10: "Float", 11: "Double", 12: "String", 21: "LocalizedText", 26: "Number", 27: "Integer",
          28: "UInteger", 29: "Enumeration"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a server, with what it says about itself."""

    node: str
    """Node id with the namespace by URI: ``nsu=urn:…;s=E-101.current``."""
    name: str
    path: tuple[str, ...]
    """Display names of the folders above it, from the objects folder down."""
    data_type: str | None = None
    """Built-in type name; None for structures, arrays and types of the server's own."""
    unit: str | None = None
    """Display name of the engineering unit, as the server writes it."""
    range: tuple[float, float] | None = None
    """EURange: low and high end, in ``unit``."""
    history: bool = False
    """True when the server keeps history of it that we may read."""


@dataclass(slots=True)
class _Found:
    node: ua.NodeId
    name: str
    path: tuple[str, ...]
    unit: ua.NodeId | None = None
    range: ua.NodeId | None = None


async def browse(
    settings: OpcUaSettings, *, limit: int = MAX_VARIABLES, progress: Progress | None = None
) -> list[Variable]:
    """Variables below the objects folder, without the server's own diagnostics; at most ``limit``.

    Raises:
        Unavailable: the server cannot be reached, refuses us, or is lost meanwhile.
        FixError: certificate or key that cannot be used.
    """
    async with open_session(settings) as session:
        try:
            found = await _walk(session, limit, progress)
            return await _describe(session, found)
        except CONNECTION_ERRORS as error:
            raise unavailable(settings.url, error) from error


async def _walk(session: Session, limit: int, progress: Progress | None) -> list[_Found]:
    """Breadth first, so that a bounded list shows every area; each node is visited once, whatever the loops."""
    root = ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder))
    seen: set[ua.NodeId] = {root, ua.NodeId(ua.Int32(ObjectIds.Server))}
    found: list[_Found] = []
    folders: list[tuple[ua.NodeId, tuple[str, ...]]] = [(root, ())]
    size = min(session.limits.browse, _PER_REQUEST)
    while folders and len(found) < limit:
        now, folders = folders[:size], folders[size:]
        for (_, path), references in zip(now, await _children(session, [n for n, _ in now]), strict=True):
            for reference in references:
                node = _plain(reference.NodeId)
                if node is None or node in seen:
                    continue
                seen.add(node)
                name = reference.DisplayName.Text or reference.BrowseName.Name or node.to_string()
                if reference.NodeClass == ua.NodeClass.Variable:
                    found.append(_Found(node, name, path))
                else:
                    folders.append((node, (*path, name)))
        if progress is not None:
            progress(min(len(found), limit), len(folders))
    return found[:limit]


async def _children(
    session: Session, nodes: Sequence[ua.NodeId], reference_type: int = ObjectIds.HierarchicalReferences
) -> list[list[Any]]:
    request = ua.BrowseParameters()
    request.RequestedMaxReferencesPerNode = ua.Counter(0)
    request.NodesToBrowse = [_description(n, reference_type) for n in nodes]
    results = await session.within(session.client.uaclient.browse(request))
    children = []
    for result in results:
        references = list(result.References or [])
        point = result.ContinuationPoint
        while point:
            more = ua.BrowseNextParameters()
            more.ReleaseContinuationPoints = False
            more.ContinuationPoints = [point]
            (page,) = await session.within(session.client.uaclient.browse_next(more))
            references += page.References or []
            point = page.ContinuationPoint
        children.append(references)
    return children


def _description(node: ua.NodeId, reference_type: int) -> ua.BrowseDescription:
    wanted = ua.BrowseDescription()
    wanted.NodeId = node
    wanted.BrowseDirection = ua.BrowseDirection.Forward
    wanted.ReferenceTypeId = ua.NodeId(ua.Int32(reference_type))
    wanted.IncludeSubtypes = True
    wanted.NodeClassMask = ua.UInt32(_FOLDERS_AND_VARIABLES)
    wanted.ResultMask = ua.UInt32(ua.BrowseResultMask.All)
    return wanted


def _plain(node: ua.NodeId) -> ua.NodeId | None:
    """The node id without server and URI; None when it lies on another server."""
    if isinstance(node, ua.ExpandedNodeId) and (node.ServerIndex or node.NamespaceUri):
        return None
    return ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)


async def _describe(session: Session, found: Sequence[_Found]) -> list[Variable]:
    namespaces = await session.namespaces()
    size = min(session.limits.browse, _PER_REQUEST)
    for start in range(0, len(found), size):
        part = found[start : start + size]
        properties = await _children(session, [f.node for f in part], ObjectIds.HasProperty)
        for one, references in zip(part, properties, strict=True):
            by_name = {r.BrowseName.Name: _plain(r.NodeId) for r in references}
            one.unit, one.range = by_name.get("EngineeringUnits"), by_name.get("EURange")
    nodes = [f.node for f in found]
    types = await session.read(nodes, AttributeIds.DataType)
    ranks = await session.read(nodes, AttributeIds.ValueRank)
    levels = await session.read(nodes, AttributeIds.UserAccessLevel)
    extra = await _properties(session, [n for f in found for n in (f.unit, f.range) if n is not None])
    return [
        Variable(
            node=_by_uri(one.node, namespaces),
            name=one.name,
            path=one.path,
            data_type=_type(_value(kind), _value(rank)),
            unit=_unit(extra.get(one.unit)),
            range=_range(extra.get(one.range)),
            history=bool((_value(level) or 0) & 0x04),
        )
        for one, kind, rank, level in zip(found, types, ranks, levels, strict=True)
    ]


async def _properties(session: Session, nodes: list[ua.NodeId]) -> dict[ua.NodeId | None, Any]:
    """Values of properties; one that cannot be decoded (a structure not known here) is left out."""
    values: dict[ua.NodeId | None, Any] = {}
    try:
        answers = await session.read(nodes, AttributeIds.Value)
    except (TimeoutError, UaStatusCodeError):
        return values
    for node, answer in zip(nodes, answers, strict=True):
        values[node] = _value(answer)
    return values


def _value(answer: ua.DataValue) -> Any:  # noqa: ANN401 - whatever the server holds
    return None if answer.Value is None else answer.Value.Value


def _by_uri(node: ua.NodeId, namespaces: Sequence[str]) -> str:
    text = ua.NodeId(node.Identifier, ua.Int16(0), node.NodeIdType).to_string()
    return f"nsu={namespaces[node.NamespaceIndex]};{text}" if node.NamespaceIndex else text


def _type(kind: Any, rank: Any) -> str | None:  # noqa: ANN401 - whatever the server holds
    if not isinstance(kind, ua.NodeId) or kind.NamespaceIndex or (isinstance(rank, int) and rank >= 0):
        return None
    return _TYPES.get(kind.Identifier) if isinstance(kind.Identifier, int) else None


def _unit(value: Any) -> str | None:  # noqa: ANN401 - whatever the server holds
    name = getattr(getattr(value, "DisplayName", None), "Text", None)
    return name if isinstance(name, str) and name else None


def _range(value: Any) -> tuple[float, float] | None:  # noqa: ANN401 - whatever the server holds
    low, high = getattr(value, "Low", None), getattr(value, "High", None)
    return (float(low), float(high)) if isinstance(low, float) and isinstance(high, float) else None
