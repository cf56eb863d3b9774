"""The life of an alarm as one pure function, after ISA-18.2 / IEC 62682.

Two orthogonal parts: what the process and the operator did (``active``, ``acked``, ``latched``), and the set of
suppressions (shelved, suppressed by design, out of service), any of which silences the alarm (OPC 10000-9, 4.8).
The nine states of the standard are a projection of the two. Suppression stops annunciation, never evaluation.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from plant.clock import SECOND

MAX_SHELF = 8 * 3600 * SECOND
"""Longest time on the shelf [ns]: one shift; a proposal, no standard gives it."""
MAX_REASON = 500


class Phase(StrEnum):
    """The states of ISA-18.2."""

    NORM = "norm"
    UNACK = "unack"
    ACKED = "acked"
    RTNUN = "rtnun"
    LUNACK = "lunack"
    LACKED = "lacked"
    SHLVD = "shlvd"
    DSUPR = "dsupr"
    OOSRV = "oosrv"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where and why an operator put an alarm aside."""

    until: int
    """[ns UTC]."""
    user: str
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """All that is to know about one alarm; the default is a normal one."""

    active: bool = False
    acked: bool = True
    latched: bool = False
    """The process is back to normal, the alarm waits for a reset."""
    occurrence: str | None = None
    """Names the last activation; an acknowledgement must name it too."""
    raised: int | None = None
    """When the last activation began [ns UTC]."""
    process_time: int | None = None
    """When the process last changed it [ns UTC]."""
    acked_by: str | None = None
    silenced: bool = False
    quality_bad: bool = False
    shelf: Shelf | None = None
    by_design: str | None = None
    """Why logic suppresses it."""
    out_of_service: str | None = None
    """Why maintenance took it out."""

    @property
    def suppressed(self) -> bool:
        """True while any of the three suppressions holds."""
        return self.shelf is not None or self.by_design is not None or self.out_of_service is not None

    @property
    def phase(self) -> Phase:
        """The state of the standard."""
        if self.out_of_service is not None:
            return Phase.OOSRV
        if self.by_design is not None:
            return Phase.DSUPR
        if self.shelf is not None:
            return Phase.SHLVD
        return self.underlying

    @property
    def underlying(self) -> Phase:
        """The state below any suppression."""
        if self.active:
            return Phase.ACKED if self.acked else Phase.UNACK
        if self.latched:
            return Phase.LACKED if self.acked else Phase.LUNACK
        return Phase.NORM if self.acked else Phase.RTNUN


@dataclass(frozen=True, slots=True)
class Policy:
    """What the plant file says about an alarm's behaviour."""

    latching: bool = False
    auto_acknowledge: bool = False
    """A return acknowledges by itself."""
    critical: bool = False
    """Trip alarms: highly managed, not shelvable."""


@dataclass(frozen=True, slots=True)
class Activate:
    """The condition became true; every activation has a new name."""

    occurrence: str


@dataclass(frozen=True, slots=True)
class ReAlarm:
    """The condition stayed true and became worse, or the re-alarm timer expired."""

    occurrence: str


@dataclass(frozen=True, slots=True)
class Return:
    """The condition became false."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """The signal behind the alarm became Bad, or usable again."""

    bad: bool


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A person has seen this occurrence."""

    occurrence: str
    user: str


@dataclass(frozen=True, slots=True)
class Reset:
    """A person releases the latch."""

    user: str


@dataclass(frozen=True, slots=True)
class Silence:
    """A person stops the sound, nothing else."""

    user: str


@dataclass(frozen=True, slots=True)
class Shelve:
    """A person puts the alarm aside for a time."""

    duration: int
    """[ns]."""
    reason: str
    user: str


@dataclass(frozen=True, slots=True)
class Unshelve:
    """A person takes it back."""

    user: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passes: a shelf may be over."""


@dataclass(frozen=True, slots=True)
class Suppress:
    """Logic suppresses the alarm, or no longer does (``reason`` None)."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class Service:
    """Maintenance takes the alarm out of service, or returns it (``reason`` None)."""

    reason: str | None
    user: str


Event = (
    Activate
    | ReAlarm
    | Return
    | Quality
    | Acknowledge
    | Reset
    | Silence
    | Shelve
    | Unshelve
    | Tick
    | Suppress
    | Service
)


class What(StrEnum):
    """The word for a transition in the journal."""

    RAISED = "raised"
    REALARMED = "realarmed"
    RETURNED = "returned"
    QUALITY_BAD = "quality_bad"
    QUALITY_GOOD = "quality_good"
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"
    SILENCED = "silenced"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SHELF_EXPIRED = "shelf_expired"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"


@dataclass(frozen=True, slots=True)
class Moved:
    """The new state, and the word for it; None when nothing changed and nothing is to be recorded."""

    state: State
    what: What | None
    annunciate: bool = False
    """Tell people: a new or renewed call for attention that nothing suppresses."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The event is not possible in this state; the reason is fit to show."""

    reason: str


def transition(state: State, event: Event, now: int, policy: Policy = Policy()) -> Moved | Refused:
    """What ``event`` at ``now`` [ns UTC] makes of ``state``, or why it is refused."""
    match event:
        case Activate() | ReAlarm() | Return() | Quality():
            return _process(state, event, now, policy)
        case Acknowledge() | Reset() | Silence():
            return _operator(state, event)
        case Shelve() | Unshelve() | Tick():
            return _shelf(state, event, now, policy)
        case Suppress() | Service():
            return _suppression(state, event)
        case _:
            assert_never(event)


