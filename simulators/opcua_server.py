"""The simulated plant as a real OPC UA server: folders by area and unit, a variable per point, history."""

import asyncio
import hmac
from collections.abc import Callable, Collection, Iterable
from typing import Any

from asyncua import Server, ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AttributeService

from plant.errors import FixError
from plant.model import OpcUaAddress, Plant, Point
from plant.readings import Readings
from plant.status import BAD_WAITING_FOR_INITIAL_DATA
from simulators.history_ring import HistoryRing
from simulators.opcua_certificate import ensure_certificate
from simulators.opcua_history import RingHistory
from simulators.opcua_settings import OpcUaServerSettings, SecurityMode
from simulators.opcua_values import data_value

NAMESPACE = "urn:plantwatch:simulator"
OnWrite = Callable[[str, float], None]
"""Operates a switch: point and value; raises ``FixError`` when it cannot."""


class _Users:
    """asyncua's user manager: names with passwords; operators may write."""

    def __init__(self, settings: OpcUaServerSettings) -> None:
        self._settings = settings

    def get_user(
        self, _server: object, username: str | None = None, password: str | None = None, certificate: object = None
    ) -> User | None:
        del certificate
        if self._settings.security is SecurityMode.NONE and username is None:
            return User(role=UserRole.User, name="")
        wanted = self._settings.users.get(username or "")
        given = password.decode() if isinstance(password, bytes) else password
        if wanted is None or given is None or not hmac.compare_digest(wanted.get_secret_value(), given):
            return None
        return User(role=UserRole.User, name=username)


class _Switches(AttributeService):  # type: ignore[misc]
    """Writes go to the process, not into the address space: the next step shows what came of them."""

    def __init__(
        self, server: Server, points: dict[ua.NodeId, str], on_write: OnWrite, allowed: Callable[[str], bool]
    ) -> None:
        super().__init__(server.iserver.aspace)
        self._points, self._on_write, self._allowed = points, on_write, allowed

    async def write(self, params: ua.WriteParameters, user: User | None = None) -> list[ua.StatusCode]:
        if user is None or user.role is UserRole.Admin:
            own: list[ua.StatusCode] = await super().write(params, User(role=UserRole.Admin))
            return own
        return [ua.StatusCode(self._operate(w, user)) for w in params.NodesToWrite]

    def _operate(self, wanted: ua.WriteValue, user: User) -> int:
        point = self._points.get(wanted.NodeId)
        if point is None or wanted.AttributeId != ua.AttributeIds.Value or not self._allowed(user.name or ""):
            return int(ua.StatusCodes.BadUserAccessDenied)
        value = wanted.Value.Value.Value if wanted.Value and wanted.Value.Value else None
        if not isinstance(value, int | float):
            return int(ua.StatusCodes.BadTypeMismatch)
        try:
            self._on_write(point, float(value))
        except FixError:
            return int(ua.StatusCodes.BadNotWritable)
        return int(ua.StatusCodes.Good)


