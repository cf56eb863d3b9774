"""Who may do what at the simulated OPC UA server: users read, operators also operate switches."""

import hmac
from collections.abc import Callable, Mapping

from asyncua import Server, ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AttributeService

from plant.errors import FixError
from simulators.opcua_settings import OpcUaServerSettings, SecurityMode

OnWrite = Callable[[str, float], None]
"""Operates a switch: point and value; raises ``FixError`` when it cannot."""


class Users:
    """asyncua's user manager: names with passwords; anonymous only where there is no security at all."""

    def __init__(self, settings: OpcUaServerSettings) -> None:
        self._settings = settings

    def get_user(
        self, _server: object, username: str | None = None, password: str | None = None, certificate: object = None
    ) -> User | None:
        """The user, or None when the name is unknown or the password wrong."""
        del certificate
        if self._settings.security is SecurityMode.NONE and username is None:
            return User(role=UserRole.User, name="")
        wanted = self._settings.users.get(username or "")
        given = password.decode("utf-8", "replace") if isinstance(password, bytes) else password
        if wanted is None or given is None:
            return None
        if not hmac.compare_digest(wanted.get_secret_value().encode(), given.encode()):
            return None
        return User(role=UserRole.User, name=username)


class Switches(AttributeService):  # type: ignore[misc]
    """Writes go to the process, not into the address space: the next step shows what came of them."""

    def __init__(
        self, server: Server, points: Mapping[ua.NodeId, str], on_write: OnWrite, allowed: Callable[[str], bool]
    ) -> None:
        super().__init__(server.iserver.aspace)
        self._points, self._on_write, self._allowed = points, on_write, allowed

    async def write(self, params: ua.WriteParameters, user: User | None = None) -> list[ua.StatusCode]:
        """Operate what may be operated; a status code for each value."""
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
