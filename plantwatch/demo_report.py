"""What became of a demo's values and faults: produced against stored, truth against findings."""

import json
from datetime import datetime
from typing import Any

import httpx

from plant.clock import from_datetime
from plant.codec import decode_finding
from plant.model import Plant
from plantwatch.accounts import Settled, lost, open_points
from simulators.scoring import score
from simulators.truth import Truth

_PAGE = 1000


async def report(client: httpx.AsyncClient, settled: Settled, plant: Plant, *, speed: float) -> dict[str, Any]:
    """The JSON report of a run."""
    produced = settled.simulator["produced"]
    rows = [row for row in settled.ledger["points"] if row["point"] in produced]
    found = (await client.get("/api/v1/findings", params={"limit": _PAGE})).raise_for_status().json()
    findings = [decode_finding(json.dumps(f).encode()) for f in found]
    ended = str(settled.simulator["ended"])
    truths = [Truth.from_json(t) for t in settled.simulator["truth"]]
    status = (await client.get("/api/v1/status")).raise_for_status().json()
    return {
        "plant": plant.id,
        "speed": speed,
        "started": settled.simulator["started"],
        "ended": ended,
        "produced": sum(produced.values()),
        "received": sum(row["received"] for row in rows),
        "stored": sum(row["written"] for row in rows),
        "lost": sum(lost(row) for row in rows),
        "unaccounted": open_points(produced, settled.ledger),
        "findings": found,
        "truth": settled.simulator["truth"],
        "score": score(truths, findings, until=from_datetime(datetime.fromisoformat(ended))).as_json(),
        "energy": (await client.get("/api/v1/energy")).raise_for_status().json(),
        "latency": status["analytics"]["latency"],
        "worst_lateness_of_simulator": settled.simulator["worst_lateness"],
    }
