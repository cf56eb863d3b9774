"""Alarms: what is active, what is on the shelf, what has been; acknowledge by occurrence, shelve with a reason."""

from collections.abc import Callable
from typing import Any

from nicegui import events, ui

from plantwatch.console.data import Act, AlarmItem, AlarmState
from plantwatch.console.screen import PRIORITY_SIGN, Screen
from plantwatch.console.tables import show_rows, table
from plantwatch.console.texts import TEXTS

MOST_ROWS = 200
"""Rows of one table at most; the rest is counted below it."""
SHELVE_TIMES = (15, 60, 240, 480)
"""Offered lengths [min]; the longest is one shift of 8 h, and the alarm desk has the last word."""
_URGENCY = list(PRIORITY_SIGN)

_CHIP = (
    """<q-td :props="props"><span :class="'pw-chip ' + props.row.priority_kind">{{ props.value }}</span></q-td>"""
)
_TWO_LINES = """<q-td :props="props" class="pw-wrap">{{ props.value }}
<div class="pw-faint" v-if="props.row.below">{{ props.row.below }}</div></q-td>"""
_BUTTONS = """<q-td :props="props">
<q-btn v-if="props.row.ack_label" class="pw-btn q-mr-sm" flat dense no-caps :label="props.row.ack_label"
  @click="$parent.$emit('acknowledge', props.row.occurrence)" />
<q-btn v-if="props.row.shelve_label" class="pw-btn" flat dense no-caps :label="props.row.shelve_label"
  @click="$parent.$emit('shelve', props.row.id)" />
<q-btn v-if="props.row.unshelve_label" class="pw-btn" flat dense no-caps :label="props.row.unshelve_label"
  @click="$parent.$emit('unshelve', props.row.id)" />
<q-btn v-if="props.row.reset_label" class="pw-btn q-ml-sm" flat dense no-caps :label="props.row.reset_label"
  @click="$parent.$emit('reset', props.row.id)" /></q-td>"""


def build(screen: Screen) -> None:
    """Build the three tables and keep them live."""
    refreshers = [_active(screen), _shelf(screen), _history(screen)]

    def update() -> None:
        for refresh in refreshers:
            refresh()

    screen.live(update)


def _panel(title: str) -> ui.element:
    panel = ui.element("section").classes("pw-panel")
    with panel:
        ui.label(title).classes("pw-title").props("role=heading aria-level=2")
    return panel


def _row(screen: Screen, alarm: AlarmItem) -> dict[str, Any]:
    message = alarm.message_zh if screen.language == "zh" and alarm.message_zh is not None else alarm.message
    below = screen.t("acknowledged_by", user=alarm.acknowledged_by) if alarm.acknowledged_by is not None else ""
    if alarm.quality_bad:
        below = " · ".join(w for w in (below, screen.t("signal_bad")) if w)
    return {
        "id": alarm.alarm,
        "occurrence": alarm.occurrence,
        "priority": f"{PRIORITY_SIGN[alarm.priority]} {screen.t(f'priority_{alarm.priority}')}",
        "priority_kind": alarm.priority if alarm.state is not AlarmState.SHELVED else "",
        "state": screen.t(f"alarm_{alarm.state}"),
        "message": message,
        "below": below,
        "subject": " · ".join(dict.fromkeys((screen.subject(alarm.subject), alarm.subject))),
        "raised": screen.when(alarm.raised),
    }


def _active(screen: Screen) -> Callable[[], None]:
    columns = ["priority", "raised", "state", "message", "subject"]
    with _panel(screen.t("now_active")):
        board = table(screen, columns, empty="no_active", actions=bool(screen.viewer.may))
        board.add_slot("body-cell-priority", _CHIP)
        board.add_slot("body-cell-message", _TWO_LINES)
        more = ui.label("").classes("pw-faint")
    if screen.viewer.may:
        board.add_slot("body-cell-actions", _BUTTONS)
        board.on("acknowledge", lambda e: _acknowledge(screen, str(e.args), refresh))
        board.on("shelve", lambda e: _shelve(screen, str(e.args), refresh))
        board.on("reset", lambda e: _reset(screen, str(e.args), refresh))

    def refresh() -> None:
        active = [a for a in screen.desk.alarms() if a.state is not AlarmState.SHELVED]
        active.sort(key=lambda a: (not a.state.unacknowledged, _URGENCY.index(a.priority), -(a.raised or 0)))
        rows = []
        for alarm in active[:MOST_ROWS]:
            row = _row(screen, alarm)
            if screen.may(Act.RESET) and alarm.state is AlarmState.LACKED:
                row["reset_label"] = screen.t("reset")
            if screen.may(Act.ACKNOWLEDGE) and alarm.state.unacknowledged:
                row["ack_label"] = screen.t("acknowledge")
            if screen.may(Act.SHELVE):
                row["shelve_label"] = screen.t("shelve")
            rows.append(row)
        show_rows(screen, board, rows, more, total=len(active))

    return refresh


