"""What every source of the benchmarks does with its columns: hand over, count, wait for the receipts."""

from collections import Counter

from edge_agent.sources.source import Arrival, Deliver, Receipt, Vitals
from plant.readings import Readings


class Handover:
    """Counts per point what was produced, and how many arrivals are not on the agent's disk yet."""

    def __init__(self) -> None:
        self.vitals = Vitals(connected=True)
        self.produced: Counter[str] = Counter()
        self._undone = 0

    @property
    def stored(self) -> bool:
        """True when everything handed over is on the agent's disk."""
        return not self._undone

    async def give(self, deliver: Deliver, readings: Readings, made: int) -> None:
        """Hand over with a mark for each point, as the OPC UA source does; ``made`` is their time [ns UTC]."""
        receipt = await deliver(Arrival(readings, dict.fromkeys(readings.points, made)))
        self._undone += 1
        receipt.add_done_callback(self._done)
        self.produced.update(readings.counts())
        self.vitals.received += len(readings)
        self.vitals.last_arrival = made

    def _done(self, receipt: Receipt) -> None:
        if not receipt.cancelled():
            self._undone -= 1
