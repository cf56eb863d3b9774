"""The mine under the rules: silent in normal operation, and of every fault exactly the truth."""

from analytics.energy.standards import EnergyData
from analytics.engine import Engine
from analytics.interlocks.parameters import default_parameters
from plant.findings import Finding
from plant.model import Plant
from plant.readings import Readings
from simulators.packaged import simulated
from simulators.plantsim import SimulatedPlant
from simulators.scenario import Player, Scenario
from simulators.scoring import score
from tests.simulators.coal_parts import PLANT

SHORT_BYPASS = 300.0


def play(scenario: Scenario, plant: Plant = PLANT, *, after: int = 200) -> tuple[SimulatedPlant, list[Finding]]:
    """The scenario through the rules, a minute at a time, and ``after`` seconds more for what is told late."""
    sim = simulated(scenario, plant)
    player, engine = Player(scenario, sim), Engine(plant, EnergyData.packaged(), default_parameters())
    found: dict[str, Finding] = {}
    left = int(scenario.duration) + after
    while left > 0:
        made = []
        for _ in range(min(60, left)):
            player.tick()
            made.append(sim.advance())
        left -= len(made)
        found |= {f.id: f for f in engine.step(Readings.concat(made)).findings}
    return sim, list(found.values())


def scenario(*faults: dict[str, object], duration: float, seed: int = 4) -> Scenario:
    return Scenario.model_validate(
        {
            "schema_version": 1,
            "name": "the mine under the rules",
            "process": "coal_mine",
            "seed": seed,
            "start": "2026-12-01T03:40:00Z",  # 11:40 at the mine: the shift changes at 12:00
            "duration": duration,
            "faults": faults,
        }
    )


def fault(at: float, length: float, kind: str, **keys: object) -> dict[str, object]:
    return {"at": at, "for": length, "fault": {"kind": kind, **keys}}


def shortened() -> Plant:
    """The plant with a bypass of five minutes at most, so that the test need not wait for a shift."""
    data = PLANT.model_dump()
    for interlock in data["interlocks"]:
        interlock["bypass_limit"] = SHORT_BYPASS
    return Plant.model_validate(data)


FAULTS = (
    fault(60, 60, "bad_status", point="AT-111.methane"),
    fault(90, 60, "out_of_range", point="DF-130.flow", value=2e4),
    fault(120, 90, "stale", point="AT-132.methane"),
    fault(150, 1, "meter_reset", meter="EM-114"),
    fault(160, 1100, "meter_stuck", meter="EM-101"),
    fault(170, 300, "device_offline", device="EM-104"),
    fault(180, 500, "bypass_left_on", interlock="IL-122"),
    fault(300, 60, "interlock_missed", interlock="IL-110"),
    fault(420, 60, "interlock_missed", interlock="IL-123"),
    fault(800, 90, "interlock_slow", interlock="IL-121"),
    fault(1100, 120, "interlock_slow", interlock="IL-113"),
    fault(1420, 60, "demand_under_bypass", interlock="IL-131"),
    fault(1500, 60, "demand_under_bypass", interlock="IL-151"),
    fault(1700, 60, "demand", interlock="IL-112"),
    fault(2000, 60, "demand", interlock="IL-141"),
)


def test_every_fault_is_found_once_and_nothing_else() -> None:
    sim, found = play(scenario(*FAULTS, duration=2200), shortened())
    result = score(sim.truth(), found, until=sim.time)
    assert result.perfect, result.as_json()
    told = sorted((t.what, t.subject) for t, _ in result.matched)
    assert told == [
        ("EN-GAP", "EM-104"),
        ("EN-RESET", "EM-114"),
        ("EN-STUCK", "EM-101"),
        ("IA-01", "IL-110"),
        ("IA-01", "IL-123"),
        ("IA-02", "IL-113"),
        ("IA-02", "IL-121"),
        ("IA-06", "IL-122"),
        ("IA-09", "IL-131"),
        ("IA-09", "IL-151"),
        ("IA-14", "AT-111.methane"),
        ("IA-14", "AT-132.methane"),
        ("IA-14", "DF-130.flow"),
    ]


def test_over_the_change_of_shift_nothing_is_found() -> None:
    _, found = play(scenario(duration=2400))
    assert found == []


def test_true_causes_by_hand_trip_much_and_nothing_is_found_wrong() -> None:
    normal = scenario(duration=1200)
    sim = simulated(normal, PLANT)
    engine = Engine(PLANT, EnergyData.packaged(), default_parameters())
    found: list[Finding] = []
    orders = {
        60: ("LF-121.stop", 1.0),
        65: ("LF-122.stop", 1.0),
        700: ("LF-121.stop", 0.0),
        760: ("HS-001.pressed", 1.0),
        820: ("HS-001.pressed", 0.0),
        830: ("RS-001.reset", 1.0),
        900: ("CV-101.pull_cord", 1.0),
        960: ("CV-101.pull_cord", 0.0),
    }
    tripped: set[str] = set()
    for _ in range(20):
        made = []
        for _ in range(60):
            order = orders.get((sim.time - normal.begin) // 1_000_000_000)
            if order is not None:
                sim.switch(*order)
            made.append(sim.advance())
            tripped |= {i.id for i in PLANT.interlocks if sim.value(i.command) == 1.0}
        found += engine.step(Readings.concat(made)).findings
    assert tripped >= {"IL-123", "IL-001", "IL-151"}
    assert found == []
