"""The preparation plant: raw-coal silo, dense-medium cyclones, water and magnetite circuits.

Yield by the two-product formula on ash, y = (A_t - A_f) / (A_t - A_c) (Wills, Finch, "Wills' Mineral Processing
Technology", 8th ed., ch. 3), on dry coal; water and magnetite are balanced in their circuits.
"""

from simulators.processes.coal.parameters import MineCase

SILO = 6.0e6
"""Raw coal [kg]."""
RAW_MOISTURE = 0.07
REJECT_ASH = 0.72
CIRCUIT_WATER, CIRCUIT_MAGNETITE = 400_000.0, 60_000.0
"""In the circuits [kg]."""
_FULL = 140.0


class Preparation:
    """State of the washery and the flows of its last step, SI units."""

    __slots__ = (
        "case", "clean", "clean_ash", "density", "feed", "lost_magnetite", "magnetite", "magnetite_added",
        "power", "raw_ash", "reject", "silo", "water", "water_added", "yielded",
    )  # fmt: skip

    def __init__(self, case: MineCase) -> None:
        """Washing from a half-full silo."""
        self.case = case
        self.silo, self.feed = 0.5 * SILO, 60.0
        self.water, self.magnetite = CIRCUIT_WATER, CIRCUIT_MAGNETITE
        self.raw_ash, self.clean_ash, self.density, self.yielded = 0.28, 0.095, 1450.0, 0.70
        self.clean = self.reject = self.water_added = self.lost_magnetite = self.magnetite_added = 0.0
        self.power = 0.0

    @property
    def level(self) -> float:
        """Filled share of the silo [1]."""
        return self.silo / SILO

    def step(self, dt: float, coming: float, walks: tuple[float, float], *, running: bool) -> None:
        """Advance by ``dt`` [s] with raw coal ``coming`` [kg/s]; ``walks`` [1] of raw ash and medium density."""
        wanted = min(max(20.0 + 80.0 * self.level, 0.0), _FULL) if running and self.level > 0.01 else 0.0  # noqa: PLR2004 - empty
        self.feed += min(dt / 30.0, 1.0) * (wanted - self.feed)
        self.silo += dt * (coming - self.feed)
        ash, medium = walks
        self.raw_ash = 0.28 + 0.01 * ash
        self.density = 1450.0 + 3.0 * medium
        self._separate()
        self._circuits(dt)
        work = self.case.washing_fixed_power if running else 0.0
        self.power = work + self.case.washing_energy * self.feed

    def _separate(self) -> None:
        """Dry coal into clean coal and rejects; the denser the medium, the more ash floats."""
        self.clean_ash = 0.095 + 4.0e-4 * (self.density - 1450.0)
        self.yielded = (REJECT_ASH - self.raw_ash) / (REJECT_ASH - self.clean_ash)
        dry = self.feed * (1.0 - RAW_MOISTURE)
        self.clean = dry * self.yielded / (1.0 - self.case.clean_moisture)
        self.lost_magnetite = dry * self.case.magnetite_loss
        self.reject = dry * (1.0 - self.yielded) / (1.0 - self.case.reject_moisture) + self.lost_magnetite

    def _circuits(self, dt: float) -> None:
        """Water and magnetite: what the products carry away is made up."""
        leaving = self.clean + self.reject - self.lost_magnetite - self.feed * (1.0 - RAW_MOISTURE)
        brought = self.feed * RAW_MOISTURE
        self.water_added = max(leaving - brought + (CIRCUIT_WATER - self.water) / 600.0, 0.0)
        self.water += dt * (brought + self.water_added - leaving)
        back = (CIRCUIT_MAGNETITE - self.magnetite) / 3600.0
        self.magnetite_added = max(self.lost_magnetite + back, 0.0)
        self.magnetite += dt * (self.magnetite_added - self.lost_magnetite)
