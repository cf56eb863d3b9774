"""Interlocks as cause, vote, command and effect, with bypass, last demand and what the rules found."""

from nicegui import ui

from plant.clock import SECOND
from plant.findings import FindingState
from plant.rule_titles import named
from plantwatch.console.data import InterlockHistory
from plantwatch.console.interlock_view import (
    CauseView,
    EffectView,
    InterlockState,
    InterlockView,
    Present,
    Vote,
    view,
)
from plantwatch.console.screen import Screen, chip, set_classes
from plantwatch.console.shown import SYMBOL, Quality, age_text, decimals, number, unit_text

SIGN = {
    InterlockState.ARMED: "✓",
    InterlockState.TRIPPED: "■",
    InterlockState.BYPASSED: "⤼",
    InterlockState.FAILED: "✕",
    InterlockState.UNKNOWN: "?",
}
_FINDINGS = 200


def build(screen: Screen) -> None:
    """Build the page; each interlock is drawn anew only when something of it changed."""
    with ui.element("div").classes("pw-row").style("gap: 8px"):
        chips = {i.id: ui.link(target=f"#{i.id}").classes("pw-chip") for i in screen.desk.plant.interlocks}
        words = {}
        for interlock in screen.desk.plant.interlocks:
            with chips[interlock.id]:
                words[interlock.id] = ui.label("")
    places: dict[str, tuple[ui.element, list[InterlockView]]] = {}
    for interlock in screen.desk.plant.interlocks:
        panel = ui.element("section").classes("pw-panel")
        panel.props["id"] = interlock.id
        places[interlock.id] = (panel, [])
    if not places:
        ui.label(screen.t("no_interlocks")).classes("pw-faint")

    def update() -> None:
        desk = screen.desk
        present = Present(desk.plant, desk.latest(), desk.now(), desk.slack(), screen.language)
        history, findings = desk.interlock_history(), desk.findings(_FINDINGS)
        for interlock in desk.plant.interlocks:
            now = view(interlock, present, history.get(interlock.id, InterlockHistory()), findings)
            panel, drawn = places[interlock.id]
            if not drawn or _key(screen, drawn[0]) != _key(screen, now):
                drawn[:] = [now]
                words[interlock.id].set_text(f"{SIGN[now.state]} {interlock.id} {screen.t(f'state_{now.state}')}")
                set_classes(chips[interlock.id], f"pw-chip {now.state}")
                panel.clear()
                with panel:
                    _draw(screen, now)

    screen.live(update)


def _key(screen: Screen, seen: InterlockView) -> object:
    """What of an interlock is visible; ages of good values are not."""
    causes = [(c.shown.text, c.shown.quality, c.vote, c.bypassed) for c in seen.causes]
    effects = [(e.shown.text, e.shown.quality, e.safe) for e in seen.effects]
    return (
        causes,
        effects,
        seen.state,
        seen.commanded,
        _bypass(screen, seen),
        seen.history,
        seen.findings,
        seen.missing,
    )


def _draw(screen: Screen, seen: InterlockView) -> None:
    interlock = seen.interlock
    with ui.element("div").classes("pw-row pw-between"):
        with ui.element("div").classes("pw-row").style("width: auto"):
            ui.label(screen.title(interlock)).classes("pw-title").props("role=heading aria-level=2")
            ui.label(interlock.id).classes("pw-faint pw-mono")
            sil = f"SIL {interlock.sil} · " if interlock.sil is not None else ""
            response = screen.t("response", seconds=f"{interlock.response:g}")
            ui.label(f"{sil}{interlock.voting} · {response} · {interlock.clause}").classes("pw-faint")
        chip(screen.t(f"state_{seen.state}"), SIGN[seen.state], seen.state)
    with ui.element("div").classes("pw-flow"):
        with ui.element("div").classes("pw-step"):
            _causes(screen, seen.causes)
        ui.label("→").classes("pw-arrow")
        _command(screen, seen)
        ui.label("→").classes("pw-arrow")
        with ui.element("div").classes("pw-step"):
            _effects(screen, seen)
    _facts(screen, seen)
    _findings(screen, seen)


def _heads(*words: str) -> None:
    for i, word in enumerate(words):
        ui.label(word).classes("h n" if i in {1, 2} else "h")


def _value(text: str, unit: str, quality: Quality) -> None:
    sign = "" if quality is Quality.GOOD else f" {SYMBOL[quality]}"
    label = ui.label(f"{text} {unit_text(unit)}{sign}".strip()).classes(f"n pw-live pw-sign {quality}")
    if quality is Quality.GOOD:
        label.classes(remove="pw-sign")


