"""All rules of one plant in one pure object: readings in, findings and results out. Live and replay share it."""

import hashlib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from analytics.energy.calendar import start_of
from analytics.energy.live import EnergyAccounts
from analytics.energy.standards import EnergyData
from analytics.interlocks.parameters import Parameters
from analytics.interlocks.supervision import Supervision
from analytics.recent import Recent
from plant.errors import FixError
from plant.findings import Finding
from plant.model import Plant
from plant.readings import Readings
from plant.virtual import Period

VERSION = 1
"""Of a dumped state; it rises with every change that a former state does not fit."""


@dataclass(frozen=True, slots=True)
class EngineOutput:
    """What a batch of readings led to."""

    findings: tuple[Finding, ...]
    """New, changed or withdrawn; the same id again is an update."""
    results: Readings
    """Readings of virtual points."""

    def __bool__(self) -> bool:
        """Whether there is anything to publish."""
        return bool(self.findings) or len(self.results) > 0


@dataclass(frozen=True, slots=True)
class History:
    """Stored readings that complete a restored state."""

    points: tuple[str, ...]
    since: int
    """[ns UTC]."""


class Engine:
    """Driven only by the time of the readings: no clock, no I/O. One engine belongs to one plant."""

    def __init__(self, plant: Plant, data: EnergyData, parameters: Parameters) -> None:
        """Prepare.

        Raises:
            FixError: the plant file asks for energy data that are not there.
        """
        self._plant, self.parameters = plant, parameters
        self._supervision = Supervision(plant, parameters)
        self._accounts = EnergyAccounts(plant, data)
        self._recent = Recent(frozenset(self._accounts.points))

    @property
    def too_late(self) -> int:
        """Rows that came too late for the live rules."""
        return self._supervision.too_late

    @property
    def lateness(self) -> int:
        """Rows that are older than the newest of their source by no more than this are put in their place [ns]."""
        return self._supervision.lateness

    @property
    def newest(self) -> int | None:
        """Newest time that was heard [ns UTC]; None before the first."""
        return self._supervision.newest

    def step(self, readings: Readings) -> EngineOutput:
        """Take a batch of readings, in any order within it."""
        self._recent.add(readings)
        found = self._supervision.step(readings)
        more, results = self._accounts.step(readings, self._supervision.heard)
        return EngineOutput(tuple(found + more), results)

    # --- over a restart ---------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """The state as plain JSON data."""
        return {
            "version": VERSION,
            "plant": self._fingerprint(),
            "interlocks": self._supervision.dump(),
            "energy": self._accounts.dump(),
            "recent": self._recent.dump(),
        }

    def restore(self, state: object) -> None:
        """Take a state from ``dump``; then ``feed`` what ``history`` asks for, and go on with ``step``.

        Raises:
            FixError: it is of another version or another plant file, or cannot be read; nothing has changed.
        """
        if not isinstance(state, dict) or state.get("version") != VERSION:
            raise FixError(f"the saved state is of another version than {VERSION}")
        if state.get("plant") != self._fingerprint():
            raise FixError("the saved state belongs to another plant file")
        supervision = Supervision(self._plant, self.parameters)
        try:
            supervision.restore(str(state.get("interlocks")))
        except ValidationError as error:
            raise FixError(f"the saved state of the interlock rules cannot be read: {error}") from error
        recent = Recent.read(state.get("recent"))
        self._accounts.restore(state.get("energy", {}))
        self._accounts.feed(recent)
        self._recent.add(recent)
        self._supervision = supervision

    def history(self, now: int) -> History | None:
        """What must be fed before the first ``step``; None when the state is whole.

        A restored state says itself what it lacks; a new one takes the plant's day so far, which ``now`` [ns UTC]
        belongs to.
        """
        asked = self._accounts.history()
        if asked is None and self.newest is None:
            asked = self._accounts.points, start_of(now, Period.DAY, ZoneInfo(self._plant.time_zone))
        return None if asked is None else History(*asked)

    def feed(self, readings: Readings) -> None:
        """Take what ``history`` asked for, in any order; it is judged by the next ``step``."""
        self._accounts.feed(readings)

    @property
    def switches(self) -> tuple[str, ...]:
        """Watched points that report by exception: what they told last holds, however long ago it was."""
        return tuple(p for p in self._supervision.points if self._plant.points[p].period is None)

    def prime(self, readings: Readings) -> None:
        """Take older readings of ``switches`` as the state of affairs; the next ``step`` tells what follows."""
        self._supervision.prime(readings)

    def _fingerprint(self) -> str:
        return hashlib.sha256(self._plant.model_dump_json().encode()).hexdigest()
