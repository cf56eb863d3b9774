"""The agent as a whole: sources, spool, uplink and health together."""

# ruff: noqa: ANN001, ANN201, ANN202, ANN204 - pytest calls these, nobody imports them

import asyncio
import time

import pytest
from edge_parts import T0, FakeUplink, opc_point, plant_of, running, until

from edge_agent.agent import Agent
from edge_agent.health import failing_text
from edge_agent.sources.source import Arrival, Vitals
from edge_agent.spool import Spool
from plant.codec import Loss
from plant.errors import FixError, Unavailable
from plant.readings import Reading, Readings


class CountingSource:
    """Delivers 1, 2, 3 …; ``fail`` plays a lost connection."""

    def __init__(self, name="dcs", limit=500):
        self.id, self.vitals, self.limit = name, Vitals(), limit
        self.fail, self.next, self.runs, self.marks_seen = False, 1, 0, []

    async def run(self, marks, deliver):
        self.runs += 1
        self.marks_seen.append(dict(marks))
        self.vitals.connected = True
        while self.next <= self.limit:
            if self.fail:
                self.fail = False
                raise Unavailable("device gone")
            row = Reading("a", T0 + self.next, float(self.next))
            receipt = await deliver(Arrival(Readings.from_rows([row]), {"a": row.time}))
            self.next += 1
            self.vitals.received += 1
            if self.next % 100 == 0:
                await receipt
        await asyncio.Event().wait()


def agent_of(source, spool, uplink, clock=time.time_ns):
    return Agent(plant_of([opc_point("a")]), "edge-1", [source], spool, uplink.connect, clock)


async def test_everything_arrives_in_order_over_outages_of_device_and_broker(tmp_path):
    source, uplink = CountingSource(), FakeUplink()
    with Spool(tmp_path / "s.db", "edge-1", time.time_ns) as spool:
        async with running(agent_of(source, spool, uplink).run()):
            await until(lambda: len(uplink.values("a")) > 50)
            uplink.up = False
            source.fail = True
            await until(lambda: source.runs == 2 and spool.waiting("dcs") > 0)
            uplink.up = True
            await until(lambda: len(uplink.values("a")) == 500)
            await until(lambda: spool.waiting("dcs") == 0)
    assert uplink.values("a") == [float(i) for i in range(1, 501)]
    assert source.marks_seen[1]["a"] >= T0 + 50


async def test_what_is_in_memory_goes_to_disk_when_the_agent_is_stopped(tmp_path):
    source, uplink = CountingSource(limit=60), FakeUplink()
    uplink.up = False
    with Spool(tmp_path / "s.db", "edge-1", time.time_ns) as spool:
        async with running(agent_of(source, spool, uplink).run()):
            await until(lambda: source.next == 61)
        assert spool.waiting("dcs") == 60
        assert spool.marks("dcs") == {"a": T0 + 60}


async def test_health_counts_what_came_went_and_fails(tmp_path):
    source, uplink = CountingSource(limit=20), FakeUplink()
    source.vitals.failing = {"b": "BadNodeIdUnknown"}
    ticks = iter(range(T0, T0 + 10**15, 6 * 10**9))
    with Spool(tmp_path / "s.db", "edge-1", time.time_ns) as spool:
        async with running(agent_of(source, spool, uplink, clock=lambda: next(ticks)).run()):
            await until(lambda: 20.0 in uplink.values("sys/edge-1/dcs/sent"))
    assert uplink.values("sys/edge-1/dcs/received")[-1] == 20
    assert uplink.values("sys/edge-1/dcs/connected")[-1] == 1
    rows = [r for b in uplink.batches.values() for r in b.readings.rows()]
    assert next(r.text for r in rows if r.point.endswith("/failing")) == "b: BadNodeIdUnknown"


async def test_a_wrong_setting_ends_the_agent_with_its_reason(tmp_path):
    class Wrong(CountingSource):
        async def run(self, marks, deliver):  # noqa: ARG002 - the shape of a source
            raise FixError("no such certificate")

    with Spool(tmp_path / "s.db", "edge-1", time.time_ns) as spool, pytest.raises(FixError, match="certificate"):
        await agent_of(Wrong(), spool, FakeUplink()).run()


async def test_a_full_disk_is_retried_until_there_is_room(tmp_path, caplog):
    source, uplink = CountingSource(limit=600), FakeUplink()
    uplink.up = False
    with Spool(tmp_path / "s.db", "edge-1", time.time_ns) as spool:
        db = spool._db()
        db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
        async with running(agent_of(source, spool, uplink).run()):
            await until(lambda: "disk is full" in caplog.text)
            db.execute("PRAGMA max_page_count=1000000")
            uplink.up = True
            await until(lambda: len(uplink.values("a")) == 600)
    assert uplink.values("a") == [float(i) for i in range(1, 601)]


async def test_losses_travel_with_the_values(tmp_path):
    class Losing(CountingSource):
        async def run(self, marks, deliver):  # noqa: ARG002 - the shape of a source
            await deliver(Arrival(Readings.empty(), losses=(Loss("a", 3, 1, 2, "overflow"),)))
            await asyncio.Event().wait()

    uplink = FakeUplink()
    with Spool(tmp_path / "s.db", "edge-1", time.time_ns) as spool:
        async with running(agent_of(Losing(), spool, uplink).run()):
            await until(lambda: uplink.losses == {"a": 3})


def test_the_list_of_failing_items_is_cut_to_a_bounded_length():
    text = failing_text({f"point-{i}": "BadNodeIdUnknown" for i in range(10_000)})
    assert text is not None
    assert len(text) < 4100
    assert text.endswith("more")
