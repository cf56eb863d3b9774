"""The whole of ingest over the memory adapters: what is stored, put aside, counted and acknowledged."""

import asyncio
import base64
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.dead_letter import DeadLetter, DeadLetters
from ingest.ledger import Ledger
from ingest.ledger_view import DeclaredLoss, SequenceGap
from ingest.pipeline import Ingest, Pace
from plant.codec import Batch, Loss, decode_batch, encode_batch
from plant.errors import FixError
from plant.io.memory import MemoryBroker, MemoryHistorian, MemoryUplink
from plant.model import Plant
from plant.readings import Reading, Readings
from plant.service import Backoff
from plant.status import BAD_SENSOR_FAILURE, GOOD

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000
TOPIC = "plantwatch/v1/p1/readings/edge"

PLANT = Plant.model_validate(
    {
        "schema_version": 1,
        "id": "p1",
        "name": "Plant",
        "areas": [
            {
                "id": "a",
                "name": "Area",
                "units": [
                    {
                        "id": "u",
                        "name": "Unit",
                        "points": [
                            {"id": "A", "name": "A"},
                            {"id": "B", "name": "B"},
                            {"id": "T", "name": "T", "kind": "text"},
                        ],
                    }
                ],
            }
        ],
    }
)


def batch(sequence: int, *rows: Reading, losses: tuple[Loss, ...] = (), epoch: int = 1) -> Batch:
    return Batch("edge", epoch, sequence, T0, Readings.from_rows(rows), losses)


@dataclass
class Rig:
    broker: MemoryBroker
    uplink: MemoryUplink
    historian: MemoryHistorian
    ledger: Ledger
    letters: DeadLetters
    ingest: Ingest

    async def send(self, *batches: Batch) -> None:
        for one in batches:
            await self.uplink.send(TOPIC, encode_batch(one))

    async def settled(self) -> None:
        await until(lambda: not self.broker.session("inbox", ("plantwatch/v1/p1/readings/+",)).pending)

    def dead(self) -> list[dict[str, object]]:
        path = self.letters.path
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    async def times(self, point: str) -> list[float]:
        return [r.value for r in (await self.historian.read((point,), 0, 2**62)).rows()]


async def until(true: Callable[[], bool], within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - polls other objects' state, with a deadline
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(folder: Path, historian: MemoryHistorian | None = None) -> AsyncIterator[Rig]:
    broker, store = MemoryBroker(), historian or MemoryHistorian()
    letters = DeadLetters(folder / "dead.jsonl")
    with Ledger(folder / "ledger.sqlite") as ledger:
        inbox = broker.inbox(("plantwatch/v1/p1/readings/+",))
        quick = Backoff(0.001, 0.005)
        ingest = Ingest(
            PLANT, inbox, store, ledger, letters, lambda: T0 + 5 * S, pace=Pace(within=0.001), backoff=quick
        )
        task = asyncio.create_task(ingest.run())
        await until(lambda: "inbox" in broker._sessions)
        try:
            async with broker.uplink() as uplink:
                yield Rig(broker, uplink, store, ledger, letters, ingest)
            assert not task.done() or task.exception() is None
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_good_batches_are_stored_counted_and_acknowledged(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.send(batch(1, Reading("A", T0, 1.0), Reading("B", T0, 2.0)), batch(2, Reading("A", T0 + S, 3.0)))
        await rig.settled()
        assert await rig.times("A") == [1.0, 3.0]
        found = await rig.ingest.snapshot()
    row = found.point("A")
    assert (row.received, row.written, row.duplicate, row.rejected, row.lost) == (2, 2, 0, 0, 0)
    (agent,) = found.agents
    assert (agent.agent, agent.last_sequence, agent.missing, agent.batches) == ("edge", 2, (), 2)
    assert (agent.sent, agent.arrival) == (T0, T0 + 5 * S)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        pytest.param(Reading("C", T0, 1.0), "unknown point", id="unknown point"),
        pytest.param(Reading("A", 0, 1.0), "impossible time", id="1970"),
        pytest.param(Reading("A", T0 + 2 * 86_400 * S, 1.0), "impossible time", id="two days ahead"),
        pytest.param(Reading("A", -(2**62), 1.0), "impossible time", id="far past"),
        pytest.param(Reading("A", T0, 1.0, GOOD, "on"), "wrong type", id="text on a numeric point"),
        pytest.param(Reading("T", T0, 1.0), "wrong type", id="number on a text point"),
        pytest.param(Reading("A", T0, math.nan), "good status without a finite value", id="good without value"),
        pytest.param(Reading("A", T0, math.inf), "good status without a finite value", id="good infinity"),
        pytest.param(Reading("sys/ no", T0, 1.0), "unknown point", id="misspelt system point"),
    ],
)
async def test_a_wrong_row_goes_aside_with_its_reason_and_its_neighbours_stay(
    tmp_path: Path, wrong: Reading, reason: str
) -> None:
    async with running(tmp_path) as rig:
        await rig.send(batch(1, Reading("B", T0, 1.0), wrong, Reading("B", T0 + S, 2.0)))
        await rig.settled()
        assert await rig.times("B") == [1.0, 2.0]
        found = await rig.ingest.snapshot()
        (letter,) = rig.dead()
    assert (letter["reason"], letter["rows"], letter["points"]) == (reason, 1, [wrong.point])
    again = decode_batch(base64.b64decode(str(letter["payload"])))
    assert repr(list(again.readings.rows())) == repr([wrong])
    assert dict(found.point(wrong.point).rejections) == {reason: 1}


