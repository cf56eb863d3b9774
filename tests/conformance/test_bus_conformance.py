"""The promises of ``plant.ports.Uplink`` and ``Inbox``, checked over the memory broker and a real mosquitto."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
from pydantic import SecretStr

from plant.errors import Unavailable
from plant.io.memory import MemoryBroker, MemoryInbox, MemoryUplink
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from plant.ports import Delivery
from tests.support.mosquitto import Mosquitto

PASSWORD = "correct horse"
FILTERS = ("site/+/data",)


class Bus(Protocol):
    """A broker that can go away and come back."""

    def uplink(self) -> MemoryUplink | MqttUplink: ...
    def inbox(self) -> MemoryInbox | MqttInbox: ...
    def stop(self) -> None: ...
    def start(self) -> None: ...


class MemoryBus:
    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.stop, self.start = self.broker.stop, self.broker.start

    def uplink(self) -> MemoryUplink:
        return self.broker.uplink()

    def inbox(self) -> MemoryInbox:
        return self.broker.inbox(FILTERS)


class MosquittoBus:
    def __init__(self, broker: Mosquitto, protocol: str) -> None:
        self.broker = broker
        self.protocol = protocol
        self.stop, self.start = broker.stop, broker.start
        self._common = {
            "host": "127.0.0.1",
            "port": broker.port,
            "username": "edge",
            "password": SecretStr(PASSWORD),
            "tls": False,
            "protocol": int(protocol),
            "timeout": 5.0,
        }

    def settings(self, client_id: str, **changes: object) -> MqttSettings:
        return MqttSettings.model_validate({**self._common, "client_id": client_id, **changes})

    def uplink(self) -> MqttUplink:
        return MqttUplink(self.settings("uplink"))

    def inbox(self) -> MqttInbox:
        return MqttInbox(self.settings("inbox"), FILTERS, receive_maximum=50)


@pytest.fixture(params=["memory", "mosquitto 5", "mosquitto 311"])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bus]:
    if request.param == "memory":
        yield MemoryBus()
        return
    with Mosquitto(tmp_path / "broker", users={"edge": PASSWORD}) as broker:
        yield MosquittoBus(broker, request.param.split()[1])


async def take(inbox: MemoryInbox | MqttInbox, n: int) -> list[Delivery]:
    found: list[Delivery] = []
    async with asyncio.timeout(10):
        async for delivery in inbox.messages():
            found.append(delivery)
            if len(found) == n:
                return found
    raise AssertionError


@asynccontextmanager
async def quiet(inbox: MemoryInbox | MqttInbox) -> AsyncIterator[None]:
    """Nothing more comes: a message sent afterwards is the next one."""
    yield
    async with asyncio.timeout(10):
        async for delivery in inbox.messages():
            assert delivery.payload == b"sentinel"
            await inbox.acknowledge(delivery)
            return


async def test_messages_come_in_order_with_topic_and_payload(bus: Bus) -> None:
    async with bus.inbox() as inbox, bus.uplink() as uplink:
        for n in range(20):
            await uplink.send(f"site/{n}/data", bytes([0, n]))
        found = await take(inbox, 20)
    assert [(d.topic, d.payload) for d in found] == [(f"site/{n}/data", bytes([0, n])) for n in range(20)]


async def test_what_is_not_acknowledged_comes_again_and_what_is_does_not(bus: Bus) -> None:
    async with bus.inbox() as inbox, bus.uplink() as uplink:
        for n in range(6):
            await uplink.send("site/a/data", bytes([n]))
        for delivery in (await take(inbox, 6))[:3]:
            await inbox.acknowledge(delivery)
    async with bus.inbox() as inbox, bus.uplink() as uplink:
        again = await take(inbox, 3)
        assert [d.payload[0] for d in again] == [3, 4, 5]
        for delivery in again:
            await inbox.acknowledge(delivery)
        async with quiet(inbox):
            await uplink.send("site/a/data", b"sentinel")


async def test_messages_sent_while_the_receiver_is_away_wait_for_it(bus: Bus) -> None:
    async with bus.inbox():
        pass
    async with bus.uplink() as uplink:
        await asyncio.gather(*(uplink.send("site/a/data", n.to_bytes(2)) for n in range(300)))
    seen: list[int] = []
    async with bus.inbox() as inbox, asyncio.timeout(20):
        async for delivery in inbox.messages():
            seen.append(int.from_bytes(delivery.payload))
            await inbox.acknowledge(delivery)
            if len(seen) == 300:
                break
    assert sorted(seen) == list(range(300))


async def test_the_session_and_its_messages_survive_a_broker_restart(bus: Bus) -> None:
    async with bus.inbox() as inbox, bus.uplink() as uplink:
        for n in range(5):
            await uplink.send("site/a/data", bytes([n]))
        first = (await take(inbox, 5))[0]
        await inbox.acknowledge(first)
        async with quiet_acknowledged(inbox, uplink):
            pass
        bus.stop()
        with pytest.raises(Unavailable):
            await take(inbox, 1)
        with pytest.raises(Unavailable):
            await uplink.send("site/a/data", b"x")
    bus.start()
    async with bus.inbox() as inbox:
        assert [d.payload[0] for d in await take(inbox, 4)] == [1, 2, 3, 4]


@asynccontextmanager
async def quiet_acknowledged(
    inbox: MemoryInbox | MqttInbox, uplink: MemoryUplink | MqttUplink
) -> AsyncIterator[None]:
    """The broker has read every acknowledgement so far: it answers a message that came after them."""
    yield
    await uplink.send("site/z/data", b"after")
    (after,) = await take(inbox, 1)
    await inbox.acknowledge(after)
    await uplink.send("site/z/data", b"after")
    (after,) = await take(inbox, 1)
    await inbox.acknowledge(after)


async def test_an_acknowledgement_of_an_earlier_connection_does_no_harm(bus: Bus) -> None:
    inbox = bus.inbox()
    async with inbox, bus.uplink() as uplink:
        await uplink.send("site/a/data", b"one")
        (old,) = await take(inbox, 1)
    async with inbox:
        (again,) = await take(inbox, 1)
        await inbox.acknowledge(old)
    async with inbox:
        (third,) = await take(inbox, 1)
    assert old.payload == again.payload == third.payload == b"one"


async def test_nobody_to_receive_is_no_success_where_the_protocol_can_tell(bus: Bus) -> None:
    async with bus.uplink() as uplink:
        if isinstance(bus, MosquittoBus) and bus.protocol == "311":
            await uplink.send("site/a/data", b"lost")  # MQTT 3.1.1 has no reason code: the documented weakness
            return
        with pytest.raises(Unavailable, match="nobody has a session"):
            await uplink.send("site/a/data", b"lost?")


async def test_a_broker_that_is_not_there_is_unavailable(bus: Bus) -> None:
    bus.stop()
    with pytest.raises(Unavailable):
        await bus.uplink().__aenter__()
    with pytest.raises(Unavailable):
        await bus.inbox().__aenter__()


async def test_sending_before_entering_is_unavailable(bus: Bus) -> None:
    with pytest.raises(Unavailable, match="not connected"):
        await bus.uplink().send("site/a/data", b"x")
