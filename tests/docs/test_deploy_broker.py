"""The broker of deploy/: a real mosquitto, started by broker.sh with its files as they are."""

# ruff: noqa: ANN001, ANN201, ANN401 - pytest calls these, nobody imports them

import asyncio
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from docs_parts import ROOT
from pydantic import SecretStr

from plant.errors import Unavailable
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from plantwatch.certificates import Authority
from tests.support.programs import need

DEPLOY = ROOT / "deploy"
PASSWORDS = {"server": "secret of the server", "edge-1": "secret of the agent", "meters": "secret of the meters"}
READINGS = "plantwatch/v1/chlor-1/readings/edge-1"
METER = "chlor-1/meters/EM-101"
READY_WITHIN = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settled(file: Path, folder: Path, port: int) -> str:
    """A file of deploy/ with the container's folders and port replaced; all else is as it stands there."""
    text = file.read_text()
    for place in ("certificates", "run/plantwatch", "data", "etc/plantwatch"):
        text = text.replace(f"/{place}/", f"{folder}/")
    return text.replace("listener 8883", f"listener {port} 127.0.0.1")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Port of the running broker, and the certificate that clients trust."""
    need("mosquitto")
    folder, port = tmp_path_factory.mktemp("broker"), free_port()
    authority = Authority(folder)
    authority.issue("broker", hosts=["broker"])
    config = settled(DEPLOY / "mosquitto.conf", folder, port)
    if os.geteuid() == 0:
        config += "user root\n"  # else it changes to a user that may not write in our folder
    (folder / "mosquitto.conf").write_text(config)
    (folder / "mosquitto.acl").write_text(settled(DEPLOY / "mosquitto.acl", folder, port))
    (folder / "mosquitto.acl").chmod(0o600)
    environment = {
        "PATH": os.environ["PATH"],
        "BROKER_PASSWORD_FILE": str(folder / "passwords"),
        "BROKER_CONFIG": str(folder / "mosquitto.conf"),
        **{f"{name}_PASSWORD": PASSWORDS[user] for name, user in _NAMES.items()},
    }
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen([DEPLOY / "broker.sh"], env=environment, stderr=output) as process,
    ):
        try:
            _wait_until_it_listens(process, port, log)
            yield port, authority.certificate
        finally:
            process.terminate()


_NAMES = {"SERVER": "server", "AGENT": "edge-1", "METERS": "meters"}


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)  # polling a real process with a deadline
        else:
            return
    pytest.fail(f"the broker did not start:\n{log.read_text()}")


def client(broker: tuple[int, Path], user: str | None, name: str, **other: Any) -> MqttSettings:
    port, ca_file = broker
    password = None if user is None else SecretStr(PASSWORDS[user])
    values = {"username": user, "password": password, "tls": True, "ca_file": ca_file, "timeout": 5.0, **other}
    return MqttSettings(port=port, client_id=name, **values)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"username": None, "password": None}, id="nobody"),
        pytest.param({"password": SecretStr("wrong")}, id="wrong password"),
        pytest.param({"username": "stranger"}, id="unknown user"),
        pytest.param({"tls": False, "timeout": 0.3}, id="without TLS"),
        pytest.param({"ca_file": None}, id="a certificate that the system does not trust"),
    ],
)
async def test_the_broker_lets_nobody_in_without_user_password_and_tls(broker, other):
    with pytest.raises(Unavailable):
        async with MqttUplink(client(broker, "server", "intruder", **other)):
            pass


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        pytest.param("edge-1", READINGS, True, id="an agent under its own name"),
        pytest.param("edge-1", "plantwatch/v1/chlor-1/readings/edge-2", False, id="an agent under another's name"),
        pytest.param("edge-1", "plantwatch/v1/chlor-1/findings/analytics", False, id="an agent's finding"),
        pytest.param("edge-1", METER, False, id="an agent as a meter"),
        pytest.param("meters", METER, True, id="a meter"),
        pytest.param("meters", READINGS, False, id="a meter as an agent"),
        pytest.param("server", "plantwatch/v1/chlor-1/findings/analytics", True, id="the server's finding"),
        pytest.param("server", "plantwatch/v1/chlor-1/readings/analytics", True, id="the server's result"),
        pytest.param("server", READINGS, False, id="the server as an agent"),
    ],
)
async def test_a_user_publishes_only_what_the_access_list_grants(broker, user, topic, allowed):
    # Somebody must hear it, else the broker's answer is "no matching subscribers".
    hears = "edge-1" if topic == METER else "server"
    filters = (METER,) if topic == METER else ("plantwatch/v1/+/readings/+", "plantwatch/v1/+/findings/+")
    async with (
        MqttInbox(client(broker, hears, "hears"), filters),
        MqttUplink(client(broker, user, "speaks")) as uplink,
    ):
        if allowed:
            await uplink.send(topic, b"x")
        else:
            with pytest.raises(Unavailable, match="access list"):
                await uplink.send(topic, b"x")


async def test_a_user_hears_only_what_the_access_list_grants(broker):
    async with (
        MqttInbox(client(broker, "server", "may hear"), (READINGS,)) as inbox,
        MqttInbox(client(broker, "meters", "may not hear"), (READINGS,)) as spy,
        MqttUplink(client(broker, "edge-1", "agent")) as uplink,
    ):
        await uplink.send(READINGS, b"reading")
        assert (await anext(inbox.messages())).payload == b"reading"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(spy.messages()), 0.2)


async def test_a_receiver_that_is_away_gets_more_than_the_default_of_1000_messages(broker):
    settings, count = client(broker, "server", "away"), 1200
    async with MqttInbox(settings, (READINGS,)):
        pass  # the session exists from now on
    async with MqttUplink(client(broker, "edge-1", "busy")) as uplink:
        await asyncio.gather(*(uplink.send(READINGS, b"%d" % i) for i in range(count)))
    found = set()
    async with asyncio.timeout(10), MqttInbox(settings, (READINGS,)) as inbox:
        async for delivery in inbox.messages():
            found.add(int(delivery.payload))
            await inbox.acknowledge(delivery)
            if len(found) == count:
                break
    assert found == set(range(count))


def test_broker_sh_refuses_to_start_without_passwords_or_with_one_that_cannot_be_kept(tmp_path):
    environment = {"PATH": os.environ["PATH"], "BROKER_PASSWORD_FILE": str(tmp_path / "passwords")}
    missing = subprocess.run([DEPLOY / "broker.sh"], env=environment, capture_output=True, text=True, check=False)
    assert missing.returncode != 0
    assert "SERVER_PASSWORD" in missing.stderr
    environment |= {"SERVER_PASSWORD": "a:b", "AGENT_PASSWORD": "c", "METERS_PASSWORD": "d"}
    colon = subprocess.run([DEPLOY / "broker.sh"], env=environment, capture_output=True, text=True, check=False)
    assert colon.returncode == 2
    assert not (tmp_path / "passwords").exists()


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/good" else 503)
        self.end_headers()
        self.wfile.write(b'{"good": false}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("path", "code"), [("good", 0), ("ill", 1)])
def test_the_health_check_tells_a_healthy_server_from_an_ill_one(path, code):
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/{path}"
        found = subprocess.run([DEPLOY / "healthy.py", address], capture_output=True, text=True, check=False)
        thread.join()
    assert found.returncode == code
    assert ("503" in found.stderr) == (code == 1)


def test_the_health_check_fails_where_nobody_answers():
    address = f"http://127.0.0.1:{free_port()}/health"
    assert subprocess.run([DEPLOY / "healthy.py", address], capture_output=True, check=False).returncode == 1
