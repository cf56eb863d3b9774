"""The HTTP API as one application: all routes but ``/health`` behind a token, bodies bounded, refusals written."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from alerts.api import router as alarm_routes
from alerts.http_access import BodyLimit, RefusalLog, invalid, needs_factory
from plant.clock import Clock, wall_clock
from plantwatch.api import Health, routes
from plantwatch.desk import Desk


def api_app(
    desk: Desk,
    refusals: RefusalLog,
    *,
    health: Callable[[], Health],
    status: Callable[[], dict[str, Any]],
    clock: Clock = wall_clock,
) -> FastAPI:
    """The application without the console.

    Args:
        desk: the parts behind the routes.
        refusals: hears every refused access.
        health: for ``/health``.
        status: for ``/api/v1/status``.
        clock: counts the life of tokens: the real one, whatever the plant's clock does [ns UTC].
    """
    app = FastAPI(title="plantwatch", docs_url=None, redoc_url=None, openapi_url=None)
    needs = needs_factory(desk.tokens, clock, refusals.refused)
    app.include_router(routes(desk, needs, health=health, status=status))
    app.include_router(alarm_routes(desk.alarm_desk, needs))
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_middleware(BodyLimit)
    return app
