"""Which rows of a batch may be stored. Pure: masks over columns, the first reason that holds is the one told."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from plant import topics
from plant.clock import SECOND
from plant.codec import Batch, Loss, decode_batch
from plant.errors import DropError
from plant.model import Kind, Plant
from plant.readings import Readings
from plant.virtual import SYSTEM, result_units

EARLIEST = 946_684_800 * SECOND
"""2000-01-01T00:00:00Z [ns UTC]: devices whose clock was never set tell a time before it."""
AHEAD = 86_400 * SECOND
"""How far a source time may lie after the agent's own time of sending [ns]."""
LARGEST = 2**62
"""Bound of counters and times from the wire: they must fit the ledger's 64-bit columns when added up."""
MAX_REASON = 200
"""Characters of a loss's reason that the ledger keeps."""
MAX_NAME = 128
"""Characters of a point's id, see ``plant.model.Id``."""
MAX_COUNT = 2**40
"""Bound of a declared count: sums of them stay within 64 bits."""
_SYSTEM_POINT = re.compile(r"sys/[A-Za-z0-9_.\-/]{1,124}")


class Reason(StrEnum):
    """Why rows are put aside."""

    UNKNOWN_POINT = "unknown point"
    IMPOSSIBLE_TIME = "impossible time"
    WRONG_TYPE = "wrong type"
    GOOD_WITHOUT_VALUE = "good status without a finite value"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Rows put aside for one reason."""

    reason: Reason
    readings: Readings


@dataclass(frozen=True, slots=True)
class Checked:
    """A batch after the check: what may be stored, and what may not."""

    batch: Batch
    kept: Readings
    rejections: tuple[Rejection, ...]
    losses: tuple[Loss, ...] = ()
    """Declared losses for the ledger, long reasons cut."""
    impossible_losses: tuple[Loss, ...] = ()
    """Declared losses whose numbers cannot be true."""


class Validator:
    """The plant file as tables for the check."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant.id
        self._is_text = {p.id: p.kind is Kind.TEXT for p in plant.points.values()}
        self._is_text |= dict.fromkeys(result_units(plant), False)

    def open(self, topic: str, payload: bytes) -> Batch:
        """The batch in a message.

        Raises:
            DropError: not our topic, not readable, an agent that is not the topic's, or numbers out of all bounds.
        """
        origin = topics.parse(topic)
        if origin.plant != self._plant or origin.channel is not topics.Channel.READINGS:
            raise DropError(f"topic {topic!r} does not carry readings of plant {self._plant!r}")
        batch = decode_batch(payload)
        if batch.agent != origin.origin:
            raise DropError(f"batch names agent {batch.agent!r} but came over the topic of {origin.origin!r}")
        if not (0 <= batch.epoch < LARGEST and 1 <= batch.sequence < LARGEST and 0 <= batch.sent < LARGEST):
            raise DropError(
                f"batch of {batch.agent!r} has epoch {batch.epoch}, sequence {batch.sequence}, sent {batch.sent}: "
                "sequence counts from 1, the others are [ns UTC]"
            )
        return batch

    def check(self, batch: Batch) -> Checked:
        """Sort the rows of a batch into kept and rejected."""
        rows = batch.readings
        free = np.ones(len(rows), np.bool_)
        rejections: list[Rejection] = []
        for reason, wrong in self._masks(batch).items():
            chosen = wrong & free
            free &= ~wrong
            if chosen.any():
                rejections.append(Rejection(reason, rows[chosen].compact()))
        return Checked(
            batch,
            rows if free.all() else rows[free],
            tuple(rejections),
            tuple(replace(n, reason=n.reason[:MAX_REASON]) for n in batch.losses if _is_possible(n)),
            tuple(n for n in batch.losses if not _is_possible(n)),
        )

    def _masks(self, batch: Batch) -> dict[Reason, NDArray[np.bool_]]:
        rows = batch.readings
        known = np.array([self._knows(p) for p in rows.points], np.bool_)
        system = np.array([p.startswith(SYSTEM) for p in rows.points], np.bool_)
        textual = np.array([self._is_text.get(p, False) for p in rows.points], np.bool_)
        is_text = textual[rows.code]
        has_text = np.zeros(len(rows), np.bool_)
        if rows.text is not None:
            has_text = np.asarray(rows.text != None, np.bool_)  # noqa: E711 - element by element
        return {
            Reason.UNKNOWN_POINT: ~known[rows.code],
            Reason.IMPOSSIBLE_TIME: (rows.time < EARLIEST) | (rows.time > batch.sent + AHEAD),
            Reason.WRONG_TYPE: (has_text & ~is_text & ~system[rows.code]) | (is_text & ~has_text & rows.good),
            Reason.GOOD_WITHOUT_VALUE: rows.good & ~is_text & ~np.isfinite(rows.value),
        }

    def _knows(self, point: str) -> bool:
        return point in self._is_text or _SYSTEM_POINT.fullmatch(point) is not None


def _is_possible(loss: Loss) -> bool:
    """A loss that the ledger can hold; its point may be a source's name when the agent no longer knows better."""
    bounded = -LARGEST < loss.start <= loss.end < LARGEST and 0 < loss.count < MAX_COUNT
    return bounded and 0 < len(loss.point) <= MAX_NAME
