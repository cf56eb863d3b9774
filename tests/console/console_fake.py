"""A chlor-alkali plant for tests and pictures: plausible values, and one of everything that can be wrong."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from ingest.ledger_view import AgentRow, DeclaredLoss, LedgerSnapshot, PointRow, SequenceGap
from plant.clock import SECOND
from plant.errors import FixError
from plant.findings import Finding, FindingState, Severity
from plant.model import AlarmKind, Kind, Plant, Point, Priority
from plant.readings import Reading
from plant.status import BAD_SENSOR_FAILURE, GOOD, UNCERTAIN
from plant.virtual import HealthMetric, Period, coverage_point, health_point, result_point
from plantwatch.console.data import (
    Act,
    AlarmEvent,
    AlarmItem,
    AlarmState,
    EnergyPeriod,
    Grades,
    InterlockHistory,
    ProductEnergy,
    Trend,
    Viewer,
)
from plantwatch.latest import Live

PLANT_FILE = Path(__file__).parents[2] / "simulators" / "plants" / "chlor_alkali.yaml"
ORIGIN = 1_795_500_000 * SECOND
"""2026-11-24 in the afternoon in Shanghai [ns UTC]."""
HOUR = 3600 * SECOND
DAY = 24 * HOUR
BAD, STALE, DOUBTFUL, NEVER, HIGH = (
    "AI-101.nacl",
    "F-104.flow",
    "AI-102.ph",
    "F-102.flow",
    "DP-104.pressure",
)
"""Points that are wrong in one way each."""
HOSTILE = '<img src=x onerror="window.hacked=1">{{7*7}}'
TOKENS = {
    f"{role}-token": Viewer(name, role, may)
    for role, name, may in (
        ("operator", "Li Na", frozenset(Act)),
        ("engineer", "Wang Wei", frozenset(Act)),
        ("regulator", "Zhao Min", frozenset()),
    )
}


def load_plant(*, hostile: bool = False) -> Plant:
    """The example plant; with one point of a hostile name when asked for."""
    data = YAML(typ="safe").load(PLANT_FILE)
    if hostile:
        data["areas"][0]["units"][0]["points"][0] |= {"name": HOSTILE, "name_zh": HOSTILE}
    return Plant.model_validate(data)


def steady(plant: Plant, point: Point) -> float:
    """A value well inside the point's alarm limits and trip points."""
    low, high = point.range or (0.0, 100.0)
    if point.kind is not Kind.ANALOG:
        return 123_456.7 if point.kind is Kind.COUNTER else _switch(plant, point)
    highs = [a.limit for a in point.alarms if a.kind is AlarmKind.HIGH and a.limit is not None]
    lows = [a.limit for a in point.alarms if a.kind is AlarmKind.LOW and a.limit is not None]
    for cause in (c for i in plant.interlocks for c in i.causes if c.point == point.id):
        (highs if cause.comparator.startswith(">") else lows).append(cause.set_point)
    low, high = max([low, *lows]), min([high, *highs])
    share = 0.04 if "chlorine" in point.id else 0.57
    return low + share * (high - low)


def _switch(plant: Plant, point: Point) -> float:
    safe = [e.safe_state for i in plant.interlocks for e in i.effects if e.feedback == point.id]
    if safe:
        return 1.0 if safe[0] == 0 else 0.0
    quiet = ("bypass", "command", "reset", "pressed")
    return 0.0 if any(word in point.id for word in quiet) or point.alarms else 1.0