class SimulatedOpcUa:
    """Serves a plant's OPC UA points; may stop and start again: values made meanwhile are in its history."""

    def __init__(
        self, plant: Plant, points: Collection[str], settings: OpcUaServerSettings, on_write: OnWrite
    ) -> None:
        """Prepare; ``points`` in the column order of the readings that will be written."""
        self._plant, self._settings, self._on_write = plant, settings, on_write
        self._order = tuple(points)
        self.ring = HistoryRing(self._order, settings.history)
        self._served = {p for p in self._order if isinstance(plant.points[p].address, OpcUaAddress)}
        self._switches = _switches_of(plant)
        self._server: Server | None = None
        self._parents: dict[str, ua.NodeId] = {}
        self._cells: list[Any] = []
        self._nodes: dict[ua.NodeId, str] = {}

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self._settings.url

    @property
    def running(self) -> bool:
        """Whether clients can connect."""
        return self._server is not None

    async def start(self, *, without: Iterable[str] = ()) -> None:
        """Listen; the points ``without`` are unknown until ``add``.

        Raises:
            FixError: the port is taken.
        """
        server = Server(user_manager=_Users(self._settings))
        await server.init()
        server.set_endpoint(self._settings.url)
        server.set_server_name("plantwatch simulated plant")
        server.set_match_discovery_endpoint_url(False)
        await server.set_application_uri(NAMESPACE)
        await _secure(server, self._settings)
        await _announce_limits(server, self._settings)
        self._namespace = await server.register_namespace(NAMESPACE)
        self._nodes, self._cells = {}, [None] * len(self._order)
        self._aspace, self._session = server.iserver.aspace, server.iserver.isession
        server.iserver.attribute_service = _Switches(server, self._nodes, self._on_write, self._may_write)
        server.iserver.history_manager.set_storage(RingHistory(self.ring, self._nodes))
        await self._add_folders()
        await self.add(self._served - set(without))
        try:
            await server.start()
        except OSError as error:
            raise FixError(f"cannot listen at {self._settings.url}: {error}; choose another port") from error
        self._server = server

    async def stop(self) -> None:
        """Close all connections and free the port."""
        server, self._server = self._server, None
        self._cells = []
        if server is not None:
            await server.stop()

    async def add(self, points: Iterable[str]) -> None:
        """Make the nodes of ``points`` known."""
        for point in sorted(set(points) & self._served, key=self._order.index):
            await self._add_variable(self._plant.points[point], self._parents[point])

    async def write(self, readings: Readings) -> None:
        """One step: into the history, and to the subscribers of a running server."""
        self.ring.keep(readings)
        cells = self._cells
        rows = zip(
            readings.code.tolist(),
            readings.time.tolist(),
            readings.value.tolist(),
            readings.status.tolist(),
            strict=True,
        )
        for code, time, value, status in rows:
            cell = cells[code] if cells else None
            if cell is None:
                continue
            cell.value = shown = data_value(value, status, time)
            for handle, notify in tuple(cell.datachange_callbacks.items()):
                await notify(handle, shown)

    def _may_write(self, user: str) -> bool:
        return self._settings.security is SecurityMode.NONE or user in self._settings.operators

    async def _add_folders(self) -> None:
        objects = ua.NodeId(ua.ObjectIds.ObjectsFolder)
        root = await self._add_folder(self._plant.id, self._plant.name, objects)
        for area in self._plant.areas:
            folder = await self._add_folder(f"area:{area.id}", area.name, root)
            for unit in area.units:
                inner = await self._add_folder(f"unit:{unit.id}", unit.name, folder)
                self._parents.update((p.id, inner) for p in unit.points)

    async def _add_folder(self, name: str, title: str, parent: ua.NodeId) -> ua.NodeId:
        attributes = ua.ObjectAttributes(DisplayName=ua.LocalizedText(title))
        item = self._item(name, parent, ua.ObjectIds.Organizes, ua.NodeClass.Object, attributes)
        item.TypeDefinition = ua.NodeId(ua.ObjectIds.FolderType)
        return await self._create(item)

    async def _add_variable(self, point: Point, parent: ua.NodeId) -> None:
        access = {ua.AccessLevel.CurrentRead, ua.AccessLevel.HistoryRead}
        if point.id in self._switches:
            access.add(ua.AccessLevel.CurrentWrite)
        bits = ua.AccessLevel.to_bitfield(access)
        attributes = ua.VariableAttributes(
            DisplayName=ua.LocalizedText(point.name),
            DataType=ua.NodeId(ua.ObjectIds.Double),
            ValueRank=ua.ValueRank.Scalar,
            AccessLevel=bits,
            UserAccessLevel=bits,
            Historizing=True,
        )
        item = self._item(point.id, parent, ua.ObjectIds.HasComponent, ua.NodeClass.Variable, attributes)
        analog = point.range is not None
        item.TypeDefinition = ua.NodeId(
            ua.ObjectIds.AnalogItemType if analog else ua.ObjectIds.BaseDataVariableType
        )
        node = await self._create(item)
        if point.range is not None:
            low, high = point.range
            await self._add_property(node, "EURange", ua.Range(low, high), ua.ObjectIds.Range)
        await self._add_property(node, "EngineeringUnits", _unit(point.unit), ua.ObjectIds.EUInformation)
        self._nodes[node] = point.id
        cell = self._aspace[node].attributes[ua.AttributeIds.Value]
        code = self._order.index(point.id)
        cell.value = self._latest(point.id)
        self._cells[code] = cell

    def _latest(self, point: str) -> ua.DataValue:
        time, value, status = self.ring.read(point, None, None)
        if not len(time):
            return ua.DataValue(StatusCode=ua.StatusCode(BAD_WAITING_FOR_INITIAL_DATA))
        return data_value(float(value[-1]), int(status[-1]), int(time[-1]))

    async def _add_property(self, node: ua.NodeId, name: str, value: object, data_type: int) -> None:
        attributes = ua.VariableAttributes(
            DisplayName=ua.LocalizedText(name),
            Value=ua.Variant(value, ua.VariantType.ExtensionObject),
            DataType=ua.NodeId(data_type),
            ValueRank=ua.ValueRank.Scalar,
        )
        key = f"{node.Identifier}.{name}"
        item = self._item(key, node, ua.ObjectIds.HasProperty, ua.NodeClass.Variable, attributes)
        item.BrowseName = ua.QualifiedName(name, 0)
        item.TypeDefinition = ua.NodeId(ua.ObjectIds.PropertyType)
        await self._create(item)

    def _item(
        self, key: str, parent: ua.NodeId, reference: int, node_class: ua.NodeClass, attributes: object
    ) -> ua.AddNodesItem:
        return ua.AddNodesItem(
            ParentNodeId=parent,
            ReferenceTypeId=ua.NodeId(reference),
            RequestedNewNodeId=ua.NodeId(key, self._namespace),
            BrowseName=ua.QualifiedName(key, self._namespace),
            NodeClass=node_class,
            NodeAttributes=attributes,
        )

    async def _create(self, item: ua.AddNodesItem) -> ua.NodeId:
        (result,) = await self._session.add_nodes([item])
        result.StatusCode.check()
        created: ua.NodeId = result.AddedNodeId
        return created


