"""The demo as a user's CI runs it: one command, no browser, ends by itself, tells what became of everything."""

import asyncio
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from plant.clock import SECOND, from_datetime, iso
from simulators.packaged import PLANT_FILE

SPEED, SECONDS = 30, 25
"""750 s of the plant's time: the scenario's first two faults, at 300 s and 600 s, begin and end within it."""


async def _run(*arguments: str, **environment: str) -> tuple[int, str]:
    """Run plantwatch; exit code and everything it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "plantwatch",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.timeout(240)
async def test_the_headless_demo_reports_every_value_and_every_fault(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = ["demo", "--headless", "--for", str(SECONDS), "--speed", str(SPEED), "--seed", "7"]
    code, text = await _run(*command, "--report", str(report), "--folder", str(tmp_path / "demo"))
    assert code == 0, text
    assert "Traceback" not in text
    assert "IL-301" in text  # the line that says where to look
    body = json.loads(report.read_text())
    for key in ("produced", "received", "stored", "lost", "findings", "truth", "energy", "latency"):
        assert key in body
    assert body["produced"] == body["stored"] + body["lost"]
    assert body["unaccounted"] == {}
    assert body["produced"] > 100 * SPEED * SECONDS  # about 200 points, most of them once a second
    assert [t["what"] for t in body["truth"]] == ["IA-14", "IA-01"]
    score = body["score"]
    assert (score["matched"], score["missed"], score["false"], score["duplicates"]) == (2, [], [], [])
    assert body["latency"]["count"] >= 2
    await _what_is_stored_says_the_same(tmp_path, body)


async def _what_is_stored_says_the_same(folder: Path, body: dict[str, Any]) -> None:
    """The history that the demo left: every value is exported, and the rules find the same in it again."""
    data = {"PLANTWATCH_DATA": str(folder / "demo")}
    span = ["--plant", str(PLANT_FILE), "--from", body["started"], "--to", body["ended"]]
    code, text = await _run("replay", "--json", *span, **data)
    again = json.loads(text[text.index("{") :])
    assert code == 0, again
    assert sorted((f["rule"], f["subject"]) for f in again["findings"]) == [
        ("IA-01", "IL-301"),
        ("IA-14", "PT-401A.pressure"),
    ]
    assert {f["compared"] for f in again["findings"]} == {"as live"}
    file = folder / "all.parquet"
    end = iso(from_datetime(datetime.fromisoformat(body["ended"])) + SECOND)  # the last second belongs to it
    code, text = await _run("export", str(file), *span[:-1], end, **data)
    assert code == 0, text
    table = pq.read_table(file)
    measured = pc.sum(pc.invert(pc.starts_with(table["point"], "chlor-1/"))).as_py()  # without computed results
    assert measured == body["stored"]
