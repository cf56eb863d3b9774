"""Child processes of the demo: each its own program, as in a plant, with its log in a file."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from plant.errors import RetryError

STOP_WITHIN = 20.0
"""Time [s] that a child has to end by itself after SIGTERM, before it is killed."""
_TAIL = 15


@dataclass(slots=True)
class Child:
    """One running command."""

    name: str
    arguments: tuple[str, ...]
    log: Path
    environment: Mapping[str, str]
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    async def start(self) -> None:
        """Start the command; its output is added to the log."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "plantwatch",
                *self.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        self.starts += 1

    def kill(self) -> None:
        """End it the hard way (SIGKILL)."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()

    async def stop(self) -> None:
        """Ask it to end (SIGTERM), wait, and kill it only if it does not."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_WITHIN)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    async def ended(self) -> str:
        """Wait until it ends; a text with its exit code and its last words."""
        if self.process is None:
            raise RetryError(f"{self.name} was never started")
        code = await self.process.wait()
        words = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
        return f"{self.name} ended with exit code {code}. Its last words ({self.log}):\n" + "\n".join(words)


@dataclass(slots=True)
class Children:
    """All child processes of one block; leaving it stops them in reverse order."""

    folder: Path
    environment: Mapping[str, str]
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        await self._stack.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def start(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Child:
        """Start one command under this block's environment, and its own on top."""
        child = Child(name, arguments, self.folder / f"{name}.log", {**self.environment, **(environment or {})})
        await child.start()
        self._stack.push_async_callback(child.stop)
        return child
