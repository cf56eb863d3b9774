"""Whether a plant has what a fault names: told before a scenario begins, not in its midst."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plant.errors import FixError
from plant.model import Kind, OpcUaAddress, Plant
from simulators import faults as f
from simulators.truth import device_points, meters_of


@dataclass(frozen=True, slots=True)
class Mistake:
    """One name that does not fit."""

    path: tuple[str | int, ...]
    """Where in the fault it stands."""
    value: object
    message: str
    known: tuple[str, ...] = ()
    """Names that would fit."""

    def __str__(self) -> str:
        """For a person who did not write a file."""
        return self.message


def mistakes(plant: Plant, fault: f.Fault) -> Iterator[Mistake]:
    """Everything that ``fault`` names and ``plant`` does not have."""
    addressed = tuple(p.id for p in plant.points.values() if p.address is not None)
    match fault:
        case f.ServerRestart():
            served = tuple(p for p in addressed if isinstance(plant.points[p].address, OpcUaAddress))
            for i, point in enumerate(fault.late_nodes):
                if point not in served:
                    message = f"no point {point!r} in the OPC UA server of plant {plant.id!r}"
                    yield Mistake(("late_nodes", i), point, message, served)
        case f.DeviceOffline(device=device) | f.ClockWrong(source=device):
            yield from _device(plant, device, "device" if isinstance(fault, f.DeviceOffline) else "source")
        case f.MeterRollover() | f.MeterReset() | f.MeterStuck():
            yield from _meter(plant, fault)
        case f.Demand() | f.InterlockSpurious() | f.BypassLeftOn():
            yield from _interlock(plant, fault)
        case _:
            if fault.point not in addressed:
                message = f"no point {fault.point!r} in this simulation of plant {plant.id!r}"
                yield Mistake(("point",), fault.point, message, addressed)


def check(plant: Plant, fault: f.Fault) -> None:
    """Refuse a fault that does not fit.

    Raises:
        FixError: it names something that the plant does not have.
    """
    found = [str(m) for m in mistakes(plant, fault)]
    if found:
        raise FixError("; ".join(found))


def _device(plant: Plant, name: str, key: str) -> Iterator[Mistake]:
    try:
        device_points(plant, name)
    except FixError as error:
        yield Mistake((key,), name, str(error), tuple(s.id for s in plant.sources))


def _meter(plant: Plant, fault: f.MeterRollover | f.MeterReset | f.MeterStuck) -> Iterator[Mistake]:
    points = meters_of(plant)
    if fault.meter not in points:
        message = f"no meter {fault.meter!r} in plant {plant.id!r}; it has {', '.join(points)}"
        yield Mistake(("meter",), fault.meter, message, tuple(points))
        return
    if isinstance(fault, f.MeterRollover):
        meters: tuple[Any, ...] = (*plant.meters, *(p.production for p in plant.products))
        modulus = next(m.rollover for m in meters if m.id == fault.meter)
        if modulus is None or fault.below > modulus:
            message = f"meter {fault.meter!r} has no roll-over value above {fault.below:g}; choose less"
            yield Mistake(("below",), fault.below, message)


def _interlock(plant: Plant, fault: f.Demand | f.InterlockSpurious | f.BypassLeftOn) -> Iterator[Mistake]:
    known = {i.id: i for i in plant.interlocks}
    found = known.get(fault.interlock)
    if found is None:
        message = f"no interlock {fault.interlock!r} in plant {plant.id!r}; it has {', '.join(known)}"
        yield Mistake(("interlock",), fault.interlock, message, tuple(known))
    elif isinstance(fault, f.BypassLeftOn | f.DemandUnderBypass) and found.bypass is None:
        message = f"interlock {fault.interlock!r} has no bypass; name another"
        yield Mistake(("interlock",), fault.interlock, message, tuple(i.id for i in plant.interlocks if i.bypass))
    elif isinstance(fault, f.Demand):
        for cause in found.causes[: found.votes_needed]:
            point = plant.points[cause.point]
            if point.kind is not Kind.DISCRETE and (point.kind is not Kind.ANALOG or point.range is None):
                message = f"interlock {fault.interlock!r}: its cause {cause.point!r} has no range to be driven in"
                yield Mistake(("interlock",), fault.interlock, message)
