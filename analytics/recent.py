"""The readings of the last minutes, kept for the checkpoint: the historian may lack them after a restart."""

from base64 import b64decode, b64encode
from collections import deque
from dataclasses import dataclass, field

from plant.clock import SECOND
from plant.codec import Batch, decode_batch, encode_batch
from plant.errors import DropError, FixError
from plant.readings import Readings

KEPT = 600 * SECOND
"""How far back they are kept, behind the newest [ns]: so long the historian may lag behind the rules."""
_MOST = 500_000
"""Rows that are kept at most."""


@dataclass(slots=True)
class Recent:
    """The readings of some points in the order in which they came."""

    points: frozenset[str]
    _parts: deque[Readings] = field(default_factory=deque)
    _newest: int = 0
    _rows: int = 0

    def add(self, readings: Readings) -> None:
        """Take a batch; only the rows of our points are kept."""
        mine = readings.select(self.points)
        if not len(mine):
            return
        self._parts.append(mine.compact())
        self._rows += len(mine)
        self._newest = max(self._newest, int(mine.time.max()))
        while self._rows > _MOST or int(self._parts[0].time.max()) < self._newest - KEPT:
            self._rows -= len(self._parts.popleft())

    def dump(self) -> str:
        """As text for JSON."""
        rows = Readings.concat(list(self._parts))
        return b64encode(encode_batch(Batch("recent", 0, 1, 0, rows))).decode()

    @staticmethod
    def read(state: object) -> Readings:
        """The readings in a dumped text.

        Raises:
            FixError: it cannot be read.
        """
        try:
            return decode_batch(b64decode(str(state), validate=True)).readings
        except (ValueError, DropError) as error:
            raise FixError(f"saved readings cannot be read: {error}") from error
