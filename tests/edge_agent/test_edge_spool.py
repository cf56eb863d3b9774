"""The spool: durable over kill -9, bounded with exact counts, honest about a corrupt file or a full disk."""

# ruff: noqa: ANN001, ANN003, ANN201 - pytest calls these, nobody imports them

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from edge_parts import T0

from edge_agent.spool import Spool, SpoolLimits
from plant.codec import Loss, decode_batch
from plant.errors import RetryError
from plant.readings import Reading, Readings


def rows(point, values):
    return Readings.from_rows(Reading(point, T0 + int(v), float(v)) for v in values)


def spool_at(path, **changes):
    return Spool(path / "spool.db", "edge-1", lambda: T0, **changes)


def test_batches_leave_oldest_first_and_only_when_removed(tmp_path):
    with spool_at(tmp_path) as spool:
        for i in range(5):
            assert spool.append("dcs", rows("a", [i]), marks={"a": T0 + i}) == i + 1
        first = spool.oldest(2)
        assert [decode_batch(b.payload).sequence for b in first] == [1, 2]
        assert [b.sequence for b in spool.oldest(2)] == [1, 2]
        spool.remove(first)
        assert spool.backlog().batches == 3
        assert spool.waiting("dcs") == 3
    with spool_at(tmp_path) as again:
        assert again.epoch == T0
        assert [b.sequence for b in again.oldest(9)] == [3, 4, 5]
        assert again.marks("dcs") == {"a": T0 + 4}
        assert again.append("dcs", rows("a", [9])) == 6


def test_sequences_go_on_after_everything_was_sent(tmp_path):
    with spool_at(tmp_path) as spool:
        spool.append("dcs", rows("a", [1]))
        spool.remove(spool.oldest(1))
    with spool_at(tmp_path) as again:
        assert again.append("dcs", rows("a", [2])) == 2


def test_when_full_the_oldest_is_dropped_and_its_exact_counts_ride_on_the_next_batch(tmp_path):
    with spool_at(tmp_path, limits=SpoolLimits(batches=2)) as spool:
        spool.append(
            "dcs", Readings.concat([rows("a", [1, 2]), rows("b", [3])]), (Loss("c", 7, 1, 2, "overflow"),)
        )
        spool.append("dcs", rows("a", [4]))
        spool.append("dcs", rows("a", [5]))
        batches = [decode_batch(b.payload) for b in spool.oldest(9)]
        assert [b.sequence for b in batches] == [2, 3]
        assert {(x.point, x.count, x.reason) for x in batches[1].losses} == {
            ("a", 2, "spool full, oldest dropped"),
            ("b", 1, "spool full, oldest dropped"),
            ("c", 7, "overflow"),
        }
        assert spool.dropped == {"dcs": 3}
        assert spool.backlog().rows == 2


def test_what_is_on_its_way_is_never_dropped(tmp_path):
    with spool_at(tmp_path, limits=SpoolLimits(batches=2)) as spool:
        spool.append("dcs", rows("a", [1]))
        spool.oldest(1)
        for i in range(2, 6):
            spool.append("dcs", rows("a", [i]))
        assert [b.sequence for b in spool.oldest(9)] == [1, 5]


def test_an_unsendable_batch_becomes_a_declared_loss(tmp_path):
    with spool_at(tmp_path) as spool:
        spool.append("dcs", rows("a", [1, 2]))
        (batch,) = spool.oldest(1)
        spool.abandon(batch, "too large")
        (left,) = spool.oldest(9)
        assert [(x.point, x.count, x.reason) for x in decode_batch(left.payload).losses] == [("a", 2, "too large")]


@pytest.mark.parametrize("where", [pytest.param(0, id="head"), pytest.param(5000, id="middle")])
def test_a_corrupt_file_is_put_aside_and_a_new_epoch_begins(tmp_path, where):
    with spool_at(tmp_path) as spool:
        for _ in range(50):
            spool.append("dcs", rows("a", range(200)))
    path = tmp_path / "spool.db"
    raw = bytearray(path.read_bytes())
    raw[where : where + 6000] = os.urandom(6000)
    path.write_bytes(raw)
    with Spool(path, "edge-1", lambda: T0 + 1) as again:
        assert again.quarantined is not None
        assert again.quarantined.exists()
        assert again.epoch == T0 + 1
        assert again.append("dcs", rows("a", [1])) == 1


def test_a_truncated_log_loses_at_most_what_was_not_confirmed(tmp_path):
    spool = spool_at(tmp_path).__enter__()
    for i in range(10):
        spool.append("dcs", rows("a", [i]))
    for name in ("spool.db", "spool.db-wal"):
        (tmp_path / "copy").mkdir(exist_ok=True)
        (tmp_path / "copy" / name).write_bytes((tmp_path / name).read_bytes())
    spool.__exit__(None, None, None)
    wal = tmp_path / "copy" / "spool.db-wal"
    wal.write_bytes(wal.read_bytes()[:-100])
    with spool_at(tmp_path / "copy") as again:
        assert again.quarantined is None
        assert [b.sequence for b in again.oldest(99)] == list(range(1, 10))


def test_a_full_disk_is_a_clear_error_and_nothing_half_stored(tmp_path):
    with spool_at(tmp_path) as spool:
        spool.append("dcs", rows("a", [1]), marks={"a": 1})
        pages = spool._db().execute("PRAGMA page_count").fetchone()[0]
        spool._db().execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(RetryError, match=r"disk is full.*free disk space"):
            spool.append("dcs", rows("a", range(5000)), marks={"a": 2})
        assert spool.backlog().rows == 1
        spool._db().execute("PRAGMA max_page_count=1000000")
        assert spool.append("dcs", rows("a", [2])) == 2
        assert spool.marks("dcs") == {"a": 1}


def test_another_agents_spool_is_refused(tmp_path):
    with spool_at(tmp_path):
        pass
    with (
        pytest.raises(RetryError, match="belongs to agent 'edge-1'"),
        Spool(tmp_path / "spool.db", "x", lambda: T0),
    ):
        pass


_WRITER = """
import sys
from pathlib import Path
from edge_agent.spool import Spool
from plant.readings import Reading, Readings
with Spool(Path(sys.argv[1]), "edge-1", lambda: 1) as spool:
    while True:
        n = spool._sequence + 1
        spool.append("dcs", Readings.from_rows([Reading("a", n, float(n))]), marks={"a": n})
        print(n, flush=True)
        if n % 3 == 0:
            spool.remove(spool.oldest(1))
"""


def test_kill_9_at_random_points_keeps_every_confirmed_batch_with_its_mark(tmp_path):
    path, rng = tmp_path / "spool.db", np.random.default_rng(1)
    confirmed = 0
    for _ in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
        )
        assert writer.stdout is not None
        confirmed = int(writer.stdout.readline())
        end = time.monotonic() + float(rng.uniform(0.05, 0.4))
        while time.monotonic() < end:
            confirmed = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        confirmed = max([confirmed, *(int(x) for x in writer.stdout.read().split("\n")[:-1] if x)])
        writer.wait()
        with spool_at(tmp_path) as spool:
            found = [b.sequence for b in spool.oldest(10**6)]
            assert spool.quarantined is None
            assert found == list(range(found[0], found[-1] + 1))
            assert found[-1] in (confirmed, confirmed + 1)
            assert spool.marks("dcs") == {"a": found[-1]}
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
