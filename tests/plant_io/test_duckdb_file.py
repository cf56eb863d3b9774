"""What only the DuckDB file has: damage, a second process, kill -9, cancelled callers."""

import asyncio
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from plant.errors import FixError, Unavailable
from plant.io.duckdb import DuckDbHistorian
from plant.ports import Aggregate
from plant.readings import Reading, Readings

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000


def some(first: int, n: int = 1000) -> Readings:
    number = np.arange(first, first + n)
    return Readings.of_point("A", T0 + number * S, number.astype(np.float64))


async def test_rows_and_dictionary_are_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "history.duckdb"
    async with DuckDbHistorian(path) as historian:
        await historian.write(some(0))
        await historian.write(Readings.from_rows([Reading("B", T0, 1.0)]))
    async with DuckDbHistorian(path) as historian:
        assert await historian.counts() == {"A": 1000, "B": 1}
        assert await historian.write(some(500)) == 500
        assert await historian.points() == ("A", "B")


async def test_a_file_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    path.write_bytes(np.random.default_rng(3).bytes(20_000))
    with pytest.raises(FixError, match=r"history\.duckdb cannot be opened.*Move it"):
        await DuckDbHistorian(path).__aenter__()


async def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FixError, match="cannot be made"):
        await DuckDbHistorian(tmp_path / "file" / "history.duckdb").__aenter__()


_HOLD = """
import sys, time, duckdb
base = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


async def test_a_second_process_is_told_that_the_file_is_in_use(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    with subprocess.Popen(  # noqa: ASYNC220 - nothing else runs in this test
        [sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        historian = DuckDbHistorian(path)
        with pytest.raises(Unavailable, match="open in another process"):
            await historian.__aenter__()
        other.kill()
        other.wait()
        async with historian:
            assert await historian.write(some(0)) == 1000


_WRITE_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.plant_io.test_duckdb_file import some
from plant.io.duckdb import DuckDbHistorian
async def main():
    historian = await DuckDbHistorian(Path(sys.argv[1])).__aenter__()
    for n in range(20):
        await historian.write(some(n * 1000))
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_what_write_returned_for_survives_kill_9(tmp_path: Path) -> None:
    path, root = tmp_path / "history.duckdb", Path(__file__).parents[2]
    ended = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this test
        [sys.executable, "-c", _WRITE_AND_DIE, str(path), str(root)], check=False, timeout=60
    )
    assert ended.returncode == -9
    async with DuckDbHistorian(path) as historian:
        assert await historian.counts() == {"A": 20_000}


async def test_a_cancelled_write_is_whole_or_absent_and_the_next_one_works(tmp_path: Path) -> None:
    async with DuckDbHistorian(tmp_path / "history.duckdb") as historian:
        for n in range(10):
            task = asyncio.create_task(historian.write(some(n * 1000)))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        total = (await historian.counts()).get("A", 0)
        assert total % 1000 == 0
        assert len(await historian.read(("A",), 0, 2**62)) == total
        assert await historian.write(some(50_000)) == 1000


async def test_reads_and_writes_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    async with DuckDbHistorian(tmp_path / "history.duckdb") as historian:
        work = [historian.write(some(n * 1000)) for n in range(10)]
        work += [
            historian.aggregate("A", T0, T0 + 100 * S, window=S, how=Aggregate.MEAN)  # type: ignore[list-item]
            for _ in range(10)
        ]
        await asyncio.gather(*work)
        assert await historian.counts() == {"A": 10_000}


@pytest.fixture
def file_size_limit() -> Iterator[Callable[[int], None]]:
    """Sets how large a file may get [bytes]: a full disk, for this process alone."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


async def fill(historian: DuckDbHistorian) -> int:
    """Write until it fails; the number of thousands stored."""
    for n in range(1, 100):
        try:
            await historian.write(some(n * 1000))
        except Unavailable as error:
            assert "history.duckdb" in str(error)  # noqa: PT017 - the place of the failure is what counts
            return n
    raise AssertionError


async def test_a_full_disk_stores_nothing_of_the_call_and_goes_on_when_there_is_room(
    tmp_path: Path, file_size_limit: Callable[[int], None]
) -> None:
    async with DuckDbHistorian(tmp_path / "history.duckdb") as historian:
        await historian.write(some(0))
        file_size_limit(300_000)
        stored = await fill(historian)
        with pytest.raises(Unavailable):
            await historian.write(Readings.from_rows([Reading(f"NEW-{n}", T0, 1.0) for n in range(20_000)]))
        file_size_limit(resource.RLIM_INFINITY)
        assert await historian.counts() == {"A": stored * 1000}
        assert await historian.write(some(stored * 1000)) == 1000
        assert await historian.write(Readings.from_rows([Reading("B", T0, 1.0)])) == 1
    async with DuckDbHistorian(tmp_path / "history.duckdb") as historian:
        assert await historian.counts() == {"A": (stored + 1) * 1000, "B": 1}
        assert [r.value for r in (await historian.read(("B",), 0, 2**62)).rows()] == [1.0]


async def test_a_counter_step_is_found_however_long_before_the_window_its_first_value_is(tmp_path: Path) -> None:
    async with DuckDbHistorian(tmp_path / "history.duckdb") as historian:
        for hours in (0.5, 5, 500):
            name = f"E{hours}"
            await historian.write(
                Readings.from_rows([Reading(name, T0 - int(hours * 3600) * S, 10.0), Reading(name, T0 + S, 12.5)])
            )
            found = await historian.aggregate(name, T0, T0 + 2 * S, window=2 * S, how=Aggregate.INCREASE)
            assert found.value.tolist() == [2.5]
