"""An open OPC UA session: connect with security, learn the server's limits, send requests with a time limit.

The client library's own reconnect, restore and publish loop are not used: they drop items that come back late,
put all items into one request whatever the server's limit, and acknowledge before the values are stored.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies, uacrypto
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from cryptography import x509

from edge_agent.sources.opcua_settings import OpcUaSettings, SecurityPolicy
from plant.errors import FixError, Unavailable

_log = logging.getLogger(__name__)

CONNECTION_ERRORS = (OSError, TimeoutError, asyncio.IncompleteReadError, UaError)
"""What the client library raises when a connection cannot be made, is refused, or is lost."""
DEFAULT_LIMIT = 1000
"""Operations per request where the server names no limit."""

_POLICIES: dict[SecurityPolicy, Any] = {
    SecurityPolicy.BASIC256SHA256: security_policies.SecurityPolicyBasic256Sha256,
    SecurityPolicy.AES128: security_policies.SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicy.AES256: security_policies.SecurityPolicyAes256Sha256RsaPss,
}
_LIMIT_NODES = {
    "read": ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    "history": ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData,
    "items": ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
    "browse": ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Most operations that the server takes in one request [1]."""

    read: int = DEFAULT_LIMIT
    history: int = DEFAULT_LIMIT
    items: int = DEFAULT_LIMIT
    browse: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Session:
    """A connected, activated session with what was learned about the server."""

    client: Client
    limits: Limits
    timeout: float

    async def call(self, request: Any, timeout: float | None = None) -> bytes:  # noqa: ANN401, ASYNC109
        """Send a raw request; the answer's bytes after the message header.

        Raises:
            UaError, TimeoutError, OSError: the server refuses, is silent, or is gone.
        """
        limit = self.timeout if timeout is None else timeout
        # The library's own timeout rides in the request header as a hint; 0 means none, and ours decides.
        answer = await asyncio.wait_for(
            self.client.uaclient._send_request(request, timeout=0),  # noqa: SLF001 - the only raw access it has
            limit,
        )
        return bytes(answer.read(len(answer)))

    async def within(self, work: Any) -> Any:  # noqa: ANN401 - passes the library's answers through
        """Await a library call, at most ``timeout`` seconds.

        Raises:
            UaError, TimeoutError, OSError: as ``call``.
        """
        return await asyncio.wait_for(work, self.timeout)

    async def namespaces(self) -> list[str]:
        """The server's namespace URIs now; they may change at every restart."""
        return list(await self.within(self.client.get_namespace_array()))

    async def read(self, nodes: Sequence[ua.NodeId], attribute: AttributeIds) -> list[ua.DataValue]:
        """One attribute of many nodes, in as many requests as the server's limit needs."""
        values: list[ua.DataValue] = []
        for start in range(0, len(nodes), self.limits.read):
            part = list(nodes[start : start + self.limits.read])
            values += await self.within(self.client.uaclient.read_attributes(part, attribute))
        return values


@asynccontextmanager
async def open_session(settings: OpcUaSettings) -> AsyncIterator[Session]:
    """Connect, and close on leaving.

    Raises:
        FixError: certificate or key missing or unreadable.
        Unavailable: the server cannot be reached or refuses us.
    """
    client = await _client(settings)
    try:
        try:
            await asyncio.wait_for(client.connect(), settings.timeout * 3)
        except CONNECTION_ERRORS as error:
            raise unavailable(settings.url, error) from error
        try:
            limits = await _limits(client, settings)
        except CONNECTION_ERRORS as error:
            raise unavailable(settings.url, error) from error
        yield Session(client, limits, settings.timeout)
    finally:
        await _close(client, settings.timeout)


def unavailable(url: str, error: BaseException) -> Unavailable:
    """The library's error as ours, naming the server."""
    text = str(error) or type(error).__name__
    return Unavailable(f"OPC UA server {url}: {text}")


async def _close(client: Client, timeout: float) -> None:  # noqa: ASYNC109 - the caller's own limit
    try:
        # Bounded, because a black-holed server never answers CloseSession.
        await asyncio.wait_for(client.disconnect(), timeout)
    except (*CONNECTION_ERRORS, RuntimeError) as error:
        _log.debug("closing the session: %r", error)
    finally:
        client.disconnect_socket()


async def _client(settings: OpcUaSettings) -> Client:
    client = Client(settings.url, timeout=settings.timeout, watchdog_intervall=settings.keep_alive)
    client.name = "plantwatch edge agent"
    if settings.username is not None:
        client.set_user(settings.username)
        client.set_password("" if settings.password is None else settings.password.get_secret_value())
    if settings.policy is not SecurityPolicy.NONE:
        await _secure(client, settings)
    return client


async def _secure(client: Client, settings: OpcUaSettings) -> None:
    if settings.certificate is None or settings.private_key is None:
        message = (
            f"OPC UA server {settings.url}: policy {settings.policy} needs a client certificate and a private "
            "key; give both, or ask for policy None by name"
        )
        raise FixError(message)
    try:
        certificate = await uacrypto.load_certificate(settings.certificate)
        client.application_uri = _application_uri(certificate) or client.application_uri
        trusted = None if settings.server_certificate is None else str(settings.server_certificate)
    except (OSError, ValueError) as error:
        message = f"certificate {settings.certificate}: {error}; give a PEM or DER file"
        raise FixError(message) from error
    try:
        await asyncio.wait_for(
            client.set_security(
                _POLICIES[settings.policy],
                str(settings.certificate),
                str(settings.private_key),
                server_certificate=trusted,
            ),
            settings.timeout * 2,
        )
    except (FileNotFoundError, PermissionError, ValueError, TypeError) as error:
        message = f"OPC UA server {settings.url}: certificate or key cannot be used: {error}"
        raise FixError(message) from error
    except CONNECTION_ERRORS as error:
        raise unavailable(settings.url, error) from error


def _application_uri(certificate: x509.Certificate) -> str | None:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return uris[0] if uris else None


async def _limits(client: Client, settings: OpcUaSettings) -> Limits:
    nodes = [ua.NodeId(ua.Int32(i)) for i in _LIMIT_NODES.values()]
    # One node at a time would be slow, but some servers' read limit is below four: fall back on refusal.
    try:
        values = await asyncio.wait_for(
            client.uaclient.read_attributes(nodes, AttributeIds.Value), settings.timeout
        )
    except UaStatusCodeError:
        values = [
            (await asyncio.wait_for(client.uaclient.read_attributes([n], AttributeIds.Value), settings.timeout))[0]
            for n in nodes
        ]
    return Limits(**{name: _limit(value) for name, value in zip(_LIMIT_NODES, values, strict=True)})


def _limit(value: ua.DataValue) -> int:
    number = value.Value.Value if value.Value is not None else None
    return min(int(number), DEFAULT_LIMIT) if isinstance(number, int) and number > 0 else DEFAULT_LIMIT
