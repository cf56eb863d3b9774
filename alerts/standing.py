"""An alarm with its state, to and from the journal's JSON. What cannot be read falls towards annunciation."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from alerts.alarm import Alarm, Origin
from alerts.lifecycle import Phase, Shelf, State
from alerts.rules import Timer
from plant.model import Priority
from plant.readings import Reading

RANK = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}
"""0 for the most urgent."""


@dataclass(frozen=True, slots=True)
class AlarmView:
    """An alarm as a person sees it."""

    alarm: str
    occurrence: str | None
    """Names the last activation; an acknowledgement must name it. None when it never was active."""
    subject: str
    origin: Origin
    state: Phase
    """The ISA-18.2 state, suppression first."""
    underlying: Phase
    """The state below a suppression."""
    priority: Priority
    message: str
    message_zh: str | None
    area: str | None
    raised: int | None
    """Start of the last activation [ns UTC]."""
    acknowledged_by: str | None
    silenced: bool
    quality_bad: bool
    """The signal is Bad: the state is the last that was known."""
    shelved_until: int | None
    """[ns UTC]."""
    shelved_by: str | None
    shelve_reason: str | None
    suppressed_by: str | None
    out_of_service: str | None
    """The reason."""


@dataclass(slots=True)
class Standing:
    """One alarm and where it stands."""

    alarm: Alarm
    state: State = field(default_factory=State)
    open: tuple[str, ...] = ()
    """Findings that hold it active."""
    heard: int = 0
    """When the newest message about it was told [ns UTC], see ``Finding.told``."""

    def view(self) -> AlarmView:
        """As a person sees it."""
        alarm, state, shelf = self.alarm, self.state, self.state.shelf
        return AlarmView(
            alarm=alarm.id,
            occurrence=state.occurrence,
            subject=alarm.subject,
            origin=alarm.origin,
            state=state.phase,
            underlying=state.underlying,
            priority=alarm.priority,
            message=alarm.message,
            message_zh=alarm.message_zh,
            area=alarm.area,
            raised=state.raised,
            acknowledged_by=state.acked_by,
            silenced=state.silenced,
            quality_bad=state.quality_bad,
            shelved_until=None if shelf is None else shelf.until,
            shelved_by=None if shelf is None else shelf.user,
            shelve_reason=None if shelf is None else shelf.reason,
            suppressed_by=state.by_design,
            out_of_service=state.out_of_service,
        )


def dump(standing: Standing, *, annunciate: bool) -> dict[str, Any]:
    """The journal's JSON of an alarm and its state."""
    return {
        "alarm": asdict(standing.alarm),
        "state": asdict(standing.state),
        "open": list(standing.open),
        "heard": standing.heard,
        "annunciate": annunciate,
        "phase": str(standing.state.phase),
    }


def load(after: dict[str, Any]) -> Standing | None:
    """The alarm and its state; a shelf without a readable end is taken off (OPC 10000-9, 5.8.17).

    None when it cannot be read: then the alarm is a normal one, and the process will raise it anew.
    """
    try:
        alarm, state = dict(after["alarm"]), dict(after["state"])
        alarm |= {"origin": Origin(alarm["origin"]), "priority": Priority(alarm["priority"])}
        state["shelf"] = _shelf(state.get("shelf"))
        return Standing(Alarm(**alarm), State(**state), tuple(after["open"]), int(after.get("heard", 0)))
    except (KeyError, TypeError, ValueError):
        return None


def dump_timers(timers: Mapping[str, Timer]) -> dict[str, dict[str, Any]]:
    """The journal's JSON of the delays that run."""
    return {
        alarm: {
            "since": t.since,
            "source": t.source,
            "point": t.last.point,
            "time": t.last.time,
            "value": t.last.value if math.isfinite(t.last.value) else str(t.last.value),
            "status": t.last.status,
        }
        for alarm, t in timers.items()
    }


def load_timers(stored: Mapping[str, dict[str, Any]]) -> dict[str, Timer]:
    """The delays that run; one that cannot be read begins anew with the next reading."""
    found: dict[str, Timer] = {}
    for alarm, t in stored.items():
        try:
            last = Reading(t["point"], int(t["time"]), float(t["value"]), int(t["status"]))
            found[alarm] = Timer(int(t["since"]), last, str(t["source"]))
        except (KeyError, TypeError, ValueError):
            continue
    return found


def _shelf(stored: object) -> Shelf | None:
    match stored:
        case {"until": int(until), "user": str(user), "reason": str(reason)}:
            return Shelf(until, user, reason)
        case _:
            return None
