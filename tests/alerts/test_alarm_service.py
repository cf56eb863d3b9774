"""The live service: what is acknowledged is in the journal, and nothing from outside stops the alarms."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from alerts import service
from alerts.desk import AlarmDesk
from alerts.journal import Journal, Line
from alerts.routing import Route, wants
from alerts.service import Alerts, Notifier
from plant.clock import SECOND
from plant.codec import Batch, encode_batch, encode_finding
from plant.errors import Unavailable
from plant.findings import Finding, Severity
from plant.io.memory import MemoryBroker
from plant.io.mqtt import MqttInbox, MqttSettings, MqttUplink
from plant.model import Priority
from plant.ports import DurableInbox
from plant.readings import Reading, Readings
from plant.service import Backoff
from tests.alerts.alarm_plant import make_plant
from tests.support.mosquitto import Mosquitto

T0 = 1_800_000_000 * SECOND
NOW = T0 + 1000 * SECOND
"""The desk's clock: after all readings, so that none is taken for one of a wrong clock."""
READINGS, FINDINGS = "plantwatch/v1/plant/readings/edge", "plantwatch/v1/plant/findings/analytics"
FILTERS = ("plantwatch/v1/+/readings/+", "plantwatch/v1/+/findings/+")
FINDING = Finding("IA-01", "SIF-1", Severity.CRITICAL, T0, None, "trip", "no trip", "IEC 61511-1, 16.2", told=T0)


def batch(n: int, *values: float) -> bytes:
    """Values of ``p/1`` at second ``n`` and following."""
    rows = [Reading("p/1", T0 + (n + i) * SECOND, v) for i, v in enumerate(values)]
    return encode_batch(Batch("edge", 1, n, T0 + n * SECOND, Readings.from_rows(rows)))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the parts have no event for an outsider
            await asyncio.sleep(0.001)


async def soon(_seconds: float) -> None:
    await asyncio.sleep(0.002)


@dataclass
class Rig:
    broker: MemoryBroker
    journal: Journal
    desk: AlarmDesk
    alerts: Alerts

    async def send(self, topic: str, *payloads: bytes) -> None:
        async with self.broker.uplink() as uplink:
            for payload in payloads:
                await uplink.send(topic, payload)

    @property
    def unacknowledged(self) -> int:
        return len(self.broker.session("alerts", FILTERS).pending)

    def events(self) -> list[str]:
        return [line.entry.event for line in self.journal.since(0, 1000)]

    @contextmanager
    def journal_away(self) -> Iterator[None]:
        self.journal._db.execute("PRAGMA query_only = ON")  # SQLite then answers as on a read-only disk
        yield
        self.journal._db.execute("PRAGMA query_only = OFF")


@asynccontextmanager
async def running(alerts: Alerts) -> AsyncIterator[None]:
    task = asyncio.create_task(alerts.run())
    try:
        yield
        assert not task.done(), "the service ended"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def rig(folder: Path, *notifiers: Notifier) -> AsyncIterator[Rig]:
    broker = MemoryBroker()
    broker.session("alerts", FILTERS)
    with Journal(folder / "journal.db") as journal:
        desk = AlarmDesk(make_plant(), journal, lambda: NOW)
        inbox = broker.inbox(FILTERS, client_id="alerts")
        alerts = service_of(desk, inbox, *notifiers)
        async with running(alerts):
            yield Rig(broker, journal, desk, alerts)


def service_of(desk: AlarmDesk, inbox: DurableInbox, *notifiers: Notifier) -> Alerts:
    return Alerts(make_plant(), inbox, desk, notifiers, sleep=soon, backoff=Backoff(0.01, 0.05))


