"""The simulated OPC UA server as any client sees it: structure, values, history, security, switches."""

# ruff: noqa: ANN001 - asyncua ships no usable types

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.crypto import security_policies
from pydantic import ValidationError

from plant.clock import SECOND
from plant.errors import FixError
from plant.model import Kind, OpcUaAddress, Plant
from plant.readings import Reading, Readings
from simulators.opcua_certificate import ensure_certificate
from simulators.opcua_server import SimulatedOpcUa
from simulators.opcua_settings import OpcUaServerSettings
from simulators.packaged import packaged_plant
from tests.simulators.simulated_parts import (
    SMALL,
    T0,
    node_of,
    plain_settings,
    plant_of,
    point,
    reading,
    secure_settings,
    serving,
    step,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one server for many tests: each takes a second to load
POLICIES = ["Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"]


WIDE = plant_of(
    [
        *SMALL.points.values(),
        *map(point, ("heard", "past", "long")),
        point("named", node="nsu=urn:other:dcs;s=Area1/TI 101; PV"),
        point("numbered", node="ns=7;i=1234"),
        point("state", kind=Kind.TEXT, range=None, unit="1"),
    ],
    SMALL.interlocks,
)
"""A point for each test, so that they can share a server."""
OPERATED: list[tuple[str, float]] = []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain() -> AsyncIterator[SimulatedOpcUa]:
    async with serving(plain_settings(history=12_000), WIDE) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secure(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SimulatedOpcUa]:
    def operate(name: str, value: float) -> None:
        if value > 1:
            raise FixError("not possible")
        OPERATED.append((name, value))

    async with serving(secure_settings(tmp_path_factory.mktemp("server")), on_write=operate) as server:
        await server.write(step(5))
        yield server


def columns(rows: list[Reading], plant: Plant = WIDE) -> Readings:
    """Rows over the plant's own dictionary of points, as the plant hands them out."""
    made, order = Readings.from_rows(rows), tuple(plant.points)
    code = np.array([order.index(r.point) for r in rows], np.int32)
    return Readings(order, code, made.time, made.value, made.status, made.text)


def count(name: str, n: int) -> Readings:
    """Second ``n``: the point shows ``n``."""
    return columns([Reading(name, T0 + n * SECOND, float(n))])


async def test_the_packaged_plant_has_folders_ranges_and_units() -> None:
    plant = packaged_plant()
    async with serving(plain_settings(), plant) as server, Client(server.url) as client:
        top = {await _name(n): n for n in await client.nodes.objects.get_children()}
        root = top[plant.id]
        areas = {await _name(n): n for n in await root.get_children()}
        assert list(areas) == [a.id for a in plant.areas]
        found: set[str] = set()
        for area in plant.areas:
            units = {await _name(n): n for n in await areas[area.id].get_children()}
            assert list(units) == [u.id for u in area.units]
            for unit in area.units:
                found |= {await _name(n) for n in await units[unit.id].get_variables()}
        assert found == {p.id for p in plant.points.values() if isinstance(p.address, OpcUaAddress)}
        flow = await node_of(client, "W-101.flow", "urn:plantwatch:simulator")
        limits = await (await flow.get_child("0:EURange")).read_value()
        assert (limits.Low, limits.High) == plant.points["W-101.flow"].range == (0, 20)
        assert (await (await flow.get_child("0:EngineeringUnits")).read_value()).DisplayName.Text == "t/h"
        assert (await flow.read_display_name()).Text == plant.points["W-101.flow"].name


async def _name(node) -> str:
    return (await node.read_browse_name()).Name


async def test_values_carry_their_status_and_the_time_of_the_simulated_clock(plain: SimulatedOpcUa) -> None:
    rows = [
        Reading("t", T0, 21.5),
        Reading("u", T0 + 250_000_000, 3.0, 0x4094_0000),  # Uncertain: the value is shown
        Reading("IL.bypass", T0, 1.0, 0x8089_0000),  # Bad: no value
    ]
    async with Client(plain.url) as client:
        nodes = {p: await node_of(client, p) for p in SMALL.points}
        before = await nodes["t"].read_data_value(raise_on_bad_status=False)
        assert before.StatusCode.value == 0x8032_0000  # BadWaitingForInitialData
        await plain.write(columns(rows))
        got = {p: reading(p, await n.read_data_value(raise_on_bad_status=False)) for p, n in nodes.items()}
    assert got["t"] == rows[0]
    assert got["u"] == rows[1]
    assert isnan(got["IL.bypass"].value)
    assert got["IL.bypass"].status == 0x8089_0000


class Heard:
    def __init__(self, wanted: int) -> None:
        self.wanted, self.values, self.all = wanted, [], asyncio.Event()

    def datachange_notification(self, _node, _value, data) -> None:
        self.values.append(data.monitored_item.Value)
        if len(self.values) == self.wanted:
            self.all.set()


async def test_a_subscriber_hears_every_value_in_order(plain: SimulatedOpcUa) -> None:
    async with Client(plain.url) as client:
        await plain.write(count("heard", 0))
        heard = Heard(60)
        subscription = await client.create_subscription(20, heard)
        node = await node_of(client, "heard")
        await subscription.subscribe_data_change(node, queuesize=100, sampling_interval=0)
        for n in range(1, 60):
            await plain.write(count("heard", n))
        await asyncio.wait_for(heard.all.wait(), 10)
    found = [reading("heard", v) for v in heard.values]
    assert found == [Reading("heard", T0 + n * SECOND, float(n)) for n in range(60)]


def _when(n: float) -> datetime:
    return datetime.fromtimestamp(T0 // SECOND, UTC) + timedelta(seconds=n)


async def _history(node, start: datetime | None, end: datetime | None, most: int = 0) -> list[float]:
    return [v.Value.Value for v in await node.read_raw_history(start, end, numvalues=most)]


async def test_history_is_read_forwards_and_backwards_with_and_without_limits(plain: SimulatedOpcUa) -> None:
    for n in range(80):
        await plain.write(count("past", n))
    async with Client(plain.url) as client:
        node = await node_of(client, "past")
        assert await _history(node, _when(40), _when(43)) == [40, 41, 42, 43]
        assert await _history(node, _when(43), _when(40)) == [43, 42, 41, 40]
        assert await _history(node, _when(40), None, 2) == [40, 41]
        assert await _history(node, None, _when(43), 2) == [43, 42]
        (last,) = await node.read_raw_history(None, _when(43), numvalues=1)
        assert reading("past", last) == Reading("past", T0 + 43 * SECOND, 43.0)


async def test_history_longer_than_one_answer_is_continued_and_the_oldest_is_overwritten(
    plain: SimulatedOpcUa,
) -> None:
    before = plain.ring.overwritten
    for n in range(12_500):
        plain.ring.keep(count("long", n))
    async with Client(plain.url) as client:
        found = await _history(await node_of(client, "long"), _when(0), _when(20_000))
    assert found == list(range(500, 12_500))  # 12,000 are kept, and 10,000 go into an answer
    assert plain.ring.overwritten - before == 500


async def test_values_made_while_the_server_is_down_are_in_its_history() -> None:
    async with serving(plain_settings()) as server:
        await server.write(step(0))
        await server.stop()
        assert not server.running
        await server.write(step(1))
        await server.write(step(2))
        await server.start(without=["u"])
        async with Client(server.url) as client:
            node = await node_of(client, "t")
            assert await _history(node, _when(0), _when(9)) == [0, 1, 2]
            assert (await node.read_value()) == 2
            late = await node_of(client, "u")
            with pytest.raises(ua.UaStatusCodeError, match="BadNodeIdUnknown"):
                await late.read_value()
            await server.write(step(3))
            await server.add(["u"])
            assert await late.read_value() == 4
            assert await _history(late, _when(0), _when(9)) == [1, 2, 3, 4]


# --- security -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client's certificate and key."""
    folder = tmp_path_factory.mktemp("client")
    ensure_certificate(folder / "client.der", folder / "client-key.pem", "urn:test:client")
    return folder


async def _secure_client(url: str, identity: Path, policy: str, user: str | None, word: str = "") -> Client:
    client = Client(url, timeout=10)
    client.application_uri = "urn:test:client"
    if user is not None:
        client.set_user(user)
        client.set_password(word)
    await client.set_security(
        getattr(security_policies, f"SecurityPolicy{policy}"),
        str(identity / "client.der"),
        str(identity / "client-key.pem"),
        mode=ua.MessageSecurityMode.SignAndEncrypt,
    )
    return client


@pytest.mark.parametrize("policy", POLICIES)
async def test_every_secure_policy_lets_users_in(secure: SimulatedOpcUa, identity: Path, policy: str) -> None:
    async with await _secure_client(secure.url, identity, policy, "agent", "read") as client:
        assert await (await node_of(client, "t")).read_value() == 5


@pytest.mark.parametrize(
    ("user", "word"),
    [
        pytest.param("agent", "wrong", id="wrong password"),
        pytest.param("nobody", "read", id="unknown user"),
        pytest.param(None, "", id="anonymous"),
    ],
)
async def test_nobody_else_is_let_in(secure: SimulatedOpcUa, identity: Path, user: str | None, word: str) -> None:
    client = await _secure_client(secure.url, identity, POLICIES[0], user, word)
    with pytest.raises((ua.UaStatusCodeError, ua.UaError)):
        await client.connect()


async def test_a_secure_server_offers_no_plain_endpoint(secure: SimulatedOpcUa) -> None:
    endpoints = await Client(secure.url).connect_and_get_server_endpoints()
    assert {e.SecurityMode for e in endpoints} == {ua.MessageSecurityMode.SignAndEncrypt}
    assert sorted(e.SecurityPolicyUri.rsplit("#", 1)[1] for e in endpoints) == [
        "Aes128_Sha256_RsaOaep",
        "Aes256_Sha256_RsaPss",
        "Basic256Sha256",
    ]
    assert {t.TokenType for e in endpoints for t in e.UserIdentityTokens} == {ua.UserTokenType.UserName}
    with pytest.raises(ua.UaError):
        await Client(secure.url, timeout=5).connect()


async def test_no_security_comes_only_by_its_name(plain: SimulatedOpcUa) -> None:
    with pytest.raises(ValidationError, match="certificate, private_key and users"):
        OpcUaServerSettings(port=4840)
    endpoints = await Client(plain.url).connect_and_get_server_endpoints()
    assert {e.SecurityMode for e in endpoints} == {ua.MessageSecurityMode.None_}


async def test_only_operators_operate_and_only_switches(secure: SimulatedOpcUa, identity: Path) -> None:
    async def write(client: Client, name: str, value: object) -> str:
        try:
            await (await node_of(client, name)).write_value(value)
        except ua.UaStatusCodeError as error:
            return type(error).__name__
        return "Good"

    async with await _secure_client(secure.url, identity, POLICIES[0], "operator", "operate") as client:
        assert await write(client, "IL.bypass", 1.0) == "Good"
        assert await write(client, "IL.bypass", 2.0) == "BadNotWritable"
        assert await write(client, "IL.bypass", "on") == "BadTypeMismatch"
    async with await _secure_client(secure.url, identity, POLICIES[0], "agent", "read") as client:
        assert await write(client, "IL.bypass", 1.0) == "BadUserAccessDenied"
        shown = await (await node_of(client, "IL.bypass")).read_value()
    assert shown == 7  # the process shows what came of it, not the write
    assert OPERATED == [("IL.bypass", 1.0)]


async def test_a_taken_port_is_a_clear_error(plain: SimulatedOpcUa) -> None:
    port = int(plain.url.split(":")[2].split("/")[0])
    with pytest.raises(FixError, match="choose another port"):
        async with serving(plain_settings(port=port)):
            pass


# --- addresses ----------------------------------------------------------------------------------


async def test_nodes_stand_at_the_addresses_of_the_plant_file(plain: SimulatedOpcUa) -> None:
    rows = [Reading("named", T0, 4.0), Reading("numbered", T0, 5.0), Reading("state", T0, float("nan"), 0, "运行")]
    await plain.write(columns(rows))
    async with Client(plain.url) as client:
        assert await (await node_of(client, "Area1/TI 101; PV", "urn:other:dcs")).read_value() == 4
        assert await client.get_node("ns=7;i=1234").read_value() == 5
        state = await node_of(client, "state")
        assert await state.read_value() == "运行"
        assert await _history(state, _when(0), _when(9)) == ["运行"]
