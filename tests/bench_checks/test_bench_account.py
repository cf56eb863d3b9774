"""A benchmark's number is only worth something when a lost or changed value makes the run invalid."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ingest.ledger import Entry, Ledger
from ingest.validation import Checked
from plant.codec import Batch, Loss
from plant.io.duckdb import DuckDbHistorian
from plant.readings import Readings
from tests.bench.account import check
from tests.bench.demands import CHANNELS, schedule
from tests.bench.figures import BenchError

POINTS, EACH = ("a", "b", "c"), 4


def ramp(point: str, values: list[float]) -> Readings:
    times = np.arange(1, len(values) + 1, dtype=np.int64)
    return Readings.of_point(point, times, np.array(values))


@dataclass
class Files:
    history: Path
    ledger: Path

    async def hold(self, rows: Readings, *, sequence: int = 1, losses: tuple[Loss, ...] = ()) -> None:
        async with DuckDbHistorian(self.history) as historian:
            await historian.write(rows)
        with Ledger(self.ledger) as ledger:
            batch = Batch("edge-1", 1, sequence, 1, rows, losses)
            ledger.enter([Entry(Checked(batch, rows, (), losses), 1)])

    async def check(self) -> None:
        await check(self.history, self.ledger, dict.fromkeys(POINTS, EACH), POINTS)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "history.duckdb", tmp_path / "ledger.sqlite")


def whole(**changed: list[float]) -> Readings:
    return Readings.concat([ramp(p, changed.get(p, [0.0, 1.0, 2.0, 3.0])) for p in POINTS])


async def test_a_run_that_stored_every_value_once_is_valid(files: Files) -> None:
    await files.hold(whole())
    await files.check()


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        pytest.param(
            whole(b=[0.0, 1.0, 2.0]), "1 points have another count than produced; b: 4, stored 3", id="lost"
        ),
        pytest.param(whole(b=[0.0, 1.0, 2.0, 3.0, 3.0]), "b: 4, stored 5", id="doubled under another time"),
        pytest.param(whole(c=[0.0, 2.0, 1.0, 3.0]), "values of c are not the ones that were sent", id="changed"),
    ],
)
async def test_a_lost_doubled_or_changed_value_makes_it_invalid(
    files: Files, rows: Readings, complaint: str
) -> None:
    await files.hold(rows)
    with pytest.raises(BenchError, match=complaint):
        await files.check()


async def test_what_the_ledger_knows_of_makes_it_invalid(files: Files) -> None:
    await files.hold(whole(), losses=(Loss("a", 2, 1, 1, "spool full"),))
    with pytest.raises(BenchError, match="0 gaps, 2 lost values"):
        await files.check()


async def test_a_batch_that_never_came_makes_it_invalid(files: Files) -> None:
    await files.hold(whole(), sequence=2)
    with pytest.raises(BenchError, match="1 gaps"):
        await files.check()


def test_demands_come_and_go_in_turn_and_none_is_left_at_the_end() -> None:
    steps = schedule(10.0, seed=3)
    assert [s.after for s in steps] == sorted(s.after for s in steps)
    assert steps[-1].after < 10.0
    for channel in range(len(CHANNELS)):
        mine = [s.beyond for s in steps if s.channel == channel]
        assert mine == [True, False] * (len(mine) // 2)
        assert len(mine) >= 32, "a step takes at most 0.3 s: 33 fit into 10 s, and whole demands make 32"
