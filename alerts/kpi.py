"""Figures of alarm load, after ISA-18.2: activations per ten minutes, and chattering alarms.

Activations are counted, not state changes; suppressed ones are no load on the operator and are left out.
"""

from collections import defaultdict, deque
from collections.abc import Iterable

from alerts.journal import Line
from plant.clock import SECOND

BIN = 600 * SECOND
"""Ten minutes [ns]."""
CHATTER_WINDOW = 60 * SECOND
CHATTER_COUNT = 3
"""Chattering: this many activations within ``CHATTER_WINDOW``."""
_ACTIVATIONS = frozenset({"raised", "realarmed"})


def activations(lines: Iterable[Line]) -> list[tuple[int, str]]:
    """(time [ns UTC], alarm) of each annunciated activation, oldest first."""
    return sorted(
        (line.entry.time, line.entry.alarm)
        for line in lines
        if line.entry.event in _ACTIVATIONS
        and line.entry.alarm is not None
        and line.entry.after is not None
        and line.entry.after["annunciate"]
    )


def per_ten_minutes(lines: Iterable[Line]) -> dict[int, int]:
    """Activations by the start of their clock-aligned ten minutes [ns UTC]; empty ones are left out."""
    found: dict[int, int] = defaultdict(int)
    for time, _ in activations(lines):
        found[time // BIN * BIN] += 1
    return dict(found)


def chattering(lines: Iterable[Line]) -> frozenset[str]:
    """Alarms with at least 3 activations within any 60 s."""
    recent: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=CHATTER_COUNT))
    found = set()
    for time, alarm in activations(lines):
        recent[alarm].append(time)
        if len(recent[alarm]) == CHATTER_COUNT and time - recent[alarm][0] <= CHATTER_WINDOW:
            found.add(alarm)
    return frozenset(found)