def _switches_of(plant: Plant) -> set[str]:
    """Points that people operate: bypasses, resets, hand switches."""
    found = {p for i in plant.interlocks for p in (i.bypass, i.reset, *(c.bypass for c in i.causes)) if p}
    return found | {c.point for i in plant.interlocks for c in i.causes if plant.points[c.point].range is None}


def _unit(unit: str) -> ua.EUInformation:
    """Engineering unit by its display name; the UNECE code is left open (-1, OPC 10000-8, 5.6.3)."""
    text = ua.LocalizedText(unit)
    return ua.EUInformation(
        NamespaceUri="http://www.opcfoundation.org/UA/units/un/cefact",
        UnitId=-1,
        DisplayName=text,
        Description=text,
    )


async def _secure(server: Server, settings: OpcUaServerSettings) -> None:
    if settings.security is SecurityMode.NONE:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_identity_tokens([ua.AnonymousIdentityToken, ua.UserNameIdentityToken])
        return
    certificate, key = settings.certificate, settings.private_key
    if certificate is None or key is None:
        raise FixError("a secured OPC UA server needs certificate and private_key")
    await asyncio.to_thread(ensure_certificate, certificate, key, NAMESPACE)
    try:
        await server.load_certificate(str(certificate))
        await server.load_private_key(key)
    except (OSError, ValueError, TypeError) as error:
        raise FixError(f"OPC UA certificate {certificate} with key {key} cannot be read: {error}") from error
    server.set_security_policy(
        [
            ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
            ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
            ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
        ]
    )
    server.set_identity_tokens([ua.UserNameIdentityToken])


async def _announce_limits(server: Server, settings: OpcUaServerSettings) -> None:
    prefix = "Server_ServerCapabilities_OperationLimits_"
    limits = {
        "MaxMonitoredItemsPerCall": settings.max_monitored_items_per_call,
        "MaxNodesPerRead": settings.max_nodes_per_read,
        "MaxNodesPerHistoryReadData": settings.max_nodes_per_history_read,
    }
    for name, limit in limits.items():
        if limit:
            node = server.get_node(ua.NodeId(getattr(ua.ObjectIds, prefix + name)))
            await node.write_value(limit, ua.VariantType.UInt32)
