"""Replay over stored history: it finds what was found live, also when the live data came late or disordered."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings

from analytics.engine import Engine
from analytics.replay import Comparison, ReplayResult, compare, replay
from plant.errors import Unavailable
from plant.findings import Finding, FindingState, Severity
from plant.io.memory import MemoryHistorian
from plant.model import Plant
from plant.readings import Reading, Readings
from tests.analytics.energy_plant import DATA, HOUR, MINUTE, at, counter, every_minute, in_batches, small_plant
from tests.analytics.interlock_kit import T0, Course, S, plant, told
from tests.analytics.test_interlock_order import CHANCE, PARAMETERS, Story, batches, late_by, stories

START, END = T0 - 3600 * S, T0 + 3600 * S


def engine(model: Plant) -> Engine:
    return Engine(model, DATA, PARAMETERS)


@dataclass
class Live:
    """An engine as the service drives it, with a historian beside it."""

    plant: Plant
    historian: MemoryHistorian = field(default_factory=MemoryHistorian)
    findings: dict[str, Finding] = field(default_factory=dict)
    results: list[Reading] = field(default_factory=list)

    async def hear(self, parts: Iterable[Readings], *, stored_only: Sequence[Reading] = ()) -> "Live":
        rules = engine(self.plant)
        for part in parts:
            await self.historian.write(part)
            output = rules.step(part)
            self.findings |= {f.id: f for f in output.findings}
            self.results += list(output.results.rows())
        await self.historian.write(Readings.from_rows(stored_only))
        return self

    async def replay(self, start: int = START, end: int = END) -> ReplayResult:
        return await replay(self.plant, lambda: engine(self.plant), self.historian, start, end)

    async def compare(self) -> Comparison:
        return compare(self.findings.values(), (await self.replay()).findings)


def columns(parts: Iterable[Sequence[Reading]]) -> list[Readings]:
    return [Readings.from_rows(part) for part in parts]


@settings(max_examples=40)
@given(stories(), CHANCE)
async def test_what_was_found_live_is_found_in_the_history(story: Story, rng: random.Random) -> None:
    live = await Live(story.plant).hear(columns(batches(rng, late_by(rng, story))))
    found = await live.compare()
    assert found.agrees, found
    assert len(found.same) == sum(f.state is not FindingState.WITHDRAWN for f in live.findings.values())


DEMAND: Course = [(0, 5.0), (10, 12.0), (30, 5.0)]
ONE = plant()


async def test_a_row_that_came_too_late_for_the_live_rules_is_seen_in_the_history() -> None:
    """The command came in time, but its row arrived a minute late: beyond the lateness of 20 s."""
    rows = told(ONE, 100, A=DEMAND, X=[(0, 0.0), (12, 1.0), (40, 0.0)], V=[(0, 1.0), (14, 0.0)])
    late = [r for r in rows if r.point == "X" and r.time == T0 + 12 * S]
    live = await Live(ONE).hear(columns([[r for r in rows if r not in late]]), stored_only=late)
    found = await live.compare()
    assert [f.rule for f in found.only_live] == ["IA-01"]
    assert (found.same, found.different, found.only_replayed) == ((), (), ())
    assert not found.agrees


async def test_a_finding_that_only_the_history_shows() -> None:
    rows = told(ONE, 100, A=DEMAND)
    late = [r for r in rows if r.point == "A" and r.time >= T0 + 10 * S and r.time < T0 + 31 * S]
    normal = [replace(r, value=5.0, time=r.time + 1) for r in late]
    live = await Live(ONE).hear(columns([[r for r in rows if r not in late] + normal]), stored_only=late)
    await live.historian.write(Readings.from_rows(replace(r, value=12.0) for r in normal))
    found = await live.compare()
    assert [f.rule for f in found.only_replayed] == ["IA-01"]


def test_a_comparison_names_the_fields_that_differ() -> None:
    live = Finding("IA-01", "I", Severity.HIGH, 5, None, "expected", "seen", "clause", told=3)
    found = compare([live], [replace(live.closed(9), told=8)])
    assert [d.fields for d in found.different] == [("end", "state")]
    assert compare([live], [replace(live, told=99)]).agrees, "when it was told is no part of the judgement"
    assert compare([live.withdrawn()], []).agrees, "what was taken back was not found"


def test_a_finding_from_before_it_was_told_in_chinese_agrees_with_its_replay() -> None:
    live = Finding("IA-01", "I", Severity.HIGH, 5, None, "expected", "seen", "clause")
    replayed = replace(live, expected_zh="应为", seen_zh="实际")
    assert compare([live], [replayed]).agrees
    other = replace(replayed, seen_zh="别的")
    assert [d.fields for d in compare([other], [replayed]).different] == [("seen_zh",)]


async def test_a_bypass_from_before_the_time_asked_for_keeps_its_start() -> None:
    """It was put on 20 hours before; what the switch said last holds."""
    rows = told(ONE, 1000)
    rows = [r for r in rows if r.point != "W"]
    rows.append(Reading("W", T0 - 72_000 * S, 1.0))
    live = await Live(ONE).hear(columns([sorted(rows, key=lambda r: r.time)]))
    found = (await live.replay(T0 + 700 * S, T0 + 1000 * S)).findings
    assert [(f.rule, f.start) for f in found] == [("IA-06", T0 - 72_000 * S)]
    assert compare(live.findings.values(), found).agrees


async def test_findings_outside_the_time_asked_for_are_left_out() -> None:
    live = await Live(ONE).hear(columns([told(ONE, 3000, A=[(0, 5.0), (1000, 12.0), (1100, 5.0)])]))

    async def starts(start: float, end: float) -> list[float]:
        found = await live.replay(T0 + round(start * S), T0 + round(end * S))
        return [(f.start - T0) / S for f in found.findings]

    assert await starts(900, 1200) == [1000]
    assert await starts(1050, 1200) == [1000], "it still held"
    assert await starts(1101, 1200) == []
    assert await starts(900, 1001) == [1000], "judged by what came after the end"
    assert await starts(900, 1000) == []


async def test_results_of_the_energy_accounts_are_the_same() -> None:
    start = at("2026-03-01T00:00:00+08:00")
    times = every_minute(start - MINUTE, start + 26 * HOUR)
    model = small_plant()
    history = Readings.concat(
        [
            Readings.of_point("E.total", times, counter(times, "5000", 1500.0)),
            Readings.of_point("S.total", times, counter(times, "700", 4.0)),
            Readings.of_point("P.total", times, counter(times, "80", 1.0)),
        ]
    )
    live = await Live(model).hear(in_batches(history, (7, 90, 1)))
    replayed = await live.replay(start, start + 24 * HOUR)
    expected = _of_periods(r for r in live.results if start <= r.time < start + 24 * HOUR)
    assert _of_periods(replayed.results.rows()) == expected
    assert len(expected) == 2 * 25, "24 hours and a day, each with its coverage"
    assert compare(live.findings.values(), replayed.findings).agrees


def _of_periods(rows: Iterable[Reading]) -> list[Reading]:
    """Results of whole periods; an hour that is not over yet is told as often as data come."""
    chosen = [r for r in rows if r.point.removesuffix("/coverage").endswith(("/hour", "/day"))]
    return sorted(chosen, key=lambda r: (r.time, r.point))


async def test_history_is_read_in_bounded_parts() -> None:
    """A hundred thousand rows an hour for six hours: no read takes more than about two hundred thousand."""

    class Counting(MemoryHistorian):
        largest = 0

        async def read(self, points: Sequence[str], start: int, end: int) -> Readings:
            rows = await super().read(points, start, end)
            self.largest = max(self.largest, len(rows))
            return rows

    times = T0 + np.arange(0, 6 * 3600 * S, 36_000_000, dtype=np.int64)
    historian = Counting()
    await historian.write(Readings.of_point("H", times, np.ones(len(times))))
    heard: list[tuple[int, int]] = []
    model = plant()
    result = await replay(
        model, lambda: engine(model), historian, T0, T0 + 6 * 3600 * S, progress=lambda t, n: heard.append((t, n))
    )
    assert result.rows == len(times) == heard[-1][1]
    assert historian.largest <= 250_000
    assert heard == sorted(heard)
    assert heard[-1][0] == T0 + 6 * 3600 * S


async def test_a_historian_that_is_away_is_told() -> None:
    live = await Live(ONE).hear(columns([told(ONE, 10)]))
    live.historian.available = False
    with pytest.raises(Unavailable):
        await live.replay()
