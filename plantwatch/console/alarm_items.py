"""From the alarm desk and the access rules to what the pages show. Pure."""

from typing import Any

from alerts.desk import AlarmView
from alerts.journal import Line
from alerts.lifecycle import Phase
from plant.access import Action, Principal, may
from plantwatch.console.data import Act, AlarmEvent, AlarmItem, AlarmState, Viewer

_STATE = {
    Phase.UNACK: AlarmState.UNACK,
    Phase.ACKED: AlarmState.ACKED,
    Phase.RTNUN: AlarmState.RTNUN,
    Phase.LUNACK: AlarmState.LUNACK,
    Phase.LACKED: AlarmState.LACKED,
    Phase.SHLVD: AlarmState.SHELVED,
    Phase.DSUPR: AlarmState.SUPPRESSED,
    Phase.OOSRV: AlarmState.OUT_OF_SERVICE,
}
"""A normal alarm is not shown."""
_ACTION = {Act.ACKNOWLEDGE: Action.ACKNOWLEDGE, Act.SHELVE: Action.SHELVE, Act.RESET: Action.RESET}


def viewer(principal: Principal) -> Viewer:
    """Who is looking, with what the access rules allow."""
    allowed = frozenset(act for act, action in _ACTION.items() if may(principal.role, action))
    return Viewer(principal.name, principal.role, allowed)


def item(view: AlarmView) -> AlarmItem | None:
    """The alarm as the pages show it; None for a normal one."""
    state = _STATE.get(view.state)
    if state is None:
        return None
    return AlarmItem(
        occurrence=view.occurrence,
        alarm=view.alarm,
        subject=view.subject,
        state=state,
        priority=view.priority,
        raised=view.raised,
        message=view.message,
        message_zh=view.message_zh,
        acknowledged_by=view.acknowledged_by,
        shelved_until=view.shelved_until,
        shelved_by=view.shelved_by,
        shelve_reason=view.shelve_reason,
        quality_bad=view.quality_bad,
    )


def event(line: Line) -> AlarmEvent:
    """The journal's line as the history shows it."""
    entry = line.entry
    return AlarmEvent(
        entry.time, entry.event, entry.alarm or "", entry.user, entry.detail, _detail_zh(entry.detail, entry.after)
    )


def _detail_zh(detail: str, after: dict[str, Any] | None) -> str | None:
    """The alarm's message in Chinese where the detail is its message; the state beside the line has both."""
    alarm = {} if after is None else after.get("alarm", {})
    chinese = alarm.get("message_zh")
    told = isinstance(chinese, str) and bool(detail) and detail.endswith(str(alarm.get("message")))
    return chinese if told else None
