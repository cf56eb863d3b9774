"""Produced against stored: when every value that a simulated plant made is accounted for."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_SETTLE_WITHIN = 90.0
"""Longest wait for the last values to be stored [s]."""
_POLL = 0.5


@dataclass(frozen=True, slots=True)
class Settled:
    """The accounts once nothing more comes."""

    simulator: Mapping[str, Any]
    """The simulator's own report."""
    ledger: Mapping[str, Any]
    complete: bool
    """Every produced value was stored or declared lost before the wait was over."""


async def settle(client: httpx.AsyncClient, simulator_report: Path) -> Settled:
    """Wait until the simulator has stopped producing and every value is accounted for, within a bound."""
    deadline = time.monotonic() + _SETTLE_WITHIN
    while True:
        simulator = _read(simulator_report)
        ledger = (await client.get("/api/v1/ledger")).raise_for_status().json()
        complete = not simulator["producing"] and not open_points(simulator["produced"], ledger)
        if complete or time.monotonic() > deadline:
            return Settled(simulator, ledger, complete)
        await asyncio.sleep(_POLL)


def _read(file: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(file.read_text(encoding="utf-8"))


def open_points(produced: Mapping[str, int], ledger: Mapping[str, Any]) -> dict[str, int]:
    """Per point, produced values that are neither stored nor declared lost; negative where there are too many."""
    rows = {row["point"]: row for row in ledger["points"]}
    missing = {p: n - _accounted(rows.get(p)) for p, n in produced.items()}
    return {p: n for p, n in missing.items() if n}


def _accounted(row: Mapping[str, Any] | None) -> int:
    return 0 if row is None else int(row["written"]) + lost(row)


def lost(row: Mapping[str, Any]) -> int:
    """Values of one row of the ledger that were declared lost."""
    return sum(int(loss["count"]) for loss in row["losses"])
