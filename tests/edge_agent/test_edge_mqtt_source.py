"""The MQTT source: payloads of any kind, and a real mosquitto that restarts."""

# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204 - pytest calls these, nobody imports them

import asyncio
import contextlib
import shutil
import socket
import subprocess
import time

import pytest
from edge_parts import T0, Collector, free_port, plant_of, running, until
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.mqtt import MqttSource
from edge_agent.sources.mqtt_payload import parse, readings_of, tap
from plant.errors import DropError, FixError, Unavailable
from plant.io.mqtt import MqttInbox, MqttSettings
from plant.model import Kind, MqttAddress, Point
from plant.status import BAD_NO_DATA


def meter(name, topic="chlor-1/meters/m1", kind=Kind.ANALOG, **paths):
    return Point(id=name, name=name, kind=kind, address=MqttAddress(source="meters", topic=topic, **paths))


def source_of(points, connect=None, silent_after=30.0):
    plant = plant_of(points, silent_after=silent_after)
    return MqttSource(plant, plant.sources[1], connect, time.time_ns)


POWER = meter("power", value="$.p.active", time="$.t", status="$.q")
STATE = meter("state", value="$.state", kind=Kind.TEXT)


def test_values_times_and_statuses_are_read_by_path():
    source = source_of([POWER, STATE, meter("list", value="$.list[1]['a b']")])
    body = (
        b'{"p": {"active": 12.5}, "t": "2023-11-14T22:13:20Z", "q": 3145728, "state": "run",'
        b' "list": [0, {"a b": true}]}'
    )
    rows = {r.point: r for r in source.arrival("chlor-1/meters/m1", body, 7).readings.rows()}
    assert (rows["power"].time, rows["power"].value, rows["power"].status) == (T0, 12.5, 0x0030_0000)
    assert (rows["state"].text, rows["state"].time) == ("run", 7)
    assert rows["list"].value == 1.0


@pytest.mark.parametrize(
    ("time_text", "expected"),
    [
        pytest.param(b"1700000000", T0, id="seconds"),
        pytest.param(b"1700000000.25", T0 + 250_000_000, id="fraction"),
        pytest.param(b"1700000000250", T0 + 250_000_000, id="milliseconds"),
        pytest.param(b'"2023-11-15T06:13:20.5+08:00"', T0 + 500_000_000, id="iso-with-zone"),
    ],
)
def test_times_are_iso_or_seconds_or_milliseconds(time_text, expected):
    source = source_of([meter("x", value="$.v", time="$.t")])
    got = source.arrival("chlor-1/meters/m1", b'{"v": 1, "t": ' + time_text + b"}", 0)
    assert got.readings.time.tolist() == [expected]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"{", "not JSON", id="malformed"),
        pytest.param(b"\xff\xfe\x00", "not JSON", id="binary"),
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"[" * 40 + b"]" * 40, "nested deeper than 16", id="deep"),
        pytest.param(b"1" * 70_000, "over the limit", id="large"),
        pytest.param(b'{"p": {"active": "on"}, "t": 1, "q": 0}', "not a finite number", id="word"),
        pytest.param(b'{"p": {"active": 1e999}, "t": 1, "q": 0}', "not a finite number", id="infinite"),
        pytest.param(b'{"p": {"active": NaN}, "t": 1, "q": 0}', "not JSON", id="nan"),
        pytest.param(b'{"p": {"active": 1}, "t": "yesterday", "q": 0}', "time 'yesterday'", id="time"),
        pytest.param(b'{"p": {"active": 1}, "t": "2023-11-14T22:13:20", "q": 0}', "no zone", id="zone"),
        pytest.param(b'{"p": {"active": 1}, "t": 1, "q": -1}', "status -1", id="status"),
        pytest.param(b'{"p": {"active": 1}, "t": 1}', "status (absent)", id="no-status"),
        pytest.param(b'{"other": 1}', "none of the value paths", id="other"),
    ],
)
def test_what_cannot_be_read_is_counted_with_its_reason(payload, reason):
    source = source_of([POWER])
    got = source.arrival("chlor-1/meters/m1", payload, 5)
    assert len(got.readings) == 0
    assert [(loss.point, loss.count) for loss in got.losses] == [("power", 1)]
    assert reason in got.losses[0].reason
    assert source.vitals.rejected == 1


def test_one_wrong_value_does_not_cost_its_neighbours():
    source = source_of([meter("a", value="$.a"), meter("b", value="$.b"), meter("c", value="$.c")])
    got = source.arrival("chlor-1/meters/m1", b'{"a": 1, "b": {}, "c": null}', 5)
    rows = list(got.readings.rows())
    assert [(r.point, r.status) for r in rows] == [("a", 0), ("c", BAD_NO_DATA)]
    assert [loss.point for loss in got.losses] == ["b"]


