"""The HTTP routes of the roof: health for everybody; values, findings, energy and the ledger for a token."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, HTTPException, Query, Response

from alerts.http_access import Needs
from plant.access import Action
from plant.clock import iso
from plant.codec import finding_fields
from plant.errors import RetryError
from plant.readings import Reading
from plantwatch.desk import Desk
from plantwatch.latest import Live

T = TypeVar("T")

Time = Annotated[int | None, Query(ge=0, le=2**63 - 1, description="nanoseconds since 1970 UTC")]
Name = Annotated[str | None, Query(max_length=300)]


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the server does its work: which parts hear the broker, and whether storage takes values."""

    parts: dict[str, bool]

    @property
    def good(self) -> bool:
        """All parts work."""
        return all(self.parts.values())


def routes(
    desk: Desk, needs: Needs, *, health: Callable[[], Health], status: Callable[[], dict[str, Any]]
) -> APIRouter:
    """All routes that are not the alarms'.

    Args:
        desk: the parts behind them.
        needs: gives the dependency that yields the ``Principal`` for an action.
        health: asked for ``/health``; tells nothing that needs a token.
        status: counters of the services, for ``/api/v1/status``.
    """
    api = APIRouter()

    @api.get("/health", tags=["health"])
    async def healthy(response: Response) -> dict[str, Any]:
        """200 while every part works, 503 otherwise; the only route without a token."""
        now = health()
        response.status_code = 200 if now.good else 503
        return {"good": now.good, "parts": now.parts}

    view = APIRouter(prefix="/api/v1", dependencies=[needs(Action.VIEW)])
    _counters(view, desk, status)
    _judgements(view, desk)
    _values(view, desk)
    api.include_router(view)
    return api


def _counters(api: APIRouter, desk: Desk, status: Callable[[], dict[str, Any]]) -> None:
    @api.get("/status", tags=["health"])
    async def counters() -> dict[str, Any]:
        """What each service did since the server started."""
        return status()

    @api.get("/ledger", tags=["data"])
    async def ledger() -> dict[str, Any]:
        """The loss ledger: per point received, written, rejected, lost; per agent its missing batches."""
        return asdict(await _asked(desk.ledger()))


def _judgements(api: APIRouter, desk: Desk) -> None:
    @api.get("/findings", tags=["findings"])
    async def findings(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        subject: Name = None,
        start: Time = None,
        end: Time = None,
    ) -> list[dict[str, Any]]:
        """Findings, newest first, by their start."""
        span = (0 if start is None else start, 2**63 - 1 if end is None else end)
        found = desk.store.newest(limit=limit, subject=subject, start=span[0], end=span[1])
        return [finding_fields(f) for f in found]

    @api.get("/energy", tags=["energy"])
    async def energy() -> list[dict[str, Any]]:
        """Unit consumption of every product: the closed hours and days, beside the grades."""
        accounts = await _asked(desk.energy())
        return [_plain(asdict(account)) for account in accounts]


def _values(api: APIRouter, desk: Desk) -> None:
    @api.get("/points", tags=["data"])
    async def points() -> list[dict[str, Any]]:
        """The last reading of every point that ever sent one."""
        return [_live(live) for _, live in sorted(desk.latest().items())]

    @api.get("/readings", tags=["data"])
    async def readings(
        point: Annotated[list[str], Query(min_length=1, max_length=50)],
        start: Annotated[int, Query(ge=0, le=2**63 - 1)],
        end: Annotated[int, Query(ge=0, le=2**63 - 1)],
        limit: Annotated[int, Query(ge=1, le=100_000)] = 10_000,
    ) -> dict[str, Any]:
        """Stored readings of some points, oldest first; ``complete`` is false when ``limit`` cut them."""
        if end <= start:
            raise HTTPException(422, "end must be later than start")
        rows = await _asked(desk.historian.read(point, start, end))
        return {"complete": len(rows) <= limit, "readings": [_reading(r) for r in rows[:limit].rows()]}


async def _asked(question: Awaitable[T]) -> T:
    """The answer; a store that is away for now is a 503."""
    try:
        return await question
    except RetryError as error:
        raise HTTPException(503, f"{error}; try again") from error


def _live(live: Live) -> dict[str, Any]:
    return {**_reading(live.reading), "arrival": iso(live.arrival)}


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "point": reading.point,
        "time": iso(reading.time),
        "time_ns": reading.time,
        "value": _number(reading.value),
        "status": reading.status,
        "quality": reading.quality.name.lower(),
        "text": reading.text,
    }


def _number(value: float) -> float | None:
    """JSON knows no NaN: no value is null, and the status says why."""
    return value if isfinite(value) else None


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case float():
            return _number(value)
        case dict():
            return {k: _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case _:
            return value
