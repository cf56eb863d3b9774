"""What a fault should make the rules find: the answer sheet that a scenario is marked with."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from plant.clock import SECOND, iso
from plant.errors import FixError
from plant.model import Interlock, Plant
from simulators import faults as f


@dataclass(frozen=True, slots=True)
class Truth:
    """One finding that should appear, or that a later rule should make appear."""

    what: str
    """Rule id."""
    subject: str
    """Point id for signal rules, interlock id for interlock rules, meter or product id for energy rules."""
    start: int
    """When the fault began [ns UTC]."""
    end: int | None
    """When the fault ended [ns UTC]; None while it lasts."""
    detectable: bool = True
    """False when no rule speaks of it yet."""

    def as_json(self) -> dict[str, object]:
        """Plain data; times as ISO 8601."""
        return {
            "what": self.what,
            "subject": self.subject,
            "start": iso(self.start),
            "end": None if self.end is None else iso(self.end),
            "detectable": self.detectable,
        }


def to_json(truths: Iterable[Truth]) -> str:
    """The answer sheet as JSON text."""
    return json.dumps([t.as_json() for t in truths], indent=2)


def interlock_of(plant: Plant, name: str) -> Interlock:
    """The interlock of that id.

    Raises:
        FixError: the plant file has none.
    """
    for interlock in plant.interlocks:
        if interlock.id == name:
            return interlock
    known = ", ".join(i.id for i in plant.interlocks)
    raise FixError(f"no interlock {name!r} in plant {plant.id!r}; it has {known}")


def meters_of(plant: Plant) -> dict[str, str]:
    """Point of the total by meter id, energy and production meters."""
    return {m.id: m.point for m in chain(plant.meters, (p.production for p in plant.products))}


def device_points(plant: Plant, device: str) -> tuple[str, ...]:
    """Points of a source, or of the device whose MQTT topic ends in ``device``.

    Raises:
        FixError: the plant file has neither.
    """
    found = tuple(
        p.id
        for p in plant.points.values()
        if p.address is not None
        and (p.address.source == device or getattr(p.address, "topic", "").rsplit("/", 1)[-1] == device)
    )
    if not found:
        sources = ", ".join(s.id for s in plant.sources)
        raise FixError(f"no device {device!r} in plant {plant.id!r}: name a source ({sources}) or a meter")
    return found


def expected(  # noqa: PLR0911 - one return for each kind of fault
    plant: Plant, fault: f.Fault, start: int, end: int | None
) -> tuple[Truth, ...]:
    """The findings that ``fault``, present from ``start`` to ``end`` [ns UTC], should produce."""
    match fault:
        case f.MeterStuck() | f.MeterReset():
            rule = "EN-STUCK" if isinstance(fault, f.MeterStuck) else "EN-RESET"
            return (Truth(rule, fault.meter, start, end),)
        case f.DeviceOffline():
            return _offline(plant, fault, start, end)
        case f.BypassLeftOn():
            limit = interlock_of(plant, fault.interlock).bypass_limit * SECOND
            long = end is None or end - start > limit
            return (Truth("IA-06", fault.interlock, start, end),) if long else ()
        case f.InterlockMissed() | f.InterlockSlow() | f.InterlockSpurious() | f.DemandUnderBypass():
            return (Truth(_RULES[fault.kind], fault.interlock, start, end, fault.kind != "interlock_spurious"),)
        case f.Frozen() | f.Drift() | f.Spike():
            return (Truth(_RULES[fault.kind], fault.point, start, end, detectable=False),)
        case f.OutOfRange() | f.BadStatus() | f.Stale():
            watched = {c.point for i in plant.interlocks for c in i.causes}
            return (Truth("IA-14", fault.point, start, end, fault.point in watched),)
        case f.ClockWrong():
            return (Truth("CLOCK", fault.source, start, end, detectable=False),)
        case _:
            return ()


_RULES = {
    "frozen": "IA-12",
    "drift": "IA-11",
    "spike": "IA-15",
    "interlock_missed": "IA-01",
    "interlock_slow": "IA-02",
    "interlock_spurious": "IA-03",
    "demand_under_bypass": "IA-09",
}


def _offline(plant: Plant, fault: f.DeviceOffline, start: int, end: int | None) -> tuple[Truth, ...]:
    silent = set(device_points(plant, fault.device))
    causes = sorted({c.point for i in plant.interlocks for c in i.causes} & silent)
    meters = [m for m, point in meters_of(plant).items() if point in silent]
    return (
        *(Truth("EN-GAP", m, start, end) for m in meters),
        *(Truth("IA-14", p, start, end) for p in causes),
    )
