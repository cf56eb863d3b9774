"""OPC UA at the agent: decoding alone, and a real server through the whole chain."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from edge_agent.sources.opcua_decode import decode_publish
from tests.bench.chain import Load, Outcome, run_chain
from tests.bench.chain_rates import ways
from tests.bench.figures import Effort, Figure

_POINTS, _PACED, _SECONDS = 1000, 10_000, 5
_TICKS = 60
_POLICY = "1,000 variables at 10 Hz; Aes256Sha256RsaPss, sign and encrypt"


def opcua_decode(effort: Effort) -> list[Figure]:
    """A publish answer of 1,000 doubles, from bytes to columns."""
    data = _answer()
    ours = _rates(effort, lambda: decode_publish(data), effort.amount(400))
    theirs = _rates(effort, lambda: struct_from_binary(ua.PublishResponse, Buffer(data)), effort.amount(40))
    return [
        Figure("OPC UA decode", "values/s", ours, note="one core; bytes of a publish answer to columns"),
        Figure("OPC UA decode, client library", "values/s", theirs, note="asyncua's own decoder, for comparison"),
    ]


def opcua_chain(effort: Effort) -> list[Figure]:
    """As fast as the server writes; then encrypted, at a rate that the server can keep."""
    interval = _POINTS / _PACED
    unpaced = _runs(effort, Load(_POINTS, effort.amount(_TICKS), 0.0, tls=True, opcua=True), "unpaced")
    ticks = max(10, effort.amount(round(_SECONDS / interval)))
    paced = _runs(effort, Load(_POINTS, ticks, interval, tls=True, opcua=True, secure=True), "encrypted")
    cost = median((run.source_cpu or 0.0) / run.values * 1e6 for run in unpaced)
    limit = f"unpaced, the server shares the cores and is the limit with {cost:.0f} µs of CPU a value"
    core = "values / CPU s of the agent, from the notification to the broker's PUBACK, published every 0.25 s"
    return [
        Figure("OPC UA at the agent", "values/s per core", _per_core(unpaced), note=core),
        Figure("OPC UA at the agent, encrypted", "values/s per core", _per_core(paced), note=_POLICY),
        Figure("OPC UA end to end", "values/s", tuple(run.rate for run in unpaced), note=limit),
        *ways(paced, f"OPC UA at {_PACED:,}/s"),
    ]


def _runs(effort: Effort, load: Load, what: str) -> list[Outcome]:
    found = []
    for n in range(effort.repeats):
        effort.tell(f"OPC UA, {what}, {n + 1} of {effort.repeats}")
        found.append(run_chain(load))
    return found


def _per_core(runs: list[Outcome]) -> tuple[float, ...]:
    return tuple(run.values / run.agent_cpu for run in runs)


def _answer() -> bytes:
    now = datetime.now(UTC)
    values = [ua.DataValue(ua.Variant(i / 7), ua.StatusCode(), now, now) for i in range(_POINTS)]
    items = [ua.MonitoredItemNotification(ua.IntegerId(i), v) for i, v in enumerate(values)]
    response = ua.PublishResponse()
    response.Parameters.NotificationMessage.NotificationData = [ua.DataChangeNotification(MonitoredItems=items)]
    return bytes(struct_to_binary(response))


def _rates(effort: Effort, work: Callable[[], object], calls: int) -> tuple[float, ...]:
    found = []
    work()
    for _ in range(effort.repeats):
        begin = time.perf_counter()
        for _ in range(calls):
            work()
        found.append(calls * _POINTS / (time.perf_counter() - begin))
    return tuple(found)
