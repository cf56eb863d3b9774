"""What an alarm is, apart from its state: from a limit in the plant file, or from a rule's finding."""

from dataclasses import dataclass
from enum import StrEnum

from alerts.lifecycle import Policy
from plant.findings import Finding, Severity
from plant.model import AlarmLimit, Plant, Point, Priority
from plant.rule_titles import named

PRIORITY = {
    Severity.INFO: Priority.LOW,
    Severity.LOW: Priority.LOW,
    Severity.MEDIUM: Priority.MEDIUM,
    Severity.HIGH: Priority.HIGH,
    Severity.CRITICAL: Priority.CRITICAL,
}
"""Alarm priority of a finding's severity."""
_MOST = 1000
"""Most characters of a message from a finding."""


class Origin(StrEnum):
    """Where an alarm comes from."""

    LIMIT = "limit"
    FINDING = "finding"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of the plant."""

    id: str
    subject: str
    """Id of the point, interlock, product or meter that it is about."""
    origin: Origin
    priority: Priority
    message: str
    message_zh: str | None = None
    latching: bool = False
    area: str | None = None
    """Id of the plant area; None when the subject lies in none."""

    @property
    def policy(self) -> Policy:
        """How its life runs."""
        return Policy(latching=self.latching, critical=self.priority is Priority.CRITICAL)


def areas(plant: Plant) -> dict[str, str]:
    """Area id of every point and unit."""
    found: dict[str, str] = {}
    for area in plant.areas:
        for unit in area.units:
            found[unit.id] = area.id
            found |= {point.id: area.id for point in unit.points}
    for interlock in plant.interlocks:
        area_id = found.get(interlock.command)
        if area_id is not None:
            found.setdefault(interlock.id, area_id)
    return found


def of_limit(point: Point, limit: AlarmLimit, area: str | None) -> Alarm:
    """The alarm of one limit."""
    words = {"high": "high", "low": "low", "equals": "at its alarm state", "bad_status": "signal bad"}
    return Alarm(
        limit.id,
        point.id,
        Origin.LIMIT,
        limit.priority,
        limit.message or f"{point.name}: {words[limit.kind]}",
        limit.message_zh,
        limit.latching,
        area,
    )


def of_finding(finding: Finding, area: str | None) -> Alarm:
    """The alarm of a rule about a subject; all findings of that pair are its occurrences."""
    title = named(finding.rule)
    what = _unless_said("not assessable: ", finding.seen, finding)
    message = f"{title.en}, {finding.subject}: {what}expected {finding.expected}; seen {finding.seen}"
    message_zh = None
    if finding.expected_zh and finding.seen_zh:
        what = _unless_said("无法评估：", finding.seen_zh, finding)
        message_zh = f"{title.zh}，{finding.subject}：{what}应为：{finding.expected_zh}；实际：{finding.seen_zh}"
    return Alarm(
        f"{finding.rule}:{finding.subject}",
        finding.subject,
        Origin.FINDING,
        PRIORITY[finding.severity],
        message[:_MOST],
        None if message_zh is None else message_zh[:_MOST],
        area=area,
    )


def _unless_said(words: str, seen: str, finding: Finding) -> str:
    """The words that mark a finding that could not be assessed; none where ``seen`` begins with them."""
    return "" if finding.assessable or seen.startswith(words) else words
