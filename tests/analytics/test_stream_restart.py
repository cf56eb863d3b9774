"""Kills, restarts and starts without a past: the findings are those of a service that was never stopped."""

import asyncio
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from analytics.checkpoint import CheckpointFile
from analytics.replay import compare
from plant.findings import Finding, FindingState
from plant.readings import Reading, Readings
from tests.analytics.energy_plant import HOUR, at, counter, every_minute, small_plant
from tests.analytics.interlock_kit import T0, Course, Found, S, found, plant, told
from tests.analytics.stream_kit import Rig, batch, running, seconds, until
from tests.analytics.test_interlock_order import CHANCE, PARAMETERS, Story, batches, late_by, stories

ONE = plant()
DEMAND: Course = [(0, 5.0), (10, 12.0)]
MISSED = Found("IA-01", "I", 10, None)


async def run_with_kills(rig: Rig, rng: random.Random, story: Story, kills: int) -> dict[str, Finding]:
    """Send a story and kill the service at any place, as often as asked; what was held at last."""
    rig.watch()
    parts = [batch(p, n + 1) for n, p in enumerate(batches(rng, late_by(rng, story)))]
    cuts = sorted(rng.randrange(len(parts)) for _ in range(kills))
    rig.start()
    for n, part in enumerate(parts):
        await rig.send(part)
        if n in cuts:
            for _ in range(rng.randrange(200)):
                await asyncio.sleep(0)
            await rig.kill()
            rig.start()
    await rig.settled()
    await rig.stop()
    return rig.held()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories(), chance=CHANCE)
async def test_kills_at_any_place_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, story: Story, chance: random.Random
) -> None:
    seed = chance.random()
    folders = [tmp_path_factory.mktemp("rig") for _ in range(2)]
    rigs = [Rig(story.plant, folder, PARAMETERS) for folder in folders]
    whole = await run_with_kills(rigs[0], random.Random(seed), story, 0)  # noqa: S311 - no secret
    killed = await run_with_kills(rigs[1], random.Random(seed), story, 4)  # noqa: S311 - no secret
    assert compare(whole.values(), killed.values()).agrees


async def test_what_was_found_but_not_taken_goes_out_after_the_restart(tmp_path: Path) -> None:
    """Nobody listens; the messages are acknowledged, as the finding is on disk. Then the service is killed."""
    rig = Rig(ONE, tmp_path)
    rig.start()
    await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
    await until(lambda: rig.pending() == 0)
    await rig.kill()
    rig.watch()
    rig.start()
    await until(lambda: bool(rig.told()))
    await rig.stop()
    assert [found(f) for f in rig.told()] == [MISSED]


async def test_what_was_found_too_early_is_taken_back_after_a_restart(tmp_path: Path) -> None:
    rows = told(ONE, 40, A=DEMAND, X=[(0, 0.0), (12, 1.0)], V=[(0, 1.0), (14, 0.0)])
    late = [r for r in rows if r.point == "X" and r.time == T0 + 12 * S]
    rig = Rig(ONE, tmp_path)
    rig.watch()
    rig.start()
    await rig.send(*seconds(r for r in rows if r not in late))
    await until(lambda: len(rig.told()) == 1)
    await rig.kill()
    rig.start()
    await rig.send(batch(late, 999))
    await rig.settled()
    await rig.stop()
    assert rig.told()[-1].state is FindingState.WITHDRAWN
    assert rig.held() == {}


async def test_result_batches_go_on_without_a_gap_in_each_epoch(tmp_path: Path) -> None:
    start = at("2026-03-01T00:00:00+08:00")
    model = small_plant()
    times = every_minute(start, start + 6 * HOUR)
    columns = [("E.total", "5000", 1500.0), ("S.total", "700", 4.0), ("P.total", "80", 1.0)]
    history = Readings.concat([Readings.of_point(p, times, counter(times, f, rate)) for p, f, rate in columns])
    rig = Rig(model, tmp_path, now=start)
    rig.watch()
    await rig.historian.write(history)
    for n in range(6):
        rig.now = start + (n + 1) * HOUR
        rig.start()
        part = history.between(start + n * HOUR, start + (n + 1) * HOUR)
        await rig.send(batch(list(part.in_time_order().rows()), n + 1))
        await rig.settled()
        await (rig.kill() if n % 2 else rig.stop())
    by_epoch: dict[int, list[int]] = {}
    for sent in rig.batches():
        by_epoch.setdefault(sent.epoch, []).append(sent.sequence)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_epoch.values()), by_epoch
    hours = rig.results("small/caustic/hour")
    # 1,500 kWh * 0.1229 + 4 GJ * 34.12 kgce per hour and tonne (GB/T 2589-2020)
    expected = {start + n * HOUR: 1500 * 0.1229 + 4 * 34.12 for n in range(5)}
    assert hours == pytest.approx(expected, rel=1e-3)


