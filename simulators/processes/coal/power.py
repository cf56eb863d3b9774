"""Feeders of the mine: what each meter measures, cable and transformer losses; heat that stays in the mine [W]."""

from dataclasses import dataclass

from simulators.processes.coal.parameters import MineCase

UNDERGROUND = ("EM-111", "EM-112", "EM-113", "EM-114", "EM-115", "EM-116")
"""Feeders whose cables go down the shaft."""


@dataclass(slots=True)
class Loads:
    """Electricity that the machines take [W]."""

    fan: float
    compressors: float
    hoist: float
    surface: float
    gas_pumps: float
    face: float
    headings: float
    local_fans: float
    belts: float
    drainage: float
    other: float
    washery: float


class Power:
    """Feeders of the last step [W]."""

    __slots__ = ("cables", "case", "feeders", "incoming")

    def __init__(self, case: MineCase) -> None:
        """Feeders of one parameter set."""
        self.case = case
        self.feeders: dict[str, float] = {}
        self.cables = self.incoming = 0.0

    def step(self, loads: Loads) -> None:
        """Meters stand at the substation above ground: they also see the losses of the cables behind them."""
        down = 1.0 / (1.0 - self.case.cable_loss)
        below = (loads.face, loads.headings, loads.local_fans, loads.belts, loads.drainage, loads.other)
        face, headings, local_fans, belts, drainage, other = (load * down for load in below)
        self.cables = sum(below) * (down - 1.0)
        self.feeders = {
            "EM-101.rate": loads.fan,
            "EM-102.rate": loads.compressors,
            "EM-103.rate": loads.hoist,
            "EM-104.rate": loads.surface,
            "EM-105.rate": loads.gas_pumps,
            "EM-111.rate": face,
            "EM-112.rate": headings,
            "EM-113.rate": local_fans,
            "EM-114.rate": belts,
            "EM-115.rate": drainage,
            "EM-116.rate": other,
            "EM-201.rate": loads.washery,
        }
        self.incoming = sum(self.feeders.values()) / (1.0 - self.case.transformer_loss)
