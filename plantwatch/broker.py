"""The demo's own MQTT broker: amqtt inside the demo process, with TLS and user names.

amqtt speaks MQTT 3.1.1 and keeps sessions in memory only, so it serves the demo and nothing else: production and
the durability tests use mosquitto.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from amqtt.broker import Broker, BrokerContext
from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.plugins.base import BasePlugin
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from plantwatch.certificates import Identity


class Subscribers(BasePlugin[BrokerContext]):  # type: ignore[misc]  # amqtt ships no types
    """Knows who has subscribed: MQTT 3.1.1 takes a message that nobody will get without a word."""

    def __init__(self, context: BrokerContext) -> None:
        """Made by the broker."""
        super().__init__(context)
        self._present: set[str] = set()
        self._changed = asyncio.Condition()

    async def on_broker_client_subscribed(self, *, client_id: str, topic: str, qos: int) -> None:
        """Called by the broker."""
        del topic, qos
        async with self._changed:
            self._present.add(client_id)
            self._changed.notify_all()

    async def wait_for(self, client_id: str) -> None:
        """Return once this client has subscribed to something."""
        async with self._changed:
            await self._changed.wait_for(lambda: client_id in self._present)


@asynccontextmanager
async def embedded_broker(
    port: int, *, identity: Identity, passwords: Mapping[str, str], folder: Path
) -> AsyncIterator[Subscribers]:
    """Run a broker on 127.0.0.1 for the length of the block; gives the knowledge of who has subscribed.

    Args:
        port: TCP port to listen on, TLS only.
        identity: the broker's certificate and key.
        passwords: user name to password; nobody else may connect.
        folder: where the hashed password file goes.
    """
    file = folder / "broker-passwords"
    hasher = PasswordHash((Argon2Hasher(),))
    file.write_text("".join(f"{user}:{hasher.hash(word)}\n" for user, word in passwords.items()))
    file.chmod(0o600)
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    broker = Broker(
        BrokerConfig(
            listeners={
                "default": ListenerConfig(
                    bind=f"127.0.0.1:{port}", ssl=True, certfile=identity.certificate, keyfile=identity.key
                )
            },
            plugins={
                "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(file)},
                f"{Subscribers.__module__}.{Subscribers.__name__}": {},
            },
        )
    )
    await broker.start()
    subscribers = broker.plugins_manager.get_plugin(Subscribers.__name__)
    if not isinstance(subscribers, Subscribers):
        raise TypeError("the broker did not load its own plugin")
    try:
        yield subscribers
    finally:
        await broker.shutdown()
