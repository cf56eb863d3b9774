"""Physics of any plant as a ``Process``: instruments, meters, switches and safety logic around it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from plant.clock import SECOND
from plant.errors import FixError
from plant.model import Kind, Plant
from plant.status import Codes
from simulators.process import InterlockMode
from simulators.processes.counters import Counters
from simulators.processes.final_elements import FinalElement
from simulators.processes.logic_solver import LogicSolver
from simulators.processes.sensors import Sensors

_PRESS = 2.0
"""Time [s] that a reset button stays pressed."""
LONGEST_STEP = 2 * SECOND
"""The physics' explicit steps are good for no longer [ns]."""

Parts = tuple[tuple[str, dict[str, float]], ...]
"""Values of parts of the plant with the prefix of their point ids, in an order that never changes."""


class Physics(Protocol):
    """The true plant in SI units; knows no instrument and no plant file."""

    elements: dict[str, FinalElement]
    """By feedback point."""
    rates: dict[str, float]
    """What every meter measures in the last step [W, kg/s or m3/s], by point."""

    def step(self, seconds: float, safe: frozenset[str]) -> None:
        """Advance to ``seconds`` since 1970 UTC; ``safe`` names the feedbacks that a trip drives to safety."""
        ...


P = TypeVar("P", bound=Physics)


@dataclass(frozen=True, slots=True)
class Block:
    """Many steps at once; row ``i`` is one step."""

    points: tuple[str, ...]
    time: NDArray[np.int64]
    """[ns UTC], shape (n,)."""
    value: NDArray[np.float64]
    """In each point's unit, shape (n, points)."""
    status: Codes
    """Shape (n, points)."""


