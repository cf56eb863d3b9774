"""kill -9 of a real process while it writes: what it said is there, the chain is whole, the desk restores."""

import asyncio
import random
import signal
import sys
from pathlib import Path

from alerts.desk import AlarmDesk
from alerts.journal import Journal
from plant.clock import wall_clock
from tests.alerts.alarm_plant import make_plant
from tests.alerts.alarm_writer import state

KILLS = 10
ROOT = Path(__file__).parents[2]


async def killed(path: Path, after: float) -> list[str]:
    """What the process said until it was killed, ``after`` seconds of work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.alerts.alarm_writer", str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        said = [await process.stdout.readline()]
        assert said[0], "it ended before it began"
        await asyncio.sleep(after)  # the work itself takes the time, the kill lands where it lands
        process.send_signal(signal.SIGKILL)
        said += (await process.stdout.read()).splitlines()
        assert await process.wait() == -signal.SIGKILL
    return [line.decode().strip() for line in said if len(line.split()) == 3]


async def test_what_was_said_survives_kill_9_and_the_desk_goes_on_from_it(tmp_path: Path) -> None:
    chance, rows, before = random.Random(5), 0, "norm"  # noqa: S311 - when to kill is no secret
    for _ in range(KILLS):
        said = await killed(tmp_path / "journal.db", chance.uniform(0.005, 0.08))
        assert said[0].split()[2] == before, "the desk began in the state that the last one left"
        with Journal(tmp_path / "journal.db") as journal:
            check(journal, said)
            rows, before = journal.head[0], state(AlarmDesk(make_plant(), journal, wall_clock))
            if rows == int(said[-1].split()[0]):
                assert before == said[-1].split()[2]
    assert rows > KILLS * 6, "the kills came in the middle of work"


def check(journal: Journal, said: list[str]) -> None:
    verdict = journal.verify()
    assert verdict.broken is None
    hashes = dict[int, str]()
    for line in said:
        number, digest, _ = line.split()
        hashes[int(number)] = digest
    last = int(said[-1].split()[0])
    assert last <= verdict.rows <= last + 1, "at most the row that was being written is more than what was said"
    for row in journal.since(int(said[0].split()[0]) - 1, 1000):
        assert hashes.get(row.seq, row.hash) == row.hash
