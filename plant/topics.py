"""MQTT topics of the platform: build and parse, in one place.

plantwatch/v1/<plant>/readings/<agent>     batches of readings (Arrow IPC)
plantwatch/v1/<plant>/findings/<origin>    one finding (JSON)
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from plant.errors import DropError

ROOT = "plantwatch/v1"
_LEVELS = 5
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


class Channel(StrEnum):
    """What a topic carries."""

    READINGS = "readings"
    FINDINGS = "findings"


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic."""

    plant: str
    channel: Channel
    origin: str
    """The agent or service that published."""

    def __str__(self) -> str:
        """The topic as the broker sees it."""
        return f"{ROOT}/{self.plant}/{self.channel}/{self.origin}"


def subscription(plant: str, channel: Channel) -> str:
    """Filter for all messages of one channel of one plant."""
    return f"{ROOT}/{plant}/{channel}/+"


def parse(topic: str) -> Topic:
    """The parts of a topic.

    Raises:
        DropError: it is not one of ours.
    """
    parts = topic.split("/")
    if len(parts) != _LEVELS or "/".join(parts[:2]) != ROOT or parts[3] not in set(Channel):
        message = f"topic {topic!r} is not {ROOT}/<plant>/<readings|findings>/<origin>"
        raise DropError(message)
    if not (_NAME.fullmatch(parts[2]) and _NAME.fullmatch(parts[4])):
        message = f"topic {topic!r} has a plant or origin name with characters outside A-Z a-z 0-9 _ . -"
        raise DropError(message)
    return Topic(parts[2], Channel(parts[3]), parts[4])