async def test_meter_values_that_the_historian_does_not_have_yet_are_not_missed(tmp_path: Path) -> None:
    """The historian was away from 00:55 on; a kill at 01:00 must not make a gap in the hour."""
    start = at("2026-03-01T00:00:00+08:00")
    model = small_plant()
    times = every_minute(start, start + 2 * HOUR)
    columns = [("E.total", "5000", 1500.0), ("S.total", "700", 4.0), ("P.total", "80", 1.0)]
    history = Readings.concat([Readings.of_point(p, times, counter(times, f, rate)) for p, f, rate in columns])
    rig = Rig(model, tmp_path, now=start + HOUR)
    rig.watch()
    await rig.historian.write(history.between(start, start + HOUR - 5 * 60 * S))
    rig.start()
    await rig.send(batch(list(history.between(start, start + HOUR).in_time_order().rows()), 1))
    await rig.settled()
    await rig.kill()
    rig.start()
    await rig.send(batch(list(history.between(start + HOUR, start + 2 * HOUR).in_time_order().rows()), 2))
    await until(lambda: start in rig.results("small/caustic/hour"))
    await rig.stop()
    assert rig.results("small/caustic/hour")[start] == pytest.approx(1500 * 0.1229 + 4 * 34.12, rel=1e-3)
    assert rig.results("small/caustic/hour/coverage")[start] == pytest.approx(1.0)
    assert rig.held() == {}


# --- starts -----------------------------------------------------------------------------------------


async def test_without_a_checkpoint_the_stored_hour_is_judged(tmp_path: Path) -> None:
    rig = Rig(ONE, tmp_path, now=T0 + 60 * S)
    rig.watch()
    await rig.historian.write(Readings.from_rows(told(ONE, 59, A=DEMAND)))
    rig.start()
    await until(lambda: len(rig.told()) == 1)
    assert [found(f) for f in rig.told()] == [MISSED]
    assert rig.analytics.status.gap is None
    await rig.stop()


async def test_without_a_checkpoint_a_switch_of_days_ago_is_known(tmp_path: Path) -> None:
    days = 5 * 86_400
    rig = Rig(ONE, tmp_path, now=T0 + 60 * S)
    rig.watch()
    rows = [r for r in told(ONE, 59) if r.point != "W"]
    await rig.historian.write(Readings.from_rows([Reading("W", T0 - days * S, 1.0), *rows]))
    rig.start()
    await until(lambda: len(rig.told()) == 1)
    assert [found(f) for f in rig.told()] == [Found("IA-06", "I", -days, None)]
    await rig.stop()


async def test_what_was_stored_while_it_was_down_is_judged(tmp_path: Path) -> None:
    """Its broker session has expired, so those messages never come."""
    rows = told(ONE, 60, A=DEMAND)
    rig = Rig(ONE, tmp_path, now=T0 + 8 * S)
    rig.watch()
    rig.start()
    await rig.send(*seconds(r for r in rows if r.time < T0 + 8 * S))
    await rig.settled()
    await rig.kill()
    await rig.historian.write(Readings.from_rows(rows))
    rig.now = T0 + 60 * S
    rig.start()
    await until(lambda: len(rig.told()) == 1)
    assert [found(f) for f in rig.told()] == [MISSED]
    await rig.send(*seconds(rows)[8:])
    await rig.settled()
    assert rig.analytics.status.too_late == 0, "what is heard after it was read is not late"
    assert len(rig.told()) == 1
    await rig.stop()


async def test_supervision_begins_although_the_historian_is_away(tmp_path: Path) -> None:
    rig = Rig(ONE, tmp_path)
    rig.historian.available = False
    rig.watch()
    rig.start()
    await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
    await rig.settled()
    assert [found(f) for f in rig.told()] == [MISSED]
    assert rig.analytics.status.gap == "the past could not be read: memory historian: switched off"
    await rig.stop()


