"""Figures of alarm load, after ISA-18.2: calls per ten minutes, and chattering alarms.

Activations are counted, not state changes; suppressed ones are no load on the operator and are left out.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plant.clock import SECOND

BIN = 600 * SECOND
"""Ten minutes [ns], aligned to the clock."""
FLOOD = 10
"""More calls than these in ten minutes are too many for one operator."""
CHATTER_WINDOW = 60 * SECOND
CHATTER_COUNT = 3
"""Chattering: this many activations within ``CHATTER_WINDOW``."""
MOST_HOURS = 168
MOST_CALLS = 100_000
"""Calls that are looked at, the newest; a plant at the limit of what is manageable has 2,100 a week."""

Call = tuple[int, str]
"""Time [ns UTC] and alarm of one annunciated activation."""


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` to before ``end`` [ns UTC]; ``start`` is the start of a bin."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Ten minutes with a call in them."""

    start: int
    """[ns UTC]."""
    calls: int


@dataclass(frozen=True, slots=True)
class Load:
    """The load on the operators of a plant."""

    start: int
    """[ns UTC]."""
    end: int
    calls: int
    complete: bool
    """False when there were more than ``MOST_CALLS``: then only the newest are counted."""
    peak: int
    """Most calls in any bin."""
    flood_share: float
    """Share of all bins, empty ones included, with more than ``FLOOD`` calls [1]."""
    bins: tuple[Bin, ...]
    """Oldest first; empty ones are left out."""
    chattering: tuple[str, ...]


def span(now: int, hours: int) -> Span:
    """The last ``hours`` before ``now`` [ns UTC], from the start of a bin on."""
    return Span(max(0, now - hours * 3600 * SECOND) // BIN * BIN, now + 1)


def load(calls: Sequence[Call], over: Span) -> Load:
    """The figures of the calls in a span, given oldest first."""
    counted = Counter(time // BIN * BIN for time, _ in calls)
    bins = tuple(Bin(start, n) for start, n in sorted(counted.items()))
    length = -(-(over.end - over.start) // BIN)
    return Load(
        start=over.start,
        end=over.end,
        calls=len(calls),
        complete=len(calls) < MOST_CALLS,
        peak=max(counted.values(), default=0),
        flood_share=sum(n > FLOOD for n in counted.values()) / length,
        bins=bins,
        chattering=tuple(sorted(chattering(calls))),
    )


def chattering(calls: Iterable[Call]) -> frozenset[str]:
    """Alarms with at least 3 activations within any 60 s; calls oldest first."""
    recent: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=CHATTER_COUNT))
    found = set()
    for time, alarm in calls:
        recent[alarm].append(time)
        if len(recent[alarm]) == CHATTER_COUNT and time - recent[alarm][0] <= CHATTER_WINDOW:
            found.add(alarm)
    return frozenset(found)
