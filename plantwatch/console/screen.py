"""One open page of one signed-in person: language, rights, texts, and updates that fail visibly."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable

from nicegui import ui

from plant.errors import PlantError
from plant.model import Named
from plantwatch.console.data import Act, ConsoleData, Viewer
from plantwatch.console.shown import clock_text, when_text
from plantwatch.console.texts import Language, text

_log = logging.getLogger(__name__)
UPDATE = 1.0
"""Seconds between two updates of what is live."""
RECHECK = 15.0
"""Seconds between two checks that the token still holds."""
PRIORITY_SIGN = {"critical": "▲▲", "high": "▲", "medium": "◆", "low": "▼"}


@dataclass(frozen=True, slots=True)
class Screen:
    """What every page is built with."""

    desk: ConsoleData
    viewer: Viewer
    token: str
    language: Language
    dark: bool
    path: str
    query: Mapping[str, str]
    banner: ui.label

    def t(self, key: str, **values: object) -> str:
        """The text of ``key`` in the viewer's language."""
        return text(key, self.language, **values)

    def title(self, part: Named) -> str:
        """The name that the plant file gives in the viewer's language."""
        return part.title(self.language)

    def subject(self, name: str) -> str:
        """What an id of the plant file is called; the id itself where the file does not name it."""
        plant = self.desk.plant
        others: tuple[Named, ...] = (*plant.interlocks, *plant.products, *plant.meters)
        named: Named | None = plant.points.get(name) or next((o for o in others if o.id == name), None)
        return self.title(named) if named is not None else name

    def when(self, ns: int | None) -> str:
        """A time in the plant's zone, short."""
        return when_text(ns, self.desk.plant.time_zone, now=self.desk.now())

    def clock(self, ns: int, form: str) -> str:
        """A time in the plant's zone, in a ``strftime`` form."""
        return clock_text(ns, self.desk.plant.time_zone, form=form)

    def may(self, act: Act) -> bool:
        """Whether to offer this action at all."""
        return act in self.viewer.may

    def do(self, act: Act, action: Callable[[Viewer], None], *, done: str) -> bool:
        """Do it if the token still holds and allows it now, and say so; else say why not."""
        why = self._attempt(act, action)
        if why is None:
            ui.notify(done, type="info")
        else:
            ui.notify(self.t("refused", why=why), type="warning", timeout=8000)
        return why is None

    def _attempt(self, act: Act, action: Callable[[Viewer], None]) -> str | None:
        viewer = self.desk.authenticate(self.token)
        if viewer is None:
            return self.t("signed_out")
        if act not in viewer.may:
            return self.t("not_allowed")
        try:
            action(viewer)
        except PlantError as no:
            return str(no)
        return None

    def live(self, update: Callable[[], Awaitable[None] | None], *, every: float = UPDATE) -> None:
        """Call ``update`` now and then every so many seconds; a failure is written across the page."""

        async def step() -> None:
            try:
                result = update()
                if isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001 - whatever it is, old values must not look live
                _log.exception("the page %s could not be updated", self.path)
                self.freeze(self.t("page_failed", error=error))
                return
            self.thaw()

        ui.timer(every, step)

    def freeze(self, why: str) -> None:
        """Say that nothing here is live any more."""
        self.banner.set_text(why)
        self.banner.set_visibility(True)
        ui.query("body").classes(add="pw-frozen")

    def thaw(self) -> None:
        """Take the warning away again."""
        if self.banner.visible:
            self.banner.set_visibility(False)
            ui.query("body").classes(remove="pw-frozen")


def chip(words: str, sign: str, kind: str) -> ui.label:
    """A word in a frame with a form before it; ``kind`` is its CSS class."""
    return ui.label(f"{sign} {words}").classes(f"pw-chip {kind}")


def set_classes(element: ui.element, classes: str) -> None:
    """Give the element exactly these classes; nothing is sent when it has them already."""
    if element.classes != classes.split():
        element.classes(replace=classes)