@pytest.mark.parametrize("path", ["a", "", "$a", "$.", "$[x]", "$..a", "$.a[", "$.a b"])
def test_a_path_that_cannot_be_understood_is_refused_with_the_point(path):
    with pytest.raises(FixError, match=r"point x: .* is not a path"):
        source_of([meter("x", value=path)])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["p", "active", "t", "q", "state"]), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_gives_values_or_reasons(body):
    taps = [tap(p.id, p.kind, p.address) for p in (POWER, STATE)]
    try:
        rows, wrong = readings_of(taps, body, 5)
    except DropError:
        return
    assert {r.point for r in rows} | set(wrong) <= {"power", "state"}
    assert rows or wrong


GOOD_PAYLOAD = b'{"p": {"active": 12.5}, "t": 1700000000.5, "q": 0, "state": "run"}'


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_random_bytes_never_crash(payload):
    with contextlib.suppress(DropError):
        parse(payload)


@given(st.integers(0, len(GOOD_PAYLOAD) - 1), st.binary(max_size=4), st.integers(0, 6))
def test_mutated_payloads_end_in_values_or_losses_for_their_own_points(at, noise, cut):
    payload = GOOD_PAYLOAD[:at] + noise + GOOD_PAYLOAD[at + cut :]
    got = source_of([POWER, STATE]).arrival("chlor-1/meters/m1", payload, 5)
    assert set(got.readings.counts()) | {loss.point for loss in got.losses} <= {"power", "state"}
    assert len(got.readings) + len(got.losses) >= 1


# --- with a broker --------------------------------------------------------------------------------


class Mosquitto:
    def __init__(self, folder):
        self.port, self.folder, self.process = free_port(), folder, None

    def start(self):
        conf = self.folder / "m.conf"
        conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nmax_queued_messages 0\nuser root\n"
        )
        self.process = subprocess.Popen([shutil.which("mosquitto", path="/usr/sbin:/usr/bin"), "-c", str(conf)])
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
        raise AssertionError("mosquitto does not listen")

    def stop(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def broker(tmp_path):
    if shutil.which("mosquitto", path="/usr/sbin:/usr/bin") is None:
        pytest.fail("mosquitto is not installed")
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()


def settings(broker, name):
    return MqttSettings(host="127.0.0.1", port=broker.port, tls=False, client_id=name)


async def publish(broker, numbers):
    from plant.io.mqtt import MqttUplink  # noqa: PLC0415

    while True:
        try:
            async with MqttUplink(settings(broker, "device")) as device:
                for n in numbers:
                    await device.send("chlor-1/meters/m1", b'{"v": %d, "t": %d}' % (n, 1_700_000_000 + n))
                return
        except Unavailable:
            await asyncio.sleep(0.1)


async def test_nothing_is_lost_over_a_broker_restart_and_an_agent_that_was_away(broker):
    points = [meter("x", topic="chlor-1/meters/+", value="$.v", time="$.t")]
    source = source_of(points, lambda filters: MqttInbox(settings(broker, "edge"), filters))
    got = Collector()

    async def keep():
        while True:
            with contextlib.suppress(Unavailable):
                await source.run({}, got.deliver)
            await asyncio.sleep(0.05)

    async with running(keep()):
        await until(lambda: source.vitals.failing == {"x": "no value yet"})
        await publish(broker, range(50))
        await until(lambda: source.vitals.connected)
        broker.stop()
        await until(lambda: not source.vitals.connected)
        broker.start()
        await publish(broker, range(50, 100))
        await until(lambda: len(set(got.values("x"))) == 100)
    await publish(broker, range(100, 150))  # nobody is listening: the broker keeps them for the session
    async with running(keep()):
        await until(lambda: len(set(got.values("x"))) == 150)


async def test_what_was_not_stored_comes_again(broker):
    points = [meter("x", value="$.v", time="$.t")]
    source = source_of(points, lambda filters: MqttInbox(settings(broker, "edge"), filters))
    lost, got = Collector(), Collector()

    async def forget(arrival):
        await lost.deliver(arrival)
        return asyncio.get_running_loop().create_future()  # never on disk: as if killed before the commit

    async with running(source.run({}, forget)):
        await until(lambda: source.vitals.failing == {"x": "no value yet"})
        await publish(broker, range(10))
        await until(lambda: len(lost.values("x")) == 10)
    async with running(source.run({}, got.deliver)):
        await until(lambda: len(set(got.values("x"))) == 10)


async def test_silence_is_reported_in_the_stated_time(broker):
    points = [meter("x", value="$.v", time="$.t")]
    source = source_of(points, lambda filters: MqttInbox(settings(broker, "edge"), filters), silent_after=0.4)
    with pytest.raises(Unavailable, match="silent, no message"):
        await asyncio.wait_for(source.run({}, Collector().deliver), 5)
