"""How a value, a time and an age are written, and when a value may be shown as live. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from zoneinfo import ZoneInfo

from plant.clock import SECOND
from plant.model import Kind, Plant, Point
from plant.status import StatusClass, status_class
from plantwatch.latest import Live

PERIODS_MISSED = 3
"""A value is stale once this many expected values have not come."""
NOTHING = "–"


class Quality(StrEnum):
    """Whether a shown value may be trusted."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"
    STALE = "stale"
    """It was good when it came, but that is too long ago."""
    NONE = "none"
    """Nothing has ever come."""


SYMBOL = {
    Quality.GOOD: "✓",
    Quality.UNCERTAIN: "?",
    Quality.BAD: "✕",
    Quality.STALE: "◷",
    Quality.NONE: "○",
}
"""A form for each quality, so that colour is never the only sign."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value ready to be shown."""

    text: str
    """The live value, or a dash: an old or bad number is never given here."""
    quality: Quality
    age: int | None
    """Since its arrival [ns]; None when nothing has ever come."""
    last: str
    """The last number that came, whatever its quality, for a tooltip that says that it is old."""


def silence_limit(plant: Plant, point: Point, slack: int) -> int | None:
    """How old a value may be [ns] before it is stale; None when only its source can tell."""
    if point.period is not None:
        return int(point.period * PERIODS_MISSED * SECOND) + slack
    if point.kind is not Kind.ANALOG or point.address is None:
        return None
    silent = {s.id: s.silent_after for s in plant.sources}.get(point.address.source)
    return None if silent is None else int(silent * SECOND) + slack


def show(point: Point, live: Live | None, *, now: int, limit: int | None, language: str) -> Shown:
    """What to show of a point now; ``limit`` as from ``silence_limit``."""
    if live is None:
        return Shown(NOTHING, Quality.NONE, None, NOTHING)
    age = max(now - live.arrival, 0)
    last = value_text(point, live, language)
    quality = _quality(live, age, limit)
    usable = quality in {Quality.GOOD, Quality.UNCERTAIN}
    return Shown(last if usable else NOTHING, quality, age, last)


def _quality(live: Live, age: int, limit: int | None) -> Quality:
    quality = status_class(live.reading.status)
    if quality is StatusClass.BAD:
        return Quality.BAD
    if limit is not None and age > limit:
        return Quality.STALE
    if not isfinite(live.reading.value) and live.reading.text is None:
        return Quality.BAD
    return Quality.GOOD if quality is StatusClass.GOOD else Quality.UNCERTAIN


def value_text(point: Point, live: Live, language: str) -> str:
    """The number or state as people read it, without its unit."""
    reading = live.reading
    if reading.text is not None:
        return reading.text
    if not isfinite(reading.value):
        return NOTHING
    if point.states:
        state = round(reading.value)
        names = {**point.states, **point.states_zh} if language == "zh" else point.states
        return names.get(state, str(state))
    return number(reading.value, decimals(point))


def decimals(point: Point) -> int:
    """Decimals worth showing: about one part in a thousand of the range."""
    if point.kind is Kind.DISCRETE:
        return 0
    if point.range is None:
        return 1 if point.kind is Kind.COUNTER else 2
    span = abs(point.range[1] - point.range[0])
    steps = ((1000, 0), (100, 1), (10, 2))
    return next((places for least, places in steps if span > least), 3)


def number(value: float, places: int) -> str:
    """A number with thin spaces between thousands, which no language reads as a decimal sign."""
    text = f"{value:,.{places}f}".replace(",", "\u2009")
    return text.replace("-", "\u2212") if float(f"{value:.{places}f}") else text.replace("-", "")


def unit_text(unit: str) -> str:
    """The unit as written on a screen, ``m³/h`` for ``m3/h``; nothing for a plain number."""
    if unit == "1":
        return ""
    raised = re.sub(r"(?<=m)[23]\b", lambda m: "²³"[int(m[0]) - 2], unit)
    return re.sub(r"^deg(?=[CF])", "°", re.sub(r"^u(?=[gmLSV])", "µ", raised))


def age_text(age: int | None) -> str:
    """An age in its largest whole unit: ``3 s``, ``12 min``, ``5 h``, ``2 d``."""
    if age is None:
        return NOTHING
    seconds = age // SECOND
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def clock_text(ns: int, zone: str, *, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A time of day in the plant's own zone."""
    return datetime.fromtimestamp(ns / SECOND, UTC).astimezone(ZoneInfo(zone)).strftime(form)


def when_text(ns: int | None, zone: str, *, now: int) -> str:
    """A time as short as it can be: only the time of day when it is of today."""
    if ns is None:
        return NOTHING
    today = clock_text(now, zone, form="%m-%d")
    day = clock_text(ns, zone, form="%m-%d")
    time = clock_text(ns, zone, form="%H:%M:%S")
    return time if day == today else f"{day} {time}"