async def test_supervision_begins_although_the_historian_hangs(tmp_path: Path) -> None:
    rig = Rig(ONE, tmp_path)
    hangs = asyncio.Event()

    async def read(*_: object) -> Readings:
        await hangs.wait()
        return Readings.empty()

    rig.historian.read = read  # type: ignore[method-assign]
    rig.watch()
    rig.start()
    rig.analytics.rhythm = replace(rig.analytics.rhythm, past=0.05)
    await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
    await rig.settled()
    assert [found(f) for f in rig.told()] == [MISSED]
    assert rig.analytics.status.gap == "reading the past took longer than 0.05 s and was given up"
    await rig.stop()


async def test_the_accounts_get_their_history_when_the_historian_is_back(tmp_path: Path) -> None:
    """Down from 00:50 to 01:10 with the historian away at the start: the hour is complete once it is back."""
    start = at("2026-03-01T00:00:00+08:00")
    model = small_plant()
    times = every_minute(start, start + 2 * HOUR)
    columns = [("E.total", "5000", 1500.0), ("S.total", "700", 4.0), ("P.total", "80", 1.0)]
    history = Readings.concat([Readings.of_point(p, times, counter(times, f, rate)) for p, f, rate in columns])
    rig = Rig(model, tmp_path, now=start + HOUR // 2)
    rig.watch()
    await rig.historian.write(history.between(start, start + HOUR))
    rig.historian.available = False
    rig.start()
    half = history.between(start + HOUR // 2, start + HOUR - 5 * 60 * S)
    await rig.send(batch(list(half.in_time_order().rows()), 1))
    await rig.settled()
    rig.historian.available = True
    await until(lambda: rig.analytics._asked is None)
    rest = history.between(start + HOUR - 5 * 60 * S, start + 2 * HOUR)
    await rig.send(batch(list(rest.in_time_order().rows()), 2))
    await until(lambda: start in rig.results("small/caustic/hour"))
    assert rig.results("small/caustic/hour")[start] == pytest.approx(1500 * 0.1229 + 4 * 34.12, rel=1e-3)
    assert rig.results("small/caustic/hour/coverage")[start] == pytest.approx(1.0)
    await rig.stop()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[]", id="another shape"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b"\xff\x00", id="no text"),
        pytest.param(b'{"engine": {"version": 0}, "waiting": [[], []], "names": {}}', id="another version"),
        pytest.param(
            b'{"engine": {"version": 1, "plant": "x"}, "waiting": [[], []], "names": {}}', id="other plant"
        ),
        pytest.param(b'{"engine": {}, "waiting": [[["x", 1]], []], "names": {}}', id="no finding"),
    ],
)
async def test_a_checkpoint_of_no_use_is_put_aside(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "checkpoint").write_bytes(content)
    async with running(ONE, tmp_path) as rig:
        await rig.send(*seconds(told(ONE, 30, A=DEMAND)))
        await rig.settled()
        assert [found(f) for f in rig.told()] == [MISSED]
    assert (tmp_path / "checkpoint.unusable").read_bytes() == content
    assert json.loads((tmp_path / "checkpoint").read_bytes())["names"] == {"edge": [1, *range(1, 32)]}
    assert "is not used" in caplog.text


async def test_a_changed_plant_file_starts_anew(tmp_path: Path) -> None:
    async with running(ONE, tmp_path) as rig:
        await rig.send(*seconds(told(ONE, 5)))
        await rig.settled()
    changed = plant(interlock={"response": 9})
    async with running(changed, tmp_path) as rig:
        await rig.send(*seconds(told(changed, 30, A=DEMAND)))
        await rig.settled()
        assert [found(f) for f in rig.told()] == [MISSED]
    assert (tmp_path / "checkpoint.unusable").exists()


def test_a_checkpoint_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "folder" / "checkpoint")
    assert file.load() is None
    file.save({"a": 1})
    file.save({"a": 2})
    assert file.load() == {"a": 2}
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["checkpoint"]
    with pytest.raises(ValueError, match="Out of range"):
        file.save({"a": float("nan")})
    assert file.load() == {"a": 2}, "the former one is still there"
