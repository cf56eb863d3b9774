"""End to end without a device: columns into agent, spool, mosquitto, ingest, DuckDB; each run's account exact."""

from statistics import median

from tests.bench.chain import Load, Outcome, run_chain
from tests.bench.figures import Better, Effort, Figure

_POINTS = 2000
_FULL = 1000
"""Ticks of an unpaced run: 2 million values."""
_TARGET = 20_000.0
_PACED = 20_000
_SECONDS = 5
_NOTE = "2,000 points; every value counted in the historian; agent, mosquitto, ingest each a process"


def end_to_end(effort: Effort) -> list[Figure]:
    """As fast as back-pressure lets it, plain and with TLS, then at the rate that is asked for."""
    plain = _unpaced(effort, tls=False)
    secured = _unpaced(effort, tls=True)
    paced = _paced(effort)
    return [
        Figure("end to end", "values/s", _rates(plain), target=_TARGET, note=f"unpaced, no TLS; {_NOTE}"),
        Figure("end to end, TLS", "values/s", _rates(secured), target=_TARGET, note="unpaced"),
        *_costs(plain, "unpaced"),
        *_costs(paced, "at 20,000/s"),
        *ways(paced, "at 20,000/s"),
    ]


def _unpaced(effort: Effort, *, tls: bool) -> list[Outcome]:
    found = []
    for n in range(effort.repeats):
        effort.tell(f"unpaced, {'TLS' if tls else 'no TLS'}, {n + 1} of {effort.repeats}")
        found.append(run_chain(Load(_POINTS, effort.amount(_FULL), 0.0, tls=tls)))
    return found


def _paced(effort: Effort) -> list[Outcome]:
    interval = _POINTS / _PACED
    found = []
    for n in range(effort.repeats):
        effort.tell(f"at {_PACED:,} values/s, TLS, {n + 1} of {effort.repeats}")
        found.append(
            run_chain(Load(_POINTS, max(20, effort.amount(round(_SECONDS / interval))), interval, tls=True))
        )
    return found


def _rates(runs: list[Outcome]) -> tuple[float, ...]:
    return tuple(run.rate for run in runs)


def _costs(runs: list[Outcome], how: str) -> list[Figure]:
    unit, backlog = "CPU s per million values", max(run.backlog for run in runs)
    brokers = [run.broker_cpu for run in runs if run.broker_cpu is not None]
    note = "" if not brokers else f"mosquitto {median(brokers) / median(r.values for r in runs) * 1e6:.2f}"
    agent = tuple(run.agent_cpu / run.values * 1e6 for run in runs)
    server = tuple(run.server_cpu / run.values * 1e6 for run in runs)
    return [
        Figure(f"agent CPU, {how}", unit, agent, Better.LOWER, note=f"most in the spool: {backlog:,} values"),
        Figure(f"ingest CPU, {how}", unit, server, Better.LOWER, note=note),
    ]


def ways(runs: list[Outcome], what: str) -> list[Figure]:
    """How long values took to the disk, and whether the chain kept up: then it is not far behind at the end."""
    late = max(run.late for run in runs)
    return [
        *(
            Figure(f"{what}, to disk {which}", "s", tuple(run.way[which] for run in runs), Better.LOWER)
            for which in ("p50", "p99")
        ),
        Figure(
            f"{what}, behind at the end",
            "s",
            tuple(run.behind for run in runs),
            Better.LOWER,
            note=f"from the last value's planned time to the disk; the source itself was up to {late:.2f} s late",
        ),
    ]
