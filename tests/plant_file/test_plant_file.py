"""The plant file: the example is good, and every mistake is shown at once, with its line and the remedy."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.model import Plant
from plant.plantfile import PlantFileError, Problem, json_schema, load_plant, parse_plant

EXAMPLE = Path(__file__).parents[2] / "simulators/plants/chlor_alkali.yaml"

SMALL = """\
schema_version: 1
id: small
name: Small plant
time_zone: Asia/Urumqi
sources:
  - {id: dcs, protocol: opcua}
  - {id: meters, protocol: mqtt}
areas:
  - id: a
    name: Area
    units:
      - id: u
        name: Unit
        points:
          - id: gas-1
            name: Gas
            address: {source: dcs, node: "nsu=urn:x;s=gas-1"}
            unit: mg/m3
            range: [0, 15]
            period: 1
            alarms:
              - {id: gas-1.h, kind: high, limit: 1.0, deadband: 0.1}
          - id: trip
            name: Trip
            kind: discrete
            address: {source: dcs, node: "nsu=urn:x;s=trip"}
            states: {0: normal, 1: tripped}
          - id: power
            name: Power
            kind: counter
            address: {source: meters, topic: small/power, value: $.total}
            unit: kWh
          - id: made
            name: Made
            kind: counter
            address: {source: meters, topic: small/made}
            unit: t
meters:
  - {id: em-1, name: Power, point: power, carrier: electricity_equivalent, rollover: "1000000"}
products:
  - id: prod
    name: Product
    production: {id: mm-1, name: Made, point: made}
    meters: [em-1]
    coefficients: GB/T 2589-2020
    limit: {standard: GB 21257-2024, row: gb21257_2024.caustic_30}
    result: small/prod
interlocks:
  - id: sif-1
    name: Gas trip
    voting: 1oo1
    causes:
      - {point: gas-1, comparator: ">=", set_point: 2.0}
    response: 5
    command: trip
    effects:
      - {id: breaker, name: Breaker, feedback: trip, safe_state: 1, travel: 2}
