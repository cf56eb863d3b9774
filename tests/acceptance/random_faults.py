"""Any fault of the simulated plant at any time, drawn from a seed: short, long, or about as long as rules wait."""

import random

from accepted_run import PLANT, scenario

from simulators.expected import watched
from simulators.scenario import Scenario
from simulators.truth import all_meters

POINTS = sorted(watched(PLANT))
METERS = [m.id for m in all_meters(PLANT)]
INTERLOCKS = [i.id for i in PLANT.interlocks]
WITH_BYPASS = [i.id for i in PLANT.interlocks if i.bypass is not None]
BAD = (0x8000_0000, 0x808C_0000, 0x8031_0000, 0xC000_0000)
"""Bad, BadSensorFailure, BadNoCommunication, and the reserved severity, which counts as Bad."""
UNCERTAIN_LAST_USABLE = 0x4090_0000

Drawn = tuple[float, dict[str, object]]


def random_faults(seed: int, hours: float) -> Scenario:
    """Faults one after the other, with 5 to 15 minutes between them."""
    rng = random.Random(seed)  # noqa: S311 - a simulation, no secret
    at, faults = rng.uniform(60, 900), []
    while True:
        length, fault = _any(rng)
        if at + length + 300 > hours * 3600:
            return scenario(*faults, duration=hours * 3600, seed=seed)
        faults.append((round(at, 3), round(length, 3), fault))
        at += length + rng.uniform(300, 900)


def _any(rng: random.Random) -> Drawn:
    return rng.choice([_signal, _signal, _meter, _interlock, _interlock, _communication])(rng)


def _length(rng: random.Random) -> float:
    return rng.choice([rng.uniform(1, 20), rng.uniform(20, 120), rng.uniform(100, 1500)])


def _signal(rng: random.Random) -> Drawn:
    point = rng.choice(POINTS)
    faults: list[dict[str, object]] = [
        {"kind": "bad_status", "point": point, "status": rng.choice(BAD)},
        {"kind": "bad_status", "point": point, "status": UNCERTAIN_LAST_USABLE},
        {"kind": "out_of_range", "point": point, "value": 1e6},
        {"kind": "stale", "point": point},
        {"kind": "frozen", "point": point},
        {"kind": "drift", "point": point, "per_hour": 0.001},
    ]
    return _length(rng), rng.choice(faults)


def _meter(rng: random.Random) -> Drawn:
    meter = rng.choice(METERS)
    drawn: list[Drawn] = [
        (1.0, {"kind": "meter_reset", "meter": meter}),
        (rng.uniform(60, 2500), {"kind": "meter_stuck", "meter": meter}),
        (_length(rng), {"kind": "bad_status", "point": f"{meter}.total"}),
        (_length(rng), {"kind": "stale", "point": f"{meter}.rate"}),
        (_length(rng), {"kind": "device_offline", "device": meter}),
    ]
    return rng.choice(drawn)


def _interlock(rng: random.Random) -> Drawn:
    kind = rng.choice(
        [
            "demand",
            "interlock_missed",
            "interlock_slow",
            "interlock_spurious",
            "demand_under_bypass",
            "bypass_left_on",
        ]
    )
    chosen = WITH_BYPASS if "bypass" in kind else INTERLOCKS
    return _length(rng), {"kind": kind, "interlock": rng.choice(chosen)}


def _communication(rng: random.Random) -> Drawn:
    source = rng.choice([s.id for s in PLANT.sources])
    drawn: list[Drawn] = [
        (_length(rng), {"kind": "device_offline", "device": source}),
        (60.0, {"kind": "clock_wrong", "source": source, "offset": rng.choice([2.5, -1.5])}),
        (20.0, {"kind": "server_restart"}),
    ]
    return rng.choice(drawn)