class Stepped(Generic[P]):
    """A simulated plant; see ``simulators.process.Process`` for what its methods promise."""

    def __init__(
        self,
        plant: Plant,
        physics: Callable[[np.random.Generator, float], P],
        true_values: Callable[[P], Parts],
        meters: Mapping[str, tuple[float, int]],
        *,
        seed: int,
        start: int,
        step_size: int = SECOND,
        hand_switches: tuple[str, ...] = (),
    ) -> None:
        """Run from ``start`` [ns UTC] in steps of ``step_size`` [ns, at most 2 s].

        Args:
            plant: the plant file.
            physics: makes the physics from random numbers and the step [s].
            true_values: what each instrument stands in.
            meters: what each counter shows at the start [its unit], and its decimal places, see ``Counters``.
            seed: of all random numbers.
            start: simulated time before the first step.
            step_size: length of a step.
            hand_switches: switches that are neither cause, bypass nor reset of an interlock.

        Raises:
            FixError: the plant file has a point that this process does not make, or lacks one.
        """
        if not 0 < step_size <= LONGEST_STEP:
            raise FixError(
                f"step size {step_size} ns: the physics needs more than 0 and at most {LONGEST_STEP} ns"
            )
        rng = np.random.Generator(np.random.PCG64(seed))
        self._step_size, self._time, self._dt = step_size, start, step_size / SECOND
        self.physics = physics(rng, self._dt)
        self._true_values = true_values
        self.logic = LogicSolver.of(plant.interlocks)
        self.switches = {**dict.fromkeys(hand_switches, 0.0), **switch_positions(plant)}
        self.counters = Counters.of(plant, meters)
        self._presses: dict[str, float] = {}
        self._wire(plant, rng)

    def _wire(self, plant: Plant, rng: np.random.Generator) -> None:
        """Fix the columns: the names of the true values decide their order."""
        self.physics.step(self._time / SECOND, frozenset())
        names = tuple(prefix + key for prefix, part in self._true() for key in part)
        addressed = {p.id for p in plant.points.values() if p.address is not None}
        if set(names) != addressed:
            lacking, unknown = sorted(set(names) - addressed), sorted(addressed - set(names))
            message = f"plant file {plant.id!r} does not fit this process: lacks {lacking}, unknown {unknown}"
            raise FixError(message)
        unmoved = {e.feedback for i in plant.interlocks for e in i.effects} - set(self.physics.elements)
        if unmoved:
            present = list(self.physics.elements)
            message = f"plant file {plant.id!r}: no final element moves {sorted(unmoved)}; it has {present}"
            raise FixError(message)
        self._points = names
        self.sensors = Sensors([plant.points[name] for name in names], rng, self._dt)
        index = {name: i for i, name in enumerate(names)}
        self._votes = np.array([index[name] for name in self.logic.inputs])
        self._commands = np.array([index[name] for name in self.logic.commands])
        self._counted = np.array([index[name] for name in self.counters.placeholders])
        self._status: Codes = np.zeros(len(names), np.uint32)

    @property
    def points(self) -> tuple[str, ...]:
        """Point ids in column order."""
        return self._points

    @property
    def step_size(self) -> int:
        """Length of one step [ns]."""
        return self._step_size

    @property
    def time(self) -> int:
        """Simulated time of the last step [ns UTC]."""
        return self._time

    def step(self) -> tuple[NDArray[np.float64], Codes]:
        """Advance one step; values and status codes in column order, new arrays."""
        self._time += self._step_size
        now = self._time / SECOND
        self.physics.step(now, self.logic.demanded(now))
        self.counters.add(self._dt, self.physics.rates)
        true = [value for _, part in self._true() for value in part.values()]
        shown = self.sensors.read(self._dt, true)
        shown[self._counted] = self.counters.shown()
        self.logic.scan(now, shown[self._votes], self.switches)
        shown[self._commands] = list(self.logic.commands.values())
        if self._presses:
            self._release()
        return shown, self._status.copy()

    def run(self, steps: int) -> Block:
        """Advance many steps; the same values as ``steps`` calls of ``step``."""
        time = self._time + self._step_size * np.arange(1, steps + 1, dtype=np.int64)
        value = np.empty((steps, len(self._points)))
        status = np.zeros((steps, len(self._points)), np.uint32)
        for i in range(steps):
            value[i], status[i] = self.step()
        return Block(self._points, time, value, status)

    def switch(self, point: str, value: float) -> None:
        """Operate a switch, see ``Process.switch``; a reset button springs back by itself."""
        if point not in self.switches:
            raise FixError(f"{point!r} is no switch of this process; it has {', '.join(self.switches)}")
        self.switches[point] = float(value > 0)
        if point.endswith(".reset") and value > 0:
            self._presses[point] = self._time / SECOND + _PRESS

    def disturb(self, point: str, target: float | None, ramp: float = 0.0) -> None:
        """Cause or end a true local disturbance, see ``Process.disturb``."""
        self.sensors.disturb(point, target, ramp)

    def interlock_mode(self, interlock: str, mode: InterlockMode) -> None:
        """Set how the logic solver treats an interlock, see ``Process.interlock_mode``."""
        self.logic.mode(interlock, mode)

    def _true(self) -> Parts:
        """Physics, then switches; counters and commands only for their place, their values come after."""
        digital = (self.counters.placeholders, self.switches, self.logic.commands)
        return (*self._true_values(self.physics), *(("", part) for part in digital))

    def _release(self) -> None:
        now = self._time / SECOND
        for point in [p for p, until in self._presses.items() if now >= until]:
            self.switches[point] = 0.0
            del self._presses[point]


def switch_positions(plant: Plant) -> dict[str, float]:
    """Every switch that people operate, at rest: bypasses, resets and discrete causes."""
    switches: dict[str, float] = {}
    for interlock in plant.interlocks:
        causes = [c.point for c in interlock.causes if plant.points[c.point].kind is Kind.DISCRETE]
        bypasses = [c.bypass for c in interlock.causes]
        for point in (*causes, interlock.bypass, *bypasses, interlock.reset):
            if point is not None:
                switches[point] = 0.0
    return switches
