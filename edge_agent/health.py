"""The agent's own health as readings of virtual points, see ``plant.virtual``."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.sources.source import Vitals
from plant.readings import MISSING, Reading, Readings
from plant.status import BAD_WAITING_FOR_INITIAL_DATA, GOOD
from plant.virtual import HealthMetric, health_point

HEALTH = "health"
"""Name under which health readings wait in the spool."""
_MAX_TEXT = 4000
"""Longest list of failing items in one reading [characters]."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What became of a source's values after it had handed them over."""

    sent: int
    spooled: int
    dropped: int = 0
    """Values dropped from the full spool [1]."""
    trouble: str | None = None
    """Why values cannot be written to disk or sent, for people."""


def health_readings(agent: str, sources: Mapping[str, tuple[Vitals, Flow]], now: int) -> Readings:
    """One reading per source and metric at ``now`` [ns UTC]."""
    return Readings.from_rows(
        row for source, (vitals, flow) in sources.items() for row in _rows(agent, source, vitals, flow, now)
    )


def _rows(agent: str, source: str, vitals: Vitals, flow: Flow, now: int) -> list[Reading]:
    def row(metric: HealthMetric, value: float, status: int = GOOD, text: str | None = None) -> Reading:
        return Reading(health_point(agent, source, metric), now, value, status, text)

    never = vitals.last_arrival is None
    age = MISSING if vitals.last_arrival is None else max(0.0, (now - vitals.last_arrival) / 1e9)
    return [
        row(HealthMetric.RECEIVED, vitals.received),
        row(HealthMetric.SENT, flow.sent),
        row(HealthMetric.SPOOLED, flow.spooled),
        row(HealthMetric.LOST, vitals.lost + flow.dropped),
        row(HealthMetric.CONNECTED, float(vitals.connected), text=flow.trouble),
        row(HealthMetric.FAILING, len(vitals.failing), text=failing_text(vitals.failing)),
        row(HealthMetric.AGE, age, BAD_WAITING_FOR_INITIAL_DATA if never else GOOD),
    ]


def failing_text(failing: Mapping[str, str]) -> str | None:
    """Failing items with their reasons, one a line, cut to a bounded length; None when nothing fails."""
    if not failing:
        return None
    lines: list[str] = []
    length = 0
    for item, reason in failing.items():
        line = f"{item}: {reason}"
        length += len(line) + 1
        if length > _MAX_TEXT:
            lines.append(f"… and {len(failing) - len(lines)} more")
            break
        lines.append(line)
    return "\n".join(lines)
