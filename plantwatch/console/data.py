"""What the pages need to know and to ask for: one port, and the plain values that pass through it.

Everything here is independent of language; times are nanoseconds UTC of the plant's own clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.ledger_view import LedgerSnapshot
from plant.findings import Finding
from plant.model import Plant, Priority
from plantwatch.latest import Live


class Act(StrEnum):
    """What a person may do in the console."""

    ACKNOWLEDGE = "acknowledge"
    SHELVE = "shelve"
    """Shelve and take back from the shelf."""
    RESET = "reset"
    """Reset a latched alarm."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking. ``may`` is decided by the access rules, not by the console."""

    name: str
    role: str
    """operator, engineer, regulator or admin."""
    may: frozenset[Act]


@dataclass(frozen=True, slots=True)
class Trend:
    """One point over time, in evenly spaced windows; NaN where a window has no Good value."""

    start: NDArray[np.int64]
    """Window starts [ns UTC], shape (n,)."""
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class AlarmState(StrEnum):
    """The ISA-18.2 state of an alarm."""

    UNACK = "unack"
    ACKED = "acked"
    RTNUN = "rtnun"
    LUNACK = "lunack"
    LACKED = "lacked"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"

    @property
    def unacknowledged(self) -> bool:
        """True while an acknowledgement is asked for."""
        return self in {AlarmState.UNACK, AlarmState.RTNUN, AlarmState.LUNACK}


@dataclass(frozen=True, slots=True)
class AlarmItem:
    """An alarm that is not in its normal state."""

    occurrence: str | None
    """An acknowledgement names it, so that it cannot hit a later one. None: never active."""
    alarm: str
    subject: str
    """Id of the point, interlock, product or source that it is about."""
    state: AlarmState
    priority: Priority
    raised: int | None
    message: str
    message_zh: str | None = None
    acknowledged_by: str | None = None
    shelved_until: int | None = None
    shelved_by: str | None = None
    shelve_reason: str | None = None
    quality_bad: bool = False
    """The signal is Bad: the state is the last that was known."""


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """One line of the alarm journal."""

    time: int
    event: str
    """raised, acknowledged, returned, shelved, unshelved, reset, refused …: one word, shown in both languages."""
    alarm: str
    user: str | None = None
    detail: str = ""
    detail_zh: str | None = None
    """None when it was written in one language only."""


@dataclass(frozen=True, slots=True)
class InterlockHistory:
    """What present values cannot tell about an interlock."""

    bypassed_since: int | None = None
    """Start of the present bypass of the interlock or of any of its channels; None when nothing is bypassed."""
    last_demand: int | None = None
    """When the causes last asked for a trip; None when never seen."""
    last_trip: int | None = None
    """When the command last rose; None when never seen."""


@dataclass(frozen=True, slots=True)
class Grades:
    """The three grades of a limit standard [kgce/t]; None where it gives none."""

    standard: str
    advanced: float | None
    """Grade 1."""
    access: float | None
    """Grade 2."""
    limit: float | None
    """Grade 3: mandatory."""


@dataclass(frozen=True, slots=True)
class EnergyPeriod:
    """Unit consumption in one closed hour or day."""

    start: int
    consumption: float
    """[kgce/t]; NaN when nothing could be computed."""
    coverage: float
    """Share of the period with data [0..1]."""
    assessable: bool
    """False when the coverage is below the product's least: then the figure is no verdict."""


@dataclass(frozen=True, slots=True)
class ProductEnergy:
    """A product's energy account against its limit; oldest period first."""

    product: str
    grades: Grades
    hours: tuple[EnergyPeriod, ...]
    days: tuple[EnergyPeriod, ...]
    so_far: tuple[EnergyPeriod, ...] = ()
    """The present hour up to now: one entry with that time as its start, or none; never assessable."""


class ConsoleData(Protocol):
    """The parts behind the console. Plain methods answer from memory in well under a millisecond."""

    @property
    def plant(self) -> Plant:
        """The plant file."""
        ...

    def now(self) -> int:
        """The plant's clock [ns UTC]."""
        ...

    def slack(self) -> int:
        """Longest normal way of a value from its device to here [ns of the plant's clock]."""
        ...

    def authenticate(self, token: str) -> Viewer | None:
        """Who holds this bearer token; None when it is wrong, expired or revoked."""
        ...

    def latest(self) -> Mapping[str, Live]:
        """The last reading of every point with its arrival, virtual points included."""
        ...

    async def trend(self, points: Sequence[str], start: int, end: int, *, window: int) -> Mapping[str, Trend]:
        """Stored values of each point from ``start`` to ``end`` in windows of ``window`` [ns]."""
        ...

    def alarms(self) -> Sequence[AlarmItem]:
        """All alarms that are not normal, shelved ones included."""
        ...

    def alarm_events(self, limit: int) -> Sequence[AlarmEvent]:
        """The newest ``limit`` lines of the alarm journal, newest first."""
        ...

    def acknowledge(self, occurrence: str, *, viewer: Viewer) -> None:
        """Acknowledge one occurrence.

        Raises:
            PlantError: the occurrence is over, or the viewer may not; the text is shown to the viewer.
        """
        ...

    def shelve(self, alarm: str, *, seconds: float, reason: str, viewer: Viewer) -> None:
        """Put an alarm on the shelf for a time [s].

        Raises:
            PlantError: too long, no reason, not shelvable, or the viewer may not.
        """
        ...

    def unshelve(self, alarm: str, *, viewer: Viewer) -> None:
        """Take an alarm back from the shelf.

        Raises:
            PlantError: it is not on the shelf, or the viewer may not.
        """
        ...

    def reset(self, alarm: str, *, viewer: Viewer) -> None:
        """Reset a latched alarm.

        Raises:
            PlantError: it is still active or not acknowledged, or the viewer may not.
        """
        ...

    def interlock_history(self) -> Mapping[str, InterlockHistory]:
        """By interlock id; an interlock without an entry has no known history."""
        ...

    def findings(self, limit: int) -> Sequence[Finding]:
        """The newest ``limit`` findings, newest first."""
        ...

    async def energy(self) -> Sequence[ProductEnergy]:
        """The energy account of every product: the last 48 hours and 14 days."""
        ...

    async def ledger(self) -> LedgerSnapshot:
        """The loss ledger as it stands."""
        ...
