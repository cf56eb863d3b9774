"""What the rules take from a message: the same rows that ingest stores, so that live and replay agree."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from plant import topics
from plant.clock import SECOND
from plant.codec import Batch, decode_batch
from plant.errors import DropError
from plant.model import Kind, Plant
from plant.readings import Readings

EARLIEST = 946_684_800 * SECOND
"""2000-01-01T00:00:00Z [ns UTC]: devices whose clock was never set tell a time before it."""
_REMEMBERED = 1000
"""Sequence numbers remembered of each agent, to know a batch that comes again."""


class Intake:
    """The plant file as tables for the check."""

    def __init__(self, plant: Plant, ahead: float) -> None:
        """Prepare.

        Args:
            plant: whose points count.
            ahead: how far in the future a source time may lie [s]; one that is further is a wrong clock.
        """
        self._plant, self._ahead = plant.id, int(ahead * SECOND)
        self._numeric = frozenset(p.id for p in plant.points.values() if p.kind is not Kind.TEXT)

    def open(self, topic: str, payload: bytes) -> Batch:
        """The batch in a message.

        Raises:
            DropError: not a topic of this plant's readings, not readable, or another agent than the topic's.
        """
        origin = topics.parse(topic)
        if origin.plant != self._plant or origin.channel is not topics.Channel.READINGS:
            raise DropError(f"topic {topic!r} does not carry readings of plant {self._plant!r}")
        batch = decode_batch(payload)
        if batch.agent != origin.origin:
            raise DropError(f"batch names agent {batch.agent!r} but came over the topic of {origin.origin!r}")
        return batch

    def believable(self, batch: Batch, now: int) -> Readings:
        """The rows whose time can be true and that have a value where their status is Good.

        Ingest stores times up to a day ahead; to the live rules an hour in the future would mean that everything
        else is an hour late, so such rows are passed over here, and their source counts as silent.

        Args:
            batch: from ``open``.
            now: the plant's clock [ns UTC]; the later of it and the agent's own decides.
        """
        rows = batch.readings
        wrong = (rows.time < EARLIEST) | (rows.time > max(batch.sent, now) + self._ahead)
        numeric = np.fromiter((p in self._numeric for p in rows.points), np.bool_, len(rows.points))
        if len(rows):
            wrong |= numeric[rows.code] & rows.good & ~np.isfinite(rows.value)
        return rows[~wrong] if wrong.any() else rows


@dataclass(slots=True)
class Names:
    """The batches that have been judged, by agent: the newest of its present epoch."""

    epoch: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, deque[int]] = field(default_factory=dict)

    def knows(self, batch: Batch) -> bool:
        """Whether this batch has been judged before; of very old ones it is not known any more."""
        return self.epoch.get(batch.agent) == batch.epoch and batch.sequence in self.sequences[batch.agent]

    def add(self, batch: Batch) -> None:
        """Remember a judged batch."""
        if self.epoch.get(batch.agent) != batch.epoch:
            self.epoch[batch.agent] = batch.epoch
            self.sequences[batch.agent] = deque(maxlen=_REMEMBERED)
        self.sequences[batch.agent].append(batch.sequence)

    def dump(self) -> dict[str, list[int]]:
        """Plain JSON data: the epoch, then the sequence numbers."""
        return {agent: [epoch, *self.sequences[agent]] for agent, epoch in self.epoch.items()}

    @classmethod
    def load(cls, state: Mapping[str, Sequence[int]]) -> Self:
        """From plain data.

        Raises:
            ValueError, TypeError, AttributeError: it was not written by ``dump``.
        """
        names = cls()
        for agent, (epoch, *sequences) in state.items():
            names.epoch[agent] = int(epoch)
            names.sequences[agent] = deque((int(n) for n in sequences), _REMEMBERED)
        return names
