"""The mine's power cut-off: three thresholds, local and remote, feed sensors, wind-power, release by hand."""

import pytest

from plant.errors import FixError
from plant.model import AlarmKind
from simulators.process import InterlockMode
from tests.simulators.coal_parts import PLANT, Watched

INTERLOCKS = {i.id: i for i in PLANT.interlocks}
# Location table of the Coal Mine Safety Rules and AQ 1029-2019: alarm, cut, power back [% CH4] by sensor.
THRESHOLDS = {
    "AT-110": (1.0, 1.5, 1.0),
    "AT-111": (1.0, 1.5, 1.0),
    "AT-112": (1.0, 1.0, 1.0),
    "AT-113": (1.0, 1.0, 1.0),
    "AT-114": (1.0, 1.5, 1.0),
    "AT-121": (1.0, 1.5, 1.0),
    "AT-122": (1.0, 1.0, 1.0),
    "AT-131": (1.0, 1.5, 1.0),
    "AT-132": (1.0, 1.0, 1.0),
}
LOCAL = [i for i in INTERLOCKS.values() if i.causes[0].point.startswith("AT-") and i.response == 2]


@pytest.fixture
def mine() -> Watched:
    return Watched()


@pytest.mark.parametrize("sensor", THRESHOLDS)
def test_the_plant_file_has_the_three_thresholds_of_the_table(sensor: str) -> None:
    alarm, cut, back = THRESHOLDS[sensor]
    point = f"{sensor}.methane"
    assert [(a.kind, a.limit) for a in PLANT.points[point].alarms] == [(AlarmKind.HIGH, alarm)]
    causes = [c for i in PLANT.interlocks for c in i.causes if c.point == point]
    assert [(c.comparator, c.set_point, c.set_point - c.hysteresis) for c in causes] == [(">=", cut, back)]


@pytest.mark.parametrize("interlock", LOCAL, ids=[i.id for i in LOCAL])
def test_a_local_cut_takes_the_power_within_two_seconds(mine: Watched, interlock: object) -> None:
    found = INTERLOCKS[interlock.id]  # type: ignore[attr-defined]
    cause = found.causes[0]
    mine.mine.disturb(cause.point, cause.set_point + 0.5, 5.0)
    while mine[cause.point] < cause.set_point:
        assert mine[found.command] == 0.0
        assert all(mine[e.feedback] == 1.0 for e in found.effects)
        mine.run(1)
    mine.run(2)  # the local cut-off must act within 2 s
    assert mine[found.command] == 1.0
    assert all(mine[e.feedback] == 0.0 for e in found.effects)


def test_the_remote_cut_goes_through_the_centre_and_takes_at_most_40_seconds(mine: Watched) -> None:
    mine.mine.disturb("AT-113.methane", 1.6, 5.0)
    while mine["AT-113.methane"] < 1.0:
        mine.run(1)
    took = mine.until("FS-110.powered", 0.0, 60)
    assert 2 < took <= 40  # remote cut-off: two polling cycles, at most 40 s


def test_between_alarm_and_cut_the_power_stays(mine: Watched) -> None:
    mine.mine.disturb("AT-111.methane", 1.3, 5.0)
    mine.run(60)
    assert mine["AT-111.methane"] > 1.2
    assert mine["IL-111.command"] == 0.0
    assert mine["FS-110.powered"] == 1.0


def test_power_comes_back_only_below_the_third_value_and_by_hand(mine: Watched) -> None:
    mine.mine.disturb("AT-110.methane", 2.0, 5.0)
    mine.until("FS-110.powered", 0.0, 60)
    mine.mine.disturb("AT-110.methane", 1.2, 5.0)  # below the cut, not below the value for power back
    mine.run(60)
    mine.mine.switch("RS-110.reset", 1)
    mine.run(5)
    assert mine["FS-110.powered"] == 0.0
    mine.mine.disturb("AT-110.methane", None, 5.0)
    mine.run(60)
    assert mine["AT-110.methane"] < 1.0
    assert mine["FS-110.powered"] == 0.0, "never by itself"
    mine.mine.switch("RS-110.reset", 1)
    mine.until("FS-110.powered", 1.0, 3)
    assert mine["RS-110.reset"] == 1.0
    mine.run(3)
    assert mine["RS-110.reset"] == 0.0, "the button springs back"