"""


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(PlantFileError) as caught:
        parse_plant(text, name="plant.yaml")
    return caught.value.problems


def test_the_example_plant_is_good() -> None:
    plant = load_plant(EXAMPLE)
    assert len(plant.points) >= 200
    assert plant.products[0].limit.row == "gb21257_2024.caustic_30"


def test_a_small_plant_is_good() -> None:
    assert parse_plant(SMALL, name="plant.yaml").points["gas-1"].unit == "mg/m3"


@pytest.mark.parametrize(
    ("right", "wrong", "path", "message"),
    [
        pytest.param("unit: mg/m3", "unit: mgm3x", "unit", "unknown unit", id="unknown unit"),
        pytest.param(
            "point: gas-1, comp",
            "point: gas-2, comp",
            "causes[0].point",
            "Did you mean 'gas-1'",
            id="undefined point",
        ),
        pytest.param("- id: trip\n", "- id: gas-1\n", "id", "duplicate point id", id="duplicate id"),
        pytest.param("set_point: 2.0", "set_point: 20", "set_point", "outside the range 0 to 15", id="set point"),
        pytest.param("limit: 1.0", "limit: -1", "limit", "outside the range", id="alarm limit"),
        pytest.param("deadband: 0.1", "deadband: 99", "deadband", "not smaller than the range", id="deadband"),
        pytest.param("period: 1", "perod: 1", "perod", "Did you mean 'period'", id="unknown key"),
        pytest.param("period: 1", "period: soon", "period", "valid number", id="wrong type"),
        pytest.param("voting: 1oo1", "voting: 2oo3", "voting", "speaks of 3 causes, 1 are given", id="voting"),
        pytest.param("range: [0, 15]", "range: [15, 0]", "range", "not below the high end", id="range"),
        pytest.param("Asia/Urumqi", "Asia/Nowhere", "time_zone", "unknown time zone", id="time zone"),
        pytest.param(
            'source: dcs, node: "nsu=urn:x;s=trip"',
            'source: plc, node: "nsu=urn:x;s=trip"',
            "source",
            "source is not defined",
            id="undefined source",
        ),
        pytest.param(
            "source: meters, topic: small/made",
            "source: dcs, topic: small/made",
            "source",
            "speaks opcua",
            id="protocol mixed up",
        ),
        pytest.param(
            "unit: t\n", "unit: kWh\n", "production.point", "cannot be converted to t", id="production unit"
        ),
        pytest.param("meters: [em-1]", "meters: [em-2]", "meters[0]", "Did you mean 'em-1'", id="undefined meter"),
        pytest.param("command: trip", "command: gas-1", "command", "must be discrete", id="command not discrete"),
        pytest.param("schema_version: 1", "schema_version: 2", "schema_version", "allowed", id="schema version"),
        pytest.param("kind: high", "kind: hihg", "kind", "Allowed: ", id="enumeration"),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_what_would_be_right(
    right: str, wrong: str, path: str, message: str
) -> None:
    assert SMALL.count(right) == 1
    text = SMALL.replace(right, wrong)
    found = problems(text)
    line = text[: text.rindex("point: made" if path == "production.point" else wrong.strip())].count("\n") + 1
    assert [p for p in found if p.line == line and p.path.endswith(path) and message in str(p)], "\n".join(
        map(str, found)
    )


def test_mistakes_of_every_kind_show_at_once() -> None:
    text = SMALL.replace("unit: mg/m3", "unit: nonsense").replace("period: 1", "period: soon")
    text = text.replace("meters: [em-1]", "meters: [em-9]").replace("Asia/Urumqi", "Asia/Nowhere")
    assert {p.path.rsplit(".", 1)[-1] for p in problems(text)} >= {"period", "meters[0]", "time_zone"}


def test_a_wrong_point_is_not_called_undefined_as_well() -> None:
    found = problems(SMALL.replace("period: 1", "period: soon"))
    assert [p.path for p in found] == ["areas[0].units[0].points[0].period"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("a: [", "not YAML", id="broken"),
        pytest.param("a: &x [1]\nb: *x", "anchors and aliases", id="alias"),
        pytest.param("a: !!python/object/apply:os.system [ls]", "not allowed", id="tag"),
        pytest.param("a: 1\na: 2", "stands here twice", id="duplicate key"),
        pytest.param("a: " + "[" * 5000, "nested", id="deep"),
        pytest.param("a: " + "[" * 50 + "]" * 50, "nested deeper", id="rather deep"),
        pytest.param("x" * (5 * 1024 * 1024), "larger than", id="large"),
        pytest.param("- 1", "valid dictionary", id="a list"),
        pytest.param("\x00", "not YAML", id="control character"),
    ],
)
def test_text_that_is_no_plant_is_refused_with_the_reason(text: str, message: str) -> None:
    assert any(message in str(p) for p in problems(text))


PIECES = st.sampled_from(
    [
        "",
        ":",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "\n",
        "  ",
        "&a ",
        "*a",
        "!!x ",
        "null",
        "1e999",
        ".nan",
        "'",
        '"',
        "温",
        "\t",
        "? ",
    ]
)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(SMALL)), st.integers(0, 6), PIECES), min_size=1, max_size=4))
def test_a_mutated_file_is_a_plant_or_a_list_of_problems(changes: list[tuple[int, int, str]]) -> None:
    text = SMALL
    for place, cut, piece in changes:
        text = text[:place] + piece + text[place + cut :]
    try:
        assert isinstance(parse_plant(text, name="x"), Plant)
    except PlantFileError as error:
        assert all(p.line >= 1 and p.message for p in error.problems)  # noqa: PT017 - either outcome is right


@given(st.text(max_size=300))
def test_random_text_is_a_list_of_problems(text: str) -> None:
    assert problems(text)


def test_the_schema_describes_every_part_and_key() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert {"Point", "Interlock", "EnergyMeter", "AlarmLimit"} <= set(schema["$defs"])
    assert "set point" not in schema["$defs"]["Cause"]["properties"]
    assert schema["$defs"]["Point"]["properties"]["period"]["description"].startswith("Expected time")