class FakeDesk:
    """The whole port, in memory, from a clock that starts at ``ORIGIN`` and runs."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._begun = time.monotonic_ns()
        self._steady = {p.id: steady(plant, p) for p in plant.points.values()}
        self._steady["IL-401.bypass_b"] = 1.0
        self._steady[HIGH] = 126.4
        self.revoked: set[str] = set()
        self.broken = False
        self._alarms = {a.occurrence: a for a in _alarms(ORIGIN)}
        self._events = _events(ORIGIN)

    @property
    def plant(self) -> Plant:
        return self._plant

    def now(self) -> int:
        return ORIGIN + time.monotonic_ns() - self._begun

    def slack(self) -> int:
        return 5 * SECOND

    def authenticate(self, token: str) -> Viewer | None:
        return None if token in self.revoked else TOKENS.get(token)

    def latest(self) -> Mapping[str, Live]:
        if self.broken:
            raise RuntimeError("the values are gone")
        now = self.now()
        live = {}
        for n, point in enumerate(self._plant.points.values()):
            if point.id == NEVER:
                continue
            wave = 1 + 0.004 * math.sin(now / SECOND / 7 + n) * (point.kind is Kind.ANALOG)
            status = {BAD: BAD_SENSOR_FAILURE, DOUBTFUL: UNCERTAIN}.get(point.id, GOOD)
            when = ORIGIN - 11 * 60 * SECOND if point.id == STALE else now - (n % 9) * SECOND // 10
            live[point.id] = Live(Reading(point.id, when, self._steady[point.id] * wave, status), when)
        return live | self._virtual(now)

    def _virtual(self, now: int) -> dict[str, Live]:
        values: dict[str, float] = {}
        for source, n in (("dcs", 2_412_877), ("meters", 91_204)):
            told = {
                "received": n,
                "sent": n - 40,
                "spooled": 40,
                "lost": 0,
                "failing": 0,
                "age": 0.4,
                "connected": 1,
            }
            if source == "meters":
                told |= {"lost": 312, "failing": 2, "connected": 0, "age": 94}
            values |= {health_point("edge-1", source, HealthMetric(m)): float(v) for m, v in told.items()}
        for product in self._plant.products:
            values[result_point(product.result, Period.HOUR)] = 321.4
            values[coverage_point(product.result, Period.HOUR)] = 0.998
        live = {p: Live(Reading(p, now, v), now) for p, v in values.items()}
        failing = health_point("edge-1", "meters", HealthMetric.FAILING)
        reasons = "SM-102: no message for 94 s; AM-101: no message for 94 s"
        live[failing] = replace(live[failing], reading=Reading(failing, now, 2.0, text=reasons))
        return live

    async def trend(self, points: Sequence[str], start: int, end: int, *, window: int) -> Mapping[str, Trend]:
        times = np.arange(start, end, window, dtype=np.int64)
        seconds = times / SECOND
        found = {}
        for n, point in enumerate(points):
            base = self._steady[point]
            slow = np.sin(seconds / 900 + n) * 0.02 + np.sin(seconds / 61 + 3 * n) * 0.004
            mean = (
                base * (1 + slow) if self._plant.points[point].kind is Kind.ANALOG else np.full(len(times), base)
            )
            mean = np.where((seconds % 3600 > 2400) & (seconds % 3600 < 2580), np.nan, mean)
            mean[times > self.now()] = np.nan
            found[point] = Trend(times, mean, mean * 0.994, mean * 1.006)
        return found

    def alarms(self) -> Sequence[AlarmItem]:
        return list(self._alarms.values())

    def alarm_events(self, limit: int) -> Sequence[AlarmEvent]:
        return self._events[:limit]

    def acknowledge(self, occurrence: str, *, viewer: Viewer) -> None:
        alarm = self._alarms.get(occurrence)
        if alarm is None or not alarm.state.unacknowledged:
            raise FixError(f"the occurrence {occurrence} is over or acknowledged already")
        self._alarms[occurrence] = replace(alarm, state=AlarmState.ACKED, acknowledged_by=viewer.name)
        self._events.insert(0, AlarmEvent(self.now(), "acknowledged", alarm.alarm, viewer.name))

    def shelve(self, alarm: str, *, seconds: float, reason: str, viewer: Viewer) -> None:
        item = self._find(alarm)
        until = self.now() + int(seconds * SECOND)
        self._alarms[item.occurrence] = replace(
            item, state=AlarmState.SHELVED, shelved_until=until, shelved_by=viewer.name, shelve_reason=reason
        )
        self._events.insert(0, AlarmEvent(self.now(), "shelved", alarm, viewer.name, reason))

    def unshelve(self, alarm: str, *, viewer: Viewer) -> None:
        item = self._find(alarm)
        self._alarms[item.occurrence] = replace(item, state=AlarmState.UNACK)
        self._events.insert(0, AlarmEvent(self.now(), "unshelved", alarm, viewer.name))

    def reset(self, alarm: str, *, viewer: Viewer) -> None:
        item = self._find(alarm)
        if item.state is not AlarmState.LACKED:
            raise FixError(f"alarm {alarm} is not latched and acknowledged")
        self._events.insert(0, AlarmEvent(self.now(), "reset", alarm, viewer.name))
        self._alarms = {n: a for n, a in self._alarms.items() if a.alarm != alarm}

    def _find(self, alarm: str) -> AlarmItem:
        return next(a for a in self._alarms.values() if a.alarm == alarm)

    def interlock_history(self) -> Mapping[str, InterlockHistory]:
        return {
            "IL-401": InterlockHistory(bypassed_since=ORIGIN - 2 * HOUR, last_demand=None, last_trip=None),
            "IL-112": InterlockHistory(last_demand=ORIGIN - 6 * 60 * SECOND),
            "IL-121": InterlockHistory(last_demand=ORIGIN - 9 * DAY, last_trip=ORIGIN - 9 * DAY),
        }

    def findings(self, limit: int) -> Sequence[Finding]:
        missed = Finding(
            "IA-01",
            "IL-112",
            Severity.CRITICAL,
            ORIGIN - 6 * 60 * SECOND,
            None,
            "command within 2 s of the demand",
            "no command after 360 s",
            "IEC 61511-1, 16.2",
            expected_zh="要求出现后 2 s 内发出联锁指令",
            seen_zh="360 s 后仍无联锁指令",
        )
        slow = Finding(
            "IA-02",
            "IL-121",
            Severity.HIGH,
            ORIGIN - 9 * DAY,
            ORIGIN - 9 * DAY + 4 * SECOND,
            "safe state within 2.0 s",
            "safe state after 3.4 s",
            "IEC 61511-1, 16.2",
            state=FindingState.CLOSED,
            expected_zh="2 s 内到达安全状态",
            seen_zh="3.4 s 后到达安全状态",
        )
        return [missed, slow][:limit]

    async def energy(self) -> Sequence[ProductEnergy]:
        hour0, day0 = ORIGIN // HOUR * HOUR, (ORIGIN + 8 * HOUR) // DAY * DAY - 8 * HOUR
        hours = tuple(_period(hour0 - (48 - n) * HOUR, n, weak=(17, 18)) for n in range(48))
        days = tuple(_period(day0 - (14 - n) * DAY, 3 * n, weak=(12,)) for n in range(14))
        grades = Grades("GB 21257-2024", 308.0, 315.0, 350.0)
        so_far = (EnergyPeriod(ORIGIN - 240 * SECOND, 324.8, 0.997, assessable=False),)
        return [ProductEnergy(p.id, grades, hours, days, so_far) for p in self._plant.products]

    async def ledger(self) -> LedgerSnapshot:
        elapsed = (self.now() - ORIGIN) // SECOND
        points = tuple(_account(n, p, elapsed) for n, p in enumerate(self._plant.points))
        gap = SequenceGap(4, 118, 119)
        agent = AgentRow("edge-1", 4, 9_124 + elapsed, (gap,), 9_122 + elapsed, 3, ORIGIN, ORIGIN)
        return LedgerSnapshot(points, (agent,), {"not an Arrow stream": 1})


def _account(n: int, point: str, elapsed: int) -> PointRow:
    received = 10_900 + 7 * n + elapsed
    losses: tuple[DeclaredLoss, ...] = ()
    if point in {"SM-102.total", "AM-101.total"}:
        start = ORIGIN - 3 * HOUR
        losses = (DeclaredLoss("edge-1", "spool full: oldest dropped", 156, start, start + 94 * SECOND),)
    rejected = {"source time more than 1 d ahead": 2} if point == "T-101.level" else {}
    return PointRow(point, received, 0, received - sum(rejected.values()) - n % 2, rejected, losses)


def _period(start: int, n: int, *, weak: tuple[int, ...]) -> EnergyPeriod:
    over = 14 if n in {30, 31} else 0
    value = 329 + 11 * math.sin(n / 5) + 4 * math.sin(n * 2.3) + over * 1.4
    if n in weak:
        return EnergyPeriod(start, value - 9, 0.61, assessable=False)
    return EnergyPeriod(start, value, 0.998, assessable=True)


def _alarms(now: int) -> list[AlarmItem]:
    missed = "Interlock IL-112 did not trip: cell voltage 4.06 V, no command for 360 s"
    missed_zh = "联锁 IL-112 未动作：槽电压 4.06 V 已持续 360 s，无联锁指令"
    long_ago = now - 360 * SECOND
    return [
        AlarmItem(
            "o-1", "IA-01/IL-112", "IL-112", AlarmState.UNACK, Priority.CRITICAL, long_ago, missed, missed_zh
        ),
        AlarmItem(
            "o-2", "DP-104.pressure.H", HIGH, AlarmState.UNACK, Priority.MEDIUM, now - 900 * SECOND,
            "Brine filter blocked", "盐水过滤器压差高",
        ),
        AlarmItem(
            "o-3", "AI-101.nacl.bad", BAD, AlarmState.ACKED, Priority.HIGH, now - 2 * HOUR,
            "Saturated brine analyser: sensor failure", "饱和盐水分析仪故障", acknowledged_by="Wang Wei",
        ),
        AlarmItem(
            "o-6", "GD-301B.chlorine.H", "GD-301B.chlorine", AlarmState.LACKED, Priority.CRITICAL, now - DAY,
            "Chlorine in the compressor house", "氯压机房氯气报警", acknowledged_by="Li Na",
        ),
        AlarmItem(
            "o-4", "T-101.level.H", "T-101.level", AlarmState.RTNUN, Priority.LOW, now - 5 * HOUR,
            "Saturator nearly full", "化盐桶液位高",
        ),
        AlarmItem(
            "o-5", "T-101.level.L", "T-101.level", AlarmState.SHELVED, Priority.MEDIUM, now - 26 * HOUR,
            "Saturator nearly empty", "化盐桶液位低",
            shelved_until=now + 2 * HOUR, shelved_by="Li Na", shelve_reason="level gauge LT-101 under repair",
        ),
    ]  # fmt: skip


def _events(now: int) -> list[AlarmEvent]:
    return [
        AlarmEvent(
            now - 360 * SECOND, "raised", "IA-01/IL-112", None,
            "IA-01 missed trip, IL-112: expected a command", "IA-01 联锁拒动，IL-112：应为：联锁指令",
        ),
        AlarmEvent(now - 900 * SECOND, "raised", "DP-104.pressure.H", None, "126.4 kPa"),
        AlarmEvent(now - 2 * HOUR + 40 * SECOND, "acknowledged", "AI-101.nacl.bad", "Wang Wei"),
        AlarmEvent(now - 2 * HOUR, "raised", "AI-101.nacl.bad", None, "BadSensorFailure"),
        AlarmEvent(now - 3 * HOUR, "shelved", "T-101.level.L", "Li Na", "level gauge LT-101 under repair"),
        AlarmEvent(now - 4 * HOUR, "refused", "T-101.level.L", "Zhao Min", "a regulator may not acknowledge"),
        AlarmEvent(now - 5 * HOUR, "returned", "T-101.level.H"),
    ]  # fmt: skip