def _acknowledge(screen: Screen, occurrence: str, refresh: Callable[[], None]) -> None:
    screen.do(
        Act.ACKNOWLEDGE,
        lambda viewer: screen.desk.acknowledge(occurrence, viewer=viewer),
        done=screen.t("acknowledged"),
    )
    refresh()


def _reset(screen: Screen, alarm: str, refresh: Callable[[], None]) -> None:
    screen.do(Act.RESET, lambda viewer: screen.desk.reset(alarm, viewer=viewer), done=screen.t("event_reset"))
    refresh()


def _shelve(screen: Screen, alarm: str, refresh: Callable[[], None]) -> None:
    """Ask for how long and why, then shelve."""
    times = {m: screen.t("hours", n=m // 60) if m >= 60 else screen.t("minutes", n=m) for m in SHELVE_TIMES}  # noqa: PLR2004 - minutes
    with ui.dialog() as dialog, ui.card().style("min-width: 420px"):
        ui.label(screen.t("shelve_title")).classes("pw-title")
        ui.label(alarm).classes("pw-mono")
        length = (
            ui.select(times, value=60, label=screen.t("shelve_for")).props("outlined dense").style("width: 100%")
        )
        reason = ui.input(screen.t("shelve_reason")).props("outlined dense maxlength=300").style("width: 100%")

        def confirm() -> None:
            why = str(reason.value or "").strip()
            if not why:
                reason.props("error").props["error-message"] = screen.t("shelve_reason_missing")
                return
            seconds = float(length.value or 0) * 60
            screen.do(
                Act.SHELVE,
                lambda viewer: screen.desk.shelve(alarm, seconds=seconds, reason=why, viewer=viewer),
                done=screen.t("alarm_shelved"),
            )
            dialog.close()
            refresh()

        with ui.element("div").classes("pw-row").style("justify-content: flex-end"):
            ui.button(screen.t("cancel"), on_click=dialog.close, color=None).classes("pw-btn")
            ui.button(screen.t("shelve"), on_click=confirm, color=None).classes("pw-btn")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _shelf(screen: Screen) -> Callable[[], None]:
    columns = ["priority", "until", "by", "message", "subject"]
    with _panel(screen.t("on_shelf")):
        board = table(screen, columns, empty="no_shelved", actions=screen.may(Act.SHELVE))
        board.add_slot("body-cell-priority", _CHIP)
        board.add_slot("body-cell-message", _TWO_LINES)
        more = ui.label("").classes("pw-faint")
    if screen.may(Act.SHELVE):

        def unshelve(e: events.GenericEventArguments) -> None:
            alarm = str(e.args)
            screen.do(
                Act.SHELVE,
                lambda viewer: screen.desk.unshelve(alarm, viewer=viewer),
                done=screen.t("event_unshelved"),
            )
            refresh()

        board.add_slot("body-cell-actions", _BUTTONS)
        board.on("unshelve", unshelve)

    def refresh() -> None:
        shelved = [a for a in screen.desk.alarms() if a.state is AlarmState.SHELVED]
        rows = []
        for alarm in shelved[:MOST_ROWS]:
            row = _row(screen, alarm) | {
                "until": screen.when(alarm.shelved_until),
                "by": alarm.shelved_by or "",
                "below": f"{screen.t('reason')}: {alarm.shelve_reason or ''}",
            }
            if screen.may(Act.SHELVE):
                row["unshelve_label"] = screen.t("unshelve")
            rows.append(row)
        show_rows(screen, board, rows, more, total=len(shelved))

    return refresh


def _history(screen: Screen) -> Callable[[], None]:
    with _panel(screen.t("history")):
        board = table(screen, ["time", "event", "alarm", "by", "detail"], empty="no_history", page=15)

    def refresh() -> None:
        rows = []
        for n, event in enumerate(screen.desk.alarm_events(MOST_ROWS)):
            word = screen.t(f"event_{event.event}") if f"event_{event.event}" in TEXTS else event.event
            chinese = screen.language == "zh" and event.detail_zh is not None
            rows.append(
                {
                    "id": f"{event.time}-{n}",
                    "time": screen.when(event.time),
                    "event": word,
                    "alarm": event.alarm,
                    "by": event.user or "",
                    "detail": event.detail_zh if chinese else event.detail,
                }
            )
        show_rows(screen, board, rows, None, total=len(rows))

    return refresh
