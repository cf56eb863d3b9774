"""Running a service: back-off, one line per outage, signals, exit codes."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from plant.errors import DropError, FixError, PlantError, Unavailable
from plant.service import Backoff, Outage, alone, retry, run_service

LOG = logging.getLogger("test service")
ROOT = Path(__file__).parents[2]


def test_waits_double_up_to_the_most_and_begin_again_after_success() -> None:
    backoff = Backoff(1.0, 10.0, chance=lambda: 1.0)
    assert [backoff.next() for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    backoff.reset()
    assert backoff.next() == 1.0


def test_chance_shortens_a_wait_to_no_less_than_half() -> None:
    assert Backoff(1.0, 10.0, chance=lambda: 0.0).next() == 0.5


async def test_retry_repeats_what_may_work_later_and_logs_the_outage_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    waits: list[float] = []
    answers = iter([Unavailable("no"), Unavailable("no"), Unavailable("no"), None])

    async def work() -> str:
        if (error := next(answers)) is not None:
            raise error
        return "done"

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with caplog.at_level(logging.INFO):
        outage, backoff = Outage("store", LOG), Backoff(1.0, 3.0, chance=lambda: 1.0)
        assert await retry(work, outage=outage, backoff=backoff, sleep=sleep) == "done"
    assert waits == [1.0, 2.0, 3.0]
    assert [r.getMessage() for r in caplog.records] == [
        "store is away: no", "store is back after 3 failed attempts"
    ]  # fmt: skip


@pytest.mark.parametrize("error", [FixError("x"), DropError("x"), ZeroDivisionError()])
async def test_retry_lets_other_errors_through(error: Exception) -> None:
    async def work() -> None:
        raise error

    with pytest.raises(type(error)):
        await retry(work, outage=Outage("store", LOG), backoff=Backoff())


async def test_cancelled_work_ends_before_the_next_begins() -> None:
    lock, gate, order = asyncio.Lock(), threading.Event(), list[str]()

    def first() -> None:
        gate.wait(5)
        order.append("first")

    one = asyncio.create_task(alone(lock, first))
    await asyncio.sleep(0)
    two = asyncio.create_task(alone(lock, lambda: order.append("second")))
    await asyncio.sleep(0)
    one.cancel()
    gate.set()
    await two
    assert order == ["first", "second"]
    assert one.cancelled()


@pytest.mark.parametrize(("kind", "code"), [(FixError, 2), (Unavailable, 1)])
def test_an_error_on_purpose_is_shown_without_traceback_and_its_exit_code_says_whether_to_try_again(
    capfd: pytest.CaptureFixture[str], kind: type[PlantError], code: int
) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    async def fail() -> None:
        raise kind("limit is 12, not twelve: change it in plant.yaml")

    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        assert run_service(main, name="demo") == code
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    shown = capfd.readouterr().err
    assert "limit is 12, not twelve" in shown
    assert "Traceback" not in shown


_WAITS = """
import asyncio, sys
from plant.service import run_service
async def main():
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("closed", flush=True)
sys.exit(run_service(main, name="demo"))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_in_order(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WAITS],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == b"closed\n"
        assert process.wait(10) == 0
