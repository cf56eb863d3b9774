"""The demo as a user's CI runs it: one command, no browser, ends by itself, tells what became of everything."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

SPEED, SECONDS = 30, 25
"""750 s of the plant's time: the scenario's first two faults, at 300 s and 600 s, begin and end within it."""


@pytest.mark.timeout(240)
async def test_the_headless_demo_reports_every_value_and_every_fault(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = ["demo", "--headless", "--for", str(SECONDS), "--speed", str(SPEED), "--seed", "7"]
    command += ["--report", str(report), "--folder", str(tmp_path / "demo")]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "plantwatch",
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    text = said.decode()
    assert process.returncode == 0, text
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
