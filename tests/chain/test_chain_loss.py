"""Not one value is lost: every value made is stored, whatever ends or restarts on the way."""

import asyncio
from pathlib import Path

import pytest
from chain_parts import Chain, chain

SPEED, LENGTH = 10.0, 500
"""The plant's clock runs this fast, for so many of its seconds: 50 s of real time."""
SCENARIO = """\
schema_version: 1
name: server restart with one node late
duration: 3600
faults:
  - {at: 120, for: 20, fault: {kind: server_restart, late_nodes: [PT-401C.pressure], late_by: 30}}
"""


async def _blows(chain: Chain) -> None:
    """Kill agent and server twice each and restart the broker, spread over the run."""
    for victim in ("agent", "broker", "server", "agent", "server"):
        await asyncio.sleep(6)
        if victim == "broker":
            await asyncio.to_thread(chain.broker.restart)
            continue
        await chain.kill(victim)
        await asyncio.sleep(2)
        await chain.again(victim)
    await chain.ready()


@pytest.mark.timeout(300)
async def test_what_is_produced_is_stored_though_everything_falls_down_in_turn(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO)
    async with chain(tmp_path, speed=SPEED) as running:
        await running.start_server()
        await running.start_agent()
        await running.start_simulator(scenario, seconds=LENGTH)
        await _blows(running)
        settled = await running.settled()
        produced = settled.simulator["produced"]
        rows = {r["point"]: r for r in settled.ledger["points"]}
        assert sum(produced.values()) > 200 * 0.4 * LENGTH  # about 200 points, most of them once a second
        assert {p: (n, rows[p]["written"]) for p, n in produced.items() if rows[p]["written"] != n} == {}
        assert {p: r["losses"] for p, r in rows.items() if r["losses"]} == {}
        assert all(not agent["missing"] for agent in settled.ledger["agents"])
        assert settled.ledger["unreadable"] == {}
        findings = await running.get("/api/v1/findings")
        assert [
            f for f in findings if f["state"] != "withdrawn"
        ] == []  # our own restarts are no fault of the plant
