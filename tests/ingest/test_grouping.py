"""Grouping: by number, by size, by time; nothing lost when the source fails."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ingest.grouping import groups
from plant.errors import Unavailable
from plant.ports import Delivery


def delivery(n: int, size: int = 1) -> Delivery:
    return Delivery("t", bytes([n]) * size, n)


async def source(*sizes: int) -> AsyncIterator[Delivery]:
    for n, size in enumerate(sizes):
        yield delivery(n, size)
    raise Unavailable("gone")


async def collect(messages: AsyncIterator[Delivery], *, most: int, most_bytes: int) -> list[list[int]]:
    found: list[list[int]] = []
    try:
        async for group in groups(messages, most=most, most_bytes=most_bytes, within=5.0):
            found += [[d.payload[0] for d in group]]
    except Unavailable:
        return found
    raise AssertionError("the source's error was swallowed")


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param([1] * 7, [[0, 1, 2], [3, 4, 5], [6]], id="by number, the rest when the source fails"),
        pytest.param([60, 60, 1, 1, 1], [[0, 1], [2, 3, 4]], id="by size"),
        pytest.param([500, 1], [[0], [1]], id="one large message alone"),
        pytest.param([], [], id="nothing"),
    ],
)
async def test_groups_are_closed_by_number_and_size(sizes: list[int], expected: list[list[int]]) -> None:
    assert await collect(source(*sizes), most=3, most_bytes=100) == expected


async def test_a_lonely_message_is_handed_out_when_its_time_is_up() -> None:
    async def one_then_silence() -> AsyncIterator[Delivery]:
        yield delivery(1)
        await asyncio.Event().wait()

    grouped = groups(one_then_silence(), most=10, most_bytes=100, within=0.0)
    async with asyncio.timeout(5):
        assert [d.payload for d in await anext(grouped)] == [b"\x01"]
    await grouped.aclose()
