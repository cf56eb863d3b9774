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
        self._windows: list[tuple[Window, frozenset[str]]] = []
        """Each window with the sources of its points: they tell how far its data have come."""
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
        self._reached: dict[str | None, int] = {}
        """Newest time by source [ns UTC]; None for what has no source."""

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
        for i, (window, sources) in enumerate(self._windows):
            newest = self._come(sources)
            found += window.step(fresh.get(i, ()), newest=newest, due=newest - self._skew)
        return found

    def _come(self, sources: frozenset[str]) -> int:
        """How far the data of these sources have come [ns UTC]: as far as the slowest that is not silent.

        Each source is measured by its own clock: one that is minutes behind the others is not late.
        """
        heard = [(w.newest, w.silent) for w in (self._silence[s] for s in sources) if w.newest is not None]
        speaking = [newest for newest, silent in heard if not silent]
        return min(speaking or [newest for newest, _ in heard], default=self._newest)

    def _watch(self, window: Window, points: Sequence[str]) -> None:
        if not points:
            return
        for point in points:
            self._of_point[point].append(len(self._windows))
        sources = (self._source_of.get(p) for p in points)
        self._windows.append((window, frozenset(s for s in sources if s is not None)))

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
        here = self._newest_by_source(readings)
        passed = max(time - self._reached.get(source, time) for source, time in here.items())
        for source, time in here.items():
            self._reached[source] = max(time, self._reached.get(source, time))
        found: list[Finding] = []
        for source, watch in self._silence.items():
            found += watch.step(here.get(source), passed=max(passed, 0))
        return found

    def _newest_by_source(self, readings: Readings) -> dict[str | None, int]:
        """Newest time in the batch by source [ns UTC]; None for points that have none."""
        names = [self._source_of.get(p) for p in readings.points]
        order = {name: i for i, name in enumerate(dict.fromkeys(names))}
        column = np.array([order[n] for n in names], np.int64)[readings.code]
        newest = np.full(len(order), np.iinfo(np.int64).min)
        np.maximum.at(newest, column, readings.time)
        present = np.bincount(column, minlength=len(order)) > 0
        return {name: int(newest[i]) for name, i in order.items() if present[i]}