def test_one_button_releases_all_interlocks_of_its_switch_but_none_whose_cause_persists(mine: Watched) -> None:
    mine.mine.disturb("AT-111.methane", 2.0, 2.0)
    mine.mine.disturb("AT-112.methane", 2.0, 2.0)
    mine.until("IL-111.command", 1.0, 30)
    mine.until("IL-112.command", 1.0, 30)
    mine.mine.disturb("AT-111.methane", None, 2.0)
    mine.run(60)
    mine.mine.switch("RS-110.reset", 1)
    mine.run(3)
    assert (mine["IL-111.command"], mine["IL-112.command"]) == (0.0, 1.0)
    assert mine["FS-110.powered"] == 0.0
    mine.mine.disturb("AT-112.methane", None, 2.0)
    mine.run(60)
    mine.mine.switch("RS-110.reset", 1)
    mine.until("FS-110.powered", 1.0, 5)


def test_the_dispatcher_releases_ten_minutes_after_the_last_cause(mine: Watched) -> None:
    mine.mine.disturb("AT-132.methane", 2.0, 2.0)
    mine.until("FS-130.powered", 0.0, 30)
    mine.run(700)
    assert mine["FS-130.powered"] == 0.0, "the gas is still there"
    mine.mine.disturb("AT-132.methane", None, 2.0)
    assert 590 < mine.until("FS-130.powered", 1.0, 700) < 640


def test_a_cut_stops_the_machines_and_the_gas_they_free(mine: Watched) -> None:
    mine.run(300)
    assert mine["SR-110.rate"] > 300.0  # t/h: 0.8 m x 2.4 m x 1.4 t/m3 x 2.7 m/min = 435
    before = mine.mine.physics.face.cut_gas
    mine.mine.switch("HS-001.pressed", 1)
    mine.run(41)
    for feed in ("FS-110", "FS-111", "FS-120", "FS-130"):
        assert mine[f"{feed}.powered"] == 0.0, feed
    mine.run(600)
    assert mine["SR-110.rate"] < 1.0
    assert mine["SW-110.power"] < 5.0
    assert mine.mine.physics.face.cut_gas < 0.4 * before
    assert mine["LF-121.running"] == 1.0, "local fans have their own supply"


def test_wind_power_a_heading_without_air_loses_its_power_before_the_gas_has_come(mine: Watched) -> None:
    for fan in ("LF-121.stop", "LF-122.stop"):
        mine.mine.switch(fan, 1)
    mine.until("FS-120.powered", 0.0, 30)
    assert mine["IL-123.command"] == 1.0
    assert mine["AT-121.methane"] < 1.0
    mine.run(900)
    assert mine["AT-121.methane"] > 1.5, "gas collects where the air stands still"
    assert mine["IL-121.command"] == 1.0
    assert mine["FS-130.powered"] == 1.0, "the other heading works on"
    mine.mine.switch("LF-121.stop", 0)
    mine.run(1800)
    assert mine["AT-121.methane"] < 0.5
    assert mine["FS-120.powered"] == 1.0, "released by the dispatcher"


def test_the_standby_local_fan_saves_the_heading(mine: Watched) -> None:
    mine.mine.switch("LF-131.stop", 1)
    mine.run(60)
    assert (mine["LF-131.running"], mine["LF-132.running"]) == (0.0, 1.0)
    assert mine["FS-130.powered"] == 1.0


def test_main_fans_stopped_cut_every_working_place_and_gas_rises_until_one_runs_again(mine: Watched) -> None:
    mine.run(300)
    normal = mine["AT-112.methane"]
    mine.mine.switch("MF-1.stop", 1)
    mine.mine.switch("MF-2.stop", 1)
    mine.until("IL-141.command", 1.0, 200)
    mine.run(40)
    for feed in ("FS-110", "FS-111", "FS-120", "FS-130"):
        assert mine[f"{feed}.powered"] == 0.0, feed
    assert mine["MF-1.power"] < 5.0
    mine.run(600)
    assert mine["AT-112.methane"] > 2.0 * normal
    mine.mine.switch("MF-2.stop", 0)
    mine.run(1800)
    assert mine["MF-2.running"] == 1.0
    assert mine["SH-001.flow"] > 6000.0  # m3/min
    assert mine["AT-112.methane"] < 1.0


@pytest.mark.parametrize(
    ("point", "target"),
    [
        pytest.param("CV-101.slip", 25.0, id="slip"),
        pytest.param("CV-101.drum_temperature", 120.0, id="hot drum"),
        pytest.param("CV-101.pile_level", 98.0, id="pile"),
    ],
)
def test_each_protection_stops_the_belt(mine: Watched, point: str, target: float) -> None:
    mine.mine.disturb(point, target, 2.0)
    mine.until("CV-101.running", 0.0, 90)
    mine.run(30)
    assert mine["CV-101.speed"] < 0.05
    assert mine["SR-110.rate"] < 10.0, "nothing is cut onto a standing belt"


