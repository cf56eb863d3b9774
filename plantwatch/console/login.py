"""Sign-in with a bearer token."""

from nicegui import ui

from plantwatch.console.data import ConsoleData
from plantwatch.console.frame import plain_header
from plantwatch.console.sessions import Sessions
from plantwatch.console.texts import Language, text


def build(desk: ConsoleData, sessions: Sessions, language: Language, *, dark: bool, code_refused: bool) -> None:
    """A field for the token; a right one goes on to the overview."""
    plain_header(desk.plant, language, "/login", dark=dark)
    with ui.element("div").classes("pw-panel pw-login"):
        ui.label(text("login_title", language)).classes("pw-title")
        ui.label(text("login_hint", language)).classes("pw-faint")
        token = (
            ui.input(text("token", language), password=True).props("outlined dense autofocus").classes("w-full")
        )
        token.style("width: 100%")
        wrong = ui.label(text("login_code_wrong", language)).classes("pw-banner").props("role=alert")
        wrong.set_visibility(code_refused)

        def sign_in() -> None:
            given = str(token.value or "").strip()
            if given and desk.authenticate(given) is not None:
                ui.navigate.to(f"/session/{sessions.ticket(given)}")
                return
            token.set_value("")
            wrong.set_text(text("login_wrong", language))
            wrong.set_visibility(True)

        token.on("keydown.enter", sign_in)
        ui.button(text("sign_in", language), on_click=sign_in, color=None).classes("pw-btn")
