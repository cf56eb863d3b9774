"""The plant at a glance: four summaries, then each unit's key values."""

from collections.abc import Callable

from nicegui import ui

from plant.clock import SECOND
from plant.model import ProcessUnit
from plantwatch.console import health_view
from plantwatch.console.data import AlarmState, InterlockHistory
from plantwatch.console.energy import EVERY as ENERGY_EVERY
from plantwatch.console.energy import SIGN as ENERGY_SIGN
from plantwatch.console.energy_view import Verdict, verdict
from plantwatch.console.interlock_view import InterlockState, Present, view
from plantwatch.console.screen import PRIORITY_SIGN, Screen, set_classes
from plantwatch.console.shown import NOTHING, Quality, number
from plantwatch.console.tiles import Tile, key_points, tile, worst_alarms

FIRST = 6
"""Key values shown of each unit before the rest is asked for."""
_FINDINGS = 200
_HOUR = 3600 * SECOND


def build(screen: Screen) -> None:
    """Build the page and keep it live."""
    with ui.element("div").classes("pw-cards"):
        cards = [_alarm_card(screen), _interlock_card(screen)]
        _energy_card(screen)
        cards.append(_data_card(screen))
    tiles: list[Tile] = []
    for area in screen.desk.plant.areas:
        ui.label(screen.title(area)).classes("pw-area").props("role=heading aria-level=2")
        with ui.element("div").classes("pw-units"):
            for unit in area.units:
                _unit(screen, unit, tiles)

    def update() -> None:
        now, latest = screen.desk.now(), screen.desk.latest()
        alarms = worst_alarms(list(screen.desk.alarms()))
        for t in tiles:
            t.update(screen, latest.get(t.point.id), alarms.get(t.point.id), now)
        for refresh in cards:
            refresh()

    screen.live(update)


def _unit(screen: Screen, unit: ProcessUnit, tiles: list[Tile]) -> None:
    first = key_points(screen.desk.plant, unit.points, FIRST)
    with ui.element("section").classes("pw-panel"):
        with ui.element("div").classes("pw-row pw-between").style("flex-wrap: nowrap"):
            ui.label(screen.title(unit)).classes("pw-title pw-clip").props["title"] = screen.title(unit)
            more = ui.element("button").classes("pw-link").props("type=button")
        with ui.element("div").classes("pw-tiles") as grid:
            tiles.extend(tile(screen, p) for p in first)
    if len(first) == len(unit.points):
        more.delete()
        return
    with more:
        ui.label(screen.t("n_points", n=len(unit.points)))

    def expand() -> None:
        more.delete()
        with grid:
            shown = {p.id for p in first}
            tiles.extend(tile(screen, p) for p in unit.points if p.id not in shown)

    more.on("click", expand)


def _card(title: str, path: str) -> tuple[ui.element, ui.label, ui.label]:
    with ui.link(target=path).classes("pw-card") as box:
        ui.label(title).classes("pw-faint")
        figure = ui.label("").classes("pw-figure pw-live")
        note = ui.label("").classes("pw-faint")
    return box, figure, note


def _alarm_card(screen: Screen) -> Callable[[], None]:
    box, figure, note = _card(screen.t("active_alarms"), "/alarms")

    def refresh() -> None:
        alarms = screen.desk.alarms()
        active = [a for a in alarms if a.state is not AlarmState.SHELVED]
        counts = [(p, sum(a.priority == p for a in active)) for p in PRIORITY_SIGN]
        figure.set_text("\u2003".join(f"{PRIORITY_SIGN[p]} {n}" for p, n in counts if n) or screen.t("no_alarms"))
        waiting = sum(a.state.unacknowledged for a in alarms)
        shelved = len(alarms) - len(active)
        note.set_text(f"{screen.t('unacknowledged', n=waiting)} · {screen.t('shelved_n', n=shelved)}")
        words = ", ".join(f"{n} {screen.t(f'priority_{p}')}" for p, n in counts if n)
        if figure.props.get("title") != words:
            figure.props["title"] = words
        urgent = any(a.priority == "critical" for a in active)
        set_classes(box, "pw-card" + (" critical" if urgent else " abnormal" if active else ""))

    return refresh


def _interlock_card(screen: Screen) -> Callable[[], None]:
    box, figure, note = _card(screen.t("interlocks"), "/interlocks")

    def refresh() -> None:
        desk = screen.desk
        present = Present(desk.plant, desk.latest(), desk.now(), desk.slack(), screen.language)
        history, findings = desk.interlock_history(), desk.findings(_FINDINGS)
        states = [
            view(i, present, history.get(i.id, InterlockHistory()), findings).state for i in desk.plant.interlocks
        ]
        armed = states.count(InterlockState.ARMED)
        figure.set_text(screen.t("interlocks_ready", n=armed, total=len(states)))
        others = [(s, states.count(s)) for s in InterlockState if s is not InterlockState.ARMED]
        note.set_text(" · ".join(f"{n} {screen.t(f'state_{s}')}" for s, n in others if n))
        failed = InterlockState.FAILED in states or InterlockState.TRIPPED in states
        set_classes(box, "pw-card" + (" critical" if failed else " abnormal" if armed < len(states) else ""))

    return refresh


def _energy_card(screen: Screen) -> None:
    """The last closed hour of the first product against its limit; it changes once an hour."""
    box, figure, note = _card(screen.t("energy"), "/energy")
    title = next(iter(box.default_slot.children))

    async def refresh() -> None:
        accounts = await screen.desk.energy()
        if not accounts or not accounts[0].hours:
            figure.set_text(screen.t("no_energy"))
            return
        account, last = accounts[0], accounts[0].hours[-1]
        judged = verdict(last, account.grades)
        hours = f"{screen.clock(last.start, '%H:00')}–{screen.clock(last.start + _HOUR, '%H:00')}"
        if isinstance(title, ui.label):
            title.set_text(screen.t("energy_of_hour", hours=hours))
        known = judged is not Verdict.NOT_ASSESSABLE
        figure.set_text(f"{number(last.consumption, 1)} kgce/t" if known else NOTHING)
        limit = f"{account.grades.standard} ≤ {account.grades.limit:g}" if account.grades.limit is not None else ""
        words = (f"{ENERGY_SIGN[judged]} {screen.t(f'reach_{judged}')}", limit)
        note.set_text(" · ".join(w for w in words if w))
        set_classes(
            box, "pw-card" + {Verdict.OVER: " critical", Verdict.NOT_ASSESSABLE: " abnormal"}.get(judged, "")
        )

    screen.live(refresh, every=ENERGY_EVERY)


def _data_card(screen: Screen) -> Callable[[], None]:
    box, figure, note = _card(screen.t("data"), "/data")

    def refresh() -> None:
        desk = screen.desk
        now, latest = desk.now(), desk.latest()
        sources = health_view.sources(latest, now=now, slack=desk.slack())
        connected = sum(s.connected is True for s in sources)
        present = Present(desk.plant, latest, now, desk.slack(), screen.language)
        good = sum(present.shown(p).quality is Quality.GOOD for p in desk.plant.points)
        figure.set_text(screen.t("values_good", n=good, total=len(desk.plant.points)))
        note.set_text(screen.t("sources_connected", n=connected, total=len(sources)))
        fine = connected == len(sources) and good == len(desk.plant.points)
        set_classes(box, "pw-card" if fine else "pw-card abnormal")

    return refresh
