"""Deployment settings from the environment: hosts, users, secrets, folders. None of it stands in the plant file.

Names begin with ``PLANTWATCH_``; nested ones use two underscores: ``PLANTWATCH_MQTT__PASSWORD``. Sources of the
plant file are given as JSON by id: ``PLANTWATCH_OPCUA='{"dcs": {"url": "opc.tcp://10.0.0.5:4840"}}'``.
"""

import ipaddress
import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from plant.errors import FixError

_PREFIX = "PLANTWATCH_"
_ELSEWHERE = frozenset({"PLANTWATCH_PLANT"})
"""Read by the options of commands."""
Port = Annotated[int, Field(ge=1, le=65_535)]


def _number(text: object) -> object:
    """The environment holds only texts."""
    return int(text) if isinstance(text, str) and text.isdecimal() else text


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MqttConnection(_Group):
    """One MQTT broker and how to speak to it; TLS unless switched off by name."""

    host: str = "localhost"
    port: Port = 8883
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = True
    ca_file: Path | None = None
    """Certificates that the broker's must lead to; None takes the system's."""
    protocol: Annotated[Literal[5, 311], BeforeValidator(_number)] = 5
    """MQTT 5, or 3.1.1 for brokers that know no other."""


class OpcUaConnection(_Group):
    """One OPC UA server; signed and encrypted unless ``insecure`` is set."""

    url: str
    username: str | None = None
    password: SecretStr | None = None
    policy: Literal["Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"] = "Aes256Sha256RsaPss"
    insecure: bool = False
    """No signing, no encryption: for a closed test bench only."""
    certificate: Path | None = None
    private_key: Path | None = None
    server_certificate: Path | None = None
    """The only server certificate to trust."""
    backfill: Annotated[float, Field(ge=0)] = 0.0
    """History to read at the very first start [s before now]."""


class Webhook(_Group):
    """A receiver of alarm notifications, signed as Standard Webhooks."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
    """Names its outbox file."""
    url: str
    secret: SecretStr
    """``whsec_`` and base64."""
    priority: Literal["low", "medium", "high", "critical"] = "high"
    """Least priority that is sent."""
    authority: Path | None = None
    """Certificates that the receiver's must lead to; None takes the system's."""


class HttpServer(_Group):
    """The console and the HTTP API."""

    host: str = "127.0.0.1"
    port: Port = 8080
    certificate: Path | None = None
    private_key: Path | None = None

    @model_validator(mode="after")
    def _encrypted_beyond_this_machine(self) -> Self:
        if not self.local and (self.certificate is None or self.private_key is None):
            raise ValueError(
                f"host {self.host} can be reached from other machines: give PLANTWATCH_HTTP__CERTIFICATE and"
                " PLANTWATCH_HTTP__PRIVATE_KEY (PEM files), or use 127.0.0.1 behind a TLS proxy"
            )
        return self

    @property
    def local(self) -> bool:
        """True when only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Simulator(_Group):
    """The simulated plant's own OPC UA server."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    username: str = "agent"
    """May read."""
    password: SecretStr | None = None
    operator_password: SecretStr | None = None
    """Of the user ``operator``, who may also operate switches; None: nobody may."""
    certificate: Path | None = None
    """None makes one below the data folder."""
    private_key: Path | None = None


class Settings(BaseSettings):
    """Everything about where this installation runs."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter="__", extra="ignore", frozen=True)

    data: Path = Path("var/plantwatch")
    """Folder for the historian, the ledger, the spool and the journal."""
    mqtt: MqttConnection = MqttConnection()
    """The platform's own broker: agents publish to it, the server listens."""
    field_mqtt: dict[str, MqttConnection] = Field(default_factory=dict)
    """Broker of each MQTT source of the plant file, by source id; the platform's own where none is given."""
    opcua: dict[str, OpcUaConnection] = Field(default_factory=dict)
    """Server of each OPC UA source of the plant file, by source id."""
    http: HttpServer = HttpServer()
    webhooks: tuple[Webhook, ...] = ()
    simulator: Simulator = Simulator()
    storage_secret: SecretStr | None = None
    """Signs the console's cookies; None makes one in the data folder."""
    retention_days: Annotated[int, Field(ge=1)] = 400
    """Readings older than this are removed from the historian [d]."""
    standards: Path | None = None
    """Folder with limit standards and coefficient sets of one's own; they come before the packaged ones."""
    clock: str | None = None
    """Simulated time as ``wall,simulated,speed`` (ns UTC, ns UTC, factor); None for the real clock."""


def load_settings() -> Settings:
    """The settings of the environment.

    Raises:
        FixError: a variable is wrong or unknown; the text lists all of them, never with a secret's value.
    """
    unknown = _unknown(os.environ)
    if unknown:
        raise FixError("the environment has settings that nobody reads:\n" + "\n".join(unknown))
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"  PLANTWATCH_{'__'.join(str(p) for p in e['loc']).upper()}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise FixError("the environment has wrong settings:\n" + "\n".join(lines)) from error


def _unknown(environment: Mapping[str, str]) -> list[str]:
    """A line for each variable of ours that is no setting: one underscore too few would go unnoticed."""
    known = {_PREFIX + name.upper() for name in Settings.model_fields} | _ELSEWHERE
    ours = {name: name.upper().removeprefix(_PREFIX) for name in environment if name.upper().startswith(_PREFIX)}
    wrong = {name: _PREFIX + rest.split("__")[0] for name, rest in ours.items() if rest}
    return [f"  {name}{_meant(first, known)}" for name, first in sorted(wrong.items()) if first not in known]


def _meant(name: str, known: Iterable[str]) -> str:
    for group in sorted(known, key=len, reverse=True):
        if name.startswith(f"{group}_"):
            return f": did you mean {group}__{name.removeprefix(f'{group}_')}?"
    close = get_close_matches(name, known, 1)
    return f": did you mean {close[0]}?" if close else ""
