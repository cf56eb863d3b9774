"""The plant's own safety logic: votes, delay, latch, reset, bypass, and what a trip does to the process."""

from pathlib import Path

import pytest

from plant.clock import SECOND
from plant.errors import FixError
from plant.plantfile import load_plant
from simulators.process import InterlockMode
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.parameters import CaseName, load_case

FILE = Path(__file__).parents[2] / "simulators" / "plants" / "chlor_alkali.yaml"
PLANT = load_plant(FILE)
INTERLOCKS = {i.id: i for i in PLANT.interlocks}


class Watched:
    """A running plant whose points are read by name."""

    def __init__(self) -> None:
        self.process = ChlorAlkali(PLANT, load_case(CaseName.AFTER), seed=11, start=1_790_000_000 * SECOND)
        self.column = {p: i for i, p in enumerate(self.process.points)}
        self.row, _ = self.process.step()

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.row, _ = self.process.step()

    def __getitem__(self, point: str) -> float:
        return float(self.row[self.column[point]])

    def until(self, point: str, value: float, limit: int) -> int:
        """Seconds until ``point`` is within 2 of ``value``; fails beyond ``limit``."""
        for second in range(1, limit + 1):
            self.run(1)
            if abs(self[point] - value) <= (0.0 if value in (0.0, 1.0) and "position" not in point else 2.0):
                return second
        pytest.fail(f"{point} is {self[point]} after {limit} s, not {value}")

    def leak(self, channels: str, target: float | None = 8.0) -> None:
        for channel in channels:
            self.process.disturb(f"GD-301{channel}.chlorine", target, 5.0)


@pytest.fixture
def plant() -> Watched:
    return Watched()


def test_two_of_three_chlorine_detectors_trip_and_every_effect_reaches_its_safe_state_in_time(
    plant: Watched,
) -> None:
    plant.leak("AC")
    demand = None
    for second in range(60):
        plant.run(1)
        beyond = sum(plant[f"GD-301{c}.chlorine"] >= 2.0 for c in "ABC")
        if demand is None and beyond >= 2:
            demand = second
        if plant["IL-301.command"] == 1.0:
            break
    assert demand is not None
    assert second - demand == INTERLOCKS["IL-301"].delay
    plant.run(int(INTERLOCKS["IL-301"].response) - (second - demand))
    for effect in INTERLOCKS["IL-301"].effects:
        assert abs(plant[effect.feedback] - effect.safe_state) <= effect.tolerance, effect.id


def test_one_detector_alone_does_not_trip(plant: Watched) -> None:
    plant.leak("B")
    plant.run(120)
    assert plant["GD-301B.chlorine"] > 7.0
    assert plant["IL-301.command"] == 0.0
    assert plant["RC-101.breaker"] == 1.0


def test_a_peak_shorter_than_the_delay_does_not_trip(plant: Watched) -> None:
    plant.process.disturb("E-101.cell_voltage_max", 5.0, 0.0)
    plant.run(2)
    plant.process.disturb("E-101.cell_voltage_max", None, 0.0)
    plant.run(30)
    assert plant["IL-111.command"] == 0.0


def test_a_trip_stops_the_current_and_the_gases_and_relaxes_the_pressures(plant: Watched) -> None:
    plant.process.disturb("PT-401A.pressure", 50.0, 10.0)
    plant.process.disturb("PT-401C.pressure", 50.0, 10.0)
    plant.until("IL-401.command", 1.0, 30)
    plant.run(120)
    assert plant["E-101.current"] < 0.05
    assert plant["E-102.voltage"] < 1.0
    assert plant["XV-401.position"] > 98.0
    assert plant["PT-401B.pressure"] < 2.0
    assert plant["F-304.flow"] < 0.1


def test_the_latch_holds_until_reset_and_reset_needs_the_cause_gone(plant: Watched) -> None:
    plant.leak("AB")
    plant.until("IL-301.command", 1.0, 60)
    plant.process.switch("IL-301.reset", 1)
    plant.run(5)
    assert plant["IL-301.command"] == 1.0, "reset while the leak persists"
    assert plant["IL-301.reset"] == 0.0, "the button springs back"
    plant.leak("AB", None)
    plant.run(120)
    assert plant["IL-301.command"] == 1.0, "latched without reset"
    plant.process.switch("IL-301.reset", 1)
    plant.run(2)
    assert plant["IL-301.command"] == 0.0
    plant.until("RC-101.breaker", 1.0, 180)
    plant.run(1800)
    assert plant["E-101.current"] > 10.0, "restarted"


