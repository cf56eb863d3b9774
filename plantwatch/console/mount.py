"""Put the console onto the server's FastAPI app: pages, sign-in, and the two switches kept in the cookie."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from nicegui import Client, ui
from nicegui import app as pages
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from plant.clock import wall_clock
from plantwatch.console import alarms, data_health, energy, interlocks, login, overview, trends
from plantwatch.console.data import ConsoleData
from plantwatch.console.frame import PAGES, dress, header
from plantwatch.console.screen import Screen
from plantwatch.console.sessions import Sessions
from plantwatch.console.texts import LANGUAGES, Language, text

Build = Callable[[Screen], Awaitable[None] | None]
Login = Callable[[str], str | None]
"""Exchanges a one-time code for a bearer token; None when the code is unknown or used."""

_KEY = "key"
_COOKIE = "plantwatch_console"
_BUILD: Mapping[str, Build] = {
    "overview": overview.build,
    "trends": trends.build,
    "interlocks": interlocks.build,
    "alarms": alarms.build,
    "energy": energy.build,
    "data": data_health.build,
}


@dataclass(frozen=True, slots=True)
class _Console:
    desk: ConsoleData
    login: Login
    sessions: Sessions


def mount_console(
    app: FastAPI, desk: ConsoleData, login: Login, storage_secret: str, *, secure_cookie: bool = False
) -> None:
    """Serve the console at ``/`` of ``app``; call it after every other route has been added.

    Args:
        app: the server's app; what it has at other paths stays.
        desk: the parts behind the console.
        login: exchanges the one-time code of ``/login?code=…`` for a bearer token.
        storage_secret: signs the session cookie.
        secure_cookie: send the cookie over HTTPS only.
    """
    console = _Console(desk, login, Sessions(wall_clock))
    for path, key in PAGES.items():
        ui.page(path)(_page(console, path, key))
    ui.page("/login")(_login_page(console))
    _requests(console)
    ui.add_css(Path(__file__).parent / "theme.css", shared=True)
    ui.run_with(
        app,
        title="plantwatch",
        favicon="⚗️",
        tailwind=False,
        storage_secret=storage_secret,
        show_welcome_message=False,
        session_middleware_kwargs={
            "session_cookie": _COOKIE,
            "same_site": "lax",
            "https_only": secure_cookie,
        },
    )


def _language(request: Request) -> Language:
    kept = request.session.get("language")
    if kept in LANGUAGES:
        return cast("Language", kept)
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def _page(console: _Console, path: str, key: str) -> Callable[..., Any]:
    async def page(request: Request, client: Client) -> Response | None:
        token = console.sessions.token(request.session.get(_KEY))
        viewer = console.desk.authenticate(token) if token is not None else None
        if token is None or viewer is None:
            return RedirectResponse("/login", 303)
        language, dark = _language(request), bool(request.session.get("dark"))
        name = f"{text(key, language)} · {console.desk.plant.title(language)}"
        dress(client, name, language=language, dark=dark)
        banner = ui.label("").classes("pw-banner").props("role=alert")
        banner.set_visibility(False)
        query = dict(request.query_params)
        screen = Screen(console.desk, viewer, token, language, dark, path, query, banner)
        header(screen)
        built = _BUILD[key](screen)
        if built is not None:
            await built
        return None

    return page


def _login_page(console: _Console) -> Callable[..., Any]:
    def page(request: Request, client: Client, code: str | None = None) -> Response | None:
        token = console.login(code) if code is not None else None
        if token is not None:
            request.session[_KEY] = console.sessions.open(token)
            return RedirectResponse("/", 303)
        language, dark = _language(request), bool(request.session.get("dark"))
        dress(client, text("login_title", language), language=language, dark=dark)
        login.build(console.desk, console.sessions, language, dark=dark, code_refused=code is not None)
        return None

    return page


def _requests(console: _Console) -> None:
    """What must set the cookie: a page's own events come over its socket and cannot."""

    def session(request: Request, ticket: str) -> Response:
        token = console.sessions.redeem(ticket)
        if token is None:
            return RedirectResponse("/login", 303)
        request.session[_KEY] = console.sessions.open(token)
        return RedirectResponse("/", 303)

    def logout(request: Request) -> Response:
        console.sessions.close(request.session.pop(_KEY, None))
        return RedirectResponse("/login", 303)

    def language(request: Request, code: str, to: str = "/") -> Response:
        if code in LANGUAGES:
            request.session["language"] = code
        return RedirectResponse(_known(to), 303)

    def light(request: Request, mode: str, to: str = "/") -> Response:
        request.session["dark"] = mode == "dark"
        return RedirectResponse(_known(to), 303)

    routes: dict[str, Callable[..., Response]] = {
        "/session/{ticket}": session,
        "/logout": logout,
        "/language/{code}": language,
        "/light/{mode}": light,
    }
    for path, handler in routes.items():
        pages.remove_route(path)  # when a second console is made in one process, the last one holds
        pages.get(path, include_in_schema=False)(handler)


def _known(path: str) -> str:
    return path if path in PAGES or path == "/login" else "/"
