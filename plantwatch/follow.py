"""Keep listening: enter an inbox, work on it, and enter a new connection after every loss."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from plant.errors import Unavailable
from plant.ports import Inbox
from plant.service import Backoff, Outage

_log = logging.getLogger(__name__)


async def follow(
    inbox: AbstractAsyncContextManager[Inbox],
    work: Callable[[Inbox], Awaitable[None]],
    *,
    name: str,
    connected: Callable[[bool], None] = lambda _: None,
) -> None:
    """Run ``work`` over the inbox until cancelled; a lost broker is waited for.

    Args:
        inbox: may be entered again after it was left.
        work: ends only by raising.
        name: who listens, for the log.
        connected: hears each change of the connection.
    """
    outage, backoff = Outage(f"MQTT broker (for {name})", _log), Backoff()
    while True:
        try:
            async with inbox as entered:
                outage.over()
                backoff.reset()
                connected(True)
                await work(entered)
        except Unavailable as error:
            outage.failed(error)
        finally:
            connected(False)
        await asyncio.sleep(backoff.next())