async def test_bad_values_text_points_health_and_results_are_stored(tmp_path: Path) -> None:
    rows = (
        Reading("A", T0, math.nan, BAD_SENSOR_FAILURE),
        Reading("T", T0, math.nan, GOOD, "running"),
        Reading("sys/edge/dcs/failing", T0, 1.0, GOOD, "A: BadNodeIdUnknown"),
    )
    async with running(tmp_path) as rig:
        await rig.send(batch(1, *rows))
        await rig.settled()
        stored = await rig.historian.read([r.point for r in rows], 0, 2**62)
        assert not rig.dead()
    assert sorted(r.status for r in stored.rows()) == [GOOD, GOOD, BAD_SENSOR_FAILURE]


async def test_a_batch_that_comes_again_adds_to_duplicates_only(tmp_path: Path) -> None:
    one = batch(1, Reading("A", T0, 1.0), Reading("C", T0, 1.0), losses=(Loss("A", 3, T0 - S, T0, "spool full"),))
    async with running(tmp_path) as rig:
        await rig.send(one, one)
        await rig.settled()
        await rig.send(one)
        await rig.settled()
        found = await rig.ingest.snapshot()
        assert len(rig.dead()) == 1
    row = found.point("A")
    assert found.point("C").rejected == 1
    assert (row.received, row.written, row.duplicate, row.lost) == (1, 1, 2, 3)
    assert row.losses == (DeclaredLoss("edge", "spool full", 3, T0 - S, T0),)
    assert found.agents[0].duplicates == 2


