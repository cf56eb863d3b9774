"""A thousand alarms in ten seconds: none lost, none doubled, the critical one not behind all the others."""

import asyncio
import json
from pathlib import Path

from alerts import kpi
from alerts.desk import AlarmDesk
from alerts.journal import Journal
from alerts.notifiers.webhook import Target, Transport, Webhook
from alerts.outbox import Outbox
from alerts.routing import Route
from alerts.service import Alerts
from plant.clock import SECOND
from plant.codec import Batch, encode_batch
from plant.io.memory import MemoryBroker
from plant.model import Priority
from plant.readings import Reading, Readings
from tests.alerts.alarm_plant import make_plant
from tests.alerts.receiver import Answer, receiver

T0 = 1_800_000_000 * SECOND
TOPIC = "plantwatch/v1/plant/readings/edge"
COUNT = 1000
ROOT = "root"
SECRET = "whsec_" + "A" * 32


def points() -> list[dict[str, object]]:
    lesser = [
        {"id": f"p{n}", "name": "p", "alarms": [{"id": f"p{n}.H", "kind": "high", "limit": 90}]}
        for n in range(COUNT)
    ]
    limit = {"id": f"{ROOT}.H", "kind": "high", "limit": 90, "priority": "critical"}
    return [*lesser, {"id": ROOT, "name": "root cause", "alarms": [limit]}]


def second(n: int) -> bytes:
    """A hundred new alarms in each of ten seconds; the root cause comes in the last of them."""
    names = [f"p{100 * n + i}" for i in range(100)] + ([ROOT] if n == 9 else [])
    rows = Readings.from_rows([Reading(name, T0 + n * SECOND, 95.0) for name in names])
    return encode_batch(Batch("edge", 1, n + 1, T0 + n * SECOND, rows))


async def test_a_flood_is_recorded_and_told_whole_with_the_critical_alarm_first(tmp_path: Path) -> None:
    plant, broker = make_plant(points()), MemoryBroker()
    inbox = broker.inbox((TOPIC,), client_id="alerts")
    session = broker.session("alerts", (TOPIC,))
    with Journal(tmp_path / "journal.db") as journal, Outbox(tmp_path / "outbox.db") as outbox:
        desk = AlarmDesk(plant, journal, lambda: T0 + 10 * SECOND)
        async with receiver(Answer(hang=0.001)) as server, asyncio.timeout(60):
            target = Target(f"http://127.0.0.1:{server.port}/", SECRET, Transport.PLAIN)
            hook = Webhook("plant", target, outbox, Route(target="duty", priority=Priority.LOW), lambda: T0)
            service = asyncio.create_task(Alerts(plant, inbox, desk, [hook]).run())
            async with broker.uplink() as uplink:
                for n in range(10):
                    await uplink.send(TOPIC, second(n))
            while session.pending:  # noqa: ASYNC110 - the broker has no event for an outsider
                await asyncio.sleep(0.002)
            told_before = len(server.requests)
            await server.wait(COUNT + 1)
            service.cancel()
            await asyncio.gather(service, return_exceptions=True)
        subjects = [json.loads(r.body)["subject"] for r in server.requests]
        assert sorted(subjects) == sorted([f"p{n}.H" for n in range(COUNT)] + [f"{ROOT}.H"])
        assert subjects.index(f"{ROOT}.H") <= told_before + 20, "a few go out while the last lines are read"
        assert told_before < COUNT / 2, "there was a queue to go past"
        lines = journal.activations(0, 2**62, 10**6)
        assert sorted(alarm for _, alarm in lines) == sorted(subjects)
        load = kpi.load(lines, kpi.span(T0 + 10 * SECOND, 1))
        assert (load.calls, load.peak, load.chattering) == (COUNT + 1, COUNT + 1, ())
        # one of the seven bins that an hour and ten seconds touch
        assert load.flood_share == 1 / 7
