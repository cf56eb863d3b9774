"""IA-14 for a whole source: nothing at all has come from it, while the rest of the platform goes on."""

from plant.clock import SECOND
from plant.findings import Finding, Severity
from plant.model import Source


class SilenceWatch:
    """One source: silent when none of its points has had a value for ``silent_after``."""

    def __init__(self, source: Source, skew: int) -> None:
        self._source, self._skew = source, skew
        self._open: Finding | None = None
        self._newest: int | None = None

    @property
    def newest(self) -> int | None:
        """Newest time of any of its values [ns UTC]; None before the first."""
        return self._newest

    def step(self, newest_here: int | None, *, newest: int) -> list[Finding]:
        """Judge after new values.

        Args:
            newest_here: newest time among this source's values in the batch [ns UTC]; None when it has none.
            newest: newest time of any reading of the plant [ns UTC].
        """
        previous = self._newest
        if newest_here is not None and (previous is None or newest_here > previous):
            self._newest = newest_here
            if self._open is not None:
                finding, self._open = self._open.closed(newest_here), None
                return [finding]
        limit = int(self._source.silent_after * SECOND)
        if self._newest is None or self._open is not None or newest - self._skew - self._newest <= limit:
            return []
        self._open = Finding(
            "IA-14",
            self._source.id,
            Severity.HIGH,
            self._newest,
            None,
            "values from this source",
            f"silent for more than {self._source.silent_after:g} s",
            "OPC 10000-4, 5.14; IEC 61511-1:2016, 16.2",
        )
        return [self._open]
