"""MQTT payloads: what devices publish, read by path into single values. Pure; never trusts the bytes."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, NoReturn

from plant.clock import from_datetime
from plant.errors import DropError, FixError
from plant.model import Kind, MqttAddress
from plant.readings import MISSING, Reading
from plant.status import BAD_NO_DATA, GOOD

MAX_PAYLOAD = 64 * 1024
"""Largest payload that is read [B]."""
MAX_DEPTH = 16
"""Deepest nesting that is read [1]."""
MAX_TEXT = 4096
"""Longest text value that is kept [characters]."""

_SECONDS_BELOW = 1e11
"""A number below this is seconds since 1970 (until the year 5138), above it milliseconds."""
_LATEST = 9_000_000_000
"""Last believable source time [s since 1970]: keeps int64 nanoseconds from overflowing (year 2255)."""
_STATUS_BITS = 0xFFFF_FFFF
_STEP = re.compile(r"\.([A-Za-z_][\w\-]*)|\[(\d{1,6})\]|\['([^']{1,200})'\]")
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)

Path = tuple[str | int, ...]
ABSENT = object()
"""What ``follow`` gives when the payload does not have the path."""


@dataclass(frozen=True, slots=True)
class Tap:
    """Where one point finds its value, time and status in a payload."""

    point: str
    kind: Kind
    value: Path
    time: Path | None
    status: Path | None


def tap(point: str, kind: Kind, address: MqttAddress) -> Tap:
    """The tap of a point.

    Raises:
        FixError: a path that is not ``$`` followed by ``.name``, ``[number]`` or ``['name']``.
    """
    paths = [None if p is None else _path(point, p) for p in (address.value, address.time, address.status)]
    return Tap(point, kind, paths[0] or (), paths[1], paths[2])


def _path(point: str, text: str) -> Path:
    steps: list[str | int] = []
    position = 1
    while text.startswith("$") and position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            break
        name, index, quoted = step.groups()
        steps.append(int(index) if index is not None else name or quoted)
        position = step.end()
    if not text.startswith("$") or position != len(text):
        message = f"point {point}: {text!r} is not a path; write $.name, $.list[0] or $['a name']"
        raise FixError(message)
    return tuple(steps)


def parse(payload: bytes) -> Any:  # noqa: ANN401 - JSON
    """The JSON in a payload; a plain number is JSON too.

    Raises:
        DropError: too large, too deep, or not JSON.
    """
    if len(payload) > MAX_PAYLOAD:
        _drop(f"payload of {len(payload)} bytes is over the limit of {MAX_PAYLOAD}")
    if _depth(payload) > MAX_DEPTH:
        _drop(f"payload is nested deeper than {MAX_DEPTH}")
    try:
        return json.loads(payload, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise DropError(f"payload is not JSON: {error}") from error


def readings_of(taps: Sequence[Tap], body: Any, arrival: int) -> tuple[list[Reading], dict[str, str]]:  # noqa: ANN401 - JSON
    """Values for every tap whose path is there, and the reason for every tap whose value cannot be read.

    Raises:
        DropError: no tap finds anything: this is not a payload for these points.
    """
    found: list[Reading] = []
    wrong: dict[str, str] = {}
    for one in taps:
        raw = follow(body, one.value)
        if raw is ABSENT:
            continue
        try:
            found.append(_reading(one, raw, body, arrival))
        except DropError as error:
            wrong[one.point] = str(error)
    if not found and not wrong:
        _drop("none of the value paths is in the payload")
    return found, wrong


def follow(body: Any, path: Path) -> Any:  # noqa: ANN401 - JSON
    """What stands at ``path``, or ``ABSENT``."""
    for step in path:
        if isinstance(step, str):
            if not isinstance(body, dict) or step not in body:
                return ABSENT
        elif not isinstance(body, list) or step >= len(body):
            return ABSENT
        body = body[step]
    return body


def _reading(one: Tap, raw: Any, body: Any, arrival: int) -> Reading:  # noqa: ANN401 - JSON
    when = arrival if one.time is None else _time(follow(body, one.time))
    status = GOOD if one.status is None else _status(follow(body, one.status))
    if raw is None:
        return Reading(one.point, when, MISSING, status or BAD_NO_DATA)
    if one.kind is Kind.TEXT:
        if not isinstance(raw, str) or len(raw) > MAX_TEXT:
            _drop(f"value {_short(raw)} is not a text of at most {MAX_TEXT} characters")
        return Reading(one.point, when, MISSING, status, raw)
    return Reading(one.point, when, _number(raw), status)


def _number(raw: Any) -> float:  # noqa: ANN401 - JSON
    try:
        number = float(raw)
    except (ValueError, OverflowError, TypeError):
        number = MISSING
    if not isfinite(number):
        _drop(f"value {_short(raw)} is not a finite number")
    return number


def _status(raw: Any) -> int:  # noqa: ANN401 - JSON
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= _STATUS_BITS:
        _drop(f"status {_short(raw)} is not an OPC UA status code")
    return raw


def _time(raw: Any) -> int:  # noqa: ANN401 - JSON
    try:
        if isinstance(raw, str):
            when = from_datetime(datetime.fromisoformat(raw))
        elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
            micro = 1_000_000 if abs(raw) < _SECONDS_BELOW else 1000
            # Whole microseconds: a float holds no more at this size.
            when = raw * micro * 1000 if isinstance(raw, int) else round(raw * micro) * 1000
        else:
            _drop(f"time {_short(raw)} is neither ISO 8601 text nor a number since 1970")
    except (ValueError, OverflowError) as error:
        raise DropError(f"time {_short(raw)}: {error}") from error
    if not 0 <= when <= _LATEST * 1_000_000_000:
        _drop(f"time {_short(raw)} lies outside 1970 to 2255")
    return when


def _depth(payload: bytes) -> int:
    deepest = depth = 0
    for match in _BRACKETS.finditer(payload):
        sign = match.group()
        if sign in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif sign in (b"]", b"}"):
            depth -= 1
    return deepest


def _short(raw: Any) -> str:  # noqa: ANN401 - JSON
    if raw is ABSENT:
        return "(absent)"
    if isinstance(raw, int) and not isinstance(raw, bool) and raw.bit_length() > 200:  # noqa: PLR2004 - fits a line
        return "(a huge number)"
    text = str(raw) if isinstance(raw, (dict, list)) else repr(raw)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - fits a line of an error text


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is not a JSON number"
    raise ValueError(message)


def _drop(message: str) -> NoReturn:
    raise DropError(message)
