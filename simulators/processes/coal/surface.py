"""Above ground: barometer and weather, shaft heating, compressors, the gas drainage station."""

from math import cos, log, pi

from simulators.processes.coal.constants import BAROMETER, HEAT_FLOW, ZERO_C, ZONE
from simulators.processes.coal.parameters import MineCase

LEAST_INTAKE = ZERO_C + 2.0
"""Air goes down the shaft at 2 degC at least, so that it does not ice up [K]."""
RATIO = 8.0
"""Pressure ratio of the compressors [1]: 0.7 MPa gauge at the mean barometer."""
BOREHOLES, BOREHOLE_FRACTION = 0.30, 0.25
"""Mixture from boreholes ahead of the face [m3/s], and the methane in it [1]."""


class Surface:
    """State above ground, SI units."""

    __slots__ = (
        "air_used", "ambient", "barometer", "case", "compressor_temperature", "compressors", "heating", "intake",
        "receiver",
    )  # fmt: skip

    def __init__(self, case: MineCase) -> None:
        """A winter morning."""
        self.case = case
        self.ambient, self.barometer, self.intake = 269.15, BAROMETER, LEAST_INTAKE
        self.heating = self.compressors = self.air_used = 0.0
        self.compressor_temperature = 358.15
        self.receiver = 0.70e6
        """Gauge pressure of the compressed air [Pa]."""

    def step(self, dt: float, seconds: float, walks: tuple[float, float, float], air: float) -> None:
        """Advance by ``dt`` [s] to ``seconds`` since 1970 UTC.

        Args:
            dt: step [s].
            seconds: present time.
            walks: of temperature, weather and small things [1].
            air: going down the shaft [m3/s].
        """
        warm, weather, small = walks
        self.ambient = 269.15 - 6.0 * cos(2.0 * pi * ((seconds + ZONE) / 86_400.0 - 0.125)) + 1.5 * warm
        # The air's mass levels out the weather within two hours: the barometer has no jumps.
        self.barometer += dt / 7200.0 * (BAROMETER + 350.0 * weather - self.barometer)
        need = HEAT_FLOW * air * max(LEAST_INTAKE - self.ambient, 0.0)
        self.intake = max(self.ambient, LEAST_INTAKE)
        self.heating = need * (1.0 - self.case.heat_recovery)
        self.air_used = self.case.compressed_air * (1.0 + 0.04 * small)

    def compress(self, dt: float, *, running: bool) -> None:
        """Compressed air for ``dt`` [s]: isothermal work p V ln r / efficiency; the receiver empties without."""
        if not running:
            self.compressors = 0.0
            self.receiver = max(self.receiver - dt * 4000.0, 0.0)
            self.compressor_temperature += dt / 900.0 * (298.15 - self.compressor_temperature)
            return
        self.compressors = self.barometer * self.air_used * log(RATIO) / self.case.compressor_efficiency
        self.receiver += dt / 120.0 * (0.70e6 - self.receiver)
        self.compressor_temperature += (
            dt / 900.0 * (350.15 + 20.0e-6 * self.compressors - self.compressor_temperature)
        )
