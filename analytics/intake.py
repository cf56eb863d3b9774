"""What the rules take from a message: the same rows that ingest stores, so that live and replay agree."""

import numpy as np

from plant import topics
from plant.clock import SECOND
from plant.codec import Batch, decode_batch
from plant.errors import DropError
from plant.readings import Readings

EARLIEST = 946_684_800 * SECOND
"""2000-01-01T00:00:00Z [ns UTC]: devices whose clock was never set tell a time before it."""
AHEAD = 86_400 * SECOND
"""How far a source time may lie after the agent's own time of sending [ns]."""


def open_batch(plant: str, topic: str, payload: bytes) -> Batch:
    """The batch in a message.

    Args:
        plant: id of the plant that the rules belong to.
        topic: MQTT topic of the message.
        payload: Arrow IPC stream.

    Raises:
        DropError: not a topic of this plant's readings, not readable, or another agent than the topic's.
    """
    origin = topics.parse(topic)
    if origin.plant != plant or origin.channel is not topics.Channel.READINGS:
        raise DropError(f"topic {topic!r} does not carry readings of plant {plant!r}")
    batch = decode_batch(payload)
    if batch.agent != origin.origin:
        raise DropError(f"batch names agent {batch.agent!r} but came over the topic of {origin.origin!r}")
    return batch


def believable(batch: Batch) -> Readings:
    """The rows whose time can be true and that have a value where their status is Good, as ingest stores them."""
    rows = batch.readings
    has_text = np.zeros(len(rows), np.bool_)
    if rows.text is not None:
        has_text = np.asarray(rows.text != None, np.bool_)  # noqa: E711 - element by element
    wrong = (rows.time < EARLIEST) | (rows.time > batch.sent + AHEAD)
    wrong |= rows.good & ~has_text & ~np.isfinite(rows.value)
    return rows[~wrong] if wrong.any() else rows
