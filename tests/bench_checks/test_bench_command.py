"""The command: a missed target is marked and is no error; a run without a valid number is one."""

import io
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from rich.console import Console

from tests.bench import __main__ as command
from tests.bench.figures import Bench, BenchError, Better, Effort, Figure
from tests.bench.report import table

CORES = os.cpu_count() or 1
"""As many as there are, so that the test leaves its own process as it was."""


def run(monkeypatch: pytest.MonkeyPatch, work: Callable[[Effort], list[Figure]], output: Path) -> object:
    monkeypatch.setattr(command, "BENCHES", (Bench("one", "a made-up benchmark", work),))
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)  # put back after the test
    with pytest.raises(SystemExit) as ended:
        command.main(quick=True, output=output, folder=output.parent / "runs", cores=CORES)
    return ended.value.code


def test_a_missed_target_is_marked_and_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "bench.json"
    figure = Figure("speed", "values/s", (10.0, 12.0, 11.0), target=20.0, note="on paper")
    assert run(monkeypatch, lambda _: [figure], output) == 0
    assert "MISSED" in capsys.readouterr().out
    written = json.loads(output.read_text())
    (bench,) = written["benchmarks"]
    (one,) = bench["figures"]
    assert (one["median"], one["lowest"], one["highest"], one["met"]) == (11.0, 10.0, 12.0, False)
    assert written["environment"]["quick"] is True
    assert len(bench["load_average"]) == 3


def test_a_run_without_a_valid_number_is_an_error_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def work(_: Effort) -> list[Figure]:
        raise BenchError("2 values are lost")

    output = tmp_path / "bench.json"
    assert run(monkeypatch, work, output) == 1
    (bench,) = json.loads(output.read_text())["benchmarks"]
    assert (bench["name"], bench["failed"], bench["figures"]) == ("one", "2 values are lost", [])


def test_the_order_of_a_target_follows_which_way_is_good() -> None:
    assert Figure("a", "s", (1.0,), Better.LOWER, target=2.0).met is True
    assert Figure("a", "s", (3.0,), Better.LOWER, target=2.0).met is False
    assert Figure("a", "values/s", (3.0,), target=2.0).met is True
    assert Figure("a", "values/s", (3.0,)).met is None


def test_the_table_shows_target_and_verdict_beside_the_number() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table([Figure("speed", "values/s", (12_345_678.0, 450_000.0, 460_000.0), target=20_000.0)]))
    (line,) = [text for text in console.export_text().splitlines() if "speed" in text]
    for part in ("460,000", "450,000 to 12.3 M", "≥ 20,000", "met"):
        assert part in line


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="nix: there is no such benchmark; there are codec, spool"):
        command.main(only=["nix"], output=tmp_path / "bench.json", cores=CORES)
