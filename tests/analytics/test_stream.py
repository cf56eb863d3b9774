"""The live service: what it hears, publishes and acknowledges, and when."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.engine import Engine, EngineOutput
from plant.codec import encode_batch
from plant.errors import Unavailable
from plant.findings import FindingState
from plant.io.memory import MemoryUplink
from plant.readings import Reading, Readings
from tests.analytics.energy_plant import HOUR, MINUTE, at, counter, every_minute, small_plant
from tests.analytics.interlock_kit import COMMAND, T0, Course, Found, S, found, plant, told
from tests.analytics.stream_kit import Rig, batch, running, seconds, until

ONE = plant()
DEMAND: Course = [(0, 5.0), (10, 12.0)]
MISSED = Found("IA-01", "I", 10, None)


async def test_a_missed_trip_is_published_and_then_everything_is_acknowledged(tmp_path: Path) -> None:
    async with running(ONE, tmp_path) as rig:
        await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
        await rig.settled()
        (finding,) = rig.told()
        assert found(finding) == MISSED
        assert finding.told == rig.now, "stamped with the clock, so that a message that comes twice is known"
        status = rig.analytics.status
        assert (status.connected, status.messages, status.findings, status.too_late) == (True, 31, 1, 0)
        assert (status.waiting, status.dropped, status.unsaved, status.gap) == (0, 0, 0, None)


async def test_latency_is_told_in_the_plants_time(tmp_path: Path) -> None:
    """Found with the values of second 17 = 10 + 5 (deadline) + 2 (skew), published when the clock shows 4000."""
    async with running(ONE, tmp_path) as rig:
        await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
        await rig.settled()
        status = rig.analytics.status
        assert (status.latency.count, status.latency.p50) == (1, 4000 - (10 + COMMAND + 2))
        assert (status.delay.count, status.delay.most) == (31, 4000)
        assert status.processing.count == 31
        assert status.processing.p50 is not None
        assert status.processing.p50 > 0


async def test_nothing_is_published_or_acknowledged_before_it_is_saved(tmp_path: Path) -> None:
    async with running(ONE, tmp_path) as rig:
        await until(lambda: rig.disk.saves > 0)
        async with rig.analytics._files:
            await rig.send(*seconds(told(ONE, 17, A=DEMAND)))
            await until(lambda: rig.analytics.status.waiting == 1)
            await asyncio.sleep(0.02)
            assert rig.told() == []
            assert rig.pending() == 18
        await rig.settled()
        assert len(rig.told()) == 1


async def test_a_disk_that_fails_delays_no_alarm(tmp_path: Path) -> None:
    async with running(ONE, tmp_path) as rig:
        await until(lambda: rig.disk.saves > 0)
        rig.disk.works = False
        await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
        await rig.settled()
        assert [found(f) for f in rig.told()] == [MISSED]
        assert rig.analytics.status.unsaved > 0
        rig.disk.works = True
        await rig.send(batch(told(ONE, 31, A=DEMAND)[-4:], 99))
        await until(lambda: rig.analytics.status.unsaved == 0)


async def test_a_disk_that_hangs_delays_no_alarm(tmp_path: Path) -> None:
    async with running(ONE, tmp_path) as rig:
        await until(lambda: rig.disk.saves > 0)
        rig.analytics.rhythm = replace(rig.analytics.rhythm, disk=0.02)
        async with rig.analytics._files:
            await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
            await rig.settled()
            assert [found(f) for f in rig.told()] == [MISSED]
            assert rig.analytics.status.unsaved > 0


async def test_a_finding_waits_until_somebody_listens(tmp_path: Path) -> None:
    rig = Rig(ONE, tmp_path)
    rig.start()
    await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
    await until(lambda: rig.pending() == 0)
    assert rig.analytics.status.waiting == 1, "it is on disk, so the messages need not wait"
    rig.watch()
    await rig.settled()
    assert [found(f) for f in rig.told()] == [MISSED]
    await rig.stop()


async def test_what_nobody_takes_does_not_keep_findings_waiting(tmp_path: Path) -> None:
    class NoResults(MemoryUplink):
        async def send(self, topic: str, payload: bytes) -> None:
            if "/readings/" in topic:
                raise Unavailable("nobody has a session")
            await super().send(topic, payload)

    start = at("2026-03-01T00:00:00+08:00")
    model = small_plant()
    rig = Rig(model, tmp_path, now=start + 3 * HOUR)
    rig.connect = lambda: NoResults(rig.broker)
    rig.watch()
    rig.start()
    times = every_minute(start, start + 2 * HOUR)
    values = counter(times, "5000", 1500.0)
    values[61:] -= values[61]  # a reset in the second hour
    await rig.send(batch(list(Readings.of_point("E.total", times, values).rows()), 1))
    await rig.send(batch(list(Readings.of_point("P.total", times, counter(times, "80", 1.0)).rows()), 2))
    await rig.send(batch(list(Readings.of_point("S.total", times, counter(times, "7", 4.0)).rows()), 3))
    await until(lambda: any(f.rule == "EN-RESET" for f in rig.told()))
    assert rig.analytics.status.waiting > 0
    await rig.stop()


async def test_a_lost_broker_loses_nothing(tmp_path: Path) -> None:
    rows = seconds(told(ONE, 60, A=[*DEMAND, (40, 5.0)]))
    async with running(ONE, tmp_path) as rig:
        await rig.send(*rows[:17])
        await until(lambda: rig.analytics.status.messages == 17)
        rig.broker.stop()
        await until(lambda: not rig.analytics.status.connected)
        rig.broker.start()
        await rig.send(*rows[17:])
        await rig.settled()
        assert [found(f) for f in rig.held().values()] == [Found("IA-01", "I", 10, 40)]
        assert rig.analytics.status.too_late == 0, "what comes again has been judged"


async def test_a_batch_that_comes_again_is_judged_once(tmp_path: Path) -> None:
    rows = seconds(told(ONE, 300))
    async with running(ONE, tmp_path) as rig:
        await rig.send(*rows, rows[0], rows[150])
        await rig.settled()
        assert (rig.analytics.status.repeats, rig.analytics.status.too_late) == (2, 0)


async def test_times_in_the_future_are_passed_over(tmp_path: Path) -> None:
    """A clock that is an hour ahead for a moment must not make everything after it an hour late."""
    async with running(ONE, tmp_path, now=T0 + 40 * S) as rig:
        rows = seconds(told(ONE, 30, A=DEMAND))
        wrong = replace(batch([Reading("H", T0 + 3600 * S, 1.0)], 999), sent=T0 + 5 * S)
        await rig.send(*rows[:5], wrong, *rows[5:])
        await rig.settled()
        assert [found(f) for f in rig.told()] == [MISSED]
        assert (rig.analytics.status.rejected, rig.analytics.status.too_late) == (1, 0)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.lists(st.binary(max_size=200), max_size=5), at_byte=st.integers(0, 3000), bit=st.integers(0, 7))
async def test_what_nobody_can_read_hides_no_neighbour(
    tmp_path_factory: pytest.TempPathFactory, junk: list[bytes], at_byte: int, bit: int
) -> None:
    topic = "plantwatch/v1/p1/readings/edge"
    rows = seconds(told(ONE, 20, A=DEMAND))
    broken = bytearray(encode_batch(batch(told(ONE, 0), 998)))
    broken[at_byte % len(broken)] ^= 1 << bit
    async with running(ONE, tmp_path_factory.mktemp("rig")) as rig:
        await rig.send(*rows[:12])
        async with rig.broker.uplink() as uplink:
            for payload in (*junk, bytes(broken)):
                await uplink.send(topic, payload)
        await rig.send(*rows[12:])
        await rig.settled()
        assert rig.analytics.status.poison >= len(junk)
        assert MISSED in [found(f) for f in rig.held().values()]


async def test_a_defect_in_the_rules_costs_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Engine.step

    def breaks(self: Engine, rows: Readings) -> EngineOutput:
        if rows.value[0] == 666:
            raise ZeroDivisionError
        return step(self, rows)

    monkeypatch.setattr(Engine, "step", breaks)
    rows = seconds(told(ONE, 30, A=DEMAND))
    async with running(ONE, tmp_path) as rig:
        await rig.send(*rows[:5], batch([Reading("H", T0 + 4 * S, 666.0)], 999), *rows[5:])
        await rig.settled()
        assert [found(f) for f in rig.told()] == [MISSED]
        assert rig.analytics.status.poison == 1


async def test_results_come_as_batches_without_a_gap(tmp_path: Path) -> None:
    start = at("2026-03-01T00:00:00+08:00")
    model = small_plant()
    times = every_minute(start, start + 4 * HOUR)
    columns = [("E.total", "5000", 1500.0), ("S.total", "700", 4.0), ("P.total", "80", 1.0)]
    rows = [
        r for p, first, rate in columns for r in Readings.of_point(p, times, counter(times, first, rate)).rows()
    ]
    async with running(model, tmp_path, now=start + 5 * HOUR) as rig:
        for n in range(16):
            begin = start + n * 15 * MINUTE
            await rig.send(batch([r for r in rows if begin <= r.time < begin + 15 * MINUTE], n + 1))
        await rig.settled()
        sent = rig.batches()
        assert [b.sequence for b in sent] == list(range(1, len(sent) + 1))
        assert {(b.agent, b.epoch) for b in sent} == {("analytics", start + 5 * HOUR)}
        assert rig.analytics.status.results == sum(len(b.readings) for b in sent)
        over = [start + n * HOUR for n in range(3)]
        assert list(rig.results("small/caustic/hour")) == over, "hour 3 has its minute of grace"
        assert rig.analytics.status.rows == sum(r.time < start + 4 * HOUR for r in rows), "not its own results"


async def test_the_event_loop_stays_free_while_the_rules_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules wait here for something that only a running loop can do."""
    step, gate, turns = Engine.step, threading.Event(), []

    def slow(self: Engine, rows: Readings) -> EngineOutput:
        turns.append(gate.wait(10))
        return step(self, rows)

    monkeypatch.setattr(Engine, "step", slow)
    async with running(ONE, tmp_path) as rig:
        await rig.send(batch(told(ONE, 5), 1))
        await until(lambda: rig.analytics._torn)
        for _ in range(100):
            await asyncio.sleep(0)
        gate.set()
        await rig.settled()
    assert turns == [True]


async def test_a_soft_stop_saves_so_that_nothing_is_judged_twice(tmp_path: Path) -> None:
    rows = seconds(told(ONE, 60, A=[*DEMAND, (40, 5.0)]))
    rig = Rig(ONE, tmp_path)
    rig.watch()
    rig.start()
    await rig.send(*rows[:30])
    await until(lambda: rig.analytics.status.delay.count == 30)
    await rig.stop()
    rig.start()
    await rig.send(*rows[30:])
    await rig.settled()
    assert rig.analytics.status.rows == sum(len(b.readings) for b in rows[30:])
    await rig.stop()
    assert [f.state for f in rig.told()] == [FindingState.OPEN, FindingState.CLOSED]
