"""The HTTP API of the alarm desk. Every route names the action it needs; user names come from the token alone."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from alerts import kpi
from alerts.desk import AlarmDesk, CommandRefused, UnknownAlarm
from alerts.http_access import Needs, body
from alerts.journal import Line
from plant.access import Action, Principal
from plant.errors import Unavailable

AlarmId = Annotated[str, Path(min_length=1, max_length=512)]
Occurrence = Annotated[str, Path(min_length=1, max_length=64)]
_MAX_SEQ = 2**63 - 1


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ShelveBody(_Body):
    """How long and why."""

    duration_s: Annotated[float, Field(gt=0, le=28_800)]
    """[s]; at most one shift of 8 h."""
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class OutOfServiceBody(_Body):
    """Take out of service with a reason, or return to service."""

    out: bool
    reason: Annotated[str, Field(max_length=500)] = ""


def router(desk: AlarmDesk, needs: Needs) -> APIRouter:
    """The routes under ``/api/v1``.

    Args:
        desk: the alarm desk; called on the event loop, where it lives.
        needs: gives the dependency that yields the ``Principal`` for an action.
    """
    api = APIRouter(prefix="/api/v1", tags=["alarms"])
    _reading(api, desk, needs)
    _commands(api, desk, needs)
    _maintenance(api, desk, needs)
    return api


def _reading(api: APIRouter, desk: AlarmDesk, needs: Needs) -> None:
    one_at_a_time = asyncio.Lock()  # long reads of the journal

    @api.get("/alarms", dependencies=[needs(Action.VIEW)])
    async def alarms() -> list[dict[str, Any]]:
        """Every alarm that is not normal, most urgent first."""
        return [asdict(view) for view in desk.active()]

    @api.get("/alarms/history", dependencies=[needs(Action.VIEW)])
    async def history(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        before: Annotated[int | None, Query(ge=0, le=_MAX_SEQ)] = None,
        alarm: Annotated[str | None, Query(max_length=512)] = None,
    ) -> list[dict[str, Any]]:
        """Lines of the journal, newest first; go on with ``before`` = the last ``seq``."""
        with _answered():
            return [_line(line) for line in desk.history(limit, before, alarm)]

    @api.get("/journal/verify", dependencies=[needs(Action.VIEW)])
    async def verify() -> dict[str, Any]:
        """Whether the journal's chain is whole; note ``head`` to prove later that no row was cut off."""
        with _answered():
            async with one_at_a_time:
                found = await asyncio.to_thread(desk.verify)
        return {
            "whole": found.broken is None,
            "first_broken_row": found.broken,
            "rows": found.rows,
            "head": found.head,
        }

    @api.get("/alarms/load", dependencies=[needs(Action.VIEW)])
    async def load(hours: Annotated[int, Query(ge=1, le=kpi.MOST_HOURS)] = 24) -> dict[str, Any]:
        """Alarm load of the last hours: calls in each ten minutes, and the alarms that chatter."""
        span = kpi.span(desk.clock(), hours)
        with _answered():
            async with one_at_a_time:
                calls = await asyncio.to_thread(desk.activations, span.start, span.end, kpi.MOST_CALLS)
        return asdict(kpi.load(calls, span))


def _commands(api: APIRouter, desk: AlarmDesk, needs: Needs) -> None:
    @api.post("/alarms/occurrences/{occurrence}/acknowledge")
    async def acknowledge(
        occurrence: Occurrence, who: Annotated[Principal, needs(Action.ACKNOWLEDGE)]
    ) -> dict[str, str]:
        """Acknowledge one occurrence, by its own id: it can never hit a later one."""
        return _do(lambda: desk.acknowledge(occurrence, who.name))

    @api.post("/alarms/{alarm:path}/silence")
    async def silence(alarm: AlarmId, who: Annotated[Principal, needs(Action.ACKNOWLEDGE)]) -> dict[str, str]:
        """Stop the sound, nothing else."""
        return _do(lambda: desk.silence(alarm, who.name))

    @api.post("/alarms/{alarm:path}/unshelve")
    async def unshelve(alarm: AlarmId, who: Annotated[Principal, needs(Action.SHELVE)]) -> dict[str, str]:
        """Take back from the shelf."""
        return _do(lambda: desk.unshelve(alarm, who.name))

    @api.post("/alarms/{alarm:path}/reset")
    async def reset(alarm: AlarmId, who: Annotated[Principal, needs(Action.RESET)]) -> dict[str, str]:
        """Release a latch, once the cause is gone and the alarm acknowledged."""
        return _do(lambda: desk.reset(alarm, who.name))


def _maintenance(api: APIRouter, desk: AlarmDesk, needs: Needs) -> None:
    @api.post("/alarms/{alarm:path}/shelve")
    async def shelve(
        alarm: AlarmId, request: Request, who: Annotated[Principal, needs(Action.SHELVE)]
    ) -> dict[str, str]:
        """Put aside for a time (body: ``ShelveBody``); critical alarms are refused."""
        asked = await body(request, ShelveBody)
        return _do(lambda: desk.shelve(alarm, asked.duration_s, asked.reason, who.name))

    @api.post("/alarms/{alarm:path}/out-of-service")
    async def out_of_service(
        alarm: AlarmId, request: Request, who: Annotated[Principal, needs(Action.OUT_OF_SERVICE)]
    ) -> dict[str, str]:
        """Take out of service, or return to service (body: ``OutOfServiceBody``)."""
        asked = await body(request, OutOfServiceBody)
        if asked.out:
            return _do(lambda: desk.out_of_service(alarm, asked.reason, who.name))
        return _do(lambda: desk.return_to_service(alarm, who.name))


def _do(command: Callable[[], None]) -> dict[str, str]:
    with _answered():
        command()
    return {"result": "done"}


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except UnknownAlarm as error:
        raise HTTPException(404, str(error)) from error
    except CommandRefused as error:
        raise HTTPException(409, str(error)) from error
    except Unavailable as error:
        raise HTTPException(503, "the alarm journal is away; nothing was changed, try again") from error


def _line(line: Line) -> dict[str, Any]:
    entry = line.entry
    return {
        "seq": line.seq,
        "time": entry.time,
        "written": entry.written,
        "event": entry.event,
        "alarm": entry.alarm,
        "occurrence": entry.occurrence,
        "user": entry.user,
        "detail": entry.detail,
        "hash": line.hash,
    }