async def test_every_value_received_is_accounted_for(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.send(
            batch(1, *(Reading("A", T0 + n * S, n) for n in range(10)), Reading("A", 0, 1.0)),
            batch(2, Reading("A", T0 + 9 * S, 9.5), Reading("A", T0 + 10 * S, 10.0)),
        )
        await rig.settled()
        await rig.historian.retain(T0 + 3 * S)
        row = (await rig.ingest.snapshot()).point("A")
    assert (row.received, row.written, row.expired, row.rejected, row.overwritten) == (13, 8, 3, 1, 1)


@pytest.mark.parametrize(
    "false",
    [
        pytest.param(Loss("A", 10**30, T0, T0, "x"), id="count beyond 64 bits"),
        pytest.param(Loss("A", 0, T0, T0, "x"), id="nothing"),
        pytest.param(Loss("A", 1, T0, T0 - 1, "x"), id="end before start"),
        pytest.param(Loss("", 1, T0, T0, "x"), id="no name"),
    ],
)
async def test_a_loss_that_cannot_be_true_goes_aside_and_the_rest_of_its_batch_stays(
    tmp_path: Path, false: Loss
) -> None:
    true = Loss("dcs", 4, 0, 0, "spool unreadable " + "y" * 500)
    async with running(tmp_path) as rig:
        await rig.send(batch(1, Reading("A", T0, 1.0), losses=(false, true)))
        await rig.settled()
        assert await rig.times("A") == [1.0]
        found = await rig.ingest.snapshot()
        (letter,) = rig.dead()
    assert letter["reason"] == "impossible loss"
    assert decode_batch(base64.b64decode(str(letter["payload"]))).losses == (false,)
    assert found.point("dcs").lost == 4
    assert len(found.point("dcs").losses[0].reason) == 200


async def test_a_hole_in_the_numbers_is_reported_until_the_late_batch_closes_it(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.send(*(batch(n, Reading("A", T0 + n * S, n)) for n in (1, 2, 6, 9)))
        await rig.settled()
        missing = (await rig.ingest.snapshot()).agents[0].missing
        assert missing == (SequenceGap(1, 3, 5), SequenceGap(1, 7, 8))
        await rig.send(*(batch(n, Reading("A", T0 + n * S, n)) for n in (4, 3, 5, 8, 7)))
        await rig.settled()
        assert (await rig.ingest.snapshot()).agents[0].missing == ()


async def test_nothing_is_acknowledged_while_the_historian_is_away_and_all_is_stored_after(tmp_path: Path) -> None:
    historian = MemoryHistorian()
    async with running(tmp_path, historian) as rig:
        historian.available = False
        await rig.send(*(batch(n, Reading("A", T0 + n * S, n), Reading("C", T0, 1.0)) for n in range(1, 21)))
        await until(lambda: rig.ingest.status.historian_failures > 5)
        assert len(rig.broker.session("inbox", ("plantwatch/v1/p1/readings/+",)).pending) == 20
        historian.available = True
        await rig.settled()
        assert await rig.times("A") == [float(n) for n in range(1, 21)]
        assert len(rig.dead()) == 20  # one for each message, not one for each attempt
        assert rig.ingest.status.historian_failures == 0


async def test_a_lost_broker_is_waited_for_and_what_was_unacknowledged_comes_again(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        rig.broker.stop()
        rig.broker.publish(TOPIC, encode_batch(batch(1, Reading("A", T0, 1.0))))
        await until(lambda: rig.ingest.status.broker_failures > 1)
        rig.broker.start()
        await rig.settled()
        assert await rig.times("A") == [1.0]


class BreaksOnB(MemoryHistorian):
    """A store with a defect that one point provokes."""

    async def write(self, readings: Readings) -> int:
        if "B" in readings.counts():
            raise ZeroDivisionError("defect")
        return await super().write(readings)


async def test_a_message_that_breaks_the_store_is_put_aside_alone(tmp_path: Path) -> None:
    async with running(tmp_path, BreaksOnB()) as rig:
        await rig.send(*(batch(n, Reading("AB"[n == 3], T0 + n * S, n)) for n in range(1, 6)))
        await rig.settled()
        assert await rig.times("A") == [1.0, 2.0, 4.0, 5.0]
        (letter,) = rig.dead()
        assert "ZeroDivisionError" in str(letter["reason"])


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        pytest.param(TOPIC, b"", id="empty"),
        pytest.param(TOPIC, b"{}", id="JSON"),
        pytest.param("plantwatch/v1/p1/readings/other", encode_batch(batch(1)), id="another agent's topic"),
        pytest.param(TOPIC, encode_batch(replace(batch(1), sequence=2**80)), id="sequence beyond 64 bits"),
        pytest.param(TOPIC, encode_batch(replace(batch(1), epoch=-1)), id="negative epoch"),
    ],
)
async def test_an_unreadable_message_is_put_aside_counted_and_acknowledged(
    tmp_path: Path, topic: str, payload: bytes
) -> None:
    async with running(tmp_path) as rig:
        await rig.uplink.send(topic, payload)
        await rig.send(batch(7, Reading("A", T0, 7.0)))
        await rig.settled()
        (letter,) = rig.dead()
        assert base64.b64decode(str(letter["payload"])) == payload
        found = await rig.ingest.snapshot()
        assert sum(found.unreadable.values()) == 1
        assert await rig.times("A") == [7.0]


_WIRE = encode_batch(batch(1, *(Reading("A", T0 + n * S, n) for n in range(4)), Reading("T", T0, 1, GOOD, "x")))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(_WIRE)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(("flip", "cut", "insert"))):
            case "flip":
                data[place] = draw(st.integers(0, 255))
            case "cut":
                del data[place : place + draw(st.integers(1, 64))]
            case _:
                data[place:place] = draw(st.binary(max_size=16))
        if not data:
            return b""
    return bytes(data)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payloads=st.lists(mutated() | st.binary(max_size=300), min_size=1, max_size=6))
def test_no_payload_stops_ingest_or_takes_a_neighbour_with_it(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]
) -> None:
    async def check() -> None:
        async with running(tmp_path_factory.mktemp("ingest")) as rig:
            await rig.send(batch(1000, Reading("B", T0, 1.0), epoch=2))
            for payload in payloads:
                await rig.uplink.send(TOPIC, payload)
            await rig.send(batch(1001, Reading("B", T0 + 100 * S, 2.0), epoch=2))
            await rig.settled()
            assert {1.0, 2.0} <= set(await rig.times("B"))

    asyncio.run(check())


def test_dead_letters_rotate_and_stay_within_their_bound(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path / "dead.jsonl", max_bytes=1000, keep=2)
    for n in range(40):
        letters.add([DeadLetter(T0, "t", f"reason {n}", b"x" * 100)])
    files = sorted(p.name for p in tmp_path.iterdir())
    assert files == ["dead.jsonl", "dead.jsonl.1", "dead.jsonl.2"]
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 3 * 1400
    assert letters.written == 40
    assert letters.discarded_files > 0
    newest = json.loads((tmp_path / "dead.jsonl").read_text().splitlines()[-1])
    assert newest["reason"] == "reason 39"


def test_a_damaged_ledger_says_so(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(np.random.default_rng(1).bytes(5000))
    with pytest.raises(FixError, match=r"ledger\.sqlite cannot be opened"):
        Ledger(tmp_path / "ledger.sqlite")
