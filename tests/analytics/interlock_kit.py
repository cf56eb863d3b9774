"""Small plants with one interlock, and stories of what their points said, in seconds from T0."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.interlocks.parameters import Parameters, default_parameters
from analytics.interlocks.supervision import Supervision
from plant.findings import Finding, FindingState, Severity
from plant.model import Plant
from plant.readings import Reading, Readings
from plant.status import BAD_SENSOR_FAILURE, StatusClass, status_class

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000
NAN = float("nan")
BAD = BAD_SENSOR_FAILURE

# What tests vary most, with the deadlines that follow. Margin and skew are those of the packaged parameters.
DELAY, SCAN, MARGIN, RESPONSE, SKEW = 2, 1, 1, 8, 2
CONFIRM = DELAY + SCAN  # 3 s: a vote that lasts so long is a demand
COMMAND = DELAY + 2 * SCAN + MARGIN  # 5 s: by then the command must have come


def point(name: str, *, kind: str = "analog", period: float | None = 1, source: str = "dcs") -> dict[str, Any]:
    return {"id": name, "name": name, "kind": kind, "period": period, "address": {"source": source, "node": "s=1"}}


def plant(
    voting: str = "1oo1",
    *,
    cause: Mapping[str, Any] | None = None,
    interlock: Mapping[str, Any] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Plant:
    """Channels A, B, C beyond 10, command X, element V with safe state 0, bypasses W (whole) and a, b, c.

    H is a point that no rule looks at: the source is alive. M is of another source, ``meters``.
    """
    names = "ABC"[: int(voting[-1])]
    causes = [
        {"point": n, "comparator": ">=", "set_point": 10, "bypass": n.lower(), **(cause or {})} for n in names
    ]
    of = sources or {}
    analog = [point(n, source=of.get(n, "dcs")) for n in (*names, "H")]
    switches = [
        point(n, kind="discrete", period=None, source=of.get(n, "dcs")) for n in ("X", "W", *names.lower())
    ]
    effect = point("V", kind="discrete", source=of.get("V", "dcs"))
    meter = point("M", source="meters")
    return Plant.model_validate(
        {
            "schema_version": 1,
            "id": "p1",
            "name": "Plant",
            "sources": [
                {"id": "dcs", "protocol": "opcua", "silent_after": 30},
                {"id": "meters", "protocol": "mqtt", "silent_after": 60},
            ],
            "areas": [
                {
                    "id": "area",
                    "name": "Area",
                    "units": [{"id": "u", "name": "U", "points": [*analog, *switches, effect, meter]}],
                }
            ],
            "interlocks": [
                {
                    "id": "I",
                    "name": "I",
                    "voting": voting,
                    "causes": causes,
                    "delay": DELAY,
                    "scan": SCAN,
                    "response": RESPONSE,
                    "command": "X",
                    "bypass": "W",
                    "bypass_limit": 60,
                    "effects": [{"id": "V", "name": "V", "feedback": "V", "safe_state": 0, "travel": 3}],
                    **(interlock or {}),
                }
            ],
        }
    )


Said = float | tuple[float, int] | None
"""A value, a value with its status, or nothing at all."""
Course = Sequence[tuple[float, Said]]
"""From when on [s], what a point said."""

NORMAL: dict[str, Course] = {
    **{n: [(0, 5.0)] for n in "ABC"},
    "H": [(0, 1.0)],
    "V": [(0, 1.0)],
    "M": [(0, 1.0)],
    **{n: [(0, 0.0)] for n in "XWabc"},
}
"""Nothing is wrong: no cause, no bypass, the element is open."""


def told(plant_: Plant, until: float, **story: Course) -> list[Reading]:
    """What the points say up to ``until`` [s]: those with a period every second, the others when they change."""
    rows = []
    for name, model in plant_.points.items():
        course = list(story.get(name, NORMAL[name]))
        times = {t for t, _ in course}
        if model.period is not None:
            times |= {float(n) for n in range(int(until) + 1)}
        for time in sorted(t for t in times if t <= until):
            said = next((what for since, what in reversed(course) if since <= time), None)
            if said is not None:
                value, status = said if isinstance(said, tuple) else (said, 0)
                bad = status_class(status) is StatusClass.BAD
                rows.append(Reading(name, T0 + round(time * S), NAN if bad else value, status))
    return sorted(rows, key=lambda r: (r.time, r.point))


@dataclass(frozen=True)
class Found:
    """A finding in seconds from T0."""

    rule: str
    subject: str
    start: float
    end: float | None
    assessable: bool = True


def found(finding: Finding) -> Found:
    end = None if finding.end is None else (finding.end - T0) / S
    return Found(finding.rule, finding.subject, (finding.start - T0) / S, end, finding.assessable)


class Watch:
    """A supervision, and what it has told so far."""

    def __init__(self, plant_: Plant, parameters: Parameters | None = None) -> None:
        self.supervision = Supervision(plant_, default_parameters() if parameters is None else parameters)
        self.findings: dict[str, Finding] = {}
        self.first_told: dict[str, float] = {}
        """By rule: newest time [s] of the readings with which a finding of it was told first."""
        self.messages = 0

    def step(self, rows: Iterable[Reading]) -> None:
        batch = Readings.from_rows(rows)
        for finding in self.supervision.step(batch):
            self.messages += 1
            self.findings[finding.id] = finding
            self.first_told.setdefault(finding.rule, (int(batch.time.max()) - T0) / S)

    def hear(self, rows: Sequence[Reading], *, seconds: float = 1) -> "Watch":
        """Take rows in batches of ``seconds`` [s] of their time."""
        parts: dict[int, list[Reading]] = {}
        for r in rows:
            parts.setdefault((r.time - T0) // round(seconds * S), []).append(r)
        for _, part in sorted(parts.items()):
            self.step(part)
        return self

    def held(self) -> list[Finding]:
        """Every finding that was not taken back."""
        kept = [f for f in self.findings.values() if f.state is not FindingState.WITHDRAWN]
        return sorted(kept, key=lambda f: (f.start, f.rule, f.subject))

    def found(self, *rules: str) -> list[Found]:
        return [found(f) for f in self.held() if not rules or f.rule in rules]


def judge(plant_: Plant, until: float = 40, **story: Course) -> list[Found]:
    """What is found in a story."""
    return Watch(plant_).hear(told(plant_, until, **story)).found()


def severity(plant_: Plant, rule: str, until: float = 40, **story: Course) -> Severity:
    watch = Watch(plant_).hear(told(plant_, until, **story))
    return next(f.severity for f in watch.held() if f.rule == rule)
