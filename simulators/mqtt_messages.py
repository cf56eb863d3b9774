"""What the simulated gateways say: one JSON message per device and time, as the plant file's paths ask for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from typing import Any

from plant.clock import to_datetime
from plant.errors import FixError
from plant.model import MqttAddress, Plant
from plant.readings import Reading, Readings

_Row = tuple[str, float | str | None, int]
"""Point, value, status."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one device."""

    topic: str
    payload: bytes
    points: tuple[str, ...]
    """Points whose values it carries."""


class MessageMaker:
    """Makes the messages of all points of one MQTT source."""

    def __init__(self, plant: Plant, source: str) -> None:
        """Check that every device can be played, by a first message.

        Raises:
            FixError: a topic is a wildcard, or the paths of a topic do not fit into one JSON object.
        """
        self._addresses = {
            p.id: p.address
            for p in plant.points.values()
            if isinstance(p.address, MqttAddress) and p.address.source == source
        }
        devices: dict[str, dict[str, _Row]] = {}
        for point, address in self._addresses.items():
            if "+" in address.topic or "#" in address.topic:
                raise FixError(
                    f"point {point!r}: topic {address.topic!r} has a wildcard; a device needs one topic"
                )
            device = devices.setdefault(address.topic, {})
            if address.value in device:
                raise FixError(f"point {point!r}: topic {address.topic!r} has another point at {address.value!r}")
            device[address.value] = (point, 0.0, 0)
        for device in devices.values():
            self._payload(0, list(device.values()))

    def messages(self, readings: Readings) -> Iterator[Message]:
        """One message per device, time and status, in the order in which the rows first speak of them."""
        devices: dict[tuple[str, int, int], list[_Row]] = {}
        for row in readings.select(self._addresses).rows():
            topic = self._addresses[row.point].topic
            devices.setdefault((topic, row.time, row.status), []).append((row.point, _shown(row), row.status))
        for (topic, time, _), rows in devices.items():
            yield Message(topic, self._payload(time, rows), tuple(point for point, _, _ in rows))

    def _payload(self, time: int, rows: list[_Row]) -> bytes:
        body: dict[str, Any] = {}
        for point, shown, status in rows:
            address = self._addresses[point]
            if address.value == "$":
                if len(rows) > 1:
                    raise FixError(
                        f"point {point!r}: path '$' is the whole payload, but its topic has other points"
                    )
                return json.dumps(shown).encode()
            _put(body, address.value, shown, point)
            if address.time is not None:
                _put(body, address.time, _iso(time), point)
            if address.status is not None:
                _put(body, address.status, status, point)
        return json.dumps(body).encode()


def _shown(row: Reading) -> float | str | None:
    if row.text is not None:
        return row.text
    return None if isnan(row.value) else row.value


def _put(body: dict[str, Any], path: str, value: object, point: str) -> None:
    """Set ``$.a.b`` in a JSON object."""
    keys = path.removeprefix("$.").split(".")
    if not path.startswith("$.") or "[" in path or not all(keys):
        raise FixError(f"point {point!r}: path {path!r} cannot be simulated; write it like $.power.active")
    *inner, last = keys
    for key in inner:
        body = body.setdefault(key, {})
        if not isinstance(body, dict):
            raise FixError(f"point {point!r}: path {path!r} leads through a value; choose another")
    if isinstance(body.get(last), dict):
        raise FixError(f"point {point!r}: path {path!r} holds other values already; choose another")
    body[last] = value


def _iso(time: int) -> str:
    """ISO 8601 in UTC, exact to the microsecond: two values must not fall together."""
    return to_datetime(time).isoformat().replace("+00:00", "Z")
