"""Run a service: logging, signals, retry with back-off, and one log line per outage instead of thousands."""

import asyncio
import contextlib
import logging
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rich.logging import RichHandler

from plant.errors import FixError, PlantError, RetryError

T = TypeVar("T")

EXIT_OK = 0
EXIT_RETRY = 1
"""It did not work this time; restarting may help."""
EXIT_FIX = 2
"""The input or configuration must be changed by a person; restarting does not help."""


@dataclass(slots=True)
class Backoff:
    """Waiting times that double from ``first`` to ``most`` [s], shortened by chance so that clients spread."""

    first: float = 0.5
    most: float = 30.0
    chance: Callable[[], float] = random.random
    """A number in [0, 1); a test passes its own."""
    _tries: int = field(default=0, init=False)

    def next(self) -> float:
        """The next waiting time [s]: between half and all of the doubled one."""
        full = min(self.most, self.first * 2.0 ** min(self._tries, 32))
        self._tries += 1
        return full * (0.5 + 0.5 * self.chance())

    def reset(self) -> None:
        """Begin with ``first`` again, after a success."""
        self._tries = 0


@dataclass(slots=True)
class Outage:
    """Logs a loss once, and once when it is over, however often it is reported in between."""

    name: str
    log: logging.Logger
    failures: int = field(default=0, init=False)
    """Failed attempts in the present outage; 0 while all is well."""

    def failed(self, reason: object) -> None:
        """Report a failure; only the first of an outage is logged as a warning."""
        self.failures += 1
        level = logging.WARNING if self.failures == 1 else logging.DEBUG
        self.log.log(level, "%s is away: %s", self.name, reason)

    def over(self) -> None:
        """Report that it works; logged only after a failure."""
        if self.failures:
            self.log.warning("%s is back after %d failed attempts", self.name, self.failures)
        self.failures = 0


async def retry(
    work: Callable[[], Awaitable[T]],
    *,
    outage: Outage,
    backoff: Backoff,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> T:
    """The result of ``work``, tried again after every ``RetryError`` for as long as it takes.

    Any other error goes through. Cancel to give up.
    """
    while True:
        try:
            result = await work()
        except RetryError as error:
            outage.failed(error)
            await sleep(backoff.next())
        else:
            outage.over()
            backoff.reset()
            return result


async def alone(lock: asyncio.Lock, work: Callable[[], T]) -> T:
    """The result of blocking ``work``, run off the loop while ``lock`` is held.

    A cancelled caller still waits for the end of ``work``, so that the next one never overlaps it.
    """
    async with lock:
        task = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait((task,))
            raise


def set_up_logging(level: int = logging.INFO, *, rich: bool | None = None) -> None:
    """Log to the error stream: coloured for a person at a terminal, plain lines for a log file.

    Args:
        level: lowest level that is shown.
        rich: None decides by whether the error stream is a terminal.
    """
    handler: logging.Handler
    if sys.stderr.isatty() if rich is None else rich:
        handler = RichHandler(show_path=False, rich_tracebacks=True)
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("mqtt", "asyncua", "httpx"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def run_service(main: Callable[[], Coroutine[Any, Any, None]], *, name: str, level: int = logging.INFO) -> int:
    """Run ``main`` until it ends, or until SIGTERM or SIGINT cancel it; the exit code.

    A ``FixError`` is shown as its text alone and gives exit code 2, another ``PlantError`` 1; any other error is a
    defect and is raised.
    """
    set_up_logging(level)
    log = logging.getLogger(name)
    code = EXIT_OK
    try:
        asyncio.run(_until_signal(main, log))
    except* FixError as errors:
        code = EXIT_FIX
        _tell(log, errors)
    except* PlantError as errors:
        code = max(code, EXIT_RETRY)
        _tell(log, errors)
    return code


def _tell(log: logging.Logger, errors: BaseExceptionGroup[PlantError]) -> None:
    for error in _leaves(errors):
        log.error("%s", error)


async def _until_signal(main: Callable[[], Coroutine[Any, Any, None]], log: logging.Logger) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(main())
    stopped: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        log.info("stopping on %s", number.name)
        stopped.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped:
            raise
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _leaves(group: BaseExceptionGroup[PlantError]) -> list[PlantError]:
    found: list[PlantError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