def _process(  # noqa: PLR0911 - one return for each row of the table
    state: State, event: Activate | ReAlarm | Return | Quality, now: int, policy: Policy
) -> Moved | Refused:
    match event:
        case Activate() if state.active:
            return Moved(state, None)
        case ReAlarm() if not state.active:
            return Refused("the alarm is not active, so it cannot call again")
        case Activate(occurrence) | ReAlarm(occurrence):
            what = What.RAISED if isinstance(event, Activate) else What.REALARMED
            after = replace(
                state, active=True, acked=False, latched=False, occurrence=occurrence, raised=now,
                process_time=now, acked_by=None, silenced=False,
            )  # fmt: skip
            return Moved(after, what, annunciate=not state.suppressed)
        case Return() if not state.active:
            return Moved(state, None)
        case Return(reason):
            acked = state.acked or (policy.auto_acknowledge and not policy.latching)
            after = replace(
                state, active=False, acked=acked, latched=policy.latching, silenced=True, process_time=now
            )
            return Moved(after, What.RETURNED, detail=reason)
        case Quality(bad):
            if bad == state.quality_bad:
                return Moved(state, None)
            return Moved(
                replace(state, quality_bad=bad, process_time=now), What.QUALITY_BAD if bad else What.QUALITY_GOOD
            )


def _operator(state: State, event: Acknowledge | Reset | Silence) -> Moved | Refused:  # noqa: PLR0911 - one refusal a line
    match event:
        case Acknowledge(occurrence) if occurrence != state.occurrence:
            return Refused(f"occurrence {occurrence!r} is over; the alarm has come again since, look at it anew")
        case Acknowledge() if state.acked:
            return Refused("it is acknowledged already")
        case Acknowledge(_, user):
            return Moved(replace(state, acked=True, acked_by=user, silenced=True), What.ACKNOWLEDGED)
        case Reset() if state.active:
            return Refused("its cause still holds; a reset is possible once the process is back to normal")
        case Reset() if not state.latched:
            return Refused("it is not latched, there is nothing to reset")
        case Reset() if not state.acked:
            return Refused("it is not acknowledged; acknowledge it first, then reset")
        case Reset():
            return Moved(replace(state, latched=False), What.RESET)
        case Silence() if state.acked or state.silenced:
            return Refused("it makes no sound")
        case Silence():
            return Moved(replace(state, silenced=True), What.SILENCED)


def _shelf(state: State, event: Shelve | Unshelve | Tick, now: int, policy: Policy) -> Moved | Refused:
    match event:
        case Shelve():
            return _shelve(state, event, now, policy)
        case Unshelve() if state.shelf is None:
            return Refused("it is not on the shelf")
        case Unshelve():
            return _uncover(state, replace(state, shelf=None), What.UNSHELVED)
        case Tick():
            return _tick(state, now, policy)


def _tick(state: State, now: int, policy: Policy) -> Moved:
    if state.shelf is None:
        return Moved(state, None)
    if policy.critical:
        detail = "it has become critical, and a critical alarm does not stay on the shelf"
        return replace(_uncover(state, replace(state, shelf=None), What.UNSHELVED), detail=detail)
    # An end further away than any shelf lasts was set by a clock that was wrong then.
    if now >= state.shelf.until or state.shelf.until - now > MAX_SHELF:
        return _uncover(state, replace(state, shelf=None), What.SHELF_EXPIRED)
    return Moved(state, None)


def _shelve(state: State, event: Shelve, now: int, policy: Policy) -> Moved | Refused:
    if policy.critical:
        return Refused("a critical alarm cannot be shelved by one person; take it out of service with a permit")
    if state.shelf is not None:
        return Refused("it is on the shelf already; take it back first")
    if not 0 < event.duration <= MAX_SHELF:
        hours = event.duration / (3600 * SECOND)
        return Refused(f"{hours:g} h is no time for the shelf; more than 0 and at most 8 h")
    if not event.reason.strip() or len(event.reason) > MAX_REASON:
        return Refused(f"shelving needs a reason of 1 to {MAX_REASON} characters")
    if not event.user:
        return Refused("shelving needs a user")
    shelf = Shelf(now + event.duration, event.user, event.reason.strip())
    return Moved(replace(state, shelf=shelf), What.SHELVED, detail=shelf.reason)


def _suppression(state: State, event: Suppress | Service) -> Moved | Refused:  # noqa: PLR0911 - one refusal a line
    match event:
        case Suppress(None) if state.by_design is None:
            return Moved(state, None)
        case Suppress(None):
            return _uncover(state, replace(state, by_design=None), What.UNSUPPRESSED)
        case Suppress(reason) if not (reason or "").strip():
            return Refused("suppressing by design needs a reason")
        case Suppress(reason):
            what = What.SUPPRESSED if reason != state.by_design else None
            return Moved(replace(state, by_design=reason), what, detail=reason or "")
        case Service(None) if state.out_of_service is None:
            return Refused("it is in service")
        case Service(None):
            return _uncover(state, replace(state, out_of_service=None), What.IN_SERVICE)
        case Service(reason):
            if not reason or not reason.strip() or len(reason) > MAX_REASON:
                return Refused(f"taking out of service needs a reason of 1 to {MAX_REASON} characters")
            if state.out_of_service is not None:
                return Refused("it is out of service already")
            return Moved(replace(state, out_of_service=reason.strip()), What.OUT_OF_SERVICE, detail=reason.strip())


def _uncover(before: State, after: State, what: What) -> Moved:
    """Take one suppression away. The last one gone, the alarm is Normal or Unacknowledged, never Acknowledged.

    A latch outlives the suppression, unacknowledged: suppression must not do what only a reset may.
    """
    if after.suppressed:
        return Moved(after, what)
    calls = after.active or after.latched
    after = replace(after, acked=not calls, acked_by=None if calls else before.acked_by, silenced=not calls)
    return Moved(after, what, annunciate=calls)
