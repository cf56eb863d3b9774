"""Notes that somebody outside can cause: written sparingly, so that a flood fills neither journal nor memory."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from plant.clock import SECOND, Clock
from plant.errors import Unavailable

Note = Callable[[str, str, str | None], None]
"""(event, detail, user): ``AlarmDesk.note``."""


@dataclass(slots=True)
class SparingNotes:
    """Writes at most ``most`` lines of each kind in ``window``; the rest becomes one line of counts."""

    note: Note
    clock: Clock
    event: str
    """The journal's word for these lines."""
    most: int = 20
    window: int = 60 * SECOND
    _start: int | None = field(default=None, init=False)
    _written: Counter[str] = field(default_factory=Counter, init=False)
    _held: Counter[str] = field(default_factory=Counter, init=False)

    def add(self, kind: str, detail: str, user: str | None = None) -> None:
        """Note one; each kind has a budget of its own, so that a flood of one does not hide another."""
        self.turn()
        if self._written[kind] < self.most:
            self._written[kind] += 1
            self._write(kind, f"{kind}: {detail}", user)
        else:
            self._held[kind] += 1

    def turn(self) -> None:
        """Begin a new window when the present one is over; call it now and then, so that counts get out."""
        now = self.clock()
        if self._start is not None and 0 <= now - self._start < self.window:
            return
        held, self._held = self._held, Counter()
        self._start = now
        self._written.clear()
        if held:
            counts = ", ".join(f"{n} {kind}" for kind, n in sorted(held.items()))
            self._write("", f"further ones, counted only: {counts}", None)

    def _write(self, kind: str, detail: str, user: str | None) -> None:
        try:
            self.note(self.event, detail, user)
        except Unavailable:
            self._written[kind] = self.most  # the line waits in memory; until the next window one is enough
