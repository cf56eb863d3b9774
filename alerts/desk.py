"""The alarm desk: every alarm of the plant with its state, fed by readings and findings, commanded by people.

Used from one thread, the event loop's. What it answers is in the journal already. When the journal cannot be
written, an alarm of the process is kept in memory and written later; a person's command is refused.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from alerts.alarm import PRIORITY, Alarm, Origin, areas, of_finding, of_limit
from alerts.journal import Entry, Journal, Line
from alerts.lifecycle import (
    Acknowledge,
    Activate,
    Event,
    Moved,
    Phase,
    Quality,
    ReAlarm,
    Refused,
    Reset,
    Return,
    Service,
    Shelve,
    Silence,
    State,
    Suppress,
    Tick,
    Unshelve,
    What,
    transition,
)
from alerts.rules import Change, Limits, Move
from alerts.standing import AlarmView as AlarmView  # noqa: PLC0414 - the desk speaks in it
from alerts.standing import Standing, dump, load
from plant.clock import SECOND, Clock
from plant.errors import FixError, PlantError, RetryError, Unavailable
from plant.findings import Finding, FindingState
from plant.model import Plant, Priority
from plant.readings import Readings

FUTURE = 3600 * SECOND
"""Readings further ahead of the clock than this are a wrong clock [ns]: ignored and counted."""
MAX_OPEN = 256
"""Most findings of one alarm that can be open at once."""
MAX_ALARMS = 20_000
"""Most alarms from findings; more are refused and counted."""
_ORDER = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}


class CommandRefused(PlantError):  # noqa: N818 - an answer, not a failure
    """The desk says no to a person; the text says why."""


class UnknownAlarm(FixError):  # noqa: N818 - named as the caller speaks of it
    """No alarm or occurrence has this id."""


@dataclass(slots=True)
class DeskCounts:
    """What the desk put aside."""

    future: int = 0
    """Readings too far ahead of the clock."""
    findings_refused: int = 0
    """Findings beyond ``MAX_ALARMS`` or ``MAX_OPEN``."""
    journal_failures: int = 0


class AlarmDesk:
    """All alarms of one plant."""

    def __init__(
        self, plant: Plant, journal: Journal, clock: Clock, *, changed: Callable[[], None] = lambda: None
    ) -> None:
        """Restore every state from the journal.

        Args:
            plant: its limits become alarms.
            journal: kept open by the caller.
            clock: present time, for shelves and the journal [ns UTC].
            changed: called after each write to the journal.
        """
        self._journal, self._clock, self.changed = journal, clock, changed
        self._areas = areas(plant)
        self._limits = Limits.of(plant)
        self._standing: dict[str, Standing] = {
            limit.id: Standing(of_limit(p, limit, self._areas.get(p.id)))
            for p in plant.points.values()
            for limit in p.alarms
        }
        self._pending: list[Entry] = []
        self._by_occurrence: dict[str, str] = {}
        self.counts = DeskCounts()
        self._restore()

    # --- from the process -----------------------------------------------------------------------

    def readings(self, readings: Readings) -> None:
        """Judge a batch. After it returns the alarms stand, in memory at least.

        Raises:
            Unavailable: the journal could not be written; call ``flush`` before you acknowledge the message.
        """
        now = self._clock()
        sound = readings.time <= now + FUTURE
        self.counts.future += int((~sound).sum())
        for change in self._limits.step(readings if sound.all() else readings[sound]):
            self._apply(change.alarm, _event(change), change.time, detail=_seen(change))
        self._tick(now)
        self.flush()

    def finding(self, finding: Finding) -> None:
        """Enter a finding: an occurrence of its rule's alarm about its subject. Repeats change nothing.

        Raises:
            Unavailable: the journal could not be written; call ``flush`` before you acknowledge the message.
        """
        alarm = of_finding(finding, self._areas.get(finding.subject))
        standing = self._standing.get(alarm.id)
        if finding.state is FindingState.OPEN:
            self._open(alarm, standing, finding)
        elif standing is not None and finding.id in standing.open:
            self._close(standing, finding)
        elif standing is None or not self._knows(finding.id):
            self._unseen(alarm, standing, finding)
        self.flush()

    def flush(self) -> None:
        """Write what waits for the journal.

        Raises:
            Unavailable: it cannot be written now; nothing is lost, try again.
        """
        if not self._pending:
            return
        try:
            self._journal.append(self._pending)
        except RetryError:
            self.counts.journal_failures += 1
            raise
        self._pending = []
        self.changed()

    @property
    def waiting(self) -> int:
        """Lines that wait for the journal."""
        return len(self._pending)

    # --- from people ----------------------------------------------------------------------------

    def acknowledge(self, occurrence: str, user: str) -> None:
        """Say that a person has seen this occurrence.

        Raises:
            UnknownAlarm: there is no such occurrence.
            CommandRefused: it is over, or acknowledged already.
            Unavailable: the journal cannot be written; nothing changed.
        """
        alarm = self._by_occurrence.get(occurrence)
        if alarm is None:
            known = self._journal.knows(occurrence)
            if known:
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
        now = self._clock()
        self._pending.append(Entry(now, now, event, user=user, detail=detail))
        self.flush()

    # --- to look at -----------------------------------------------------------------------------

    def active(self) -> list[AlarmView]:
        """Every alarm that is not normal, suppressed ones included; most urgent first, newest first."""
        self.tick()
        views = [s.view() for s in self._standing.values() if s.state.phase is not Phase.NORM]
        return sorted(views, key=lambda v: (_ORDER[v.priority], -(v.raised or 0), v.alarm))

    def history(self, limit: int = 100, before: int | None = None, alarm: str | None = None) -> list[Line]:
        """Lines of the journal, newest first; see ``Journal.history``."""
        return self._journal.history(limit, before, alarm)

    def lines_since(self, seq: int, limit: int = 100) -> list[Line]:
        """Lines of the journal after number ``seq``, oldest first; see ``Journal.since``."""
        return self._journal.since(seq, limit)

    def verify(self) -> int | None:
        """First broken row of the journal or None; may run off the loop."""
        return self._journal.verify()

    def tick(self) -> None:
        """Let shelves run out by the clock; a journal that is away is tried again with the next call."""
        self._tick(self._clock())
        try:
            self.flush()
        except Unavailable:
            return  # counted, kept in memory, and the caller only looks

    # --- inside ---------------------------------------------------------------------------------

    def _tick(self, now: int) -> None:
        for alarm, standing in self._standing.items():
            if standing.state.shelf is not None:
                self._apply(alarm, Tick(), now)

    def _apply(self, alarm: str, event: Event, time: int, *, detail: str = "") -> None:
        standing = self._standing[alarm]
        moved = transition(standing.state, event, time, standing.alarm.policy)
        if isinstance(moved, Moved):
            self._take(standing, moved, time, detail=detail)

    def _take(self, standing: Standing, moved: Moved, time: int, *, detail: str = "") -> None:
        self._move(standing, moved.state)
        if moved.what is not None:
            self._pending.append(self._entry(standing, moved, time, None, detail))

    def _move(self, standing: Standing, state: State) -> None:
        if standing.state.occurrence is not None and standing.state.occurrence != state.occurrence:
            self._by_occurrence.pop(standing.state.occurrence, None)
        if state.occurrence is not None:
            self._by_occurrence[state.occurrence] = standing.alarm.id
        standing.state = state

    def _command(self, alarm: str, event: Event, user: str | None) -> None:
        standing = self._standing.get(alarm)
        if standing is None:
            raise UnknownAlarm(f"no alarm has the id {alarm!r}; read the list of alarms again")
        self._tick(self._clock())
        now = self._clock()
        moved = transition(standing.state, event, now, standing.alarm.policy)
        if isinstance(moved, Refused):
            raise CommandRefused(f"alarm {alarm}: {moved.reason}")
        if moved.what is None:
            return
        after = Standing(standing.alarm, moved.state, standing.open)
        self._pending.append(self._entry(after, moved, now, user, ""))
        try:
            self.flush()
        except Unavailable:
            self._pending.pop()  # a command that is not durable did not happen
            raise
        self._move(standing, moved.state)

    def _entry(self, standing: Standing, moved: Moved, time: int, user: str | None, detail: str) -> Entry:
        return Entry(
            time,
            self._clock(),
            str(moved.what),
            standing.alarm.id,
            moved.state.occurrence,
            user,
            moved.detail or detail,
            dump(standing, annunciate=moved.annunciate),
        )

    def _open(self, alarm: Alarm, standing: Standing | None, finding: Finding) -> None:
        if standing is not None and finding.id in standing.open:
            self._worse(standing, alarm, finding)
            return
        if self._knows(finding.id):
            return
        if standing is None:
            if len(self._standing) >= MAX_ALARMS:
                self.counts.findings_refused += 1
                return
            standing = self._standing[alarm.id] = Standing(alarm)
        if len(standing.open) >= MAX_OPEN:
            self.counts.findings_refused += 1
            return
        standing.alarm = alarm
        standing.open = (*standing.open, finding.id)
        event = ReAlarm(finding.id) if standing.state.active else Activate(finding.id)
        self._apply(alarm.id, event, finding.start, detail=alarm.message)

    def _worse(self, standing: Standing, alarm: Alarm, finding: Finding) -> None:
        """A repeat is no news, unless it is more urgent than before: then it calls again."""
        if _ORDER[PRIORITY[finding.severity]] < _ORDER[standing.alarm.priority]:
            standing.alarm = alarm
            again = ReAlarm(f"{finding.id}.{alarm.priority}")
            self._apply(alarm.id, again, finding.start, detail=f"now {alarm.priority}: {alarm.message}")

    def _close(self, standing: Standing, finding: Finding) -> None:
        standing.open = tuple(i for i in standing.open if i != finding.id)
        time = finding.start if finding.end is None else finding.end
        reason = "withdrawn: later evidence contradicts it" if finding.state is FindingState.WITHDRAWN else "ended"
        if standing.open:
            moved = Moved(standing.state, What.RETURNED, detail=f"finding {finding.id} {reason}, others hold")
            self._pending.append(replace(self._entry(standing, moved, time, None, ""), event="finding_ended"))
        else:
            self._apply(standing.alarm.id, Return(reason), time)

    def _unseen(self, alarm: Alarm, standing: Standing | None, finding: Finding) -> None:
        """A finding that ended before we heard of it: both steps are recorded, one after the other."""
        if finding.state is FindingState.WITHDRAWN:
            return
        self._open(alarm, standing, finding)
        if alarm.id in self._standing and finding.id in self._standing[alarm.id].open:
            self._close(self._standing[alarm.id], finding)

    def _knows(self, occurrence: str) -> bool:
        return any(e.occurrence == occurrence for e in self._pending) or self._journal.knows(occurrence)

    def _restore(self) -> None:
        for line in self._journal.latest():
            if line.entry.alarm is None or line.entry.after is None:
                continue
            found = load(line.entry.after)
            present = self._standing.get(line.entry.alarm)
            if present is None and found.alarm.origin is Origin.LIMIT:
                continue  # the limit is gone from the plant file; its history stays in the journal
            standing = found if present is None else Standing(present.alarm, found.state, found.open)
            self._standing[line.entry.alarm] = standing
            self._move(standing, standing.state)
        self._limits.restore(
            {i: (s.state.active, s.state.quality_bad, s.state.process_time) for i, s in self._standing.items()}
        )

    def tally(self) -> Counter[Priority]:
        """Number of annunciated alarms by priority."""
        return Counter(s.alarm.priority for s in self._standing.values() if s.annunciated)


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
