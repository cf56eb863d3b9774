"""The header that every page shares: plant, pages, plant time, language, light, who is signed in."""

from copy import copy

from nicegui import Client, ui

from plant.model import Plant
from plantwatch.console.screen import RECHECK, Screen
from plantwatch.console.texts import Language, text

PAGES = {
    "/": "overview",
    "/trends": "trends",
    "/interlocks": "interlocks",
    "/alarms": "alarms",
    "/energy": "energy",
    "/data": "data",
}
"""Path to the key of its name, in the order of the menu."""


def dress(client: Client, title: str, *, language: Language, dark: bool) -> None:
    """Give this page its title, its light, and the language of the browser's own texts."""
    page = copy(client.page)  # shared by everybody who opens this path
    page.title = title
    page.language = "zh-CN" if language == "zh" else "en-US"
    page.dark = dark
    client.page = page


def header(screen: Screen) -> None:
    """Build the header and keep its clock and alarm count live."""
    plant = screen.desk.plant
    with ui.header().classes("pw-head"):
        ui.label(screen.title(plant)).classes("pw-brand").props["title"] = screen.title(plant)
        with ui.element("nav").classes("pw-nav"):
            for path, key in PAGES.items():
                link = ui.link(target=path)
                if path == screen.path:
                    link.props("aria-current=page")
                with link:
                    ui.label(screen.t(key))
                    if key == "alarms":
                        count = ui.label("").classes("pw-count")
        with ui.element("div").classes("pw-side"):
            clock = ui.label("").classes("pw-live")
            clock.props["title"] = f"{screen.t('plant_time')}, {plant.time_zone}"
            role = screen.t(f"role_{screen.viewer.role}")
            ui.label(f"{screen.viewer.name} · {role}").classes("pw-who")
            _switches(screen.language, screen.path, dark=screen.dark)
            ui.link(screen.t("sign_out"), "/logout")

    def update() -> None:
        clock.set_text(screen.clock(screen.desk.now(), "%Y-%m-%d %H:%M:%S"))
        waiting = [a for a in screen.desk.alarms() if a.state.unacknowledged]
        count.set_text(str(len(waiting)) if waiting else "")
        worst = min((list(_URGENCY).index(a.priority) for a in waiting), default=len(_URGENCY) - 1)
        count.classes(replace=f"pw-count {_URGENCY[worst]}")

    def still_signed_in() -> None:
        if screen.desk.authenticate(screen.token) is None:
            ui.navigate.to("/login")

    screen.live(update)
    ui.timer(RECHECK, still_signed_in)


_URGENCY = ("critical", "high", "medium", "low")


def _switches(language: Language, path: str, *, dark: bool) -> None:
    other: Language = "en" if language == "zh" else "zh"
    ui.link("中文" if other == "zh" else "English", f"/language/{other}?to={path}").props(f"lang={other}")
    light = ui.link("☾" if not dark else "☀", f"/light/{'light' if dark else 'dark'}?to={path}")
    light.props["title"] = text("dark", language)
    light.props["aria-label"] = text("dark", language)


def plain_header(plant: Plant, language: Language, path: str, *, dark: bool) -> None:
    """The header of the sign-in page."""
    with ui.header().classes("pw-head"):
        ui.label(plant.title(language)).classes("pw-brand")
        with ui.element("div").classes("pw-side"):
            _switches(language, path, dark=dark)