def test_inside_the_hysteresis_a_vote_stays_but_none_begins(plant: Watched) -> None:
    plant.leak("AB", 1.9)  # set point 2, hysteresis 0.2
    plant.run(60)
    assert plant["IL-301.command"] == 0.0
    plant.leak("AB", 4.0)
    plant.until("IL-301.command", 1.0, 60)
    plant.leak("AB", 1.9)
    plant.run(60)
    plant.process.switch("IL-301.reset", 1)
    plant.run(5)
    assert plant["IL-301.command"] == 1.0


def test_a_bypassed_channel_does_not_vote_and_a_bypassed_interlock_does_not_trip(plant: Watched) -> None:
    plant.process.switch("IL-301.bypass_a", 1)
    plant.leak("AB")
    plant.run(60)
    assert plant["IL-301.bypass_a"] == 1.0
    assert plant["IL-301.command"] == 0.0
    plant.process.switch("IL-301.bypass", 1)
    plant.leak("ABC")
    plant.run(60)
    assert plant["IL-301.command"] == 0.0
    plant.process.switch("IL-301.bypass", 0)
    plant.until("IL-301.command", 1.0, 10)


def test_a_missed_interlock_never_commands_and_trips_once_repaired(plant: Watched) -> None:
    plant.process.interlock_mode("IL-301", InterlockMode.MISSED)
    plant.leak("ABC")
    plant.run(120)
    assert plant["IL-301.command"] == 0.0
    assert plant["RC-101.breaker"] == 1.0
    plant.process.interlock_mode("IL-301", InterlockMode.NORMAL)
    plant.until("IL-301.command", 1.0, 5)


def test_a_slow_interlock_commands_in_time_but_acts_too_late(plant: Watched) -> None:
    plant.process.interlock_mode("IL-122", InterlockMode.SLOW)
    plant.process.disturb("RC-102.water_flow", 5.0, 0.0)
    plant.until("IL-122.command", 1.0, 10)
    took = plant.until("RC-102.breaker", 0.0, 60)
    assert took > INTERLOCKS["IL-122"].response


def test_a_spurious_trip_comes_without_a_cause_and_latches_once(plant: Watched) -> None:
    plant.process.interlock_mode("IL-111", InterlockMode.SPURIOUS)
    plant.run(3)
    assert plant["IL-111.command"] == 1.0
    assert plant["RC-101.breaker"] == 0.0
    assert plant["RC-102.breaker"] == 1.0
    plant.process.switch("IL-111.reset", 1)
    plant.run(5)
    assert plant["IL-111.command"] == 0.0


@pytest.mark.parametrize(
    ("point", "target", "command"),
    [
        pytest.param("E-102.cell_voltage_max", 4.5, "IL-112.command", id="cell voltage"),
        pytest.param("RC-101.dc_current", 18.0, "IL-121.command", id="over-current"),
        pytest.param("RC-101.water_flow", 3.0, "IL-121.command", id="cooling water lost"),
    ],
)
def test_each_single_cause_trips_its_interlock(plant: Watched, point: str, target: float, command: str) -> None:
    plant.process.disturb(point, target, 2.0)
    plant.until(command, 1.0, 20)


def test_the_emergency_stop_opens_both_breakers(plant: Watched) -> None:
    plant.process.switch("HS-001.pressed", 1)
    plant.run(3)
    assert plant["IL-001.command"] == 1.0
    assert (plant["RC-101.breaker"], plant["RC-102.breaker"]) == (0.0, 0.0)


def test_wrong_names_are_told_with_what_exists(plant: Watched) -> None:
    with pytest.raises(FixError, match=r"IL-301\.reset"):
        plant.process.switch("IL-999.reset", 1)
    with pytest.raises(FixError, match="IL-301"):
        plant.process.interlock_mode("IL-999", InterlockMode.MISSED)
    with pytest.raises(FixError, match="no analog point"):
        plant.process.disturb("RC-101.breaker", 1.0)
    with pytest.raises(FixError, match="outside its range"):
        plant.process.disturb("GD-301A.chlorine", 31.0)