def test_the_pull_cord_of_the_trunk_belt_stops_the_belt_that_feeds_it(mine: Watched) -> None:
    mine.run(120)
    mine.mine.switch("CV-102.pull_cord", 1)
    mine.until("CV-102.running", 0.0, 10)
    mine.run(30)
    assert mine["CV-101.speed"] < 0.05
    assert mine["CV-101.running"] == 1.0, "its own drive is not tripped"


def test_overspeed_applies_the_brake_of_the_hoist(mine: Watched) -> None:
    mine.mine.disturb("HO-101.speed", 12.0, 1.0)
    mine.until("HO-101.brake", 1.0, 60)
    mine.run(10)
    assert mine.mine.physics.hoist.speed == 0.0
    assert mine["HO-101.brake_pressure"] < 1.0


@pytest.mark.parametrize(
    ("switch", "feedback"),
    [
        pytest.param("HS-001.pressed", "FS-110.powered", id="dispatcher"),
        pytest.param("HS-701.pressed", "PR-701.running", id="washery"),
    ],
)
def test_emergency_buttons_stop_what_they_are_for(mine: Watched, switch: str, feedback: str) -> None:
    mine.mine.switch(switch, 1)
    mine.until(feedback, 0.0, 5)


def test_a_hot_compressor_stops_and_the_network_empties(mine: Watched) -> None:
    mine.mine.disturb("CA-401.discharge_temperature", 140.0, 2.0)
    mine.until("CA-401.running", 0.0, 120)
    mine.run(120)
    assert mine["CA-401.pressure"] < 0.4
    assert mine["EM-102.rate"] < 5.0


def test_an_inhibited_sensor_does_not_vote_and_a_bypassed_interlock_does_not_trip(mine: Watched) -> None:
    mine.mine.switch("AT-121.inhibit", 1)
    mine.mine.switch("IL-131.bypass", 1)
    for sensor in ("AT-121.methane", "AT-131.methane"):
        mine.mine.disturb(sensor, 2.5, 2.0)
    mine.run(60)
    assert mine["AT-121.inhibit"] == mine["IL-131.bypass"] == 1.0
    assert mine["IL-121.command"] == mine["IL-131.command"] == 0.0
    mine.mine.switch("AT-121.inhibit", 0)
    mine.until("FS-120.powered", 0.0, 5)


def test_a_missed_cut_never_comes_and_comes_once_repaired(mine: Watched) -> None:
    mine.mine.interlock_mode("IL-112", InterlockMode.MISSED)
    mine.mine.disturb("AT-112.methane", 2.0, 2.0)
    mine.run(60)
    assert mine["FS-110.powered"] == 1.0
    mine.mine.interlock_mode("IL-112", InterlockMode.NORMAL)
    mine.until("FS-110.powered", 0.0, 5)


def test_a_slow_cut_commands_at_once_but_the_feed_stays(mine: Watched) -> None:
    mine.mine.interlock_mode("IL-122", InterlockMode.SLOW)
    mine.mine.disturb("AT-122.methane", 2.0, 2.0)
    mine.until("IL-122.command", 1.0, 30)
    assert mine.until("FS-120.powered", 0.0, 60) > INTERLOCKS["IL-122"].response


def test_a_spurious_cut_comes_without_gas_and_latches(mine: Watched) -> None:
    mine.mine.interlock_mode("IL-114", InterlockMode.SPURIOUS)
    mine.run(3)
    assert mine["FS-112.powered"] == 0.0
    assert mine["FS-110.powered"] == 1.0, "the shearer alone"
    mine.run(60)
    assert mine["IL-114.command"] == 1.0
    mine.mine.switch("RS-110.reset", 1)
    mine.until("FS-112.powered", 1.0, 5)


def test_wrong_names_are_told_with_what_exists(mine: Watched) -> None:
    with pytest.raises(FixError, match=r"RS-110\.reset"):
        mine.mine.switch("RS-999.reset", 1)
    with pytest.raises(FixError, match="IL-110"):
        mine.mine.interlock_mode("IL-999", InterlockMode.MISSED)
    with pytest.raises(FixError, match="outside its range"):
        mine.mine.disturb("AT-110.methane", 5.0)
