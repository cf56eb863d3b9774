"""The present state of an interlock, put together from plant file, last values and findings. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from plant.findings import Finding, FindingState
from plant.model import BadVote, Cause, Comparator, Effect, Interlock, Plant, Point
from plantwatch.console.data import InterlockHistory
from plantwatch.console.shown import Quality, Shown, show, silence_limit
from plantwatch.latest import Live

_ON = 0.5
"""A discrete value above this is 1."""


class Vote(StrEnum):
    """What one channel says."""

    HEALTHY = "healthy"
    TRIP = "trip"
    UNKNOWN = "unknown"
    """No trustworthy value and no rule that makes it a trip."""


class InterlockState(StrEnum):
    """One word for the whole interlock; the order is the order of urgency."""

    FAILED = "failed"
    """A finding of high or critical severity is open about it."""
    TRIPPED = "tripped"
    BYPASSED = "bypassed"
    UNKNOWN = "unknown"
    """Signals are missing: it cannot be assessed."""
    ARMED = "armed"


@dataclass(frozen=True, slots=True)
class CauseView:
    """One input channel as it stands."""

    cause: Cause
    point: Point
    shown: Shown
    vote: Vote
    bypassed: bool | None
    """None when its bypass switch gives no trustworthy value."""


@dataclass(frozen=True, slots=True)
class EffectView:
    """One final element as it stands."""

    effect: Effect
    point: Point
    shown: Shown
    safe: bool | None
    """Whether it is in its safe state; None when its feedback cannot be trusted."""


@dataclass(frozen=True, slots=True)
class InterlockView:
    """An interlock as it stands."""

    interlock: Interlock
    state: InterlockState
    causes: tuple[CauseView, ...]
    effects: tuple[EffectView, ...]
    votes: int
    commanded: bool | None
    bypassed: bool | None
    history: InterlockHistory
    findings: tuple[Finding, ...]
    """Open findings about it, then the newest closed ones; bounded."""
    missing: tuple[str, ...]
    """Points without which it cannot be assessed."""


@dataclass(frozen=True, slots=True)
class Present:
    """The values of one moment, and how to read them."""

    plant: Plant
    latest: Mapping[str, Live]
    now: int
    slack: int
    language: str

    def shown(self, point: str) -> Shown:
        """The point as it may be shown; a point that the file does not define has never come."""
        known = self.plant.points.get(point)
        if known is None:
            return Shown("–", Quality.NONE, None, "–")
        limit = silence_limit(self.plant, known, self.slack)
        return show(known, self.latest.get(point), now=self.now, limit=limit, language=self.language)

    def value(self, point: str) -> float | None:
        """The value where it may be trusted, else None."""
        trusted = self.shown(point).quality in {Quality.GOOD, Quality.UNCERTAIN}
        value = self.latest[point].reading.value if trusted else None
        return value if value is not None and isfinite(value) else None

    def switched(self, point: str | None) -> bool | None:
        """A switch: False where there is none, None where its state is not known."""
        if point is None:
            return False
        value = self.value(point)
        return None if value is None else value > _ON


def compare(value: float, comparator: Comparator, set_point: float) -> bool:
    """Whether the value asks for a trip."""
    match comparator:
        case Comparator.GE:
            return value >= set_point
        case Comparator.GT:
            return value > set_point
        case Comparator.LE:
            return value <= set_point
        case Comparator.LT:
            return value < set_point
        case Comparator.EQ:
            return value == set_point


def view(
    interlock: Interlock,
    present: Present,
    history: InterlockHistory,
    findings: Sequence[Finding],
    *,
    most: int = 5,
) -> InterlockView:
    """The interlock now, with at most ``most`` of the given findings."""
    causes = tuple(_cause(c, present) for c in interlock.causes)
    effects = tuple(_effect(e, present) for e in interlock.effects)
    commanded = present.switched(interlock.command)
    whole = present.switched(interlock.bypass)
    channel = [c.bypassed for c in causes]
    bypassed = True if whole or True in channel else (None if whole is None or None in channel else False)
    missing = [c.cause.point for c in causes if c.vote is Vote.UNKNOWN]
    missing += [e.effect.feedback for e in effects if e.safe is None]
    missing += [interlock.command] if commanded is None else []
    about = sorted(
        (f for f in findings if f.subject == interlock.id and f.state is not FindingState.WITHDRAWN),
        key=lambda f: (f.state is not FindingState.OPEN, -f.start),
    )
    state = _state(about, commanded=commanded, bypassed=bypassed, missing=bool(missing))
    votes = sum(c.vote is Vote.TRIP and c.bypassed is not True for c in causes)
    return InterlockView(
        interlock, state, causes, effects, votes, commanded, bypassed, history, tuple(about[:most]), tuple(missing)
    )


def _state(
    findings: Sequence[Finding], *, commanded: bool | None, bypassed: bool | None, missing: bool
) -> InterlockState:
    if any(f.state is FindingState.OPEN and f.assessable and f.severity.rank >= 3 for f in findings):  # noqa: PLR2004 - high
        return InterlockState.FAILED
    if commanded:
        return InterlockState.TRIPPED
    if bypassed:
        return InterlockState.BYPASSED
    return InterlockState.UNKNOWN if missing or bypassed is None else InterlockState.ARMED


def _point(present: Present, point: str) -> Point:
    return present.plant.points.get(point) or Point(id=point, name=point)


def _cause(cause: Cause, present: Present) -> CauseView:
    value = present.value(cause.point)
    if value is not None:
        vote = Vote.TRIP if compare(value, cause.comparator, cause.set_point) else Vote.HEALTHY
    else:
        vote = Vote.TRIP if cause.bad_counts_as is BadVote.TRIP else Vote.UNKNOWN
    shown = present.shown(cause.point)
    return CauseView(cause, _point(present, cause.point), shown, vote, present.switched(cause.bypass))


def _effect(effect: Effect, present: Present) -> EffectView:
    value = present.value(effect.feedback)
    safe = None if value is None else abs(value - effect.safe_state) <= effect.tolerance
    return EffectView(effect, _point(present, effect.feedback), present.shown(effect.feedback), safe)
