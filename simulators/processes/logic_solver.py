"""The plant's own safety logic: votes, trip delay, latch, reset and bypass, from the plant file's interlocks."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plant.errors import FixError
from plant.model import Cause, Comparator, Interlock
from simulators.process import InterlockMode

COMPARE: Mapping[Comparator, Callable[[float, float], bool]] = {
    Comparator.GE: operator.ge,
    Comparator.GT: operator.gt,
    Comparator.LE: operator.le,
    Comparator.LT: operator.lt,
    Comparator.EQ: operator.eq,
}
LATE = 10.0
"""Time [s] beyond the allowed response by which a slow interlock moves its final elements too late."""


@dataclass(slots=True)
class Channel:
    """One input of a vote."""

    beyond_limit: Callable[[float, float], bool]
    trips_at: float
    """Set point, in the point's unit."""
    returns_at: float
    """Where a vote ends: the set point eased by the hysteresis."""
    bypass: str | None
    voting: bool = False
    """Whether the value is beyond; a bypassed channel is told apart in the vote."""

    @classmethod
    def of(cls, cause: Cause) -> "Channel":
        """The channel of one cause of the plant file."""
        low_side = cause.comparator in (Comparator.LE, Comparator.LT)
        ease = cause.hysteresis if low_side else -cause.hysteresis
        return cls(COMPARE[cause.comparator], cause.set_point, cause.set_point + ease, cause.bypass)


@dataclass(slots=True)
class Function:
    """One interlock with its latch."""

    interlock: Interlock
    channels: list[Channel]
    columns: slice
    votes_needed: int
    mode: InterlockMode = InterlockMode.NORMAL
    since: float | None = None
    """When the vote began [s]."""
    tripped: bool = False
    acts_at: float = 0.0
    """When its final elements begin to move [s]."""

    @property
    def at_rest(self) -> bool:
        """Nothing to remember: no vote, no trip, no fault."""
        quiet = self.mode is InterlockMode.NORMAL and not self.tripped
        return quiet and not any(channel.voting for channel in self.channels)

    def scan(self, now: float, values: Sequence[float], switches: Mapping[str, float], *, reset: bool) -> None:
        """One scan at ``now`` [s]: vote, delay, trip, reset."""
        votes = 0
        for channel, value in zip(self.channels, values, strict=True):
            channel.voting = channel.beyond_limit(
                value, channel.returns_at if channel.voting else channel.trips_at
            )
            if channel.voting and not (channel.bypass is not None and switches[channel.bypass]):
                votes += 1
        bypass = self.interlock.bypass
        demanded = votes >= self.votes_needed and not (bypass is not None and switches[bypass])
        if not demanded:
            self.since = None
            if reset:
                self.tripped = False
        elif self.since is None:
            self.since = now
        self._decide(now)

    def _decide(self, now: float) -> None:
        if self.tripped or self.mode is InterlockMode.MISSED:
            return
        due = self.since is not None and now - self.since >= self.interlock.delay
        if due or self.mode is InterlockMode.SPURIOUS:
            late = self.interlock.response + LATE if self.mode is InterlockMode.SLOW else 0.0
            self.tripped, self.acts_at = True, now + late
        if self.mode is InterlockMode.SPURIOUS:
            self.mode = InterlockMode.NORMAL


@dataclass(slots=True)
class LogicSolver:
    """All interlocks of a plant, scanned once a step."""

    functions: dict[str, Function]
    inputs: tuple[str, ...]
    """Points the votes read, in the order in which ``scan`` takes their values."""
    commands: dict[str, float]
    """Every command point: 1 while tripped."""
    resets: dict[str, float]
    """Last position of each reset button, to see it rise; several interlocks may share one."""
    thresholds: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Side (1 or -1) and set point times side of each input: below it a channel at rest cannot vote."""
    at_rest: bool = False
    """Nothing votes, is tripped, or has a fault."""

    @classmethod
    def of(cls, interlocks: Sequence[Interlock]) -> "LogicSolver":
        """The logic of the plant file."""
        functions: dict[str, Function] = {}
        inputs: list[str] = []
        for interlock in interlocks:
            columns = slice(len(inputs), len(inputs) + len(interlock.causes))
            inputs += [cause.point for cause in interlock.causes]
            channels = [Channel.of(cause) for cause in interlock.causes]
            functions[interlock.id] = Function(interlock, channels, columns, interlock.votes_needed)
        resets = {i.reset: 0.0 for i in interlocks if i.reset is not None}
        causes = [cause for interlock in interlocks for cause in interlock.causes]
        side = np.array([-1.0 if c.comparator in (Comparator.LE, Comparator.LT) else 1.0 for c in causes])
        thresholds = (side, side * np.array([c.set_point for c in causes]))
        return cls(functions, tuple(inputs), {i.command: 0.0 for i in interlocks}, resets, thresholds)

    def scan(self, now: float, values: NDArray[np.float64], switches: Mapping[str, float]) -> None:
        """One scan of every interlock; ``values`` belong to ``inputs``, ``switches`` holds every switch by id."""
        side, limits = self.thresholds
        if not self.at_rest or (side * values >= limits).any():
            self._scan_all(now, values.tolist(), switches)
        for button in self.resets:
            self.resets[button] = switches[button]

    def _scan_all(self, now: float, values: Sequence[float], switches: Mapping[str, float]) -> None:
        rising = {b for b, before in self.resets.items() if switches[b] > before}
        for function in self.functions.values():
            reset = function.interlock.reset in rising
            function.scan(now, values[function.columns], switches, reset=reset)
            self.commands[function.interlock.command] = 1.0 if function.tripped else 0.0
        self.at_rest = all(function.at_rest for function in self.functions.values())

    def mode(self, interlock: str, mode: InterlockMode) -> None:
        """Set how one interlock behaves.

        Raises:
            FixError: there is no such interlock.
        """
        if interlock not in self.functions:
            known = ", ".join(self.functions)
            raise FixError(f"no interlock {interlock!r} in this process; it has {known}")
        self.functions[interlock].mode = mode
        self.at_rest = False

    def demanded(self, now: float) -> frozenset[str]:
        """Feedback points of the final elements that must be in their safe state at ``now`` [s]."""
        return frozenset(
            effect.feedback
            for f in self.functions.values()
            if f.tripped and now >= f.acts_at
            for effect in f.interlock.effects
        )
