"""The same rules over stored history, and how its findings compare with those that were found live."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from analytics.engine import Engine
from analytics.past import Past, measured
from plant.clock import SECOND
from plant.codec import finding_fields
from plant.findings import Finding, FindingState
from plant.model import Plant
from plant.ports import Historian
from plant.readings import Readings

MARGIN = 600 * SECOND
"""History read before the start, so that the rules know what the signals were, and after the end, so that the
deadlines of what began before it have passed [ns]. A bypass or a silence may last longer: it is then left open."""

Progress = Callable[[int, int], None]
"""Hears up to which time [ns UTC] history has been judged, and how many rows were read so far."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What the rules find in stored history."""

    findings: tuple[Finding, ...]
    """Those that hold in the time asked for, in their last state, by start; none that was taken back."""
    results: Readings
    """Results of the energy accounts of the periods that begin in it."""
    rows: int
    """Rows read."""


async def replay(
    plant: Plant,
    engine_factory: Callable[[], Engine],
    historian: Historian,
    start: int,
    end: int,
    *,
    progress: Progress = lambda _time, _rows: None,
) -> ReplayResult:
    """Run a fresh engine over what is stored, window by window.

    The energy accounts of a period are complete when ``start`` is no later than its beginning.

    Args:
        plant: whose history it is.
        engine_factory: makes the engine.
        historian: has the history.
        start: findings that end before this are left out [ns UTC].
        end: findings that start from here on are left out [ns UTC].
        progress: called after each window.

    Raises:
        Unavailable: the historian is away.
    """
    engine, first, rows = engine_factory(), start - MARGIN, 0
    past = Past(historian, engine, asyncio.to_thread)
    findings: dict[str, Finding] = {}
    results: list[Readings] = []
    await past.prime(0, first)
    async for until, part in past.read(measured(plant), first, end + MARGIN):
        output = await asyncio.to_thread(engine.step, part)
        findings |= {f.id: f for f in output.findings}
        results.append(output.results.between(start, end))
        rows += len(part)
        progress(min(until, end), rows)
    return ReplayResult(held(findings.values(), start, end), Readings.concat(results), rows)


def held(findings: Iterable[Finding], start: int, end: int) -> tuple[Finding, ...]:
    """Those that hold at any time from ``start`` to ``end`` [ns UTC], by start; none that was taken back."""
    chosen = (
        f
        for f in findings
        if f.state is not FindingState.WITHDRAWN and f.start < end and (f.end is None or f.end >= start)
    )
    return tuple(sorted(chosen, key=lambda f: (f.start, f.rule, f.subject)))


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding that both have, but not alike."""

    live: Finding
    replayed: Finding
    fields: tuple[str, ...]
    """Names of the fields that differ."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found live beside what is found in the history, by finding id."""

    same: tuple[Finding, ...]
    different: tuple[Difference, ...]
    only_live: tuple[Finding, ...]
    """Data that came too late for the live rules explain it, or an outage that was filled up since."""
    only_replayed: tuple[Finding, ...]
    """Data that came too late for the live rules show it."""

    @property
    def agrees(self) -> bool:
        """Whether both found the same."""
        return not (self.different or self.only_live or self.only_replayed)


def compare(live: Iterable[Finding], replayed: Iterable[Finding]) -> Comparison:
    """Compare the last states of what was found; what was taken back counts as not found."""
    first, second = _by_id(live), _by_id(replayed)
    both = [(first[i], second[i]) for i in first if i in second]
    fields = [_different_fields(a, b) for a, b in both]
    return Comparison(
        same=tuple(a for (a, _), names in zip(both, fields, strict=True) if not names),
        different=tuple(Difference(a, b, names) for (a, b), names in zip(both, fields, strict=True) if names),
        only_live=tuple(f for i, f in first.items() if i not in second),
        only_replayed=tuple(f for i, f in second.items() if i not in first),
    )


def _by_id(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {f.id: f for f in findings if f.state is not FindingState.WITHDRAWN}


def _different_fields(first: Finding, second: Finding) -> tuple[str, ...]:
    one, other = _fields(first), _fields(second)
    return tuple(name for name in one if one[name] != other[name] and not _untold(name, one, other))


def _untold(name: str, first: dict[str, Any], second: dict[str, Any]) -> bool:
    """One of the two was told before findings were told in Chinese as well: that is no other judgement."""
    return name in {"expected_zh", "seen_zh"} and not (first[name] and second[name])


def _fields(finding: Finding) -> dict[str, Any]:
    """As JSON, where a missing value equals another; when it was told is no part of a judgement."""
    return {name: value for name, value in finding_fields(finding).items() if name != "told"}
