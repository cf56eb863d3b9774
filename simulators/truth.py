"""What a fault should make the rules find: the answer sheet that a scenario is marked with."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from plant.clock import from_datetime, iso
from plant.errors import FixError
from plant.model import Interlock, Meter, Plant


@dataclass(frozen=True, slots=True)
class Truth:
    """One finding that should appear, or that a later rule should make appear."""

    what: str
    """Rule id."""
    subject: str
    """Point id for signal rules, interlock id for interlock rules, meter or product id for energy rules."""
    start: int
    """When it began [ns UTC]."""
    end: int | None
    """When it ended [ns UTC]; None while it lasts."""
    detectable: bool = True
    """False when no rule speaks of it yet."""
    certain: bool = True
    """False when found or not found are both right."""
    slack: float = 5.0
    """How far start and end of the finding may lie from these [s]: ramps, lags and periods of the instruments."""

    def as_json(self) -> dict[str, object]:
        """Plain data; times as ISO 8601."""
        return {
            "what": self.what,
            "subject": self.subject,
            "start": iso(self.start),
            "end": None if self.end is None else iso(self.end),
            "detectable": self.detectable,
            "certain": self.certain,
            "slack": self.slack,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> "Truth":
        """What ``as_json`` wrote.

        Raises:
            FixError: a field is missing or of the wrong type.
        """
        match told:
            case {
                "what": str(what),
                "subject": str(subject),
                "start": str(start),
                "end": str() | None as end,
                "detectable": bool(detectable),
                "certain": bool(certain),
                "slack": float() | int() as slack,
            }:
                times = _time(start), None if end is None else _time(end)
                return cls(what, subject, *times, detectable=detectable, certain=certain, slack=float(slack))
            case _:
                raise FixError(f"this is no truth of a scenario: {told!r}")


def _time(text: str) -> int:
    try:
        return from_datetime(datetime.fromisoformat(text))
    except ValueError as error:
        raise FixError(f"no time of a truth: {text!r}") from error


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
    return {m.id: m.point for m in all_meters(plant)}


def all_meters(plant: Plant) -> tuple[Meter, ...]:
    """Energy and production meters."""
    return *plant.meters, *(p.production for p in plant.products)


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
