"""The OPC UA source against real asyncua servers: what arrives, what fails, what is declared lost."""

# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204 - pytest calls these, nobody imports them

import asyncio
import time

import numpy as np
import pytest
from asyncua import ua
from edge_parts import (
    T0,
    Collector,
    TestServer,
    data_value,
    free_port,
    opc_point,
    opc_settings,
    plant_of,
    running,
    until,
)

from edge_agent.sources import opcua
from edge_agent.sources.opcua import OpcUaSource
from edge_agent.sources.opcua_decode import Columns
from plant.errors import Unavailable

SECOND = 1_000_000_000


def source_of(points, port, *, silent_after=30, clock=time.time_ns, **changes):
    plant = plant_of(points, silent_after=silent_after)
    return OpcUaSource(plant, plant.sources[0], opc_settings(port, **changes), clock)


async def test_every_value_arrives_with_its_status_and_source_time():
    port = free_port()
    server = await TestServer(port).start(["a", "b"])
    source, got = source_of([opc_point("a"), opc_point("b")], port), Collector()
    codes = [0, 0x0030_0000, 0x0096_0000, 0x4094_0000, 0x808C_0000, 0x8005_0000, 0]
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected, what="connected")
        for i, code in enumerate(codes):
            await server.write("a", float(i), T0 + i * SECOND, code)
        # Good after Bad at the same source time, and a steady value with new times.
        await server.write("b", 5.0, T0, 0x808C_0000)
        await server.write("b", 5.0, T0, 0)
        await server.write("b", 5.0, T0 + SECOND, 0)
        await until(lambda: len(got.values("a")) == 8 and len(got.values("b")) == 4)
    a = got.readings.select(["a"])
    assert a.status[1:].tolist() == codes
    assert a.time[1:].tolist() == [T0 + i * SECOND for i in range(7)]
    b = got.readings.select(["b"])
    assert b.status[1:].tolist() == [0x808C_0000, 0, 0]
    assert got.losses == {}
    await server.stop()


async def test_unknown_nodes_are_listed_and_delivered_when_they_come_late():
    port = free_port()
    server = await TestServer(port).start(["a"])
    source, got = source_of([opc_point("a"), opc_point("late"), opc_point("never")], port), Collector()
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected)
        assert source.vitals.failing == {"late": "BadNodeIdUnknown", "never": "BadNodeIdUnknown"}
        await server.add(["late"])
        await server.write("late", 7.0, T0)
        await until(lambda: 7.0 in got.values("late"))
        await until(lambda: source.vitals.failing == {"never": "BadNodeIdUnknown"})
        assert source.vitals.connected
    await server.stop()


async def test_a_restart_with_one_node_late_loses_nothing_when_the_server_has_history():
    port, history = free_port(), {}
    server = await TestServer(port, history=history).start(["a", "b"])
    source, got = source_of([opc_point("a"), opc_point("b")], port), Collector()
    written = 0

    async def write(names, target):
        nonlocal written
        written += 1
        for name in names:
            await target.write(name, float(written), T0 + written * SECOND)

    async def keep():
        while True:
            try:
                await source.run(got.marks, got.deliver)
            except Unavailable:
                await asyncio.sleep(0.1)

    async with running(keep()):
        await until(lambda: source.vitals.connected)
        for _ in range(5):
            await write("ab", server)
        await until(lambda: 5.0 in got.values("a") and 5.0 in got.values("b"))
        await server.stop()
        for _ in range(20):  # made by the plant while the server was away; its history has them
            await write("ab", _Recorder(history))
        server = await TestServer(port, history=history).start(["a"])
        for _ in range(5):
            await write("a", server)
            await write("b", _Recorder(history))
        await until(lambda: source.vitals.failing == {"b": "BadNodeIdUnknown"}, what="b listed")
        await server.add(["b"])
        await write("ab", server)
        await until(lambda: set(got.values("a")) >= set(_numbers(history["a"])), what="all of a")
        await until(lambda: set(got.values("b")) >= set(_numbers(history["b"])), what="all of b")
        await until(lambda: source.vitals.connected)
    assert got.losses == {}
    assert got.marks["a"] == T0 + written * SECOND
    await server.stop()


class _Recorder:
    def __init__(self, history):
        self.history = history

    async def write(self, name, value, ns):
        self.history.setdefault(name, []).append(data_value(value, ns))


def _numbers(rows):
    return [v.Value.Value for v in rows]


