"""Messages in groups: one historian write for many small batches."""

import asyncio
from collections.abc import AsyncIterator

from plant.ports import Delivery


async def groups(
    messages: AsyncIterator[Delivery], *, most: int, most_bytes: int, within: float
) -> AsyncIterator[list[Delivery]]:
    """Deliveries in lists of at least one, in order.

    A list is closed by ``most`` messages, by ``most_bytes`` of payload, or ``within`` [s] after its first message.
    When the source fails, what has come is handed out first; then its error is raised.

    Args:
        messages: the source; ends only by raising.
        most: largest number of messages in a list.
        most_bytes: payload [bytes] from which on a list is closed.
        within: longest wait for company [s].
    """
    loop = asyncio.get_running_loop()
    coming = asyncio.ensure_future(anext(messages))
    try:
        while True:
            group = [await coming]
            closes, size = loop.time() + within, len(group[0].payload)
            coming = asyncio.ensure_future(anext(messages))
            while len(group) < most and size < most_bytes:
                await asyncio.wait((coming,), timeout=max(0.0, closes - loop.time()))
                if not coming.done() or coming.exception() is not None:
                    break
                group.append(coming.result())
                size += len(group[-1].payload)
                coming = asyncio.ensure_future(anext(messages))
            yield group
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
