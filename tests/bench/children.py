"""Processes of their own that talk with the benchmark in lines of JSON: events out, words in."""

import asyncio
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.bench.figures import BenchError

_ROOT = Path(__file__).parents[2]
_LINE = 1 << 20
_PATIENCE = 3.0
"""How long a child that is no longer wanted has to end by itself [s]."""


def cpu_seconds() -> float:
    """CPU time of this process so far, all its threads [s]."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def say(event: str, **facts: object) -> None:
    """Tell the parent."""
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


async def words() -> Callable[[str], Any]:
    """In a child: gives ``wait``, which returns when the parent has said the word, and ends with the parent."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def wait(word: str) -> None:
        while (line := await reader.readline()) and line.decode().strip() != word:
            pass
        if not line:
            raise SystemExit("the benchmark is gone")

    return wait


class Child:
    """One child process, in the parent."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self._name, self._process, self._log = name, process, log

    @classmethod
    async def start(cls, module: str, config: dict[str, Any], log: Path) -> Self:
        """Run ``python -m module`` with its configuration; what it writes to the error stream goes to ``log``."""
        # Settings of an installation on this machine are not ours.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PLANTWATCH_")}
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, json.dumps(config), cwd=_ROOT, limit=_LINE, env=environment,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        return cls(module.rpartition(".")[2], process, log)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        # Its input's end ends it. Killing one that is ending already would take its exit code from asyncio.
        self._pipe(self._process.stdin).close()
        try:
            await asyncio.wait_for(self._process.wait(), _PATIENCE)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def tell(self, word: str) -> None:
        """Say a word that the child waits for."""
        self._pipe(self._process.stdin).write(f"{word}\n".encode())

    async def hear(self, event: str, within: float) -> dict[str, Any]:
        """The facts of the next ``event``; others are passed over.

        Raises:
            BenchError: the child has ended, or has not said it within so many seconds.
        """
        try:
            async with asyncio.timeout(within):
                while line := await self._pipe(self._process.stdout).readline():
                    facts: dict[str, Any] = json.loads(line)
                    if facts["event"] == event:
                        return facts
        except TimeoutError as error:
            raise BenchError(f"{self._name}: no {event!r} within {within:.0f} s; {self._last_words()}") from error
        raise BenchError(f"{self._name} ended before {event!r}; {self._last_words()}")

    async def stop(self, within: float = 60) -> None:
        """Ask it to end, and wait for that."""
        self.tell("stop")
        try:
            code = await asyncio.wait_for(self._process.wait(), within)
        except TimeoutError as error:
            raise BenchError(f"{self._name} does not end; {self._last_words()}") from error
        if code:
            raise BenchError(f"{self._name} ended with {code}; {self._last_words()}")

    def _last_words(self) -> str:
        return f"its last words: {self._log.read_text(errors='replace')[-2000:]!r}"

    @staticmethod
    def _pipe(pipe: Any) -> Any:  # noqa: ANN401 - asked for above
        if pipe is None:
            raise BenchError("a child without pipes")
        return pipe
