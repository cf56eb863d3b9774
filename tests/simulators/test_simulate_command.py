"""``plantwatch simulate``: as a program of its own, with the environment's settings, and its error texts."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from asyncua import Client
from asyncua.crypto import security_policies
from typer.testing import CliRunner

from plant.clock import SECOND
from plant.errors import FixError
from plant.io.mqtt import MqttInbox, MqttSettings
from plantwatch.certificates import Authority
from plantwatch.cli import app
from simulators.opcua_certificate import ensure_certificate
from simulators.packaged import PLANT_FILE
from simulators.scenario import packaged_scenarios
from tests.simulators.simulated_parts import node_of, reading
from tests.support.mosquitto import Mosquitto, ServerIdentity, free_port
from tests.support.programs import need

START = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a child process; whatever happens it ends."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("PLANTWATCH_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "plantwatch", "simulate", *arguments],
            env={**own, "PLANTWATCH_DATA": str(folder / "data"), **settings},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=20)


def read_report(path: Path, key: str) -> dict[str, object]:
    return dict(json.loads(path.read_text())) if path.exists() else {key: "no report yet"}


async def report_when(path: Path, done: str, folder: Path) -> dict[str, object]:
    """The report once ``done`` is false or zero in it."""
    end = time.monotonic() + 60
    while True:
        found = read_report(path, done)
        if not found[done]:
            return found
        assert time.monotonic() < end, (folder / "log").read_text()
        await asyncio.sleep(0.1)  # polling another process with a deadline


async def test_a_scenario_runs_securely_on_a_shared_clock_and_ends_cleanly(tmp_path: Path) -> None:
    need("mosquitto")
    identity = Authority(tmp_path / "ca").issue("broker")
    port, report = free_port(), tmp_path / "report.json"
    tls = ServerIdentity(identity.certificate, identity.key)
    with Mosquitto(tmp_path / "broker", users={"meters": "m"}, tls=tls) as broker:
        common = {"host": "127.0.0.1", "port": broker.port, "username": "meters", "password": "m", "protocol": 311}
        common["ca_file"] = Authority(tmp_path / "ca").certificate
        async with MqttInbox(
            MqttSettings.model_validate({**common, "client_id": "reader"}), ("chlor-1/#",)
        ) as inbox:
            settings = {
                "PLANTWATCH_CLOCK": f"{time.time_ns() + 2 * SECOND},{START},120",
                "PLANTWATCH_FIELD_MQTT": json.dumps(
                    {"meters": {k: str(v) for k, v in common.items()} | {"protocol": 311}}
                ),
                "PLANTWATCH_SIMULATOR__PASSWORD": "agent's own",
            }
            arguments = ["run", "--scenario", "demo", "--seed", "5", "--for", "630", "--report", str(report)]
            with running(tmp_path, *arguments, "--opcua-port", str(port), **settings) as process:
                await report_when(report, "producing", tmp_path)
                found = await report_when(report, "mqtt_waiting", tmp_path)
                value = await _read_securely(f"opc.tcp://127.0.0.1:{port}/plantwatch/simulator", tmp_path)
                assert stop(process) == 0
            messages = [d.topic async for d in _some(inbox, 127)]
    assert value.time == START + 630 * SECOND
    assert (found["started"], found["ended"]) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:10:30.000Z")
    produced = found["produced"]
    assert isinstance(produced, dict)
    assert produced["W-101.flow"] == 630
    assert produced["EM-101.total"] == 127  # at once, then every 5 s: 1 + 630 / 5
    assert set(messages) >= {"chlor-1/meters/EM-101"}
    truth = json.loads(report.read_text())["truth"]
    assert [(t["what"], t["subject"], t["start"]) for t in truth] == [
        ("IA-14", "PT-401A.pressure", "2026-01-01T00:05:00.000Z"),  # the demo scenario's first two faults
        ("IA-01", "IL-301", "2026-01-01T00:10:00.000Z"),
    ]
    log = (tmp_path / "log").read_text()
    assert "signed and encrypted; users: agent" in log
    assert "Traceback" not in log


async def _some(inbox: MqttInbox, wanted: int):  # noqa: ANN202 - an asynchronous generator of deliveries
    async for delivery in inbox.messages():
        yield delivery
        await inbox.acknowledge(delivery)
        wanted -= 1
        if not wanted:
            return


async def _read_securely(url: str, folder: Path):  # noqa: ANN202 - a reading
    certificate, key = folder / "client.der", folder / "client-key.pem"
    ensure_certificate(certificate, key, "urn:test:client")
    client = Client(url)
    client.application_uri = "urn:test:client"
    client.set_user("agent")
    client.set_password("agent's own")
    await client.set_security(security_policies.SecurityPolicyAes256Sha256RsaPss, str(certificate), str(key))
    async with client:
        node = await node_of(client, "W-101.flow", "urn:plantwatch:simulator")
        return reading("W-101.flow", await node.read_data_value())


async def test_a_recording_is_replayed_as_a_plant_with_new_times(tmp_path: Path) -> None:
    recording, report, port = tmp_path / "october.csv", tmp_path / "report.json", free_port()
    lines = [f"2025-10-01T00:00:{n:02d}Z,W-101.flow,{n},0\n" for n in range(40)]
    recording.write_text("time,point,value,status\n" + "".join(lines))
    arguments = ["replay", str(recording), "--plant", str(PLANT_FILE), "--speed", "20", "--insecure", "--no-mqtt"]
    arguments += ["--opcua-port", str(port), "--report", str(report), "--start", "2026-01-01T00:00:00Z"]
    with running(tmp_path, *arguments) as process:
        found = await report_when(report, "producing", tmp_path)
        async with Client(f"opc.tcp://127.0.0.1:{port}/plantwatch/simulator") as client:
            node = await node_of(client, "W-101.flow", "urn:plantwatch:simulator")
            history = [reading("W-101.flow", v) for v in (await node.read_raw_history())[::-1]]
        assert stop(process) == 0
    assert found["produced"] == {"W-101.flow": 40}
    assert [(r.value, r.time) for r in history] == [(float(n), START + n * SECOND) for n in range(40)]
    assert "40 rows of 1 points" in (tmp_path / "log").read_text()


def refused(*arguments: str, **settings: str) -> str:
    runner = CliRunner(env={"PLANTWATCH_SIMULATOR__PASSWORD": None, "PLANTWATCH_CLOCK": None, **settings})
    result = runner.invoke(app, ["simulate", *arguments])
    assert isinstance(result.exception, FixError), result.output
    return str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "settings", "text"),
    [
        pytest.param([], {}, "set PLANTWATCH_SIMULATOR__PASSWORD", id="no password"),
        pytest.param(["--scenario", "nope"], {}, "coal_normal, demo, every_fault, normal", id="no scenario"),
        pytest.param(
            ["--speed", "2"], {"PLANTWATCH_CLOCK": "1,2,3"}, "leave --start and --speed out", id="two clocks"
        ),
        pytest.param(["--start", "1066-10-14"], {}, "choose a year from 1990", id="long ago"),
        pytest.param(["--start", "soon"], {}, "is no time", id="no time"),
        pytest.param(["--insecure", "--report", "/nowhere/r.json"], {}, "does not exist", id="no folder"),
        pytest.param(
            ["--insecure"], {"PLANTWATCH_SIMULATOR__HOST": "10.0.0.5"}, "127.0.0.1 only", id="insecure for all"
        ),
        pytest.param(
            [],
            {"PLANTWATCH_SIMULATOR__PASSWORD": "x", "PLANTWATCH_SIMULATOR__PRIVATE_KEY": "key.pem"},
            "give both",
            id="half a certificate",
        ),
    ],
)
def test_wrong_options_say_what_to_do(arguments: list[str], settings: dict[str, str], text: str) -> None:
    assert text in refused("run", *arguments, **settings)


def test_a_damaged_scenario_and_recording_are_reported_with_their_lines(tmp_path: Path) -> None:
    scenario = tmp_path / "s.yaml"
    scenario.write_text(
        "schema_version: 1\nname: x\nduration: 5\nfaults:\n  - {at: 1, for: 1, fault: {kind: nonsense}}\n"
    )
    assert f"{scenario}:5:" in refused("run", "--insecure", "--scenario", str(scenario))
    recording = tmp_path / "r.csv"
    recording.write_text("time,point,value\n2026-01-01T00:00:00Z,W-101.flow,much\n")
    text = refused("replay", str(recording), "--plant", str(PLANT_FILE), "--insecure")
    assert f"{recording}:2:3: value: not a finite number (got 'much')" in text


@pytest.mark.parametrize("command", ["run", "replay"])
def test_help_shows_an_example(command: str) -> None:
    result = CliRunner().invoke(app, ["simulate", command, "--help"])
    assert result.exit_code == 0
    assert f"Example: plantwatch simulate {command}" in result.output


def test_help_names_the_packaged_scenarios() -> None:
    text = " ".join(CliRunner().invoke(app, ["simulate", "run", "--help"]).output.replace("│", " ").split())
    assert all(name in text for name in packaged_scenarios())
