"""The whole server: values per second, and the way from a demand's source time to the finding at a subscriber."""

import numpy as np

from tests.bench.demands import schedule
from tests.bench.figures import Better, Effort, Figure
from tests.bench.whole_server import Plan, Run, run_server

_POINTS, _PACED = 2000, 20_000
_SECONDS = 8
_UNPACED = 1000
"""Ticks of an unpaced run: 2 million values."""
_TARGET = 20_000.0
_ABSENCE = "what is concluded from absence (IA-01, IA-02) waits for its deadline and the skew of 2 s by design"
_SERVER = "ingest, analytics, alerts and console in one process, TLS"


def whole_server(effort: Effort) -> list[Figure]:
    """Unpaced without demands; then at 20,000/s with demands."""
    unpaced, paced = [], []
    for n in range(effort.repeats):
        effort.tell(f"whole server, unpaced, {n + 1} of {effort.repeats}")
        unpaced.append(run_server(Plan(_POINTS, effort.amount(_UNPACED), 0.0)))
    seconds, interval = max(4, effort.amount(_SECONDS)), _POINTS / _PACED
    for n in range(effort.repeats):
        effort.tell(f"whole server, latency to a finding at 20,000 values/s, {n + 1} of {effort.repeats}")
        plan = Plan(_POINTS, round(seconds / interval), interval, schedule(seconds, seed=n))
        paced.append(run_server(plan))
    rates = tuple(run.values / run.seconds for run in unpaced)
    note = f"unpaced, stored and judged; {_SERVER}"
    return [
        Figure("end to end, whole server", "values/s", rates, target=_TARGET, note=note),
        *_latency(paced),
        *_load(paced, seconds),
    ]


def _latency(runs: list[Run]) -> list[Figure]:
    count = sum(len(run.latencies) for run in runs)
    note = f"{count} demands under bypass (IA-09, told at once), 20,000 values/s beside them; {_SERVER}"
    quantiles = (("p50", 0.5, note), ("p99", 0.99, _ABSENCE), ("most", 1.0, ""))
    return [
        Figure(f"source to finding, {name}", "s", _quantiles(runs, share), Better.LOWER, note=text)
        for name, share, text in quantiles
    ]


def _quantiles(runs: list[Run], share: float) -> tuple[float, ...]:
    return tuple(float(np.quantile(run.latencies, share)) for run in runs)


def _load(runs: list[Run], seconds: float) -> list[Figure]:
    cores = max(run.server_cpu / run.seconds for run in runs)
    cpu = tuple(run.server_cpu / run.values * 1e6 for run in runs)
    unit = "CPU s per million values"
    return [
        Figure("whole server CPU, at 20,000/s", unit, cpu, Better.LOWER, note=f"{cores:.0%} of a core at most"),
        Figure("whole server, behind at the end", "s", tuple(run.seconds - seconds for run in runs), Better.LOWER),
    ]
