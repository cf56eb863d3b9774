"""Secure connections: every policy, user names, the one trusted certificate, channels renewed all the time."""

import asyncio
import time

import pytest
from asyncua import Server, ua
from asyncua.crypto.permission_rules import User, UserRole
from edge_parts import T0, URI, Collector, data_value, free_port, opc_point, opc_settings, plant_of, running, until
from pydantic import SecretStr

from edge_agent.sources.opcua import OpcUaSource
from edge_agent.sources.opcua_settings import SecurityPolicy
from plant.errors import FixError, Unavailable
from plantwatch.certificates import Authority

# ruff: noqa: ANN001, ANN003, ANN201, ANN202 - pytest calls these, nobody imports them


class _Users:
    def get_user(self, iserver, username=None, password=None, certificate=None):  # noqa: ARG002 - asyncua's own
        return User(role=UserRole.User) if (username, password) == ("edge", "right") else None


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("pki"))


async def secure_server(authority, port):
    identity = authority.issue("server", application_uri="urn:test:server")
    server = Server(user_manager=_Users())
    await server.init()
    await server.set_application_uri("urn:test:server")
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
    server.set_security_policy([
        ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
        ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
        ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
    ])  # fmt: skip
    server.set_identity_tokens([ua.UserNameIdentityToken])
    await server.load_certificate(str(identity.certificate))
    await server.load_private_key(str(identity.key))
    namespace = await server.register_namespace(URI)
    await server.nodes.objects.add_variable(ua.NodeId("a", namespace), "a", 0.0)
    await server.start()
    return server, ua.NodeId("a", namespace)


def secure_source(authority, port, **changes):
    client = authority.issue("client", application_uri="urn:test:client")
    values = {
        "policy": SecurityPolicy.BASIC256SHA256,
        "certificate": client.certificate,
        "private_key": client.key,
        "server_certificate": authority.issue("server", application_uri="urn:test:server").certificate,
        "username": "edge",
        "password": SecretStr("right"),
        "timeout": 5.0,
    }
    plant = plant_of([opc_point("a")])
    return OpcUaSource(plant, plant.sources[0], opc_settings(port, **{**values, **changes}), time.time_ns)


async def test_every_policy_delivers_over_a_channel_that_is_renewed_all_the_time(authority, monkeypatch):
    port = free_port()
    server, node = await secure_server(authority, port)
    renewed = []
    from asyncua.client.client import Client  # noqa: PLC0415 - only this test shortens its lifetime

    real = Client.open_secure_channel

    async def short(self, renew=False):  # noqa: FBT002 - the library's own signature
        self.secure_channel_timeout = 600
        renewed.append(renew)
        return await real(self, renew)

    monkeypatch.setattr(Client, "open_secure_channel", short)
    for policy in (SecurityPolicy.BASIC256SHA256, SecurityPolicy.AES128, SecurityPolicy.AES256):
        source, got = secure_source(authority, port, policy=policy), Collector()
        async with running(source.run({}, got.deliver)) as task:
            await until(lambda t=task, s=source: t.done() or s.vitals.connected)
            assert not task.done(), task.exception()
            before = renewed.count(True)
            for i in range(1, 6):
                await server.write_attribute_value(node, data_value(float(i), T0 + i * 1000))
                await until(lambda i=i, b=before: renewed.count(True) >= b + i)
            await until(lambda g=got: g.values("a")[-1] == 5.0)
        assert got.values("a")[-5:] == [1.0, 2.0, 3.0, 4.0, 5.0]
    await server.stop()


async def test_wrong_password_wrong_certificate_and_missing_key_are_clear_errors(authority, tmp_path):
    port = free_port()
    server, _ = await secure_server(authority, port)
    collector = Collector()
    with pytest.raises(Unavailable, match=f"OPC UA server opc.tcp://127.0.0.1:{port}/: .*"):
        await asyncio.wait_for(
            secure_source(authority, port, password=SecretStr("wrong")).run({}, collector.deliver), 20
        )
    other = Authority(tmp_path).issue("stranger", application_uri="urn:test:server").certificate
    with pytest.raises(Unavailable):
        await asyncio.wait_for(
            secure_source(authority, port, server_certificate=other).run({}, collector.deliver), 30
        )
    with pytest.raises(FixError, match="needs a client certificate and a private key"):
        await secure_source(authority, port, certificate=None).run({}, collector.deliver)
    with pytest.raises(FixError, match=r"nowhere\.pem"):
        await secure_source(authority, port, certificate=tmp_path / "nowhere.pem").run({}, collector.deliver)
    await server.stop()
