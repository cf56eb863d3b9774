"""What must fit together in a plant file, beyond the shape of each single part. One small check per rule."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plant.model import (
    AlarmKind,
    EnergyMeter,
    Interlock,
    Kind,
    Meter,
    MeterKind,
    MqttAddress,
    OpcUaAddress,
    Plant,
    Point,
)
from plant.units import compatible, is_unit, per_hour
from plant.virtual import SYSTEM, result_units


@dataclass(frozen=True, slots=True)
class Ref:
    """A list item, found by its id: positions shift when wrong neighbours are left out."""

    id: str


Place = tuple[str | int | Ref, ...]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that does not fit."""

    place: Place
    value: str
    message: str
    hint: str = ""
    candidates: Collection[str] = field(default=())
    """Ids that would have been right, to suggest the nearest."""

    @property
    def wrong(self) -> str:
        """The text that a suggestion should be near to."""
        return self.value.strip('"')

    def locate(self, data: Any) -> tuple[str | int, ...]:  # noqa: ANN401 - plain YAML data
        """The path of the place in the file's own data, as far as it can be followed."""
        path: list[str | int] = []
        for part in self.place:
            if isinstance(part, Ref):
                items = data if isinstance(data, list) else []
                ids = [i.get("id") if isinstance(i, dict) else None for i in items]
                if part.id not in ids:
                    break
                step: str | int = ids.index(part.id)
            else:
                step = part
            path.append(step)
            inside = isinstance(data, dict) and step in data
            inside = inside or (isinstance(data, list) and isinstance(step, int) and step < len(data))
            if not inside:
                break
            data = data[step]
        return tuple(path)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A point with its place."""

    place: Place
    point: Point


@dataclass(frozen=True, slots=True)
class _Scope:
    plant: Plant
    points: tuple[_Placed, ...]
    known: frozenset[str]
    """Ids that stand in the file though their part was left out for other errors."""

    def undefined(self, place: Place, wanted: str, among: Collection[str], what: str) -> Iterator[Complaint]:
        """A complaint when ``wanted`` is not among the defined ids."""
        if wanted not in among and wanted not in self.known:
            yield Complaint(place, f'"{wanted}"', f"{what} is not defined in this file", candidates=among)


def cross_check(plant: Plant, *, known: frozenset[str] = frozenset()) -> list[Complaint]:
    """Everything in ``plant`` that does not fit together; empty when all is well."""
    points = tuple(
        _Placed(("areas", Ref(a.id), "units", Ref(u.id), "points", Ref(p.id)), p)
        for a in plant.areas
        for u in a.units
        for p in u.points
    )
    scope = _Scope(plant, points, known)
    return [complaint for check in _CHECKS for complaint in check(scope)]


# --- ids ------------------------------------------------------------------------------------------


def _ids_are_unique(scope: _Scope) -> Iterator[Complaint]:
    plant = scope.plant
    kinds: dict[str, list[tuple[Place, str]]] = {
        "source": [(("sources", i), s.id) for i, s in enumerate(plant.sources)],
        "area": [(("areas", i), a.id) for i, a in enumerate(plant.areas)],
        "unit": [(("areas", Ref(a.id), "units", i), u.id) for a in plant.areas for i, u in enumerate(a.units)],
        "point": [
            (("areas", Ref(a.id), "units", Ref(u.id), "points", i), p.id)
            for a in plant.areas
            for u in a.units
            for i, p in enumerate(u.points)
        ],
        "alarm": [((*p.place, "alarms", i), a.id) for p in scope.points for i, a in enumerate(p.point.alarms)],
        "meter": [(("meters", i), m.id) for i, m in enumerate(plant.meters)]
        + [(("products", i, "production"), p.production.id) for i, p in enumerate(plant.products)],
        "product": [(("products", i), p.id) for i, p in enumerate(plant.products)],
        "interlock": [(("interlocks", i), x.id) for i, x in enumerate(plant.interlocks)],
    }
    for kind, items in kinds.items():
        seen: Counter[str] = Counter()
        for place, name in items:
            seen[name] += 1
            if seen[name] > 1:
                message = f"duplicate {kind} id: it stands {seen[name]} times"
                yield Complaint((*place, "id"), f'"{name}"', message, "give each its own id")


def _no_id_looks_virtual(scope: _Scope) -> Iterator[Complaint]:
    results = result_units(scope.plant)
    for p in scope.points:
        if p.point.id.startswith(SYSTEM) or p.point.id in results:
            message = "this id belongs to a point that plantwatch computes itself"
            yield Complaint((*p.place, "id"), f'"{p.point.id}"', message, "choose another id")


# --- points ---------------------------------------------------------------------------------------


def _addresses_fit(scope: _Scope) -> Iterator[Complaint]:
    protocols = {s.id: s.protocol for s in scope.plant.sources}
    for p in scope.points:
        address, place = p.point.address, (*p.place, "address")
        if address is None:
            if p.point.kind is not Kind.VIRTUAL:
                yield Complaint(
                    p.place, f'"{p.point.id}"', "a measured point needs an address", "or kind: virtual"
                )
            continue
        if p.point.kind is Kind.VIRTUAL:
            yield Complaint(place, "", "a virtual point is computed and has no address", "remove the address")
        yield from scope.undefined((*place, "source"), address.source, protocols, "source")
        wanted = "opcua" if isinstance(address, OpcUaAddress) else "mqtt"
        if protocols.get(address.source, wanted) != wanted:
            message = f"source {address.source!r} speaks {protocols[address.source]}, this is an {wanted} address"
            yield Complaint((*place, "source"), f'"{address.source}"', message, "opcua: node; mqtt: topic")


def _units_are_known(scope: _Scope) -> Iterator[Complaint]:
    for p in scope.points:
        if not is_unit(p.point.unit):
            hint = "write for example kW, kWh, GJ, t/h, m3/h, degC, bar, kPa, %, mg/m3, 1"
            yield Complaint((*p.place, "unit"), f'"{p.point.unit}"', "unknown unit", hint)


def _ranges_make_sense(scope: _Scope) -> Iterator[Complaint]:
    for p in scope.points:
        if p.point.range is not None and p.point.range[0] >= p.point.range[1]:
            low, high = p.point.range
            yield Complaint((*p.place, "range"), f"[{low}, {high}]", "the low end is not below the high end")
        silent = isinstance(p.point.address, OpcUaAddress) and p.point.address.deadband > 0
        if silent and p.point.period is not None:
            message = "a point with a deadband is silent while steady, so a period would make it look stale"
            yield Complaint((*p.place, "period"), str(p.point.period), message, "remove period or deadband")
        if p.point.kind not in {Kind.DISCRETE, Kind.VIRTUAL} and (p.point.states or p.point.states_zh):
            yield Complaint((*p.place, "states"), "", "only a discrete point has states", "add kind: discrete")
        for state in sorted(set(p.point.states_zh) - set(p.point.states)):
            yield Complaint(
                (*p.place, "states_zh", state), str(state), "state is not among states", "add it there"
            )


def _mqtt_topics_are_valid(scope: _Scope) -> Iterator[Complaint]:
    for p in scope.points:
        if isinstance(p.point.address, MqttAddress):
            levels = p.point.address.topic.split("/")
            hash_inside = any("#" in level for level in levels[:-1]) or (levels[-1] != "#" and "#" in levels[-1])
            if hash_inside or any("+" in level and level != "+" for level in levels):
                message = "+ takes a whole level of the topic, # the whole rest"
                yield Complaint((*p.place, "address", "topic"), f'"{p.point.address.topic}"', message)


def _alarms_fit_their_points(scope: _Scope) -> Iterator[Complaint]:
    for p in scope.points:
        for alarm in p.point.alarms:
            place = (*p.place, "alarms", Ref(alarm.id))
            if alarm.limit is None:
                if alarm.kind is not AlarmKind.BAD_STATUS:
                    yield Complaint(place, "", f"an alarm of kind {alarm.kind} needs a limit", "add limit:")
                continue
            yield from _inside_range((*place, "limit"), alarm.limit, p.point, "alarm limit")
            span = None if p.point.range is None else p.point.range[1] - p.point.range[0]
            if span is not None and alarm.deadband >= span:
                message = f"the deadband is not smaller than the range of {span:g} {p.point.unit}"
                yield Complaint((*place, "deadband"), f"{alarm.deadband:g}", message)
        lows = [a.limit for a in p.point.alarms if a.kind is AlarmKind.LOW and a.limit is not None]
        highs = [a.limit for a in p.point.alarms if a.kind is AlarmKind.HIGH and a.limit is not None]
        if lows and highs and max(lows) >= min(highs):
            message = f"a low alarm ({max(lows):g}) is not below a high alarm ({min(highs):g})"
            yield Complaint((*p.place, "alarms"), "", message)


def _inside_range(place: Place, value: float, point: Point, what: str) -> Iterator[Complaint]:
    if point.range is not None and not point.range[0] <= value <= point.range[1]:
        low, high = point.range
        message = f"{what} lies outside the range {low:g} to {high:g} {point.unit} of {point.id}"
        yield Complaint(place, f"{value:g}", message)


# --- energy ---------------------------------------------------------------------------------------


def _meters_count_something(scope: _Scope) -> Iterator[Complaint]:
    meters: list[tuple[Place, Meter]] = [(("meters", Ref(m.id)), m) for m in scope.plant.meters]
    meters += [(("products", Ref(p.id), "production"), p.production) for p in scope.plant.products]
    for place, meter in meters:
        yield from scope.undefined((*place, "point"), meter.point, scope.plant.points, "point")
        for key, amount in (("rollover", meter.rollover), ("max_rate", meter.max_rate)):
            if amount is not None and amount <= Decimal(0):
                yield Complaint((*place, key), str(amount), "must be above zero")
        point = scope.plant.points.get(meter.point)
        if point is None:
            continue
        mass = "t" if meter.kind is MeterKind.CUMULATIVE else "t/h"
        if not isinstance(meter, EnergyMeter) and not compatible(point.unit, mass):
            message = f"the production point's unit {point.unit!r} cannot be converted to {mass}"
            yield Complaint((*place, "point"), f'"{meter.point}"', message)
        yield from _rate_belongs_to(scope, place, meter, point)


def _rate_belongs_to(scope: _Scope, place: Place, meter: Meter, point: Point) -> Iterator[Complaint]:
    if meter.rate is None:
        return
    yield from scope.undefined((*place, "rate"), meter.rate, scope.plant.points, "point")
    rate = scope.plant.points.get(meter.rate)
    if rate is not None and meter.kind is MeterKind.CUMULATIVE and not compatible(rate.unit, per_hour(point.unit)):
        message = f"its unit {rate.unit!r} is not {point.unit} per time, as the momentary rate of {meter.point} is"
        yield Complaint((*place, "rate"), f'"{meter.rate}"', message)


def _products_refer_to_meters(scope: _Scope) -> Iterator[Complaint]:
    for product in scope.plant.products:
        place: Place = ("products", Ref(product.id))
        for i, meter in enumerate(product.meters):
            yield from scope.undefined((*place, "meters", i), meter, scope.plant.meter, "energy meter")
            if product.meters.index(meter) != i:
                yield Complaint((*place, "meters", i), f'"{meter}"', "this meter stands here twice", "remove one")


# --- interlocks -----------------------------------------------------------------------------------


def _interlocks_vote(scope: _Scope) -> Iterator[Complaint]:
    for interlock in scope.plant.interlocks:
        place: Place = ("interlocks", Ref(interlock.id))
        if interlock.channels != len(interlock.causes):
            given = len(interlock.causes)
            message = f"voting {interlock.voting} speaks of {interlock.channels} causes, {given} are given"
            yield Complaint((*place, "voting"), f'"{interlock.voting}"', message)
        elif interlock.votes_needed > interlock.channels:
            yield Complaint((*place, "voting"), f'"{interlock.voting}"', "more votes needed than there are causes")
        if interlock.response <= interlock.delay:
            message = f"the response time is not longer than the delay of {interlock.delay:g} s"
            yield Complaint((*place, "response"), f"{interlock.response:g}", message)


def _interlock_points_exist(scope: _Scope) -> Iterator[Complaint]:
    points = scope.plant.points
    for interlock in scope.plant.interlocks:
        place: Place = ("interlocks", Ref(interlock.id))
        for i, cause in enumerate(interlock.causes):
            yield from scope.undefined((*place, "causes", i, "point"), cause.point, points, "point")
            if cause.point in points:
                yield from _inside_range(
                    (*place, "causes", i, "set_point"), cause.set_point, points[cause.point], "set point"
                )
        for effect in interlock.effects:
            where = (*place, "effects", Ref(effect.id), "feedback")
            yield from scope.undefined(where, effect.feedback, points, "point")
        for where, wanted in _switches(place, interlock):
            yield from scope.undefined(where, wanted, points, "point")
            if wanted in points and points[wanted].kind is not Kind.DISCRETE:
                message = f"point {wanted} is {points[wanted].kind}, a switch or command must be discrete"
                yield Complaint(where, f'"{wanted}"', message, "add kind: discrete to the point")


def _switches(place: Place, interlock: Interlock) -> Iterator[tuple[Place, str]]:
    yield (*place, "command"), interlock.command
    if interlock.bypass is not None:
        yield (*place, "bypass"), interlock.bypass
    if interlock.reset is not None:
        yield (*place, "reset"), interlock.reset
    for i, cause in enumerate(interlock.causes):
        if cause.bypass is not None:
            yield (*place, "causes", i, "bypass"), cause.bypass


# --- the plant ------------------------------------------------------------------------------------


def _time_zone_exists(scope: _Scope) -> Iterator[Complaint]:
    try:
        ZoneInfo(scope.plant.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "use an IANA name such as Asia/Urumqi or Asia/Shanghai"
        yield Complaint(("time_zone",), f'"{scope.plant.time_zone}"', "unknown time zone", hint)


_CHECKS: tuple[Callable[[_Scope], Iterator[Complaint]], ...] = (
    _ids_are_unique,
    _no_id_looks_virtual,
    _addresses_fit,
    _units_are_known,
    _ranges_make_sense,
    _mqtt_topics_are_valid,
    _alarms_fit_their_points,
    _meters_count_something,
    _products_refer_to_meters,
    _interlocks_vote,
    _interlock_points_exist,
    _time_zone_exists,
)
