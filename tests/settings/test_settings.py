"""Settings from the environment: texts become numbers, secrets stay hidden, and nothing is silently ignored."""

import os

import pytest

from plant.errors import FixError
from plant.settings import load_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("PLANTWATCH_")]:
        monkeypatch.delenv(name)


def test_the_default_is_encrypted_and_listens_on_this_machine_only() -> None:
    settings = load_settings()
    assert settings.mqtt.tls
    assert settings.http.local


def test_texts_become_numbers_and_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTWATCH_MQTT__PROTOCOL", "311")
    monkeypatch.setenv("PLANTWATCH_OPCUA", '{"dcs": {"url": "opc.tcp://a:4840"}}')
    settings = load_settings()
    assert settings.mqtt.protocol == 311
    assert settings.opcua["dcs"].url == "opc.tcp://a:4840"


def test_every_wrong_setting_is_told_at_once_and_no_secret_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTWATCH_MQTT__PORT", "70000")
    monkeypatch.setenv("PLANTWATCH_WEBHOOKS", '[{"name": "../x", "url": "https://a", "secret": "whsec_hidden"}]')
    with pytest.raises(FixError) as told:
        load_settings()
    assert "PLANTWATCH_MQTT__PORT" in str(told.value)
    assert "PLANTWATCH_WEBHOOKS__0__NAME" in str(told.value)
    assert "hidden" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("PLANTWATCH_MQTT_HOST", "PLANTWATCH_MQTT__HOST"), ("PLANTWATCH_DATTA", "PLANTWATCH_DATA")],
)
def test_a_variable_that_nobody_reads_is_told_with_what_was_meant(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(FixError, match=f"{name}.*{meant}"):
        load_settings()


def test_other_machines_reach_the_server_only_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTWATCH_HTTP__HOST", "0.0.0.0")  # noqa: S104 - it must be refused
    with pytest.raises(FixError, match="PLANTWATCH_HTTP__CERTIFICATE"):
        load_settings()
