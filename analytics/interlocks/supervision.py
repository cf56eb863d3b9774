"""All interlock rules of one plant over columns of readings: what no rule needs is passed over by column."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from analytics.interlocks.bypass import BypassMonitor, bypass_points
from analytics.interlocks.demand import DemandMonitor, Times
from analytics.interlocks.parameters import Parameters
from analytics.interlocks.signals import SignalMonitor
from analytics.interlocks.silence import SilenceWatch
from analytics.interlocks.window import Row, Window
from plant.clock import SECOND
from plant.findings import Finding
from plant.model import Interlock, Plant
from plant.readings import Readings


def demand_points(interlock: Interlock) -> tuple[str, ...]:
    """Every point that the demands on an interlock are judged by."""
    points = [c.point for c in interlock.causes] + [interlock.command] + [e.feedback for e in interlock.effects]
    return tuple(dict.fromkeys([*points, *bypass_points(interlock)]))


class Supervision:
    """Feeds the monitors. Purely driven by the readings: it knows no clock."""

    def __init__(self, plant: Plant, parameters: Parameters) -> None:
        skew = int(parameters.skew * SECOND)
        self._lateness = max(int(parameters.lateness * SECOND), 2 * skew)
        self._skew = skew
        self._windows: list[tuple[Window, str]] = []
        """Each window with a point whose source tells how far the data have come."""
        self._of_point: dict[str, list[int]] = defaultdict(list)
        self._source_of = {p.id: p.address.source for p in plant.points.values() if p.address is not None}
        self._silence = {s.id: SilenceWatch(s, skew) for s in plant.sources}
        for interlock in plant.interlocks:
            self._watch(
                Window(DemandMonitor(interlock, Times.of(interlock, parameters)), self._lateness),
                demand_points(interlock),
            )
            self._watch(Window(BypassMonitor(interlock), self._lateness), bypass_points(interlock))
        signals = dict.fromkeys(p for i in plant.interlocks for p in demand_points(i))
        for name in signals:
            point = plant.points[name]
            window = Window(SignalMonitor(point, parameters), self._lateness)
            self._watch(window, (name,))
        self._newest = -(1 << 62)

    @property
    def too_late(self) -> int:
        """Rows that came too late for the live rules; the replay over stored history sees them."""
        return sum(w.too_late for w, _ in self._windows)

    @property
    def newest(self) -> int:
        """Newest time of any reading so far [ns UTC]."""
        return self._newest

    def heard(self, point: str) -> int:
        """Up to which time [ns UTC] nothing more is expected from the source of ``point``."""
        source = self._source_of.get(point)
        newest = self._newest if source is None else self._silence[source].newest
        return (self._newest if newest is None else newest) - self._skew

    def step(self, readings: Readings) -> list[Finding]:
        """Take a batch; findings that are new, changed or withdrawn."""
        if not len(readings):
            return []
        self._newest = max(self._newest, int(readings.time.max()))
        found = self._step_sources(readings)
        fresh = self._rows(readings)
        for i, (window, point) in enumerate(self._windows):
            found += window.step(fresh.get(i, ()), newest=self._newest, due=self.heard(point))
        return found

    def _watch(self, window: Window, points: Sequence[str]) -> None:
        if not points:
            return
        for point in points:
            self._of_point[point].append(len(self._windows))
        self._windows.append((window, points[0]))

    def _rows(self, readings: Readings) -> dict[int, list[Row]]:
        """Rows by window, each sorted; readings that nobody watches cost one look-up in a column."""
        wanted = np.fromiter((p in self._of_point for p in readings.points), np.bool_, len(readings.points))
        chosen = readings[wanted[readings.code]]
        rows: dict[int, list[Row]] = defaultdict(list)
        for r in chosen.rows():
            row = Row(r.time, r.point, r.status, r.value)
            for i in self._of_point[r.point]:
                rows[i].append(row)
        for listed in rows.values():
            listed.sort()
        return rows

    def _step_sources(self, readings: Readings) -> list[Finding]:
        found: list[Finding] = []
        names = [self._source_of.get(p) for p in readings.points]
        for source, watch in self._silence.items():
            mine = np.fromiter((n == source for n in names), np.bool_, len(names))[readings.code]
            here = int(readings.time[mine].max()) if mine.any() else None
            found += watch.step(here, newest=self._newest)
        return found
