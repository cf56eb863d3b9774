"""The demo's own MQTT broker: amqtt inside the demo process, with TLS and user names.

amqtt speaks MQTT 3.1.1 and keeps sessions in memory only, so it serves the demo and nothing else: production and
the durability tests use mosquitto.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from plantwatch.certificates import Identity


@asynccontextmanager
async def embedded_broker(
    port: int, *, identity: Identity, passwords: Mapping[str, str], folder: Path
) -> AsyncIterator[None]:
    """Run a broker on 127.0.0.1 for the length of the block.

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
            plugins={"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(file)}},
        )
    )
    await broker.start()
    try:
        yield
    finally:
        await broker.shutdown()
