"""From a fault to its truth: worked out from the fault and the plant file alone, never from what the rules found.

A fault may have no finding at all (a healthy demand, a bypass shorter than its limit), several (a device with two
meters), or one that is left open (``Truth.certain``) because the fault lasts about as long as the rule waits: then
both answers are right. What each rule waits for is said by its definition: see ``Waits``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from plant.clock import SECOND
from plant.model import Interlock, Meter, MqttAddress, OpcUaSource, Plant, Point
from plant.status import StatusClass, status_class
from simulators import faults as f
from simulators.processes.logic_solver import LATE
from simulators.truth import Truth, all_meters, device_points, interlock_of

SETTLE = 120 * SECOND
"""From the end of a cause to the reset of its trip [ns]: the sensors have returned by then."""
ENABLE = 5 * SECOND
"""From setting a bypass to the demand [ns]."""
LAGS = 20.0
"""Longest time [s] that a demand's instruments need beside its ramp."""
_FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Waits:
    """How long [s] the rules wait before they conclude; from their definitions, not from their code."""

    stale_periods: float = 3.0
    """IA-14: no update for three periods, ..."""
    stale_least: float = 5.0
    """... and never sooner than this."""
    uncertain: float = 60.0
    """IA-14: a status Uncertain."""
    command_margin: float = 1.0
    """IA-01: added to the trip delay and two scans."""
    gap_periods: float = 12.0
    """EN-GAP: no value for twelve periods, ..."""
    gap_least: float = 60.0
    """... and never sooner than this."""


WAITS = Waits()


@dataclass(frozen=True, slots=True)
class Present:
    """When a fault is there [ns UTC]."""

    start: int
    end: int | None

    @property
    def length(self) -> float:
        """[s]; without an end longer than any rule waits."""
        return ((_FOREVER if self.end is None else self.end) - self.start) / SECOND

    def longer(self, wait: float, *, about: float) -> "_Longer":
        """Whether it outlasts a rule's wait [s]; within ``about`` [s] of it that is open."""
        if self.length > wait + about:
            return _Longer(found=True, certain=True)
        return _Longer(found=self.length > wait - about, certain=False)

    def later(self, start: float, end: float) -> "Present":
        """The same, moved by so much [s]."""
        moved = None if self.end is None else self.end + round(end * SECOND)
        return Present(self.start + round(start * SECOND), moved)


@dataclass(frozen=True, slots=True)
class _Longer:
    found: bool
    certain: bool


def expected(
    plant: Plant, fault: f.Fault, start: int, end: int | None, *, begin: int | None = None
) -> tuple[Truth, ...]:
    """The findings that a fault should produce.

    Args:
        plant: the plant file.
        fault: what happens.
        start: from when [ns UTC].
        end: until when [ns UTC]; None while it lasts.
        begin: when the simulation began [ns UTC]: a counter that is moved before its first value shows nothing of
            it. None: a reset comes later, a roll-over is begun with the simulation, as each should be.
    """
    time = Present(start, end)
    match fault:
        case f.BadStatus() | f.OutOfRange() | f.Stale() | f.DeviceOffline() | f.ServerRestart():
            return tuple(_signals(plant, fault, time))
        case f.MeterStuck() | f.MeterReset() | f.MeterRollover():
            return tuple(_meter(plant, fault, time, begin))
        case f.Frozen() | f.Drift() | f.Spike():
            return tuple(_sensor(plant, fault, time))
        case f.Demand() | f.InterlockSpurious() | f.BypassLeftOn():
            return tuple(_interlock(interlock_of(plant, fault.interlock), fault, time))
        case f.ClockWrong():
            return (Truth("CLOCK", fault.source, start, end, detectable=False),)
        case _:
            assert_never(fault)


# --- signals --------------------------------------------------------------------------------------


def _signals(
    plant: Plant, fault: f.BadStatus | f.OutOfRange | f.Stale | f.DeviceOffline | f.ServerRestart, time: Present
) -> Iterator[Truth]:
    match fault:
        case f.Stale():
            yield from _silent(plant, _together(plant, fault.point), time, named=fault.point)
        case f.DeviceOffline():
            if fault.device in {s.id for s in plant.sources}:
                yield from _source_silent(plant, fault.device, time)
            else:
                yield from _silent(plant, device_points(plant, fault.device), time, named=None)
        case f.ServerRestart():
            yield from _restart(plant, fault, time)
        case _:
            yield from _with_status(plant, fault, time)


