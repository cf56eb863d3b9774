"""A real mosquitto for tests: started on a free port of 127.0.0.1 with its files in a temporary folder."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Self

READY_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """Files of the broker's certificate; giving them switches TLS on."""

    certificate: Path
    key: Path


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker process. ``start`` returns when it accepts connections; sessions survive ``restart``."""

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        users: Mapping[str, str] | None = None,
        tls: ServerIdentity | None = None,
    ) -> None:
        """Prepare.

        Args:
            directory: for configuration, passwords, persistence and log.
            port: TCP port; None picks a free one, which stays the same over restarts.
            users: user name to password; None lets anybody in.
            tls: certificate and key; None speaks plain.
        """
        self.directory = directory
        self.port = free_port() if port is None else port
        self.users = dict(users or {})
        self.tls = tls
        self.log = directory / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start and wait until the port answers."""
        program = which("mosquitto") or "/usr/sbin/mosquitto"
        configuration = self._write_configuration()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(configuration), "-v"], stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + READY_WITHIN
        while True:
            if self._process.poll() is not None:
                raise RuntimeError(f"mosquitto ended at once:\n{self.log.read_text()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)  # polling a real process with a deadline
            else:
                return

    def stop(self) -> None:
        """End it the way a service manager does (SIGTERM): sessions and queues are saved."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it the hard way (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start again on the same port."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the process: connections stay open and nothing answers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process run on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.wait(timeout=READY_WITHIN)

    def _write_configuration(self) -> Path:
        self.directory.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {self.directory}/",
            "autosave_interval 1",
            "max_queued_messages 0",
            "log_dest stdout",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # else it changes to a user that may not write in our folder
        if self.tls is not None:
            lines += [f"certfile {self.tls.certificate}", f"keyfile {self.tls.key}"]
        if self.users:
            passwords = self.directory / "passwords"
            passwords.touch(mode=0o600)
            passwords.chmod(0o600)
            for user, word in self.users.items():
                subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, word], check=True)
            lines.append(f"password_file {passwords}")
        else:
            lines.append("allow_anonymous true")
        file = self.directory / "mosquitto.conf"
        file.write_text("\n".join(lines) + "\n")
        return file
