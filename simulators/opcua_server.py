"""The simulated plant as a real OPC UA server: nodes, history, security; it may stop and start again."""

import asyncio
import socket
from collections.abc import Collection, Iterable
from typing import Any

from asyncua import Server, ua

from plant.errors import FixError
from plant.model import Plant
from plant.readings import Readings
from plant.status import BAD_WAITING_FOR_INITIAL_DATA
from simulators.history_ring import HistoryRing
from simulators.opcua_access import OnWrite, Switches, Users
from simulators.opcua_addresses import addresses
from simulators.opcua_certificate import ServerIdentity, ensure_certificate, read_identity
from simulators.opcua_history import RingHistory
from simulators.opcua_nodes import NAMESPACE, Nodes
from simulators.opcua_settings import OpcUaServerSettings, SecurityMode
from simulators.opcua_values import data_value


class SimulatedOpcUa:
    """Serves a plant's OPC UA points; may stop and start again: values made meanwhile are in its history."""

    def __init__(
        self, plant: Plant, points: Collection[str], settings: OpcUaServerSettings, on_write: OnWrite
    ) -> None:
        """Prepare; ``points`` in the column order of the readings that will be written.

        Raises:
            FixError: lists the addresses of the plant file that cannot be served.
        """
        self._plant, self._settings, self._on_write = plant, settings, on_write
        self._order = tuple(points)
        self.ring = HistoryRing(self._order, settings.history)
        self._served = addresses(plant, self._order)
        self._server: Server | None = None
        self._prepared: Server | None = None
        self._cells: list[Any] = []
        self._points: dict[ua.NodeId, str] = {}

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self._settings.url

    @property
    def running(self) -> bool:
        """Whether clients can connect."""
        return self._server is not None

    @property
    def lacking(self) -> frozenset[str]:
        """Points that clients cannot see: late ones, or all while the server is down."""
        return frozenset(self._served.keys() - set(self._points.values()) if self.running else self._served)

    async def start(self, *, without: Iterable[str] = ()) -> None:
        """Prepare and listen; the points ``without`` are unknown until ``add``.

        Raises:
            FixError: the port is taken, or the certificate cannot be used.
        """
        await self.prepare(without=without)
        await self.listen()

    async def prepare(self, *, without: Iterable[str] = ()) -> None:
        """Make everything ready, which takes a second or two; values are taken, but nobody can connect yet.

        Raises:
            FixError: the port is taken, or the certificate cannot be used.
        """
        _probe(self._settings)
        identity = await asyncio.to_thread(_identity, self._settings)
        server = Server(user_manager=Users(self._settings))
        await server.init()
        server.set_endpoint(self._settings.url)
        server.set_server_name("plantwatch simulated plant")
        server.set_match_discovery_endpoint_url(False)
        await server.set_application_uri(NAMESPACE)
        _secure(server, identity)
        await _announce_limits(server, self._settings)
        self._points, self._cells = {}, [None] * len(self._order)
        self._aspace, self._nodes = server.iserver.aspace, Nodes(server, self._plant)
        server.iserver.attribute_service = Switches(server, self._points, self._on_write, self._may_write)
        server.iserver.history_manager.set_storage(RingHistory(self.ring, self._points))
        await self._nodes.make_folders()
        await self.add(self._served.keys() - set(without))
        self._prepared = server

    async def listen(self) -> None:
        """Let clients connect; ``prepare`` comes first.

        Raises:
            FixError: the port is taken.
        """
        server, self._prepared = self._prepared, None
        if server is None:
            return
        try:
            await server.start()
        except OSError as error:
            raise _taken(self._settings, error) from error
        self._server = server

    async def stop(self) -> None:
        """Close all connections and free the port."""
        server, self._server, self._prepared = self._server, None, None
        self._cells = []
        if server is not None:
            await server.stop()

    async def add(self, points: Iterable[str]) -> None:
        """Make the nodes of ``points`` known, with their latest value."""
        for point in sorted(set(points) & self._served.keys(), key=self._order.index):
            node = await self._nodes.make_variable(self._plant.points[point], self._served[point])
            self._points[node] = point
            cell = self._aspace[node].attributes[ua.AttributeIds.Value]
            cell.value = self._latest(point)
            self._cells[self._order.index(point)] = cell

    async def write(self, readings: Readings) -> None:
        """One step: into the history, and to the subscribers of a running server."""
        self.ring.keep(readings)
        cells = self._cells
        texts = [None] * len(readings) if readings.text is None else readings.text.tolist()
        rows = zip(
            readings.code.tolist(),
            readings.time.tolist(),
            readings.value.tolist(),
            readings.status.tolist(),
            texts,
            strict=True,
        )
        for code, time, value, status, text in rows:
            cell = cells[code] if cells else None
            if cell is None:
                continue
            cell.value = shown = data_value(value, status, time, text)
            for handle, notify in tuple(cell.datachange_callbacks.items()):
                await notify(handle, shown)

    def _latest(self, point: str) -> ua.DataValue:
        rows = self.ring.read(point, None, None)
        if not len(rows):
            return ua.DataValue(StatusCode=ua.StatusCode(BAD_WAITING_FOR_INITIAL_DATA))
        (last,) = rows[-1:].rows()
        return data_value(last.value, last.status, last.time, last.text)

    def _may_write(self, user: str) -> bool:
        return self._settings.security is SecurityMode.NONE or user in self._settings.operators


def _probe(settings: OpcUaServerSettings) -> None:
    """Find out at once what listening would only show after the server is ready."""
    try:
        with socket.create_server((settings.host, settings.port)):
            pass
    except OSError as error:
        raise _taken(settings, error) from error


def _taken(settings: OpcUaServerSettings, error: OSError) -> FixError:
    return FixError(f"cannot listen at {settings.url}: {error}; choose another port")


def _identity(settings: OpcUaServerSettings) -> ServerIdentity | None:
    """The server's certificate and key; None where security is switched off."""
    if settings.security is SecurityMode.NONE:
        return None
    certificate, key = settings.certificate, settings.private_key
    if certificate is None or key is None:
        raise FixError("a secured OPC UA server needs certificate and private_key")
    ensure_certificate(certificate, key, NAMESPACE)
    return read_identity(certificate, key)


def _secure(server: Server, identity: ServerIdentity | None) -> None:
    if identity is None:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_identity_tokens([ua.AnonymousIdentityToken])
        return
    server.iserver.certificate, server.iserver.private_key = identity.certificate, identity.key
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