def _with_status(plant: Plant, fault: f.BadStatus | f.OutOfRange, time: Present) -> Iterator[Truth]:
    """IA-14 for what an interlock relies on, EN-GAP for a meter that has no Good value."""
    quality = status_class(fault.status)
    for point in _together(plant, fault.point):
        if quality is StatusClass.GOOD:
            continue
        if point in watched(plant):
            wait = 0.0 if quality is StatusClass.BAD else WAITS.uncertain
            yield from _lasting("IA-14", plant.points[point], time, wait)
        yield from _gap(plant, point, time)
    if fault.point not in {*watched(plant), *(m.point for m in all_meters(plant))}:
        yield Truth("IA-14", fault.point, time.start, time.end, detectable=False)
    elif isinstance(fault, f.OutOfRange) and quality is not StatusClass.BAD:
        yield Truth("IA-13", fault.point, time.start, time.end, detectable=False)


def _silent(plant: Plant, points: tuple[str, ...], time: Present, *, named: str | None) -> Iterator[Truth]:
    """Points that their living source leaves out; one that reports by exception cannot be told from unchanged."""
    for name in points:
        point = plant.points[name]
        seen = name in watched(plant) and point.period is not None
        if seen:
            wait = max(WAITS.stale_periods * (point.period or 0.0), WAITS.stale_least)
            yield from _lasting("IA-14", point, time, wait)
        yield from _gap(plant, name, time)
        if name == named and not seen and name not in {m.point for m in all_meters(plant)}:
            yield Truth("IA-14", name, time.start, time.end, detectable=False)


def _source_silent(plant: Plant, source: str, time: Present) -> Iterator[Truth]:
    """One finding about the source, none about its points."""
    wait = next(s.silent_after for s in plant.sources if s.id == source)
    outlasts = time.longer(wait, about=10.0)
    if outlasts.found:
        yield Truth("IA-14", source, time.start, time.end, certain=outlasts.certain, slack=10.0)


def _restart(plant: Plant, fault: f.ServerRestart, time: Present) -> Iterator[Truth]:
    """The values come later from its history. How long it seems silent depends on how soon we reconnect."""
    for source in plant.sources:
        if isinstance(source, OpcUaSource):
            yield Truth("IA-14", source.id, time.start, time.end, certain=False, slack=120.0)
    for node in fault.late_nodes:
        if node in watched(plant):
            late = time.later(0.0, fault.late_by)
            yield Truth("IA-14", node, late.start, late.end, certain=False, slack=120.0)


def _lasting(rule: str, point: Point, time: Present, wait: float) -> Iterator[Truth]:
    """A truth when it lasts longer than the rule waits; the point's period blurs both."""
    period = 1.0 if point.period is None else point.period
    outlasts = time.longer(wait, about=2.0 * period)
    if outlasts.found:
        yield Truth(rule, point.id, time.start, time.end, certain=outlasts.certain, slack=2.0 * period + 1.0)


def _gap(plant: Plant, point: str, time: Present) -> Iterator[Truth]:
    for meter in all_meters(plant):
        if meter.point == point:
            period = _period(plant, meter)
            outlasts = time.longer(max(WAITS.gap_periods * period, WAITS.gap_least), about=2.0 * period)
            if outlasts.found:
                slack = 2.0 * period + 1.0
                yield Truth("EN-GAP", meter.id, time.start, time.end, certain=outlasts.certain, slack=slack)


def watched(plant: Plant) -> frozenset[str]:
    """What an interlock relies on: channels, command, feedback of the final elements, bypass switches."""
    points: set[str | None] = set()
    for interlock in plant.interlocks:
        points |= {c.point for c in interlock.causes} | {c.bypass for c in interlock.causes}
        points |= {interlock.command, interlock.bypass} | {e.feedback for e in interlock.effects}
    return frozenset(p for p in points if p is not None)


def touches_meter(plant: Plant, fault: f.Fault) -> bool:
    """Whether a fault changes what a meter shows, or whether it shows anything."""
    match fault:
        case f.MeterStuck() | f.MeterReset() | f.MeterRollover():
            return True
        case f.DeviceOffline(device=name) | f.ClockWrong(source=name):
            touched = device_points(plant, name)
        case f.BadStatus() | f.OutOfRange() | f.Stale() | f.Frozen() | f.Drift() | f.Spike():
            touched = _together(plant, fault.point)
        case _:
            return False
    return not {p for m in all_meters(plant) for p in (m.point, m.rate)}.isdisjoint(touched)


def _together(plant: Plant, point: str) -> tuple[str, ...]:
    """Points that share one message with ``point``."""
    address = plant.points[point].address
    if not isinstance(address, MqttAddress):
        return (point,)
    others = {p.id: p.address for p in plant.points.values()}
    return tuple(p for p, a in others.items() if isinstance(a, MqttAddress) and a.topic == address.topic)


