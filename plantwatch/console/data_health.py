"""Whether the data can be trusted: each source's health, and the loss ledger that proves what was lost."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from ingest.ledger_view import LedgerSnapshot
from plant.clock import SECOND
from plant.virtual import HealthMetric
from plantwatch.console import health_view
from plantwatch.console.screen import Screen
from plantwatch.console.shown import NOTHING, age_text, number
from plantwatch.console.tables import show_rows, table

MOST_GAPS = 100
EVERY = 2.0
"""Seconds between two looks at the ledger."""
_COUNTS = (HealthMetric.RECEIVED, HealthMetric.SENT, HealthMetric.SPOOLED, HealthMetric.LOST, HealthMetric.FAILING)
_ACCOUNT = ("received", "written", "rejected", "overwritten", "expired", "lost")
_TOTALS = (*_ACCOUNT, "duplicates", "missing_batches", "unreadable")
_CONNECTED = """<q-td :props="props"><span :class="'pw-chip ' + props.row.kind">{{ props.value }}</span>
<div class="pw-faint pw-wrap" v-if="props.row.why">{{ props.row.why }}</div></q-td>"""
_POINT = """<q-td :props="props"><span class="pw-mono">{{ props.value }}</span></q-td>"""
_LOST = """<q-td :props="props"><span v-if="props.row.lost" class="pw-trip">✕ {{ props.value }}</span>
<span v-else>{{ props.value }}</span></q-td>"""


def build(screen: Screen) -> None:
    """Build the tables and keep them live."""
    sources = _sources(screen)
    ledger = _ledger(screen)

    async def update() -> None:
        ledger(await screen.desk.ledger())

    screen.live(sources)
    screen.live(update, every=EVERY)


def _sources(screen: Screen) -> Callable[[], None]:
    with ui.element("section").classes("pw-panel"):
        ui.label(screen.t("sources")).classes("pw-title").props("role=heading aria-level=2")
        columns = ["agent", "source", "connected", *(str(m) for m in _COUNTS), "last_value"]
        board = table(screen, columns, empty="no_sources")
        board.add_slot("body-cell-connected", _CONNECTED)

    def refresh() -> None:
        now = screen.desk.now()
        found = health_view.sources(screen.desk.latest(), now=now, slack=screen.desk.slack())
        rows = [_source_row(screen, s, now) for s in found]
        show_rows(screen, board, rows, None, total=len(rows))

    return refresh


def _source_row(screen: Screen, source: health_view.SourceView, now: int) -> dict[str, Any]:
    why = source.failing
    match source.connected:
        case True:
            words, kind = f"✓ {screen.t('yes')}", ""
        case False:
            words, kind = f"✕ {screen.t('no')}", "high"
        case None:
            words, kind = f"? {screen.t('unknown')}", "unknown"
            why = screen.t("agent_silent", age=age_text(max(now - source.reported, 0)))
    counts: dict[str, int | None] = {str(m): source.counts.get(m) for m in _COUNTS}
    age = screen.t("ago", age=age_text(int(source.age * SECOND))) if source.age is not None else NOTHING
    return counts | {
        "id": f"{source.agent}/{source.source}",
        "agent": source.agent,
        "source": source.source,
        "connected": words,
        "kind": kind,
        "why": why,
        "last_value": age,
    }


def _ledger(screen: Screen) -> Callable[[LedgerSnapshot], None]:
    t = screen.t
    with ui.element("section").classes("pw-panel"):
        with ui.element("div").classes("pw-row pw-between"):
            ui.label(t("loss_ledger")).classes("pw-title").props("role=heading aria-level=2")
            search = ui.input(t("filter")).props("outlined dense clearable").style("width: 280px")
        totals = ui.element("div").classes("pw-facts")
        figures = {key: _total(screen, totals, key) for key in _TOTALS}
        ui.label(t("ledger_note")).classes("pw-faint")
        board = table(
            screen,
            ["point", "name", *_ACCOUNT],
            empty="no_gaps",
            page=12,
        )
        board.add_slot("body-cell-point", _POINT)
        board.add_slot("body-cell-lost", _LOST)
        board.bind_filter_from(search, "value")
    with ui.element("section").classes("pw-panel"):
        ui.label(t("gaps")).classes("pw-title").props("role=heading aria-level=2")
        gaps = table(screen, ["from", "to", "agent", "point", "values", "reason"], empty="no_gaps", page=10)
        more = ui.label("").classes("pw-faint")

    def refresh(ledger: LedgerSnapshot) -> None:
        sums = _sums(ledger)
        for key, label in figures.items():
            label.set_text(number(sums[key], 0))
        show_rows(screen, board, _point_rows(screen, ledger), None, total=len(ledger.points))
        found = _gap_rows(screen, ledger)
        show_rows(screen, gaps, found[:MOST_GAPS], more, total=len(found))

    return refresh


def _total(screen: Screen, place: ui.element, key: str) -> ui.label:
    with place, ui.element("div"):
        ui.label(screen.t(key)).classes("pw-faint")
        return ui.label("").classes("pw-figure pw-live")


def _sums(ledger: LedgerSnapshot) -> dict[str, int]:
    return {key: sum(getattr(p, key) for p in ledger.points) for key in _ACCOUNT} | {
        "duplicates": sum(a.duplicates for a in ledger.agents),
        "missing_batches": sum(g.count for a in ledger.agents for g in a.missing),
        "unreadable": sum(ledger.unreadable.values()),
    }


def _point_rows(screen: Screen, ledger: LedgerSnapshot) -> list[dict[str, Any]]:
    """The points that lost something first."""
    ordered = sorted(ledger.points, key=lambda p: (p.lost == 0, p.rejected == 0, p.point))
    return [
        {
            "id": p.point,
            "point": p.point,
            "name": screen.subject(p.point) if p.point in screen.desk.plant.points else "",
            **{key: getattr(p, key) for key in _ACCOUNT},
        }
        for p in ordered
    ]


def _gap_rows(screen: Screen, ledger: LedgerSnapshot) -> list[dict[str, Any]]:
    """Batches that have not come, then declared losses, newest first."""
    batches: list[dict[str, Any]] = [
        {
            "from": NOTHING,
            "to": NOTHING,
            "agent": agent.agent,
            "point": "",
            "values": None,
            "reason": screen.t("batches_missing", first=gap.first, last=gap.last, epoch=gap.epoch),
        }
        for agent in ledger.agents
        for gap in agent.missing
    ]
    declared: list[dict[str, Any]] = [
        {
            "from": screen.when(loss.start),
            "to": screen.when(loss.end),
            "agent": loss.agent,
            "point": row.point,
            "values": loss.count,
            "reason": loss.reason,
        }
        for loss, row in sorted(
            ((loss, row) for row in ledger.points for loss in row.losses), key=lambda pair: -pair[0].end
        )
    ]
    return [{"id": n, **row} for n, row in enumerate([*batches, *declared])]
