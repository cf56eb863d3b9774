"""What only MQTT has: TLS, users, frozen brokers, in-flight limits. Against a real mosquitto."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from plant.errors import DropError, FixError, Unavailable
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from plant.ports import Delivery
from plantwatch.broker import embedded_broker
from plantwatch.certificates import Authority
from tests.support.mosquitto import Mosquitto, ServerIdentity, free_port

USERS = {"edge": "correct horse"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker", users=USERS) as running:
        yield running


def settings_for(broker: Mosquitto, client_id: str = "c", **changes: object) -> MqttSettings:
    return MqttSettings.model_validate(
        {
            "host": "127.0.0.1",
            "port": broker.port,
            "client_id": client_id,
            "username": "edge",
            "password": SecretStr(USERS["edge"]),
            "tls": False,
            "timeout": 5.0,
            **changes,
        }
    )


async def take(inbox: MqttInbox, n: int) -> list[Delivery]:
    found: list[Delivery] = []
    async with asyncio.timeout(10):
        async for delivery in inbox.messages():
            found.append(delivery)
            if len(found) == n:
                break
    return found


@pytest.mark.parametrize("protocol", [5, 311])
async def test_messages_go_over_tls_with_a_trusted_certificate(tmp_path: Path, protocol: int) -> None:
    authority = Authority(tmp_path / "ca")
    identity = authority.issue("broker")
    with Mosquitto(
        tmp_path / "broker", users=USERS, tls=ServerIdentity(identity.certificate, identity.key)
    ) as broker:
        trusted = {"host": "localhost", "tls": True, "ca_file": authority.certificate, "protocol": protocol}
        async with (
            MqttInbox(settings_for(broker, "in", **trusted), ("t",)) as inbox,
            MqttUplink(settings_for(broker, "out", **trusted)) as uplink,
        ):
            await uplink.send("t", b"x" * 500_000)
            (found,) = await take(inbox, 1)
            assert len(found.payload) == 500_000


async def test_an_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    mine, theirs = Authority(tmp_path / "mine"), Authority(tmp_path / "theirs")
    identity = theirs.issue("broker")
    mine.issue("nobody")
    with Mosquitto(
        tmp_path / "broker", users=USERS, tls=ServerIdentity(identity.certificate, identity.key)
    ) as broker:
        settings = settings_for(broker, host="localhost", tls=True, ca_file=mine.certificate)
        with pytest.raises(Unavailable, match="certificate"):
            await MqttUplink(settings).__aenter__()


async def test_a_wrong_password_is_refused_and_not_shown(broker: Mosquitto) -> None:
    settings = settings_for(broker, password=SecretStr("hunter2"))
    assert "hunter2" not in repr(settings)
    with pytest.raises(Unavailable, match=r"(?i)not authori[sz]ed") as caught:
        await MqttUplink(settings).__aenter__()
    assert "hunter2" not in str(caught.value)


def test_tls_is_the_default_and_unknown_keys_are_refused() -> None:
    assert MqttSettings(client_id="c").tls
    with pytest.raises(ValueError, match="tsl"):
        MqttSettings.model_validate({"client_id": "c", "tsl": False})


def test_a_missing_file_of_certificates_is_named(tmp_path: Path) -> None:
    with pytest.raises(FixError, match=r"missing\.pem"):
        MqttSettings(client_id="c", ca_file=tmp_path / "missing.pem").tls_context()


async def test_a_frozen_broker_is_noticed_within_the_time_limit(broker: Mosquitto) -> None:
    async with (
        MqttInbox(settings_for(broker, "in"), ("t",)),
        MqttUplink(settings_for(broker, "out", timeout=0.5)) as uplink,
    ):
        await uplink.send("t", b"fine")
        broker.pause()
        try:
            begun = time.monotonic()
            with pytest.raises(Unavailable, match="no PUBACK"):
                await uplink.send("t", b"nobody answers")
            assert time.monotonic() - begun < 3
        finally:
            broker.resume()


async def test_sends_waiting_at_the_loss_of_the_broker_all_end_at_once(broker: Mosquitto) -> None:
    async with (
        MqttInbox(settings_for(broker, "in"), ("t",)),
        MqttUplink(settings_for(broker, "out", timeout=60.0)) as uplink,
    ):
        broker.pause()
        sends = [asyncio.create_task(uplink.send("t", b"x")) for _ in range(50)]
        await asyncio.sleep(0)
        broker.kill()
        async with asyncio.timeout(10):
            results = await asyncio.gather(*sends, return_exceptions=True)
    assert all(isinstance(r, Unavailable) for r in results)


async def test_the_same_uplink_and_inbox_enter_again_after_a_loss(broker: Mosquitto) -> None:
    inbox, uplink = MqttInbox(settings_for(broker, "in"), ("t",)), MqttUplink(settings_for(broker, "out"))
    for n in range(2):
        async with inbox, uplink:
            await uplink.send("t", bytes([n]))
            async with asyncio.timeout(10):
                async for found in inbox.messages():
                    await inbox.acknowledge(found)
                    if found.payload == bytes([n]):  # the last one may come again: its PUBACK met the restart
                        break
            broker.restart()
            with pytest.raises(Unavailable):
                await take(inbox, 1)


async def test_receive_maximum_holds_the_broker_back(broker: Mosquitto) -> None:
    inbox = MqttInbox(settings_for(broker, "in"), ("t",), receive_maximum=5)
    async with inbox, MqttUplink(settings_for(broker, "out")) as uplink:
        for n in range(30):
            await uplink.send("t", bytes([n]))
        first = await take(inbox, 5)
        assert len(inbox._arrived) == 0
        for delivery in first:
            await inbox.acknowledge(delivery)
        rest: list[int] = []
        async with asyncio.timeout(10):
            async for delivery in inbox.messages():
                rest.append(delivery.payload[0])
                await inbox.acknowledge(delivery)
                if len(rest) == 25:
                    break
    assert rest == list(range(5, 30))


async def test_a_topic_that_mqtt_forbids_is_dropped_and_the_connection_lives(broker: Mosquitto) -> None:
    async with (
        MqttInbox(settings_for(broker, "in"), ("t",)) as inbox,
        MqttUplink(settings_for(broker, "out")) as uplink,
    ):
        with pytest.raises(DropError):
            await uplink.send("a/#", b"x")
        await uplink.send("t", b"fine")
        assert (await take(inbox, 1))[0].payload == b"fine"


async def test_a_session_that_would_not_survive_is_refused(broker: Mosquitto) -> None:
    with pytest.raises(FixError, match="session expiry"):
        MqttInbox(settings_for(broker), ("t",), session_expiry=0)


async def test_an_inbox_thrown_out_by_the_same_client_id_says_so(broker: Mosquitto) -> None:
    async with (
        MqttInbox(settings_for(broker, "same"), ("t",)) as first,
        MqttInbox(settings_for(broker, "same"), ("t",)),
    ):
        with pytest.raises(Unavailable, match="connection lost"):
            await take(first, 1)


async def test_the_embedded_broker_of_the_demo_is_spoken_to_with_3_1_1(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path / "ca"), free_port()
    async with embedded_broker(port, identity=authority.issue("broker"), passwords=USERS, folder=tmp_path):
        common = {
            "host": "localhost",
            "port": port,
            "username": "edge",
            "password": SecretStr(USERS["edge"]),
            "ca_file": authority.certificate,
            "protocol": 311,
        }
        async with (
            MqttInbox(MqttSettings.model_validate({**common, "client_id": "in"}), ("t/+",)) as inbox,
            MqttUplink(MqttSettings.model_validate({**common, "client_id": "out"})) as uplink,
        ):
            await asyncio.gather(*(uplink.send(f"t/{n}", bytes([n])) for n in range(100)))
            found = await take(inbox, 100)
            for delivery in found:
                await inbox.acknowledge(delivery)
            await uplink.send("t/x", b"y" * 300_000)
            (last,) = await take(inbox, 1)
    assert sorted(d.payload[0] for d in found) == list(range(100))
    assert len(last.payload) == 300_000


async def test_a_receiver_notices_a_broker_that_went_silent(broker: Mosquitto) -> None:
    async with MqttInbox(settings_for(broker, "in", keepalive=1, timeout=0.5), ("t",)) as inbox:
        broker.pause()
        try:
            with pytest.raises(Unavailable, match="connection lost"):
                await take(inbox, 1)
        finally:
            broker.resume()


async def test_connecting_to_a_silent_broker_ends_within_the_time_limit(broker: Mosquitto) -> None:
    broker.pause()
    try:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="does not accept"):
            await MqttUplink(settings_for(broker, "out", timeout=0.5)).__aenter__()
        assert time.monotonic() - begun < 5
    finally:
        broker.resume()


async def test_thousands_of_queued_messages_survive_a_broker_restart_and_a_reconnect(broker: Mosquitto) -> None:
    inbox, count = MqttInbox(settings_for(broker, "in"), ("t",)), 5000
    async with inbox:
        pass
    async with MqttUplink(settings_for(broker, "out")) as uplink:
        await asyncio.gather(*(uplink.send("t", n.to_bytes(2)) for n in range(count)))
    broker.restart()
    acknowledged: set[int] = set()
    for target in (count // 2, count):
        async with inbox, asyncio.timeout(20):
            async for delivery in inbox.messages():
                acknowledged.add(int.from_bytes(delivery.payload))
                await inbox.acknowledge(delivery)
                if len(acknowledged) == target:
                    break
    assert acknowledged == set(range(count))


async def test_a_filter_added_later_is_heard_over_the_old_session(broker: Mosquitto) -> None:
    async with MqttInbox(settings_for(broker, "in"), ("a",)):
        pass
    async with (
        MqttInbox(settings_for(broker, "in"), ("a", "b")) as inbox,
        MqttUplink(settings_for(broker, "out")) as uplink,
    ):
        await uplink.send("b", b"new")
        assert (await take(inbox, 1))[0].topic == "b"
