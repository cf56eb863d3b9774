"""The roll: every alarm with its state, and the lines that wait for the journal. The desk works on it."""

import logging
from dataclasses import dataclass, field, replace

from alerts.alarm import Alarm, Origin
from alerts.journal import Entry, Journal, Line
from alerts.lifecycle import Event, Moved, Phase, State, What, transition
from alerts.rules import Timer
from alerts.standing import Standing, dump, dump_timers, load, load_timers
from plant.clock import Clock

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Roll:
    """All alarms of one plant. Changes are in memory at once, and in the journal after ``flush``."""

    journal: Journal
    clock: Clock
    """For the time of writing [ns UTC]."""
    standing: dict[str, Standing] = field(default_factory=dict)
    """By alarm id."""
    by_occurrence: dict[str, str] = field(default_factory=dict)
    """Alarm id of each present occurrence."""
    shelved: set[str] = field(default_factory=set)
    pending: list[Entry] = field(default_factory=list)
    """Lines that wait for the journal."""
    timers: dict[str, Timer] = field(default_factory=dict)
    """The delays that run, as they should stand in the journal."""
    unreadable: int = 0
    """Alarms whose state in the journal could not be read: normal until the process says otherwise."""
    _timers_written: dict[str, Timer] = field(default_factory=dict)

    def apply(self, alarm: str, event: Event, time: int, *, detail: str = "") -> None:
        """Let an event happen at ``time`` [ns UTC]; one that is impossible in this state changes nothing."""
        standing = self.standing[alarm]
        moved = transition(standing.state, event, time, standing.alarm.policy)
        if isinstance(moved, Moved):
            self.move(standing, moved.state)
            if moved.what is not None:
                self.record(standing, moved, time, detail=detail)

    def move(self, standing: Standing, state: State) -> None:
        """Put an alarm into a state, and keep the indexes true."""
        alarm = standing.alarm.id
        if standing.state.occurrence is not None and standing.state.occurrence != state.occurrence:
            self.by_occurrence.pop(standing.state.occurrence, None)
        if state.occurrence is not None:
            self.by_occurrence[state.occurrence] = alarm
        if state.shelf is None:
            self.shelved.discard(alarm)
        else:
            self.shelved.add(alarm)
        standing.state = state

    def record(
        self,
        standing: Standing,
        moved: Moved,
        time: int,
        *,
        user: str | None = None,
        event: str | None = None,
        detail: str = "",
    ) -> None:
        """Let a line wait that says what moved; ``event`` in place of the transition's own word."""
        self.pending.append(
            Entry(
                time,
                self.clock(),
                str(moved.what) if event is None else event,
                standing.alarm.id,
                moved.state.occurrence,
                user,
                moved.detail or detail,
                dump(standing, annunciate=moved.annunciate),
            )
        )

    def flush(self) -> bool:
        """Write what waits; whether there was any line.

        Raises:
            Unavailable: it cannot be written now; nothing is lost, try again.
        """
        if not self.waiting:
            return False
        dirty = self.timers != self._timers_written
        self.journal.append(self.pending, timers=dump_timers(self.timers) if dirty else None)
        written, self.pending = bool(self.pending), []
        self._timers_written = dict(self.timers)
        return written

    @property
    def waiting(self) -> int:
        """Lines that wait for the journal, and one more when timers do."""
        return len(self.pending) + (self.timers != self._timers_written)

    def knows(self, occurrence: str) -> bool:
        """Whether a line about this occurrence exists.

        Raises:
            Unavailable: the journal cannot be read now.
        """
        return any(e.occurrence == occurrence for e in self.pending) or self.journal.knows(occurrence)

    def restore(self, limits: dict[str, Alarm]) -> None:
        """Begin with the alarms of the plant file, in the states that the journal tells.

        Raises:
            Unavailable: the journal cannot be read.
        """
        self.standing = {alarm.id: Standing(alarm) for alarm in limits.values()}
        self.timers = load_timers(self.journal.timers())
        self._timers_written = dict(self.timers)
        for line in self.journal.latest():
            found = None if line.entry.after is None else load(line.entry.after)
            if found is None:
                self._unreadable(line)
            elif found.alarm.id in limits or found.alarm.origin is Origin.FINDING:
                standing = replace(found, alarm=limits.get(found.alarm.id, found.alarm))
                self.standing[standing.alarm.id] = standing
                self.move(standing, standing.state)
            elif found.state.phase is not Phase.NORM:
                self._gone(found)

    def _unreadable(self, line: Line) -> None:
        self.unreadable += 1
        _LOG.error("line %d of alarm %s cannot be read; verify the journal", line.seq, line.entry.alarm)

    def _gone(self, found: Standing) -> None:
        """A limit that the plant file no longer has: an alarm that stood does not vanish without a line."""
        moved = Moved(State(), What.RETURNED, detail="the plant file has this limit no more")
        self.record(replace(found, state=State()), moved, self.clock(), event="removed")
