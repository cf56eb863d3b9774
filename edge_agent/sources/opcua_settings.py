"""Deployment settings of one OPC UA connection: address, security, identity, timing."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr


class SecurityPolicy(StrEnum):
    """Security policies of OPC 10000-7; ``NONE`` is plain text and must be asked for by name."""

    BASIC256SHA256 = "Basic256Sha256"
    AES128 = "Aes128Sha256RsaOaep"
    AES256 = "Aes256Sha256RsaPss"
    NONE = "None"


@dataclass(frozen=True, slots=True)
class OpcUaSettings:
    """How to reach and trust one server. All messages are signed and encrypted unless ``policy`` is ``NONE``."""

    url: str
    """``opc.tcp://host:port/path``; no credentials in it."""
    policy: SecurityPolicy = SecurityPolicy.BASIC256SHA256
    certificate: Path | None = None
    """Our application certificate (PEM or DER); its subject alternative name holds our application URI."""
    private_key: Path | None = None
    server_certificate: Path | None = None
    """The only server certificate to trust. None trusts whatever certificate the server shows at first contact."""
    username: str | None = None
    password: SecretStr | None = None
    timeout: float = 5.0
    """Longest wait for any answer [s]."""
    keep_alive: float = 5.0
    """An idle server must say so this often [s]; twice this without a word is a lost connection."""
    retry: float = 3.0
    """Time between attempts to subscribe failing items [s]."""
    first_value: float = 10.0
    """An item without any value this long after subscribing is failing [s]."""
    backfill: float = 0.0
    """History to read on the very first start [s before now]; 0 for none."""
