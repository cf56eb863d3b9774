"""Parts that the tests of the coal mine share: the plant file, a mine, one whose points are read by name."""

import pytest

from plant.clock import SECOND
from simulators.packaged import packaged_plant
from simulators.processes.coal.mine import CoalMine
from simulators.processes.coal.parameters import load_mine_case
from simulators.processes.parameters import CaseName
from simulators.scenario import ProcessName

PLANT = packaged_plant(ProcessName.COAL_MINE)
START = 1_796_083_200 * SECOND  # 2026-12-01T00:00:00Z, 08:00 at the mine: longwall and headings at work


def make(case: CaseName = CaseName.AFTER, *, seed: int = 7, step_size: int = SECOND) -> CoalMine:
    return CoalMine(PLANT, load_mine_case(case), seed=seed, start=START, step_size=step_size)


class Watched:
    """A running mine whose points are read by name."""

    def __init__(self, case: CaseName = CaseName.AFTER) -> None:
        self.mine = make(case, seed=11)
        self.column = {p: i for i, p in enumerate(self.mine.points)}
        self.row, _ = self.mine.step()

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.row, _ = self.mine.step()

    def __getitem__(self, point: str) -> float:
        return float(self.row[self.column[point]])

    def until(self, point: str, value: float, limit: int) -> int:
        """Seconds until a discrete ``point`` shows ``value``; fails beyond ``limit``."""
        for second in range(1, limit + 1):
            self.run(1)
            if self[point] == value:
                return second
        pytest.fail(f"{point} is {self[point]} after {limit} s, not {value}")
