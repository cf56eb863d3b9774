"""Final elements: breakers, valves and fans that take their time from one end position to the other."""

from dataclasses import dataclass

BREAKERS = ("RC-101.breaker", "RC-102.breaker")
"""Feedback of the main breaker of each rectifier."""


@dataclass(slots=True)
class FinalElement:
    """One element; position 0..1 between its ends."""

    feedback: str
    safe: float
    """Position in the safe state [1]: 0 or 1."""
    travel: float
    """True time from end to end [s]; shorter than the time the plant file allows."""
    position: float = 0.0
    """Present position [1]."""

    @property
    def normal(self) -> float:
        """Position in operation [1]."""
        return 1.0 - self.safe

    def move(self, dt: float, *, safe: bool) -> None:
        """Travel for ``dt`` [s] towards the safe or the normal end."""
        target = self.safe if safe else self.normal
        reach = dt / self.travel
        self.position += min(max(target - self.position, -reach), reach)


def chlor_alkali_elements() -> dict[str, FinalElement]:
    """The elements of the chlor-alkali plant by feedback point.

    Travel: breakers below 0.1 s (IEC 62271-100 class); DN 200 and DN 100 valves about 1 s per inch of bore.
    """
    elements = (
        FinalElement(BREAKERS[0], safe=0.0, travel=0.1, position=1.0),
        FinalElement(BREAKERS[1], safe=0.0, travel=0.1, position=1.0),
        FinalElement("XV-301.position", safe=0.0, travel=8.0, position=1.0),
        FinalElement("XV-401.position", safe=1.0, travel=4.0, position=0.0),
        FinalElement("K-305.running", safe=1.0, travel=4.0, position=0.0),
    )
    return {element.feedback: element for element in elements}
