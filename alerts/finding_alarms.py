"""From findings to alarms: each finding is an occurrence of the alarm of its rule about its subject."""

from dataclasses import dataclass, replace

from alerts.alarm import Alarm, of_finding
from alerts.lifecycle import Activate, Moved, ReAlarm, Return, What
from alerts.roll import Roll
from alerts.standing import RANK, Standing
from plant.findings import Finding, FindingState

MAX_OPEN = 256
"""Most findings of one alarm that can be open at once."""
MAX_ALARMS = 20_000
"""Most alarms; a finding that would need one more is refused and counted."""


@dataclass(slots=True)
class FindingAlarms:
    """Enters findings in the roll. The same message twice changes nothing; a finding may end and hold again."""

    roll: Roll
    areas: dict[str, str]
    """Area id by subject."""
    refused: int = 0
    """Findings beyond ``MAX_ALARMS`` or ``MAX_OPEN``."""

    def enter(self, finding: Finding) -> None:
        """Take a finding as it stands now.

        Raises:
            Unavailable: the journal cannot be asked what it knows of it; nothing changed.
        """
        alarm = of_finding(finding, self.areas.get(finding.subject))
        standing = self.roll.standing.get(alarm.id)
        if standing is not None and finding.id in standing.open:
            if finding.told >= standing.heard:
                self._goes_on(alarm, standing, finding)
        elif finding.state is FindingState.OPEN:
            self._begins(alarm, standing, finding)
        elif finding.state is FindingState.CLOSED and not self.roll.knows(finding.id):
            self._begins(alarm, standing, finding)  # it ended before we heard of it: both steps are recorded
            begun = self.roll.standing.get(alarm.id)
            if begun is not None and finding.id in begun.open:
                self._ends(begun, finding)

    def _begins(self, alarm: Alarm, standing: Standing | None, finding: Finding) -> None:
        """A finding that does not hold the alarm yet: for the first time, or again after it had ended."""
        known = self.roll.knows(finding.id)
        if known and finding.told <= (0 if standing is None else standing.heard):
            return  # this message came before
        if len(self.roll.standing) >= MAX_ALARMS and standing is None:
            self.refused += 1
            return
        standing = self.roll.standing.setdefault(alarm.id, Standing(alarm))
        if len(standing.open) >= MAX_OPEN:
            self.refused += 1
            return
        standing.alarm = _no_less_urgent(alarm, standing) if standing.open else alarm
        standing.open, standing.heard = (*standing.open, finding.id), max(standing.heard, finding.told)
        name = f"{finding.id}.{finding.told}" if known else finding.id
        event = ReAlarm(name) if standing.state.active else Activate(name)
        self.roll.apply(alarm.id, event, finding.start, detail=alarm.message)

    def _goes_on(self, alarm: Alarm, standing: Standing, finding: Finding) -> None:
        """A finding that holds the alarm: ended, more urgent than before (then it calls again), or no news."""
        standing.heard = finding.told
        if finding.state is not FindingState.OPEN:
            self._ends(standing, finding)
        elif RANK[alarm.priority] < RANK[standing.alarm.priority]:
            standing.alarm = alarm
            name = f"{finding.id}.{finding.told or alarm.priority}"
            detail = f"now {alarm.priority}: {alarm.message}"
            self.roll.apply(alarm.id, ReAlarm(name), finding.start, detail=detail)

    def _ends(self, standing: Standing, finding: Finding) -> None:
        standing.open = tuple(i for i in standing.open if i != finding.id)
        time = finding.start if finding.end is None else finding.end
        reason = "withdrawn: later evidence contradicts it" if finding.state is FindingState.WITHDRAWN else "ended"
        if standing.open:
            moved = Moved(standing.state, What.RETURNED, detail=f"finding {finding.id} {reason}, others hold")
            self.roll.record(standing, moved, time, event="finding_ended")
        else:
            self.roll.apply(standing.alarm.id, Return(reason), time)


def _no_less_urgent(alarm: Alarm, standing: Standing) -> Alarm:
    """The new words, but never less urgent than what still holds."""
    return replace(alarm, priority=min(alarm.priority, standing.alarm.priority, key=RANK.__getitem__))
