"""All interlock rules of one plant over columns of readings: what no rule needs is passed over by column."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import TypeAdapter

from analytics.interlocks.beats import OWN, Progress, edges, pause, regular, seconds, sources, times_by_source
from analytics.interlocks.bypass import BypassMonitor, bypass_switches
from analytics.interlocks.demand import DemandMonitor, Times
from analytics.interlocks.parameters import Parameters
from analytics.interlocks.signals import Patience, SignalMonitor
from analytics.interlocks.silence import SilenceMonitor
from analytics.interlocks.window import LONG_AGO, Row, SavedWindow, Window, row
from plant.clock import SECOND
from plant.findings import Finding
from plant.model import Interlock, Plant
from plant.readings import Readings


def demand_points(interlock: Interlock) -> tuple[str, ...]:
    """Every point that the demands on an interlock are judged by."""
    points = [c.point for c in interlock.causes] + [interlock.command] + [e.feedback for e in interlock.effects]
    return tuple(dict.fromkeys([*points, *bypass_switches(interlock)]))


def bypass_points(interlock: Interlock) -> tuple[str, ...]:
    """Bypass switches, and the channels, as a forced channel is a bypass."""
    return tuple(dict.fromkeys([*bypass_switches(interlock), *(c.point for c in interlock.causes)]))


@dataclass(frozen=True, slots=True)
class _Watched:
    """A window and how far its data have come."""

    window: Window
    sources: tuple[str, ...]
    """Of its points; empty when they have none."""

    def load(self, saved: SavedWindow) -> "_Watched":
        """The same, with a window of a saved state."""
        return replace(self, window=self.window.load(saved))


@dataclass(slots=True)
class SavedSupervision:
    """The state of all rules as it is saved."""

    windows: dict[str, SavedWindow]
    silences: dict[str, SavedWindow]
    newest: dict[str, int]
    seen: dict[str, dict[str, int]]


_SAVED = TypeAdapter(SavedSupervision)


class Supervision:
    """Feeds the monitors. Purely driven by the readings: it knows no clock."""

    def __init__(self, plant: Plant, parameters: Parameters) -> None:
        self._skew = int(parameters.skew * SECOND)
        self.lateness = max(int(parameters.lateness * SECOND), 2 * self._skew)
        """See ``Engine.lateness``."""
        self._wait = max(int(parameters.wait * SECOND), 2 * self._skew)
        self._source_of, self._regular = sources(plant), regular(plant)
        self._progress = Progress(s.id for s in plant.sources)
        self._windows: dict[str, _Watched] = {}
        """By a name that is stable over restarts."""
        self._of_point: dict[str, list[str]] = defaultdict(list)
        self._of_beat: dict[str, list[str]] = defaultdict(list)
        self._silences = {s.id: Window(SilenceMonitor(s)) for s in plant.sources}
        for interlock in plant.interlocks:
            demand = DemandMonitor(interlock, Times.of(interlock, parameters))
            self._watch(f"demand {interlock.id}", Window(demand), demand_points(interlock))
            self._watch(f"bypass {interlock.id}", Window(BypassMonitor(interlock)), bypass_points(interlock))
        for name in dict.fromkeys(p for i in plant.interlocks for p in demand_points(i)):
            self._watch_signal(plant, name, parameters)

    @property
    def points(self) -> tuple[str, ...]:
        """Every point that a rule looks at."""
        return tuple(self._of_point)

    @property
    def too_late(self) -> int:
        """Rows that came too late for the live rules; the replay over stored history sees them."""
        return sum(w.window.too_late for name, w in self._windows.items() if name.startswith("signal "))

    @property
    def newest(self) -> int | None:
        """Newest time of any source [ns UTC]; None before the first value."""
        return max(self._progress.newest.values(), default=None)

    def heard(self, point: str) -> int:
        """Up to which time [ns UTC] nothing more is expected from the source of ``point``."""
        newest = self._progress.newest
        latest = max(newest.values(), default=LONG_AGO)
        return newest.get(self._source_of.get(point, ""), latest) - self._skew

    def step(self, readings: Readings) -> list[Finding]:
        """Take a batch; findings that are new, changed or withdrawn."""
        if not len(readings):
            return []
        newest = times_by_source(readings, self._source_of)
        self._progress.step({source: int(time.max()) for source, time in newest.items()})
        rows = self._rows(readings)
        alive = times_by_source(readings, self._regular)
        for source, time in alive.items():
            if self._of_beat.get(source):
                beats = seconds(time)
                for name in self._of_beat[source]:
                    rows[name] += beats
        found = self._step_silences({s: edges(t) for s, t in alive.items() if s != OWN})
        for name, watched in self._windows.items():
            fresh = _in_order(rows.get(name, []))
            due, horizon = self._reach(watched.sources)
            found += watched.window.step(fresh, due=due, horizon=horizon)
        return found

    def prime(self, readings: Readings) -> None:
        """Take older readings as the state of affairs; they are no sign of life of their source."""
        for name, rows in self._rows(readings).items():
            self._windows[name].window.prime(_in_order(rows))

    def dump(self) -> str:
        """The state as JSON."""
        windows = {name: w.window.save() for name, w in self._windows.items()}
        silences = {source: w.save() for source, w in self._silences.items()}
        progress = self._progress
        return _SAVED.dump_json(SavedSupervision(windows, silences, progress.newest, progress.seen)).decode()

    def restore(self, state: str) -> None:
        """Take a state from ``dump``; what the plant file has newly begins with its first value.

        Raises:
            ValueError: the state cannot be read; nothing has changed.
        """
        saved = _SAVED.validate_json(state)
        windows = {n: w.load(saved.windows[n]) if n in saved.windows else w for n, w in self._windows.items()}
        silences = {s: w.load(saved.silences[s]) if s in saved.silences else w for s, w in self._silences.items()}
        self._windows, self._silences = windows, silences
        self._progress.newest = saved.newest
        self._progress.seen |= {s: seen for s, seen in saved.seen.items() if s in self._progress.seen}

    # --- inside -----------------------------------------------------------------------------------

    def _watch(self, name: str, window: Window, points: Sequence[str]) -> None:
        sources = dict.fromkeys(self._source_of[p] for p in points if p in self._source_of)
        self._windows[name] = _Watched(window, tuple(sources))
        for point in points:
            self._of_point[point].append(name)

    def _watch_signal(self, plant: Plant, name: str, parameters: Parameters) -> None:
        point, source = plant.points[name], self._source_of.get(name)
        longest = 0 if source is None else pause(plant, source)
        monitor = SignalMonitor(point, Patience.of(point, parameters, pause=longest))
        self._watch(f"signal {name}", Window(monitor), (name,))
        if source is not None and point.period is not None:
            self._of_beat[source].append(f"signal {name}")

    def _reach(self, sources: Iterable[str]) -> tuple[int, int]:
        """Up to where deadlines may be judged, and from where on rows may still be put in their place [ns UTC].

        As far as the slowest source of the window has come; a conclusion waits only so long for it.
        """
        newest = self._progress.newest
        come = [newest[s] for s in sources if s in newest] or [max(newest.values(), default=LONG_AGO)]
        due = max(min(come), max(come) - self._wait) - self._skew
        return due, min(come) - self.lateness

    def _rows(self, readings: Readings) -> dict[str, list[Row]]:
        """Rows by window; readings that nobody watches cost one look-up in a column."""
        wanted = np.fromiter((p in self._of_point for p in readings.points), np.bool_, len(readings.points))
        chosen = readings[wanted[readings.code]] if len(wanted) else readings
        rows: dict[str, list[Row]] = defaultdict(list)
        for r in chosen.rows():
            one = row(r.time, r.point, r.status, r.value)
            for name in self._of_point[r.point]:
                rows[name].append(one)
        return rows

    def _step_silences(self, rows: Mapping[str, list[Row]]) -> list[Finding]:
        found: list[Finding] = []
        for source, window in self._silences.items():
            newest = self._progress.newest.get(source)
            if newest is not None:
                due, until = newest - self._skew, newest + self._progress.passed(source) - self._skew
                horizon = newest - self.lateness
                found += window.step(rows.get(source, ()), due=due, horizon=horizon, until=until)
        return found


def _in_order(rows: list[Row]) -> list[Row]:
    """In evaluation order, each key once: the row that came last."""
    return sorted({r.key: r for r in rows}.values()) if len(rows) > 1 else rows
