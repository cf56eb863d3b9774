"""A tile: one point's live value with its unit, quality, age and alarm; a bad or old value shows a dash."""

from dataclasses import dataclass

from nicegui import ui

from plant.model import Kind, Plant, Point, Priority
from plantwatch.console.data import AlarmItem, AlarmState
from plantwatch.console.screen import PRIORITY_SIGN, Screen, set_classes
from plantwatch.console.shown import SYMBOL, Quality, age_text, show, silence_limit, unit_text
from plantwatch.latest import Live

_ORDER = list(Priority)


def worst_alarms(alarms: list[AlarmItem]) -> dict[str, Priority]:
    """The highest priority of the annunciated alarms of each subject."""
    quiet = {AlarmState.SHELVED, AlarmState.SUPPRESSED, AlarmState.OUT_OF_SERVICE, AlarmState.RTNUN}
    worst: dict[str, Priority] = {}
    for alarm in alarms:
        if alarm.state not in quiet:
            known = worst.get(alarm.subject, Priority.LOW)
            worst[alarm.subject] = max(known, alarm.priority, key=_ORDER.index)
    return worst


@dataclass(frozen=True, slots=True)
class Tile:
    """The elements of one tile that change."""

    point: Point
    limit: int | None
    box: ui.element
    value: ui.label
    sign: ui.label
    age: ui.label
    note: ui.label

    def update(self, screen: Screen, live: Live | None, alarm: Priority | None, now: int) -> None:
        """Show the point as it is now; what did not change is not sent."""
        shown = show(self.point, live, now=now, limit=self.limit, language=screen.language)
        self.value.set_text(shown.text)
        self.sign.set_text(SYMBOL[shown.quality])
        self.age.set_text(age_text(shown.age))
        words = [] if shown.quality is Quality.GOOD else [f"{SYMBOL[shown.quality]} {screen.t(shown.quality)}"]
        if shown.quality is Quality.STALE and live is not None:
            words.append(screen.t("last_at", time=screen.when(live.reading.time)))
        if alarm is not None:
            words.append(f"{PRIORITY_SIGN[alarm]} {screen.t(f'priority_{alarm}')}")
        self.note.set_text(" · ".join(words))
        tone = f" pw-alarm-{alarm}" if alarm is not None else ""
        set_classes(self.box, f"pw-tile pw-q-{shown.quality}{tone}")
        self._explain(screen, live, shown.last, shown.quality)

    def _explain(self, screen: Screen, live: Live | None, last: str, quality: Quality) -> None:
        words = f"{screen.title(self.point)}\n{self.point.id}"
        if live is not None and quality is not Quality.GOOD:
            words += "\n" + screen.t(
                "last_was",
                quality=f"{screen.t(quality)} (0x{live.reading.status:08X})",
                value=last,
                unit=unit_text(self.point.unit),
                time=screen.when(live.reading.time),
            )
        if self.box.props.get("title") != words:
            self.box.props["title"] = words


def tile(screen: Screen, point: Point) -> Tile:
    """Build the tile of a point; it leads to the point's trend."""
    with ui.link(target=f"/trends?points={point.id}").classes("pw-tile") as box:
        ui.label(screen.title(point)).classes("pw-name")
        value = ui.label("").classes("pw-value pw-live")
        ui.label(unit_text(point.unit)).classes("pw-unit")
        sign = ui.label("").classes("pw-sign")
        age = ui.label("").classes("pw-age")
        note = ui.label("").classes("pw-note")
    return Tile(point, silence_limit(screen.desk.plant, point, screen.desk.slack()), box, value, sign, age, note)


def key_points(plant: Plant, points: tuple[Point, ...], most: int) -> list[Point]:
    """The points of a unit to show first, in file order: those of interlocks, with alarms, then measured ones."""
    causes = {c.point for i in plant.interlocks for c in i.causes}

    def rank(point: Point) -> int:
        if point.id in causes:
            return 0
        return 1 if point.alarms else 2 + (point.kind is not Kind.ANALOG)

    chosen = {p.id for p in sorted(points, key=rank)[:most]}
    return [p for p in points if p.id in chosen]
