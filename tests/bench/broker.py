"""A real mosquitto for the length of a benchmark, plain or with TLS, and its CPU time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plant.io.mqtt import MqttSettings
from plantwatch.certificates import Authority
from tests.support.mosquitto import Mosquitto, ServerIdentity


@dataclass(frozen=True, slots=True)
class Broker:
    """Where it is, in words that a child process can be given."""

    port: int
    authority: str | None
    """File of the authority to trust; None for a plain connection."""
    pid: int

    def address(self) -> dict[str, Any]:
        """For ``settings`` in a child."""
        return {"port": self.port, "authority": self.authority}

    def cpu_seconds(self) -> float | None:
        """CPU time of the broker so far [s]; None where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def broker(folder: Path, *, tls: bool) -> Iterator[Broker]:
    """Start mosquitto with persistence in ``folder``."""
    authority = Authority(folder / "ca")
    files = authority.issue("broker") if tls else None
    identity = None if files is None else ServerIdentity(files.certificate, files.key)
    with Mosquitto(folder / "broker", tls=identity) as running:
        process = running._process
        yield Broker(
            running.port, str(authority.certificate) if tls else None, 0 if process is None else process.pid
        )


def settings(address: dict[str, Any], client_id: str) -> MqttSettings:
    """Connection settings of one client; everything else as in production."""
    trusted = address["authority"]
    return MqttSettings(
        host="localhost" if trusted else "127.0.0.1",
        port=address["port"],
        client_id=client_id,
        tls=trusted is not None,
        ca_file=None if trusted is None else Path(trusted),
    )
