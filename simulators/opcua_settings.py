"""How the simulated OPC UA server is reached, secured and limited."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class SecurityMode(StrEnum):
    """Whether messages are protected."""

    SIGN_AND_ENCRYPT = "sign_and_encrypt"
    """Basic256Sha256, Aes128Sha256RsaOaep and Aes256Sha256RsaPss, each with a user name and password."""
    NONE = "none"
    """Plain text and anonymous: for tests on one machine."""


class OpcUaServerSettings(BaseModel):
    """Settings of the server; secure unless ``security`` is ``none``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 4840
    security: SecurityMode = SecurityMode.SIGN_AND_ENCRYPT
    certificate: Path | None = None
    """DER file, or PEM when its name ends in ``.pem``; made, self-signed, when neither it nor the key exists."""
    private_key: Path | None = None
    """PEM file."""
    users: dict[str, SecretStr] = Field(default_factory=dict)
    """Password by user name."""
    operators: frozenset[str] = frozenset()
    """Users who may operate switches (bypasses, resets); the others only read."""
    history: Annotated[int, Field(ge=1, le=86_400)] = 7200
    """Values kept per point for HistoryRead."""
    max_monitored_items_per_call: Annotated[int, Field(ge=0)] = 0
    """Announced operation limit; 0 for none. asyncua announces limits but does not enforce them."""
    max_nodes_per_read: Annotated[int, Field(ge=0)] = 0
    max_nodes_per_history_read: Annotated[int, Field(ge=0)] = 0

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return f"opc.tcp://{self.host}:{self.port}/plantwatch/simulator"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.security is SecurityMode.SIGN_AND_ENCRYPT and not (
            self.certificate and self.private_key and self.users
        ):
            message = (
                "a secured server needs certificate, private_key and users; a test may ask for security: none"
            )
            raise ValueError(message)
        unknown = self.operators - self.users.keys()
        if unknown:
            message = f"operators {sorted(unknown)} are not among the users"
            raise ValueError(message)
        return self
