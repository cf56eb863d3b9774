"""The alarm desk: every alarm of the plant with its state, fed by readings and findings, commanded by people.

Used from one thread, the event loop's. What it answers is in the journal already. When the journal cannot be
written, an alarm of the process is kept in memory and written later; a person's command is refused.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from alerts.alarm import areas, of_limit
from alerts.arrival import ArrivalCounts
from alerts.finding_alarms import FindingAlarms
from alerts.journal import Entry, Journal, Line, Verdict
from alerts.lifecycle import (
    Acknowledge,
    Activate,
    Event,
    Phase,
    Quality,
    Refused,
    Reset,
    Return,
    Service,
    Shelve,
    Silence,
    Suppress,
    Tick,
    Unshelve,
    transition,
)
from alerts.roll import Roll
from alerts.rules import Change, Limits, Move
from alerts.standing import RANK
from alerts.standing import AlarmView as AlarmView  # noqa: PLC0414 - the desk speaks in it
from plant.clock import SECOND, Clock
from plant.errors import FixError, PlantError, RetryError, Unavailable
from plant.findings import Finding
from plant.model import Plant
from plant.readings import Readings


class CommandRefused(PlantError):  # noqa: N818 - an answer, not a failure
    """The desk says no to a person; the text says why."""


class UnknownAlarm(FixError):  # noqa: N818 - named as the caller speaks of it
    """No alarm or occurrence has this id."""


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """What the desk put aside since it started."""

    arrivals: ArrivalCounts
    """Readings out of the order of time."""
    findings_refused: int
    """Findings that would have been one too many."""
    journal_failures: int
    unreadable: int
    """Alarms whose state in the journal could not be read at the start."""


class AlarmDesk:
    """All alarms of one plant."""

    def __init__(
        self,
        plant: Plant,
        journal: Journal,
        clock: Clock,
        *,
        changed: Callable[[], None] = lambda: None,
        speed: float = 1.0,
    ) -> None:
        """Restore every state from the journal.

        Args:
            plant: its limits become alarms.
            journal: kept open by the caller.
            clock: present time, for shelves and the journal [ns UTC].
            changed: called after each write to the journal.
            speed: how fast ``clock`` runs, for the tolerances of the limits.
        """
        self._journal, self.clock, self.changed = journal, clock, changed
        self._limits, self._failures = Limits.of(plant, speed=speed), 0
        found = areas(plant)
        alarms = [of_limit(p, limit, found.get(p.id)) for p in plant.points.values() for limit in p.alarms]
        self._roll = Roll(journal, clock)
        self._roll.restore({alarm.id: alarm for alarm in alarms})
        self._findings = FindingAlarms(self._roll, found)
        states = {i: s.state for i, s in self._roll.standing.items()}
        before = {i: (s.active, s.quality_bad, s.process_time) for i, s in states.items()}
        self._limits.restore(before, self._roll.timers)
        self._roll.timers = self._limits.timers

    @property
    def counts(self) -> DeskCounts:
        """What was put aside so far."""
        arrivals = replace(self._limits.arrivals.counts)
        return DeskCounts(arrivals, self._findings.refused, self._failures, self._roll.unreadable)

    # --- from the process -----------------------------------------------------------------------

    def readings(self, readings: Readings, *, source: str = "") -> None:
        """Judge a batch of one ``source``. After it returns or raises, the alarms stand, in memory at least.

        Raises:
            Unavailable: the journal could not be written; call ``flush`` before you acknowledge the message.
        """
        now = self.clock()
        self._change(self._limits.step(readings, now, source=source))
        self._tick(now)
        self.flush()

    def finding(self, finding: Finding) -> None:
        """Enter a finding: an occurrence of its rule's alarm about its subject. Repeats change nothing.

        Raises:
            Unavailable: the journal could not be used; enter the finding again before you acknowledge the message.
        """
        self._findings.enter(finding)
        self.flush()

    def flush(self) -> None:
        """Write what waits for the journal.

        Raises:
            Unavailable: it cannot be written now; nothing is lost, try again.
        """
        try:
            written = self._roll.flush()
        except RetryError:
            self._failures += 1
            raise
        if written:
            self.changed()

    @property
    def waiting(self) -> int:
        """What waits for the journal: 0 when everything so far is durable."""
        return self._roll.waiting

    # --- from people ----------------------------------------------------------------------------

    def acknowledge(self, occurrence: str, user: str) -> None:
        """Say that a person has seen this occurrence.

        Raises:
            UnknownAlarm: there is no such occurrence.
            CommandRefused: it is over, or acknowledged already.
            Unavailable: the journal cannot be written; nothing changed.
        """
        alarm = self._roll.by_occurrence.get(occurrence)
        if alarm is None:
            if self._roll.knows(occurrence):
                raise CommandRefused(f"occurrence {occurrence!r} is over; the alarm has come again since")
            raise UnknownAlarm(f"no alarm occurrence is named {occurrence!r}; read the list of alarms again")
        self._command(alarm, Acknowledge(occurrence, user), user)

    def reset(self, alarm: str, user: str) -> None:
        """Release a latch. Raises as ``acknowledge`` does."""
        self._command(alarm, Reset(user), user)

    def silence(self, alarm: str, user: str) -> None:
        """Stop the sound only. Raises as ``acknowledge`` does."""
        self._command(alarm, Silence(user), user)

    def shelve(self, alarm: str, duration_s: float, reason: str, user: str) -> None:
        """Put aside for a time [s], at most 8 h. Raises as ``acknowledge`` does."""
        if not math.isfinite(duration_s):
            raise CommandRefused(f"{duration_s} s is no time for the shelf")
        self._command(alarm, Shelve(round(duration_s * SECOND), reason, user), user)

    def unshelve(self, alarm: str, user: str) -> None:
        """Take back from the shelf. Raises as ``acknowledge`` does."""
        self._command(alarm, Unshelve(user), user)

    def out_of_service(self, alarm: str, reason: str, user: str) -> None:
        """Take out of service for maintenance. Raises as ``acknowledge`` does."""
        self._command(alarm, Service(reason, user), user)

    def return_to_service(self, alarm: str, user: str) -> None:
        """Return to service. Raises as ``acknowledge`` does."""
        self._command(alarm, Service(None, user), user)

    def suppress(self, alarm: str, reason: str | None) -> None:
        """Suppress by design, for logic; None ends it. Raises as ``acknowledge`` does."""
        self._command(alarm, Suppress(reason), None)

    def note(self, event: str, detail: str, user: str | None = None) -> None:
        """Write a line that belongs to no alarm, such as a refused access.

        Raises:
            Unavailable: the journal cannot be written now; the line waits in memory.
        """
        now = self.clock()
        self._roll.pending.append(Entry(now, now, event, user=user, detail=detail))
        self.flush()

    # --- to look at -----------------------------------------------------------------------------

    def active(self) -> list[AlarmView]:
        """Every alarm that is not normal, suppressed ones included; most urgent first, newest first."""
        self.tick()
        views = [s.view() for s in self._roll.standing.values() if s.state.phase is not Phase.NORM]
        return sorted(views, key=lambda v: (RANK[v.priority], -(v.raised or 0), v.alarm))

    def history(self, limit: int = 100, before: int | None = None, alarm: str | None = None) -> list[Line]:
        """Lines of the journal, newest first; see ``Journal.history``."""
        return self._journal.history(limit, before, alarm)

    def lines_since(self, seq: int, limit: int = 100) -> list[Line]:
        """Lines of the journal after number ``seq``, oldest first; see ``Journal.since``."""
        return self._journal.since(seq, limit)

    def activations(self, start: int, end: int, most: int) -> list[tuple[int, str]]:
        """The calls for attention from ``start`` to ``end`` [ns UTC]; see ``Journal.activations``."""
        return self._journal.activations(start, end, most)

    def verify(self) -> Verdict:
        """Whether the journal is as it was written; may run off the loop."""
        return self._journal.verify()

    def tick(self) -> None:
        """Let shelves run out by the clock; a journal that is away is tried again with the next call."""
        self._tick(self.clock())
        try:
            self.flush()
        except Unavailable:
            return  # counted, kept in memory, and the caller only looks

    # --- inside ---------------------------------------------------------------------------------

    def _change(self, changes: list[Change]) -> None:
        for change in changes:
            self._roll.apply(change.alarm, _event(change), change.time, detail=_seen(change))

    def _tick(self, now: int) -> None:
        self._change(self._limits.quiet(now))
        for alarm in sorted(self._roll.shelved):
            self._roll.apply(alarm, Tick(), now)

    def _command(self, alarm: str, event: Event, user: str | None) -> None:
        standing = self._roll.standing.get(alarm)
        if standing is None:
            raise UnknownAlarm(f"no alarm has the id {alarm!r}; read the list of alarms again")
        now = self.clock()
        self._tick(now)
        moved = transition(standing.state, event, now, standing.alarm.policy)
        if isinstance(moved, Refused):
            raise CommandRefused(f"alarm {alarm}: {moved.reason}")
        if moved.what is None:
            return
        self._roll.record(replace(standing, state=moved.state), moved, now, user=user)
        try:
            self.flush()
        except Unavailable:
            self._roll.pending.pop()  # a command that is not durable did not happen
            raise
        self._roll.move(standing, moved.state)


def _event(change: Change) -> Event:
    match change.move:
        case Move.RAISE:
            key = f"{change.alarm}\0{change.time}".encode()
            return Activate(hashlib.sha256(key).hexdigest()[:16])
        case Move.RETURN:
            return Return()
        case Move.BAD | Move.USABLE:
            return Quality(change.move is Move.BAD)


def _seen(change: Change) -> str:
    return f"value {change.value:g}, status 0x{change.status:08X}"
