"""The account of a run: each value produced is in the historian's file, once, and nothing was lost."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ingest.ledger import Ledger
from plant.io.duckdb import DuckDbHistorian
from tests.bench.figures import BenchError

_START, _END = 0, 2**62
_COMPARED = 50
"""Points whose every value is compared; the number of values is compared for all."""


async def check(history: Path, ledger: Path, produced: Mapping[str, int], ramps: Sequence[str]) -> None:
    """Compare the files with what was produced.

    Args:
        history: the historian's file; nobody may have it open.
        ledger: the ledger's file.
        produced: values of each point.
        ramps: points whose values are 0, 1, 2 … in time order.

    Raises:
        BenchError: a value is missing, doubled or wrong, or the ledger knows of a loss.
    """
    async with DuckDbHistorian(history) as historian:
        counts = await historian.counts()
        wrong = {p: (n, counts.get(p, 0)) for p, n in produced.items() if counts.get(p, 0) != n}
        if wrong:
            point, (made, found) = next(iter(wrong.items()))
            raise BenchError(
                f"{len(wrong)} points have another count than produced; {point}: {made}, stored {found}"
            )
        chosen = ramps[:: max(1, len(ramps) // _COMPARED)]
        stored = await historian.read(chosen, _START, _END)
    for point in chosen:
        if not np.array_equal(stored.select((point,)).value, np.arange(produced[point], dtype=np.float64)):
            raise BenchError(f"the stored values of {point} are not the ones that were sent, in their order")
    with Ledger(ledger) as book:
        account = book.snapshot(counts)
    gaps = [gap for agent in account.agents for gap in agent.missing]
    lost = sum(row.lost for row in account.points)
    if gaps or lost or account.unreadable:
        raise BenchError(f"the ledger has {len(gaps)} gaps, {lost} lost values, unreadable: {account.unreadable}")