def _causes(screen: Screen, causes: tuple[CauseView, ...]) -> None:
    t = screen.t
    grid = ui.element("div").classes("pw-grid")
    with grid.style("grid-template-columns: minmax(0, 1fr) auto auto auto auto"):
        _heads(t("cause"), t("value"), t("set_point"), t("vote"), t("bypass"))
        for c in causes:
            ui.label(screen.title(c.point)).props["title"] = c.point.id
            _value(c.shown.text, c.point.unit, c.shown.quality)
            set_point = number(c.cause.set_point, decimals(c.point))
            ui.label(f"{c.cause.comparator} {set_point} {unit_text(c.point.unit)}".strip()).classes("n")
            sign = {Vote.TRIP: "■", Vote.HEALTHY: "✓", Vote.UNKNOWN: "?"}[c.vote]
            vote = ui.label(f"{sign} {t(f'vote_{c.vote}')}")
            vote.classes({Vote.TRIP: "pw-trip", Vote.HEALTHY: "", Vote.UNKNOWN: "pw-sign uncertain"}[c.vote])
            by = {True: f"⤼ {t('channel_bypassed')}", None: f"? {t('unknown')}", False: t("bypass_none")}[
                c.bypassed
            ]
            ui.label(by).classes("pw-faint" if c.bypassed is False else "pw-sign uncertain")


def _command(screen: Screen, seen: InterlockView) -> None:
    interlock = seen.interlock
    with ui.element("div").classes("pw-step on" if seen.commanded else "pw-step"):
        ui.label(screen.t("vote")).classes("pw-faint")
        ui.label(
            screen.t("votes", n=seen.votes, channels=interlock.channels, needed=interlock.votes_needed)
        ).classes("pw-live")
        ui.label(screen.t("command")).classes("pw-faint")
        words = {True: f"■ {screen.t('command_on')}", False: f"✓ {screen.t('command_off')}"}
        label = ui.label(words[seen.commanded] if seen.commanded is not None else f"? {screen.t('unknown')}")
        label.classes("pw-live pw-trip" if seen.commanded else "pw-live")


def _effects(screen: Screen, seen: InterlockView) -> None:
    t = screen.t
    grid = ui.element("div").classes("pw-grid")
    with grid.style("grid-template-columns: minmax(0, 1fr) auto auto auto"):
        _heads(t("effect"), t("feedback"), t("safe_state"), t("state"))
        for e in seen.effects:
            ui.label(screen.title(e.effect)).props["title"] = e.effect.feedback
            _value(e.shown.text, e.point.unit, e.shown.quality)
            states = {**e.point.states, **(e.point.states_zh if screen.language == "zh" else {})}
            plain = f"{number(e.effect.safe_state, decimals(e.point))} {unit_text(e.point.unit)}".strip()
            safe = states.get(round(e.effect.safe_state), plain)
            ui.label(safe).classes("n")
            _safety(screen, e, commanded=seen.commanded)


def _safety(screen: Screen, effect: EffectView, *, commanded: bool | None) -> None:
    if effect.safe is None:
        ui.label(f"? {screen.t('unknown')}").classes("pw-sign uncertain")
    elif effect.safe:
        ui.label(f"✓ {screen.t('safe_reached')}")
    elif commanded:
        ui.label(f"✕ {screen.t('safe_missing')}").classes("pw-trip")
    else:
        ui.label(screen.t("safe_not")).classes("pw-faint")


def _bypass(screen: Screen, seen: InterlockView) -> str:
    if seen.bypassed is None:
        return screen.t("unknown")
    if not seen.bypassed:
        return screen.t("bypass_none")
    since = seen.history.bypassed_since
    if since is None:
        return screen.t("bypass_on")
    age = age_text(max(screen.desk.now() - since, 0))
    limit = age_text(int(seen.interlock.bypass_limit * SECOND))
    return screen.t("bypass_since", time=screen.when(since), age=age, limit=limit)


def _facts(screen: Screen, seen: InterlockView) -> None:
    history = seen.history
    rows = (
        ("bypass", _bypass(screen, seen)),
        (
            "last_demand",
            screen.when(history.last_demand) if history.last_demand is not None else screen.t("never"),
        ),
        ("last_trip", screen.when(history.last_trip) if history.last_trip is not None else screen.t("never")),
        ("findings", str(len(seen.findings)) if seen.findings else screen.t("no_findings")),
    )
    with ui.element("div").classes("pw-facts"):
        for key, words in rows:
            with ui.element("div").classes("pw-row").style("width: auto; gap: 6px"):
                ui.label(screen.t(key)).classes("pw-faint")
                label = ui.label(words)
                if key == "bypass" and seen.bypassed is not False:
                    label.classes("pw-sign uncertain")
    if seen.missing:
        names = ", ".join(dict.fromkeys(screen.subject(p) for p in seen.missing))
        ui.label(f"? {screen.t('missing_signals', points=names)}").classes("pw-sign uncertain")


def _findings(screen: Screen, seen: InterlockView) -> None:
    for f in seen.findings:
        with ui.element("div").classes("pw-finding"):
            serious = f.state is FindingState.OPEN
            chip(
                named(f.rule).told(screen.language),
                "✕" if f.assessable else "?",
                str(f.severity) if serious else "",
            )
            ui.label(screen.when(f.start)).classes("n")
            expected, seen_then = f.told_in(screen.language)
            ui.label(screen.t("finding_text", expected=expected, seen=seen_then))
            ui.label(f"{screen.t(f'finding_{f.state}')} · {f.clause}").classes("pw-faint")
