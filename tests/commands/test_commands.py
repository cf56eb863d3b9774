"""The commands as a person types them: exit codes, texts without tracebacks, what they leave behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.packaged import PLANT_FILE


@pytest.fixture
def run(tmp_path: Path):  # noqa: ANN201 - a function
    """Run plantwatch with its data in a folder of its own; (exit code, output, error output)."""

    def plantwatch(*arguments: str, **environment: str) -> tuple[int, str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PLANTWATCH_")}
        done = subprocess.run(
            [sys.executable, "-m", "plantwatch", *arguments],
            env={**clean, "PLANTWATCH_DATA": str(tmp_path / "data"), "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done.returncode, done.stdout, done.stderr

    return plantwatch


def test_check_praises_the_example_and_tells_every_mistake_at_once(run, tmp_path: Path) -> None:  # noqa: ANN001
    assert run("check", str(PLANT_FILE))[0] == 0
    bad = tmp_path / "bad.yaml"
    text = PLANT_FILE.read_text(encoding="utf-8")
    bad.write_text(text.replace("unit: kPa", "unit: kPascals", 1).replace("voting: 2oo3", "voting: 2of3", 1))
    code, _, said = run("check", str(bad))
    assert code == 2
    assert "kPascals" in said
    assert "2of3" in said
    assert said.count("bad.yaml:") >= 2  # each with its line


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("check", "nowhere.yaml"), 2, "nowhere.yaml"),
        (("export", "out.txt", "--plant", str(PLANT_FILE), "--from", "2026-01-01"), 2, ".parquet"),
        (("export", "o.csv", "--plant", str(PLANT_FILE), "--from", "yesterday"), 2, "2026-11-25T08:00"),
        (("replay", "--plant", str(PLANT_FILE), "--from", "2026-01-02", "--to", "2026-01-01"), 2, "--from"),
        (("replay", "--plant", str(PLANT_FILE), "--from", "2026-01-01"), 2, "no historian"),
        (("agent", "--plant", str(PLANT_FILE)), 2, "PLANTWATCH_OPCUA"),
        (("agent", "--plant", str(PLANT_FILE), "--name", "a/b"), 2, "a/b"),
        (("browse", "opc.tcp://127.0.0.1:9", "--insecure"), 1, "127.0.0.1:9"),
        (("token", "revoke", "nobody"), 2, "nobody"),
        (("demo", "--scenario", "nothing"), 2, "nothing"),
        (("simulate", "run", "--no-mqtt"), 2, "PLANTWATCH_SIMULATOR__PASSWORD"),
    ],
    ids=lambda v: v[0] if isinstance(v, tuple) else None,
)
def test_a_mistake_is_one_clear_text(run, tmp_path: Path, arguments, code: int, words: str) -> None:  # noqa: ANN001
    found, out, said = run(*arguments)
    assert found == code, out + said
    assert words in said
    assert not (tmp_path / "o.csv").exists()


def test_a_token_is_shown_once_stored_hashed_and_revoked(run, tmp_path: Path) -> None:  # noqa: ANN001
    code, out, _ = run("token", "create", "Li Na", "--role", "operator")
    assert code == 0
    token = out.strip().splitlines()[-1]
    assert token.startswith("pw_")
    stored = b"".join(f.read_bytes() for f in (tmp_path / "data").iterdir() if f.is_file())
    assert token.encode() not in stored
    assert "good" in run("token", "list")[1]
    assert run("token", "revoke", "Li Na")[0] == 0
    assert "revoked" in run("token", "list")[1]


def test_a_link_leads_to_the_console_s_login(run) -> None:  # noqa: ANN001
    out = run("token", "link", "Li Na", "--role", "operator", PLANTWATCH_HTTP__PORT="8123")[1]
    assert "http://127.0.0.1:8123/login?code=" in out


def test_schema_and_certificates_are_written_where_asked(run, tmp_path: Path) -> None:  # noqa: ANN001
    assert run("schema", "--output", str(tmp_path / "schema.json"))[0] == 0
    assert "properties" in (tmp_path / "schema.json").read_text(encoding="utf-8")
    assert run("certs", str(tmp_path / "c"), "broker")[0] == 0
    assert (tmp_path / "c" / "broker-key.pem").stat().st_mode & 0o077 == 0


def test_a_plant_file_begun_from_a_server_passes_its_own_check(run, simulated_plant, tmp_path: Path) -> None:  # noqa: ANN001
    file = tmp_path / "begun.yaml"
    assert run("browse", simulated_plant.url, "--insecure", "--output", str(file))[0] == 0
    assert run("check", str(file))[0] == 0
    code, _, said = run("browse", simulated_plant.url, "--insecure", "--output", str(file))
    assert code == 2  # it is there already
    assert "--force" in said
