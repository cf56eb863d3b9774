"""What stands behind the console and the HTTP API: the server's parts, each asked in its own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from alerts.desk import AlarmDesk
from analytics.energy.corrections import GradeName
from analytics.energy.limits import limit_value
from analytics.energy.standards import EnergyData
from ingest.ledger_view import LedgerSnapshot
from plant.access import Refusal, TokenStore
from plant.clock import SECOND, Clock, wall_clock
from plant.errors import FixError
from plant.findings import Finding
from plant.model import Plant, Product
from plant.ports import Historian
from plantwatch.console import alarm_items
from plantwatch.console.data import (
    Act,
    AlarmEvent,
    AlarmItem,
    Grades,
    InterlockHistory,
    ProductEnergy,
    Trend,
    Viewer,
)
from plantwatch.console.interlock_watch import InterlockWatch
from plantwatch.console.stored import energy, trends
from plantwatch.findings_store import FindingsStore
from plantwatch.latest import LatestValues, Live

WAY = 5.0
"""Longest normal way of a value from its device to the server [s of the real clock]."""


class Account(Protocol):
    """Who keeps the loss ledger; ``ingest.pipeline.Ingest`` does."""

    async def snapshot(self) -> LedgerSnapshot:
        """The ledger as it stands."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Implements ``plantwatch.console.data.ConsoleData`` over the running server."""

    plant: Plant
    clock: Clock
    speed: float
    tokens: TokenStore
    live: LatestValues
    watch: InterlockWatch
    historian: Historian
    alarm_desk: AlarmDesk
    store: FindingsStore
    account: Account
    data: EnergyData

    def now(self) -> int:
        """The plant's clock [ns UTC]."""
        return self.clock()

    def slack(self) -> int:
        """Longest normal way of a value [ns of the plant's clock]: a fast clock stretches it."""
        return int(WAY * self.speed * SECOND)

    def authenticate(self, token: str) -> Viewer | None:
        """Who holds this token; its life is counted by the real clock."""
        found = self.tokens.authenticate(token, wall_clock())
        return None if isinstance(found, Refusal) else alarm_items.viewer(found)

    def latest(self) -> Mapping[str, Live]:
        """The last reading of every point."""
        return self.live.values

    async def trend(self, points: Sequence[str], start: int, end: int, *, window: int) -> Mapping[str, Trend]:
        """Stored values in windows."""
        return await trends(self.historian, self.plant, points, start, end, window=window)

    def alarms(self) -> Sequence[AlarmItem]:
        """All alarms that are not normal."""
        shown = (alarm_items.item(view) for view in self.alarm_desk.active())
        return [item for item in shown if item is not None]

    def alarm_events(self, limit: int) -> Sequence[AlarmEvent]:
        """The newest lines of the journal."""
        return [alarm_items.event(line) for line in self.alarm_desk.history(limit)]

    def acknowledge(self, occurrence: str, *, viewer: Viewer) -> None:
        """Acknowledge one occurrence; raises ``PlantError``."""
        self._allow(viewer, Act.ACKNOWLEDGE)
        self.alarm_desk.acknowledge(occurrence, viewer.name)

    def shelve(self, alarm: str, *, seconds: float, reason: str, viewer: Viewer) -> None:
        """Put an alarm on the shelf [s]; raises ``PlantError``."""
        self._allow(viewer, Act.SHELVE)
        self.alarm_desk.shelve(alarm, seconds, reason, viewer.name)

    def unshelve(self, alarm: str, *, viewer: Viewer) -> None:
        """Take it back; raises ``PlantError``."""
        self._allow(viewer, Act.SHELVE)
        self.alarm_desk.unshelve(alarm, viewer.name)

    def reset(self, alarm: str, *, viewer: Viewer) -> None:
        """Release a latch; raises ``PlantError``."""
        self._allow(viewer, Act.RESET)
        self.alarm_desk.reset(alarm, viewer.name)

    def interlock_history(self) -> Mapping[str, InterlockHistory]:
        """Bypasses, demands and trips by interlock."""
        return self.watch.history()

    def findings(self, limit: int) -> Sequence[Finding]:
        """The newest findings."""
        return self.store.newest(limit=limit)

    async def energy(self) -> Sequence[ProductEnergy]:
        """The account of every product."""
        now = self.now()
        return [
            await energy(self.historian, self.plant, product, grades(self.data, product), now=now)
            for product in self.plant.products
        ]

    async def ledger(self) -> LedgerSnapshot:
        """The loss ledger."""
        return await self.account.snapshot()

    def _allow(self, viewer: Viewer, act: Act) -> None:
        """Pages offer only what a role may; this is the lock behind the door."""
        if act not in viewer.may:
            self.alarm_desk.note("refused", f"forbidden: {act} in the console", viewer.name)
            raise FixError(f"the role {viewer.role} may not {act}")


def grades(data: EnergyData, product: Product) -> Grades:
    """The three grades as the pages draw them: with their corrections; one that cannot be known is not drawn."""
    standard, row = data.row(product.limit)
    known = {name: limit_value(standard, row, name, inputs={}).value for name in GradeName}
    drawn = {name: None if value is None else float(value) for name, value in known.items()}
    return Grades(
        standard.number, drawn[GradeName.ADVANCED], drawn[GradeName.ACCESS], drawn[GradeName.LIMIT]
    )  # fmt: skip
