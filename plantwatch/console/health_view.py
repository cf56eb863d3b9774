"""How each agent's sources are doing, read from their health points. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from plant.clock import SECOND
from plant.virtual import SYSTEM, HealthMetric
from plantwatch.latest import Live

SILENT_AFTER = 60 * SECOND
"""An agent that has not reported its health for this long, besides the normal way, is not known to be alive."""
_PARTS = 4


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source of one agent. A count is None when it was never reported."""

    agent: str
    source: str
    connected: bool | None
    """None when the agent itself is silent: then nobody knows."""
    counts: Mapping[HealthMetric, int]
    failing: str
    """The failing items with their reasons, as the agent tells them."""
    age: float | None
    """Age of the last value [s], with the time since the agent said so."""
    reported: int
    """When the agent last reported [ns]."""


def sources(latest: Mapping[str, Live], *, now: int, slack: int) -> list[SourceView]:
    """Every source that has ever reported, by agent and name."""
    found: dict[tuple[str, str], dict[HealthMetric, Live]] = {}
    metrics = {m.value: m for m in HealthMetric}
    for point, live in latest.items():
        if not point.startswith(SYSTEM):
            continue
        parts = point.split("/")
        if len(parts) == _PARTS and parts[3] in metrics:
            found.setdefault((parts[1], parts[2]), {})[metrics[parts[3]]] = live
    return [_view(*key, found[key], now=now, slack=slack) for key in sorted(found)]


def _view(agent: str, source: str, told: Mapping[HealthMetric, Live], *, now: int, slack: int) -> SourceView:
    reported = max(live.arrival for live in told.values())
    silent = now - reported > SILENT_AFTER + slack
    connected = told.get(HealthMetric.CONNECTED)
    counts: dict[HealthMetric, int] = {
        m: int(live.reading.value)
        for m, live in told.items()
        if m not in {HealthMetric.AGE, HealthMetric.CONNECTED} and isfinite(live.reading.value)
    }
    age = told.get(HealthMetric.AGE)
    failing = told.get(HealthMetric.FAILING)
    return SourceView(
        agent,
        source,
        None if silent or connected is None else connected.reading.value == 1,
        counts,
        (failing.reading.text or "") if failing is not None else "",
        None
        if age is None or not isfinite(age.reading.value)
        else age.reading.value + max(now - age.arrival, 0) / SECOND,
        reported,
    )
