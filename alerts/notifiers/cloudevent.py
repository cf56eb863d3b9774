"""A journal line as a CloudEvents 1.0 JSON event (github.com/cloudevents/spec, JSON format)."""

import json
from typing import Any

from alerts.journal import Line
from alerts.outbox import Lane, Message
from alerts.standing import load
from plant.clock import iso
from plant.model import Priority

CONTENT_TYPE = "application/cloudevents+json"


def event(plant: str, line: Line) -> Message:
    """The event; its id is the line's number with the start of its hash, unique within the source."""
    entry, after = line.entry, line.entry.after or {}
    ident = f"{line.seq}-{line.hash[:12]}"
    body = {
        "specversion": "1.0",
        "id": ident,
        "source": f"urn:plantwatch:{plant}:alarms",
        "type": f"io.plantwatch.alarm.{entry.event}",
        "subject": entry.alarm,
        "time": iso(entry.time),
        "sequence": f"{line.seq:020d}",
        "datacontenttype": "application/json",
        "data": {
            "alarm": after.get("alarm"),
            "state": after.get("phase"),
            "occurrence": entry.occurrence,
            "user": entry.user,
            "detail": entry.detail,
        },
    }
    return Message(ident, json.dumps(body, ensure_ascii=False, allow_nan=False).encode(), _lane(after))


def _lane(after: dict[str, Any]) -> Lane:
    standing = load(after)
    critical = standing is None or standing.alarm.priority is Priority.CRITICAL
    return Lane.URGENT if critical else Lane.ORDINARY