async def test_without_history_the_gap_is_declared_by_the_expected_period():
    port = free_port()
    server = await TestServer(port).start(["a"])
    source, got = source_of([opc_point("a", period=1.0)], port), Collector()
    async with running(source.run({"a": T0}, got.deliver)):
        await until(lambda: source.vitals.connected)
    await server.stop()
    server = await TestServer(port).start(["a"])
    await server.write("a", 1.0, T0 + 10 * SECOND)
    again = Collector()
    async with running(source.run({"a": T0}, again.deliver)):
        await until(lambda: again.losses == {"a": 9})
        await until(lambda: again.marks == {"a": T0 + 10 * SECOND})
    await server.stop()


async def test_an_overflow_is_declared_and_the_value_with_it_kept():
    port = free_port()
    server = await TestServer(port).start(["a"])
    source, got = source_of([opc_point("a")], port), Collector()
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected)
        await server.write("a", 1.0, T0)
        await server.write("a", 9.0, T0 + 5 * SECOND, 0x480)
        await until(lambda: got.losses == {"a": 1})
    assert got.readings.status[-1] == 0x480
    assert np.isclose(got.values("a")[-1], 9.0)
    await server.stop()


@pytest.mark.parametrize("named", [pytest.param(True, id="named"), pytest.param(False, id="unnamed")])
async def test_a_server_that_takes_ten_items_a_call_gets_all_items_in_small_calls(named):
    port, names = free_port(), [f"t{i}" for i in range(45)]
    server = await TestServer(port).start(names)
    sizes = _limit_items(server.server, 10)
    if named:
        limit = ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall
        await server.server.get_node(ua.NodeId(limit)).write_value(ua.Variant(10, ua.VariantType.UInt32))
    source, got = source_of([opc_point(n) for n in names], port), Collector()
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected)
    assert set(got.readings.counts()) == set(names)
    assert not named or sizes == [10, 10, 10, 10, 5]
    await server.stop()


def _limit_items(server, limit):
    """Make the server refuse larger requests; the sizes it was asked for."""
    service = server.iserver.subscription_service
    real, sizes = service.create_monitored_items, []

    async def create(params):
        sizes.append(len(params.ItemsToCreate))
        if len(params.ItemsToCreate) > limit:
            raise ua.uaerrors.BadTooManyOperations
        return await real(params)

    service.create_monitored_items = create
    return sizes


@pytest.mark.parametrize(
    "stamp",
    [
        pytest.param(T0 - 10**9 * SECOND, id="1992"),
        pytest.param(T0 + 10**8 * SECOND, id="future"),
        pytest.param(None, id="missing"),
    ],
)
async def test_a_wrong_clock_keeps_its_value_and_never_becomes_a_mark_of_the_future(stamp):
    port = free_port()
    server = await TestServer(port).start(["a"])
    source, got = source_of([opc_point("a")], port, clock=lambda: T0), Collector()
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected)
        await server.write("a", 42.0, stamp)
        await until(lambda: 42.0 in got.values("a"))
    last = got.readings.time[-1]
    assert last == (stamp if stamp is not None else T0 + 5 - (T0 + 5) % 1000)
    assert source.vitals.untimed == (0 if stamp is not None else 1)
    assert got.marks.get("a", 0) <= T0 + 3600 * SECOND
    await server.stop()


async def test_a_subscription_that_only_keeps_alive_is_reported_silent_and_left():
    port = free_port()
    server = await TestServer(port).start(["a"])
    source, got = source_of([opc_point("a")], port, silent_after=1.0), Collector()
    async with running(source.run({}, got.deliver)) as task:
        await until(lambda: source.vitals.connected)
        # As some servers after a PLC restart: the subscription lives, its items are dead.
        service = server.server.iserver.subscription_service
        for subscription in service.subscriptions.values():
            subscription.monitored_item_srv.delete_all_monitored_items()
        await server.write("a", 5.0, T0)
        with pytest.raises(Unavailable, match=r"silent for .* though a has a newer value"):
            await asyncio.wait_for(asyncio.shield(task), 6)
    assert source.vitals.failing["dcs"].startswith("silent: nothing has arrived for")
    assert not source.vitals.connected
    await server.stop()


async def test_a_quiet_plant_is_reported_but_the_connection_kept():
    port = free_port()
    server = await TestServer(port).start(["a"])
    source, got = source_of([opc_point("a")], port, silent_after=0.5), Collector()
    async with running(source.run({}, got.deliver)) as task:
        await until(lambda: "dcs" in source.vitals.failing)
        await server.write("a", 5.0, T0)
        await until(lambda: 5.0 in got.values("a"))
        await until(lambda: source.vitals.connected)
        assert not task.done()
    await server.stop()


