"""The mine over its two ways out, and how it is asked for by name."""

import math

import pytest
from typer.testing import CliRunner

from plant.errors import FixError
from plantwatch.cli import app
from simulators.mqtt_messages import MessageMaker
from simulators.packaged import packaged_plant, simulated
from simulators.plantsim import opcua_points
from simulators.remote_plant import PlantOptions, RemotePlant
from simulators.scenario import ProcessName, find_scenario, random_scenario
from tests.simulators.coal_parts import PLANT


def test_every_point_is_served_by_one_of_the_two_sources() -> None:
    sim = simulated(find_scenario("coal_normal", PLANT))
    first = sim.advance()
    messages = list(MessageMaker(PLANT, "meters").messages(first))
    over_mqtt = {point for message in messages for point in message.points}
    assert over_mqtt | set(opcua_points(PLANT)) == set(PLANT.points)
    assert over_mqtt.isdisjoint(opcua_points(PLANT))
    assert len(messages) == 22  # one gateway for each meter


def test_a_scenario_of_the_mine_makes_the_mine_and_a_random_one_where_asked_for() -> None:
    assert simulated(find_scenario("coal_demo")).plant.id == "coal-1"
    assert simulated(find_scenario("demo")).plant.id == "chlor-1"
    wanted = random_scenario(PLANT, 5, 7200.0, process=ProcessName.COAL_MINE)
    assert wanted.faults
    assert simulated(wanted).plant == packaged_plant(ProcessName.COAL_MINE)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(["--process", "steel_works"], "choose one of chlor_alkali, coal_mine", id="unknown"),
        pytest.param(["--scenario", "coal_demo", "--process", "chlor_alkali"], "is of coal_mine", id="another's"),
    ],
)
def test_a_wrong_process_is_refused_with_what_would_be_right(arguments: list[str], text: str) -> None:
    result = CliRunner().invoke(app, ["simulate", "run", "--insecure", "--no-mqtt", *arguments])
    told = result.output if result.exception is None else f"{result.output} {result.exception}"
    assert result.exit_code != 0
    assert text in " ".join(told.split())


def test_another_project_gets_the_mine_in_its_tests() -> None:
    with RemotePlant(PlantOptions(process="coal_mine", speed=50)) as plant:
        plant.inject({"kind": "bad_status", "point": "AT-111.methane"})
        plant.wait(5)
        assert math.isnan(plant.value("AT-111.methane"))
        assert [(t.what, t.subject) for t in plant.truth()] == [("IA-14", "AT-111.methane")]
        with pytest.raises(FixError, match="AT-110"):
            plant.inject({"kind": "bad_status", "point": "AT-110.methan"})
