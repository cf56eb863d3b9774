"""Works through gaps beside the live stream: history where the server has it, a declared loss where not."""

import asyncio
from collections.abc import Sequence

from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from edge_agent.sources.opcua_history import Gap, alike, learn_history, read_gaps
from edge_agent.sources.opcua_intake import Intake
from edge_agent.sources.opcua_session import Session
from plant.readings import Readings

_SETTLE = 0.2
"""A server may write its history a moment after it has sent the value; gaps wait this long before reading [s]."""
_NODES = 100
"""Most nodes whose history is asked for at once, to keep answers small [1]."""


class Backfill:
    """The open gaps of one connection. What is still open when it is lost is found again from the marks."""

    def __init__(self, session: Session, intake: Intake) -> None:
        self._session, self._intake = session, intake
        self._open: list[Gap] = []
        self._some = asyncio.Event()

    def add(self, gaps: Sequence[Gap]) -> None:
        """Queue gaps; at most a few per item are ever open."""
        if gaps:
            self._open.extend(gaps)
            self._some.set()

    async def run(self) -> None:
        """Close gaps until cancelled.

        Raises:
            UaError, TimeoutError, OSError, DropError: the connection is lost or its answers cannot be read.
        """
        while True:
            await self._some.wait()
            await asyncio.sleep(_SETTLE)
            gaps, self._open = self._open, []
            self._some.clear()
            await learn_history(self._session, gaps)
            await self._declare([g for g in gaps if not g.item.history])
            limit = min(self._session.limits.history, _NODES)
            for group in alike([g for g in gaps if g.item.history], limit):
                await self._read(group)

    async def _declare(self, gaps: list[Gap]) -> None:
        if gaps:
            losses = tuple(loss for gap in gaps if gap.known_start for loss in gap.loss())
            await self._intake.past(Readings.empty(), losses, gaps)

    async def _read(self, group: list[Gap]) -> None:
        try:
            async for page in read_gaps(self._session, group):
                await self._intake.past(page.readings, page.losses, [])
        except UaStatusCodeError as error:
            if error.code in _GONE:
                raise
            # The service itself is refused (not supported, too much): these gaps stay lost, the stream goes on.
            for gap in group:
                gap.reason = f"{gap.reason}; history refused with {type(error).__name__}"
            await self._declare(group)
        else:
            await self._intake.past(Readings.empty(), (), group)


_GONE = frozenset({
    StatusCodes.BadSessionClosed,
    StatusCodes.BadSessionIdInvalid,
    StatusCodes.BadSecureChannelClosed,
    StatusCodes.BadConnectionClosed,
})  # fmt: skip
"""Answers that mean the connection, not the request."""