async def test_a_black_holed_connection_is_noticed_in_bounded_time():
    port, front = free_port(), free_port()
    server = await TestServer(port).start(["a"])
    hole = asyncio.Event()

    async def pipe(reader, writer):
        while data := await reader.read(65536):
            if not hole.is_set():
                writer.write(data)

    async def accept(reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pipe(reader, up_writer), pipe(up_reader, writer), return_exceptions=True)

    proxy = await asyncio.start_server(accept, "127.0.0.1", front)
    source, got = source_of([opc_point("a")], front, timeout=1.0, keep_alive=0.5), Collector()
    async with running(source.run({}, got.deliver)) as task:
        await until(lambda: source.vitals.connected)
        hole.set()
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(asyncio.shield(task), 15)
        # Keep-alive twice and one time-out to notice, a bounded close after it.
        assert time.monotonic() - started < 6
    proxy.close()
    await server.stop()


async def test_a_blocked_consumer_holds_the_server_back_and_loses_nothing():
    port = free_port()
    server = await TestServer(port).start(["a"])
    source, got = source_of([opc_point("a", queue=10_000)], port), Collector()
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected)
        got.gate.clear()
        for i in range(1, 4001):
            await server.write("a", float(i), T0 + i * SECOND)
        got.gate.set()
        await until(lambda: got.values("a")[-1] == 4000.0)
    assert got.values("a")[1:] == [float(i) for i in range(1, 4001)]
    await server.stop()


async def test_a_type_that_is_no_number_fails_alone():
    port = free_port()
    server = await TestServer(port).start(["a", "b"])
    source, got = source_of([opc_point("a"), opc_point("b")], port), Collector()
    await server.write("b", [1.0, 2.0], T0)
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected)
        assert source.vitals.failing == {"b": "a value of type array of values is neither a number nor a text"}
        await server.write("a", 3.0, T0)
        await server.write("b", 4.0, T0 + 1000)
        await until(lambda: got.values("b")[-1] == 4.0 and not source.vitals.failing)
    assert 3.0 in got.values("a")
    assert got.readings.select(["b"]).status[0] == 0x8039_0000
    await server.stop()


async def test_a_first_start_reads_as_much_history_as_asked_for():
    port, history = free_port(), {}
    server = await TestServer(port, history=history).start(["a"])
    for i in range(30):
        await server.write("a", float(i), T0 + i * SECOND)
    source = source_of([opc_point("a")], port, clock=lambda: T0 + 30 * SECOND, backfill=20.5)
    got = Collector()
    async with running(source.run({}, got.deliver)):
        await until(lambda: set(got.values("a")) == {float(i) for i in range(10, 30)})
        await until(lambda: got.marks == {"a": T0 + 29 * SECOND})
    assert got.losses == {}
    await server.stop()


async def test_a_lost_message_is_asked_for_again(monkeypatch):
    port = free_port()
    server = await TestServer(port).start(["a"])
    source, got = source_of([opc_point("a")], port), Collector()
    real, dropped = opcua.decode_publish, []

    def lossy(data):
        note = real(data)
        if not note.empty and 2.0 in note.columns.value and not dropped:
            dropped.append(note.sequence)
            note.empty, note.columns = True, Columns()
        return note

    monkeypatch.setattr(opcua, "decode_publish", lossy)
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected)
        for i in range(1, 6):
            await server.write("a", float(i), T0 + i * SECOND)
            await until(lambda i=i: float(i) in got.values("a") or (i == 2 and bool(dropped)))
        await until(lambda: 5.0 in got.values("a"))
    assert got.values("a")[1:] == [1.0, 2.0, 3.0, 4.0, 5.0]
    await server.stop()


async def test_values_that_a_full_queue_dropped_without_a_word_come_from_history():
    port, history = free_port(), {}
    server = await TestServer(port, history=history).start(["a"])
    await server.write("a", 0.0, T0)
    source, got = source_of([opc_point("a", queue=5, period=1.0)], port), Collector()
    async with running(source.run({}, got.deliver)):
        await until(lambda: source.vitals.connected)
        for i in range(1, 41):
            await server.write("a", float(i), T0 + i * SECOND)
        await until(lambda: set(got.values("a")) == {float(i) for i in range(41)})
        await until(lambda: got.marks == {"a": T0 + 40 * SECOND})
    assert got.losses == {}
    await server.stop()