async def test_what_is_acknowledged_is_in_the_journal(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.send(READINGS, batch(1, 50), batch(2, 95), batch(3, 10))
        await r.send(FINDINGS, encode_finding(FINDING))
        await until(lambda: r.unacknowledged == 0)
        assert r.events() == ["raised", "returned", "raised"]
        assert r.alerts.status.connected
        assert r.alerts.status.messages == 4


# --- messages that nobody can read ----------------------------------------------------------------

POISON = [
    pytest.param(READINGS, b"no batch", id="no batch"),
    pytest.param(READINGS, b"", id="nothing"),
    pytest.param(READINGS.replace("edge", "other"), batch(1, 99), id="another agent's topic"),
    pytest.param(READINGS.replace("/plant/", "/elsewhere/"), batch(1, 99), id="another plant"),
    pytest.param(FINDINGS, b"[" * 100_000, id="deep nesting"),
    pytest.param(FINDINGS, b'{"rule": 1}', id="half a finding"),
    pytest.param(FINDINGS, b"\xff\xfe", id="no text"),
    pytest.param(
        FINDINGS,
        json.dumps(json.loads(encode_finding(FINDING)) | {"subject": "\ud800", "start": 10**30}).encode(),
        id="what nothing can store",
    ),
]


@pytest.mark.parametrize(("topic", "payload"), POISON)
async def test_what_nobody_can_read_is_noted_and_acknowledged_and_its_neighbours_are_judged(
    tmp_path: Path, topic: str, payload: bytes
) -> None:
    async with rig(tmp_path) as r:
        await r.send(READINGS, batch(1, 95))
        await r.send(topic, payload)
        await r.send(READINGS, batch(2, 10))
        await until(lambda: r.unacknowledged == 0)
        assert r.events() == ["raised", "unreadable", "returned"]
        assert r.alerts.status.poison == 1
        assert topic in r.desk.history(2)[1].entry.detail


async def test_a_flood_of_them_fills_neither_journal_nor_memory(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.send(FINDINGS, *[b"poison"] * 100)
        await until(lambda: r.unacknowledged == 0)
        assert r.events() == ["unreadable"] * 20
        await r.send(READINGS, b"poison")
        await until(lambda: r.unacknowledged == 0)
        assert len(r.events()) == 21, "each kind has lines of its own"


async def test_a_defect_in_judging_one_message_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path) as r:

        def broken(finding: Finding) -> None:
            raise ZeroDivisionError(finding.id)

        monkeypatch.setattr(r.desk, "finding", broken)
        await r.send(FINDINGS, encode_finding(FINDING))
        await r.send(READINGS, batch(1, 95))
        await until(lambda: r.unacknowledged == 0)
        assert r.events() == ["unreadable", "raised"]
        assert "ZeroDivisionError" in r.desk.history(2)[1].entry.detail


# --- the broker is away ---------------------------------------------------------------------------


async def test_after_a_lost_broker_it_goes_on_and_nothing_is_doubled(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.send(READINGS, batch(1, 95))
        await until(lambda: r.unacknowledged == 0)
        for n in range(3):
            r.broker.publish(READINGS, batch(2 + 2 * n, 10, 95))
            r.broker.stop()
            await until(lambda: not r.alerts.status.connected)
            r.broker.start()
            await until(lambda: r.unacknowledged == 0)
        assert r.events() == ["raised", *["returned", "raised"] * 3]


# --- the journal is away --------------------------------------------------------------------------


async def test_alarms_stand_while_the_journal_is_away_and_everything_is_written_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with rig(tmp_path) as r:
        with r.journal_away():
            await r.send(READINGS, batch(1, 95), batch(2, 10), batch(3, 95))
            await r.send(FINDINGS, encode_finding(FINDING))
            await r.send(READINGS, batch(4, 10), batch(5, 95))
            await until(lambda: r.alerts.status.messages == 6)
            await until(lambda: len(r.desk.active()) == 2)
            assert (r.unacknowledged, r.events()) == (6, [])
            await until(lambda: r.alerts.status.held == 6)
        await until(lambda: r.unacknowledged == 0)
        assert r.events() == ["raised", "returned", "raised", "raised", "returned", "raised"]
        assert r.journal.verify().broken is None


async def test_a_broker_lost_meanwhile_brings_everything_again_and_nothing_twice(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        with r.journal_away():
            await r.send(READINGS, batch(1, 95), batch(2, 10))
            await r.send(FINDINGS, encode_finding(FINDING))
            await until(lambda: r.alerts.status.messages == 3)
            r.broker.stop()
            await until(lambda: not r.alerts.status.connected)
            r.broker.start()
            await until(lambda: r.alerts.status.messages == 6)
        await until(lambda: r.unacknowledged == 0)
        assert r.events() == ["raised", "returned", "raised"]


async def test_no_more_is_taken_than_can_be_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_MOST_HELD", 3)
    async with rig(tmp_path) as r:
        with r.journal_away():
            await r.send(READINGS, *[batch(n, 95 if n % 2 else 10) for n in range(1, 11)])
            await until(lambda: r.alerts.status.messages == 3)
            await asyncio.sleep(0.05)  # time in which a fourth would be taken
            assert r.alerts.status.messages == 3
        await until(lambda: r.unacknowledged == 0)
        assert len(r.events()) == 10


async def test_a_finding_that_could_not_be_looked_up_is_judged_when_the_journal_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path) as r:

        def away(_occurrence: str) -> bool:
            raise Unavailable("cannot be read")

        with monkeypatch.context() as patch:
            patch.setattr(r.journal, "knows", away)
            await r.send(FINDINGS, encode_finding(FINDING))
            await until(lambda: r.alerts.status.messages == 1)
        await until(lambda: r.unacknowledged == 0)
        assert r.events() == ["raised"]


# --- notifiers ------------------------------------------------------------------------------------


@dataclass
class Notes:
    """A notifier that remembers what it was offered; it can be away, or broken."""

    name: str = "notes"
    broken: bool = False
    away: int = 0
    lines: list[Line] = field(default_factory=list)
    runs: int = 0

    @property
    def cursor(self) -> int:
        return self.lines[-1].seq if self.lines else 0

    def offer(self, lines: list[Line]) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("no room")
        self.lines += lines

    async def run(self) -> None:
        self.runs += 1
        if self.broken:
            raise ZeroDivisionError
        await asyncio.Event().wait()


async def test_every_line_is_offered_once_and_in_order_however_often_a_notifier_cannot(tmp_path: Path) -> None:
    one, other = Notes("one", away=3), Notes("other")
    async with rig(tmp_path, one, other) as r:
        for n in range(1, 8):
            await r.send(READINGS, batch(n, 95 if n % 2 else 10))
        await until(lambda: len(one.lines) == len(other.lines) == 7)
        assert [line.seq for line in one.lines] == list(range(1, 8)) == [line.seq for line in other.lines]


async def test_a_long_backlog_is_offered_whole_after_a_start(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        await r.send(READINGS, *[batch(10 * n, *[95, 10] * 5) for n in range(1, 60)])
        await until(lambda: r.unacknowledged == 0)
    late = Notes()
    async with rig(tmp_path, late):
        await until(lambda: len(late.lines) == 590)


async def test_a_dead_notifier_stops_no_alarm_is_started_again_and_told_by_another_road(tmp_path: Path) -> None:
    dead, other = Notes("dead", broken=True), Notes("other")
    async with rig(tmp_path, dead, other) as r:
        await r.send(READINGS, batch(1, 95))
        await until(lambda: r.unacknowledged == 0 and dead.runs > 2)
        assert "raised" in r.events()
        await until(lambda: len(other.lines) == len(r.events()))
        told = [n.entry for n in other.lines if n.entry.event == "notifier_failed"]
        assert "dead: ZeroDivisionError()" in told[0].detail
        assert wants(Route(target="other", priority=Priority.CRITICAL), told[0])


# --- real mosquitto -------------------------------------------------------------------------------


async def test_over_a_real_broker_restarts_of_both_sides_lose_and_double_nothing(tmp_path: Path) -> None:
    values = [95 if n % 2 else 10 for n in range(1, 61)]
    with Mosquitto(tmp_path / "broker") as broker:
        settings = MqttSettings(host="127.0.0.1", port=broker.port, client_id="alerts", tls=False)
        async with MqttInbox(settings, FILTERS):
            pass  # the session exists from here on
        for part in range(3):
            with Journal(tmp_path / "journal.db") as journal:
                desk = AlarmDesk(make_plant(), journal, lambda: NOW)
                async with running(service_of(desk, MqttInbox(settings, FILTERS))):
                    await publish(settings, values, part)
                    broker.restart()
                    await until(lambda j=journal, n=15 * part: j.head[0] > n)  # type: ignore[misc]
        with Journal(tmp_path / "journal.db") as journal:
            desk = AlarmDesk(make_plant(), journal, lambda: NOW)
            async with running(service_of(desk, MqttInbox(settings, FILTERS))):
                await until(lambda: journal.head[0] >= 61)
                await asyncio.sleep(0.2)  # time for a double to come
            events = [line.entry.event for line in journal.since(0, 1000) if line.entry.alarm == "p/1.H"]
            assert events == ["raised", "returned"] * 30
            assert journal.verify().broken is None
            assert [v.alarm for v in desk.active() if v.alarm != "p/1.H"] == ["IA-01:SIF-1"]


async def publish(settings: MqttSettings, values: list[int], part: int) -> None:
    sender = settings.model_copy(update={"client_id": "edge"})
    async with MqttUplink(sender) as uplink:
        for n in range(20 * part, 20 * part + 20):
            await uplink.send(READINGS, batch(n + 1, values[n]))
            await uplink.send(FINDINGS, encode_finding(FINDING))
