"""The loss ledger against a plain model: any order, any repeats, opened again in between."""

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.ledger import Entry, Ledger
from ingest.ledger_view import DeclaredLoss
from ingest.validation import Checked
from plant.codec import Batch, Loss
from plant.readings import Reading, Readings

T0 = 1_700_000_000_000_000_000


def entry(agent: str, epoch: int, sequence: int, losses: tuple[Loss, ...] = ()) -> Entry:
    rows = Readings.from_rows(Reading(f"P{sequence % 3}", T0 + i, 1.0) for i in range(sequence % 5))
    return Entry(Checked(Batch(agent, epoch, sequence, T0 + sequence, rows, losses), rows, (), losses), T0)


_NAMES = st.tuples(st.sampled_from(["x", "y"]), st.integers(1, 2), st.integers(1, 15))


@settings(max_examples=40, deadline=None)
@given(groups=st.lists(st.lists(_NAMES, max_size=8), max_size=6))
def test_any_order_with_repeats_gives_the_counts_and_gaps_of_the_set(
    groups: list[list[tuple[str, int, int]]],
) -> None:
    seen: set[tuple[str, int, int]] = set()
    received: Counter[str] = Counter()
    again: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        for group in groups:
            with Ledger(path) as ledger:
                entries = [entry(*name) for name in group]
                known = ledger.known([e.checked.batch for e in entries])
                assert known == [name in seen for name in group]
                ledger.enter(entries)
            for name, one in zip(group, entries, strict=True):
                (again if name in seen else received).update(one.checked.kept.counts())
                seen.add(name)
        with Ledger(path) as ledger:
            found = ledger.snapshot({})
    assert {p.point: p.received for p in found.points if p.received} == {k: v for k, v in received.items() if v}
    assert {p.point: p.duplicate for p in found.points if p.duplicate} == {k: v for k, v in again.items() if v}
    for agent in found.agents:
        missing = {(agent.agent, g.epoch, n) for g in agent.missing for n in range(g.first, g.last + 1)}
        for epoch in {e for a, e, _ in seen if a == agent.agent}:
            mine = {n for a, e, n in seen if (a, e) == (agent.agent, epoch)}
            assert {n for _, e, n in missing if e == epoch} == set(range(1, max(mine))) - mine
        assert agent.batches == sum(a == agent.agent for a, _, _ in seen)


def test_losses_that_touch_become_one_and_others_stay_apart(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        spans = ((0, 10, "full"), (10, 20, "full"), (30, 40, "full"), (12, 15, "offline"))
        for n, (start, end, reason) in enumerate(spans, 1):
            ledger.enter([entry("x", 1, n, (Loss("P", 2, T0 + start, T0 + end, reason),))])
        row = ledger.snapshot({}).point("P")
    assert row.lost == 8
    assert row.losses == (
        DeclaredLoss("x", "full", 4, T0, T0 + 20),
        DeclaredLoss("x", "offline", 2, T0 + 12, T0 + 15),
        DeclaredLoss("x", "full", 2, T0 + 30, T0 + 40),
    )


def test_reasons_for_unreadable_messages_are_counted_within_a_bound(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for n in range(300):
            ledger.enter((), [f"reason {n}", "reason 0"])
        found = ledger.snapshot({}).unreadable
    assert len(found) <= 201
    assert sum(found.values()) == 600
    assert found["reason 0"] == 301