def _period(plant: Plant, meter: Meter) -> float:
    return plant.points[meter.point].period or 60.0


# --- meters ---------------------------------------------------------------------------------------


def _meter(
    plant: Plant, fault: f.MeterStuck | f.MeterReset | f.MeterRollover, time: Present, begin: int | None
) -> Iterator[Truth]:
    meter = next(m for m in all_meters(plant) if m.id == fault.meter)
    period = _period(plant, meter)
    step = Present(time.start, time.start)
    match fault:
        case f.MeterStuck():
            yield from _stuck(plant, meter, time)
        case f.MeterReset():
            if begin is None or begin < time.start:
                yield Truth("EN-RESET", meter.id, step.start, step.end, slack=2.0 * period)
        case f.MeterRollover():
            if begin is not None and begin < time.start:
                # Moved up it is a jump; a counter that stood higher already is moved down, as by a reset.
                yield Truth("EN-JUMP", meter.id, step.start, step.end, certain=False, slack=2.0 * period)
                yield Truth("EN-RESET", meter.id, step.start, step.end, certain=False, slack=2.0 * period)


def _stuck(plant: Plant, meter: Meter, time: Present) -> Iterator[Truth]:
    outlasts = time.longer(meter.stuck_after, about=30.0)
    if outlasts.found:
        slack = 30.0 + _period(plant, meter)
        yield Truth("EN-STUCK", meter.id, time.start, time.end, certain=outlasts.certain, slack=slack)


_SENSOR = {"frozen": "IA-12", "drift": "IA-11", "spike": "IA-15"}


def _sensor(plant: Plant, fault: f.Frozen | f.Drift | f.Spike, time: Present) -> Iterator[Truth]:
    """No rule speaks of these yet, but a counter shows them: as standing still, and as steps."""
    meter = next((m for m in all_meters(plant) if m.point == fault.point), None)
    if meter is None:
        yield Truth(_SENSOR[fault.kind], fault.point, time.start, time.end, detectable=False)
        return
    if isinstance(fault, f.Frozen):
        yield from _stuck(plant, meter, time)
    for rule in ("EN-JUMP", "EN-RESET"):
        for at in (time.start, time.end):
            if at is not None:
                yield Truth(rule, meter.id, at, at, certain=False, slack=2.0 * _period(plant, meter))


# --- interlocks -----------------------------------------------------------------------------------


def _interlock(
    interlock: Interlock, fault: f.Demand | f.InterlockSpurious | f.BypassLeftOn, time: Present
) -> Iterator[Truth]:
    match fault:
        case f.InterlockSpurious():
            yield Truth("IA-03", interlock.id, time.start, time.end, detectable=False)
        case f.BypassLeftOn():
            yield from _bypassed(interlock, time)
        case f.DemandUnderBypass():
            yield from _bypassed(interlock, time.later(0.0, SETTLE / SECOND))
            wait = ENABLE / SECOND
            yield from _demanded("IA-09", interlock, fault, time.later(wait, 0.0), wait=0.0, tail=0.0)
        case f.InterlockMissed():
            # Confirmed after the trip delay and a scan, told when the command is overdue.
            wait = interlock.delay + interlock.scan
            told = interlock.scan + WAITS.command_margin
            yield from _demanded("IA-01", interlock, fault, time, wait=wait, tail=told)
        case f.InterlockSlow():
            late = interlock.response + LATE
            arrives = Present(time.start, time.start + round((interlock.delay + late) * SECOND))
            travel = max(e.travel for e in interlock.effects)
            for truth in _demanded("IA-02", interlock, fault, time, wait=interlock.delay, tail=0.0):
                slack = truth.slack + travel
                yield Truth("IA-02", truth.subject, arrives.start, arrives.end, certain=truth.certain, slack=slack)
        case _:
            return


def _demanded(
    rule: str, interlock: Interlock, fault: f.Demand, time: Present, *, wait: float, tail: float
) -> Iterator[Truth]:
    """A demand that lasts longer than ``wait``, give or take how its instruments rise and fall [s]."""
    blur = fault.ramp + LAGS
    outlasts = time.longer(wait, about=blur + tail)
    if outlasts.found:
        yield Truth(rule, interlock.id, time.start, time.end, certain=outlasts.certain, slack=blur + tail)


def _bypassed(interlock: Interlock, time: Present) -> Iterator[Truth]:
    outlasts = time.longer(interlock.bypass_limit, about=5.0)
    if outlasts.found:
        yield Truth("IA-06", interlock.id, time.start, time.end, certain=outlasts.certain)
