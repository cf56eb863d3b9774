"""The outbox: in order, bounded, counted, and over any restart where it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.outbox import Lane, Message, Outbox, Receipt
from plant.errors import FixError, Unavailable


def message(n: int) -> Message:
    return Message(f"m{n}", b"body %d" % n)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.db", most=5, receipts=3) as opened:
        yield opened


def taken(outbox: Outbox) -> list[str]:
    found = []
    while (oldest := outbox.next()) is not None:
        found.append(oldest.id)
        outbox.record(Receipt(oldest.id, 1, 200, "ok"), done=True)
    return found


def test_messages_leave_in_the_order_in_which_they_came(outbox: Outbox) -> None:
    outbox.put([message(3), message(1)], 7)
    outbox.put([message(2)], 8)
    assert (outbox.waiting, outbox.cursor) == (3, 8)
    assert taken(outbox) == ["m3", "m1", "m2"]


def test_what_was_not_accepted_stays_the_oldest(outbox: Outbox) -> None:
    outbox.put([message(1), message(2)], 2)
    outbox.record(Receipt("m1", 1, 500, "no"), done=False)
    assert outbox.next() == message(1)


def test_the_same_message_again_is_not_doubled(outbox: Outbox) -> None:
    outbox.put([message(1), message(2)], 2)
    outbox.put([message(2), message(3)], 3)
    assert taken(outbox) == ["m1", "m2", "m3"]


def test_over_the_bound_the_oldest_are_dropped_and_counted(outbox: Outbox) -> None:
    outbox.put([message(n) for n in range(4)], 4)
    outbox.put([message(n) for n in range(4, 8)], 8)
    assert (outbox.waiting, outbox.dropped) == (5, 3)
    outbox.put([message(n) for n in range(8, 20)], 20)
    assert (outbox.waiting, outbox.dropped) == (5, 15)
    assert taken(outbox) == [f"m{n}" for n in range(15, 20)]


def test_an_urgent_message_goes_first_and_is_dropped_last(outbox: Outbox) -> None:
    urgent = [Message(f"u{n}", b"", Lane.URGENT) for n in range(2)]
    outbox.put([message(1), message(2), urgent[0], message(3), message(4), urgent[1]], 6)
    outbox.put([message(5)], 7)
    assert outbox.dropped == 2
    assert taken(outbox) == ["u0", "u1", "m3", "m4", "m5"]


def test_only_the_newest_receipts_are_kept_newest_first(outbox: Outbox) -> None:
    for n in range(10):
        outbox.record(Receipt(f"m{n}", n, None, "x" * 1000), done=False)
    assert [(r.id, r.status, len(r.text)) for r in outbox.receipts()] == [
        ("m9", None, 500),
        ("m8", None, 500),
        ("m7", None, 500),
    ]


def test_a_full_disk_takes_nothing_and_the_cursor_stays(outbox: Outbox) -> None:
    outbox.put([message(1)], 1)
    (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
    outbox._db.execute(f"PRAGMA max_page_count = {pages + 1}")  # SQLite then answers as on a full disk
    with pytest.raises(Unavailable, match="full"):
        outbox.put([Message("big", b"x" * 100_000)], 2)
    assert (outbox.waiting, outbox.cursor) == (1, 1)


def test_what_is_no_outbox_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_bytes(b"no database " * 100)
    with pytest.raises(FixError, match=r"no\.db"):
        Outbox(tmp_path / "no.db")


ACTIONS = st.lists(st.sampled_from(["put", "done", "failed", "restart"]), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(ACTIONS)
def test_after_any_actions_and_restarts_it_holds_what_a_bounded_queue_would(
    tmp_path: Path, actions: list[str]
) -> None:
    path = tmp_path / "property.db"
    path.unlink(missing_ok=True)
    model, dropped, number = list[str](), 0, 0
    outbox = Outbox(path, most=3)
    for action in actions:
        if action == "put":
            number += 1
            outbox.put([message(number)], number)
            model.append(f"m{number}")
            dropped += len(model) > 3
            model = model[-3:]
        elif action == "restart":
            outbox.close()
            outbox = Outbox(path, most=3)
        elif model:
            outbox.record(Receipt(model[0], 1, 200, ""), done=action == "done")
            model = model[action == "done" :]
        oldest = outbox.next()
        assert (None if oldest is None else oldest.id) == (model[0] if model else None)
        assert (outbox.waiting, outbox.dropped, outbox.cursor) == (len(model), dropped, number)
    outbox.close()
