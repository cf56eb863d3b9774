"""The compose file and the Dockerfile, as far as they can be checked without a container engine."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from docs_parts import ROOT, parse, unknown_variables
from ruamel.yaml import YAML

from plant.settings import load_settings

_VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}")
_SERVICE_KEYS = {
    "image", "build", "user", "read_only", "tmpfs", "cap_drop", "security_opt", "restart", "init", "command",
    "volumes", "depends_on", "environment", "ports", "healthcheck", "stop_grace_period", "profiles",
}  # fmt: skip
"""Keys of the compose specification that we use: a mistyped one is not among them."""


def compose() -> dict[str, Any]:
    """The compose file, anchors merged."""
    loaded: dict[str, Any] = YAML(typ="safe").load(io.StringIO((ROOT / "docker-compose.yml").read_text()))
    return loaded


def filled_in(text: str) -> str:
    """Variables replaced as compose does it; one without a default gets a made-up value."""
    return _VARIABLE.sub(lambda m: m[3] if m[2] == ":-" else "made-up", text)


SERVICES = compose()["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"] == "plantwatch:local"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_only_known_keys_and_gives_up_what_it_does_not_need(service: str) -> None:
    found = SERVICES[service]
    assert found.keys() <= _SERVICE_KEYS
    assert found["user"] == "10001:10001"
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("service", OURS)
def test_a_services_command_parses_and_its_environment_is_accepted(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {k: filled_in(str(v)) for k, v in OURS[service].get("environment", {}).items()}
    assert not unknown_variables(environment)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    parse(OURS[service]["command"])
    if service != "certificates":
        assert settings.mqtt.host == "broker"
        assert settings.mqtt.tls
        assert settings.mqtt.password is not None


def test_the_agent_is_told_where_the_plants_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OURS["agent"]["environment"].items():
        monkeypatch.setenv(name, filled_in(str(value)))
    assert load_settings().opcua["dcs"].url == "opc.tcp://simulator:4840/plantwatch/simulator"


def test_every_secret_comes_from_the_environment_and_has_no_default() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key or "SECRET" in key:
                assert re.fullmatch(r"\$\{\w+:\?[^}]*\}", value), f"{name} {key}"


def test_the_example_environment_names_every_variable_and_leaves_secrets_empty() -> None:
    example = dict(
        line.split("=", 1)
        for line in (ROOT / "deploy/example.env").read_text().splitlines()
        if re.match(r"\w+=", line)
    )
    used = {m[0]: m[2] for m in _VARIABLE.findall((ROOT / "docker-compose.yml").read_text()) if m[1] == ":-"}
    needed = {m[0] for m in _VARIABLE.findall((ROOT / "docker-compose.yml").read_text()) if m[1] == ":?"}
    assert example.keys() == used.keys() | needed
    assert {k for k, v in example.items() if not v} == needed
    assert {k: v for k, v in example.items() if v} == used


def test_named_volumes_build_stages_and_copied_files_exist() -> None:
    file = (ROOT / "Dockerfile").read_text()
    stages = set(re.findall(r"^FROM \S+ AS (\w+)$", file, re.MULTILINE))
    assert {s["build"]["target"] for s in SERVICES.values()} <= stages
    used = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())}
    assert {v for v in used if re.fullmatch(r"\w+", v)} == set(compose()["volumes"])
    for sources in re.findall(r"^COPY (?:--chmod=\d+ )?((?!--from)\S.*)$", file, re.MULTILINE):
        for source in sources.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_the_image_holds_every_package_of_the_wheel() -> None:
    file, project = (ROOT / "Dockerfile").read_text(), (ROOT / "pyproject.toml").read_text()
    packages = re.findall(r'"(\w+)"', re.findall(r"^packages = \[(.*)\]$", project, re.MULTILINE)[0])
    assert packages
    assert all(f"COPY {name} {name}\n" in file for name in packages)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert all(f"!{name}" in ignored for name in packages)


def test_the_health_check_calls_a_file_of_the_image() -> None:
    test = SERVICES["server"]["healthcheck"]["test"]
    assert Path(test[2]).name == "healthy.py"
    assert f"COPY deploy/healthy.py {test[2]}\n" in (ROOT / "Dockerfile").read_text()
    port = SERVICES["server"]["environment"]["PLANTWATCH_HTTP__PORT"]
    assert test[3] == f"https://localhost:{port}/health"
