"""The address space of the simulated OPC UA server: folders by area and unit, a variable per point."""

from typing import Any

from asyncua import Server, ua

from plant.errors import FixError
from plant.model import Kind, Plant, Point
from simulators.opcua_addresses import Address

NAMESPACE = "urn:plantwatch:simulator"
_STRUCTURE = "urn:plantwatch:simulator:structure"
"""Namespace of folders and properties: they never meet a node of the plant file."""


class Nodes:
    """Builds the nodes of a plant in one server. ``make_folders`` comes first."""

    def __init__(self, server: Server, plant: Plant) -> None:
        self._server, self._plant = server, plant
        self._switches = switches_of(plant)
        self._parents: dict[str, ua.NodeId] = {}
        self._structure = 0

    async def make_folders(self) -> None:
        """A folder for the plant, one inside for each area, and inside that one for each unit."""
        self._structure = await self._server.register_namespace(_STRUCTURE)
        root = await self._add_folder(
            "plant", self._plant.id, self._plant.name, ua.NodeId(ua.ObjectIds.ObjectsFolder)
        )
        for area in self._plant.areas:
            folder = await self._add_folder(f"area:{area.id}", area.id, area.name, root)
            for unit in area.units:
                inner = await self._add_folder(f"unit:{area.id}:{unit.id}", unit.id, unit.name, folder)
                self._parents.update((p.id, inner) for p in unit.points)

    async def make_variable(self, point: Point, address: Address) -> ua.NodeId:
        """The variable of a point at its address; it has no value yet.

        Raises:
            FixError: the server has such a node already.
        """
        wanted = await self._node_id(address)
        access = {ua.AccessLevel.CurrentRead, ua.AccessLevel.HistoryRead}
        if point.id in self._switches:
            access.add(ua.AccessLevel.CurrentWrite)
        bits = ua.AccessLevel.to_bitfield(access)
        attributes = ua.VariableAttributes(
            DisplayName=ua.LocalizedText(point.name),
            DataType=ua.NodeId(ua.ObjectIds.String if point.kind is Kind.TEXT else ua.ObjectIds.Double),
            ValueRank=ua.ValueRank.Scalar,
            AccessLevel=bits,
            UserAccessLevel=bits,
            Historizing=True,
        )
        kind = ua.ObjectIds.BaseDataVariableType if point.range is None else ua.ObjectIds.AnalogItemType
        item = _item(wanted, point.id, self._parents[point.id], ua.ObjectIds.HasComponent, attributes)
        item.NodeClass, item.TypeDefinition = ua.NodeClass.Variable, ua.NodeId(kind)
        node = await self._create(item, point.id)
        if point.range is not None:
            low, high = point.range
            await self._add_property(node, point.id, "EURange", ua.Range(low, high), ua.ObjectIds.Range)
        if point.kind is not Kind.TEXT:
            unit = engineering_unit(point.unit)
            await self._add_property(node, point.id, "EngineeringUnits", unit, ua.ObjectIds.EUInformation)
        return node

    async def _node_id(self, address: Address) -> ua.NodeId:
        if address.uri is None:
            await self._fill_namespaces(address.node.NamespaceIndex)
            return address.node
        namespace = await self._server.register_namespace(address.uri)
        return ua.NodeId(address.node.Identifier, namespace, address.node.NodeIdType)

    async def _fill_namespaces(self, index: int) -> None:
        """Give every namespace up to ``index`` a name: a node in one without is not valid."""
        known = await self._server.get_namespace_array()
        for missing in range(len(known), index + 1):
            await self._server.register_namespace(f"{NAMESPACE}:{missing}")

    async def _add_folder(self, key: str, name: str, title: str, parent: ua.NodeId) -> ua.NodeId:
        attributes = ua.ObjectAttributes(DisplayName=ua.LocalizedText(title))
        item = _item(ua.NodeId(key, self._structure), name, parent, ua.ObjectIds.Organizes, attributes)
        item.NodeClass, item.TypeDefinition = ua.NodeClass.Object, ua.NodeId(ua.ObjectIds.FolderType)
        return await self._create(item, name)

    async def _add_property(self, node: ua.NodeId, point: str, name: str, value: object, data_type: int) -> None:
        attributes = ua.VariableAttributes(
            DisplayName=ua.LocalizedText(name),
            Value=ua.Variant(value, ua.VariantType.ExtensionObject),
            DataType=ua.NodeId(data_type),
            ValueRank=ua.ValueRank.Scalar,
        )
        key = ua.NodeId(f"{point}/{name}", self._structure)
        item = _item(key, name, node, ua.ObjectIds.HasProperty, attributes)
        item.BrowseName = ua.QualifiedName(name, 0)
        item.NodeClass, item.TypeDefinition = ua.NodeClass.Variable, ua.NodeId(ua.ObjectIds.PropertyType)
        await self._create(item, name)

    async def _create(self, item: ua.AddNodesItem, name: str) -> ua.NodeId:
        (result,) = await self._server.iserver.isession.add_nodes([item])
        if not result.StatusCode.is_good():
            wanted = item.RequestedNewNodeId.to_string()
            raise FixError(
                f"{name!r}: node {wanted!r} cannot be made ({result.StatusCode.name}); is it used twice?"
            )
        created: ua.NodeId = result.AddedNodeId
        return created


def switches_of(plant: Plant) -> frozenset[str]:
    """Points that people operate: bypasses, resets, hand switches."""
    found = {p for i in plant.interlocks for p in (i.bypass, i.reset, *(c.bypass for c in i.causes)) if p}
    hand = {c.point for i in plant.interlocks for c in i.causes if plant.points[c.point].range is None}
    return frozenset(found | hand)


def engineering_unit(unit: str) -> ua.EUInformation:
    """Engineering unit by its display name; the UNECE code is left open (-1, OPC 10000-8, 5.6.3)."""
    text = ua.LocalizedText(unit)
    return ua.EUInformation(
        NamespaceUri="http://www.opcfoundation.org/UA/units/un/cefact",
        UnitId=-1,
        DisplayName=text,
        Description=text,
    )


def _item(node: ua.NodeId, name: str, parent: ua.NodeId, reference: int, attributes: Any) -> ua.AddNodesItem:  # noqa: ANN401 - asyncua ships no types
    return ua.AddNodesItem(
        ParentNodeId=parent,
        ReferenceTypeId=ua.NodeId(reference),
        RequestedNewNodeId=node,
        BrowseName=ua.QualifiedName(name, node.NamespaceIndex),
        NodeAttributes=attributes,
    )
