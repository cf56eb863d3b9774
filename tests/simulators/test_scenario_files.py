"""Scenario files: all mistakes at once with their lines, faults in their order, and no bad file that does harm."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.clock import SECOND
from plant.errors import FixError, PlantError
from plant.plantfile import PlantFileError
from simulators import faults as f
from simulators.packaged import chlor_alkali, packaged_plant
from simulators.scenario import (
    SCENARIOS,
    Player,
    find_scenario,
    packaged_scenarios,
    parse_scenario,
    random_scenario,
)

PLANT = packaged_plant()
TEXT = (SCENARIOS / "every_fault.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", packaged_scenarios())
def test_packaged_scenarios_fit_the_packaged_plant_that_they_name(name: str) -> None:
    plant = packaged_plant(find_scenario(name).process)
    scenario = find_scenario(name, plant)
    found = scenario.truth(plant)
    assert all(scenario.begin <= t.start < scenario.begin + scenario.duration * SECOND for t in found)


@pytest.mark.parametrize("name", [n for n in packaged_scenarios() if n.endswith("every_fault")])
def test_every_kind_of_fault_is_in_the_scenario_of_that_name(name: str) -> None:
    kinds = {t.fault.kind for t in find_scenario(name).faults}
    assert kinds == {k.model_fields["kind"].default for k in f.Fault.__args__[0].__args__}


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(PlantFileError) as caught:
        parse_scenario(text, name="s.yaml", plant=PLANT)
    return [(p.line, p.path) for p in caught.value.problems]


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    text = """\
schema_version: 1
name: x
plant: later
duration: -5
colour: red
faults:
  - {at: 1, for: 0, fault: {kind: frozen, point: PT-401A.pressure}}
  - {at: 1, for: 1, fault: {kind: frozen, meter: EM-101}}
  - {at: 1, for: 1, fault: {kind: nonsense}}
"""
    assert problems(text) == [
        (3, "plant"),
        (4, "duration"),
        (5, "colour"),
        (7, "faults[0].for"),
        (8, "faults[1].fault.point"),
        (8, "faults[1].fault.meter"),
        (9, "faults[2].fault"),
    ]


def test_names_that_the_plant_does_not_have_are_told_with_their_lines_before_it_starts() -> None:
    text = """\
schema_version: 1
name: x
duration: 100
faults:
  - {at: 1, for: 1, fault: {kind: frozen, point: PT-401A.presure}}
  - {at: 1, for: 1, fault: {kind: meter_reset, meter: EM-999}}
  - at: 1
    for: 1
    fault:
      kind: server_restart
      late_nodes: [PT-401A.pressure, EM-101.total]
"""
    assert problems(text) == [
        (5, "faults[0].fault.point"),
        (6, "faults[1].fault.meter"),
        (11, "faults[2].fault.late_nodes.1"),
    ]
    with pytest.raises(PlantFileError, match=r"Did you mean 'PT-401A\.pressure'\?"):
        parse_scenario(text, name="s.yaml", plant=PLANT)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param("start: 2026-01-01T00:00:00", "needs a zone", id="no zone"),
        pytest.param("start: 1066-10-14T00:00:00Z", "a year from 1990", id="long ago"),
        pytest.param("faults: [{at: 5, for: 1, fault: {kind: server_restart}}]", "at or after the end", id="late"),
    ],
)
def test_times_that_cannot_be_are_refused(line: str, text: str) -> None:
    with pytest.raises(PlantFileError, match=text):
        parse_scenario(f"schema_version: 1\nname: x\nduration: 5\n{line}\n", name="s.yaml")


def test_faults_begin_and_end_when_they_are_due_and_one_ends_before_the_next_begins() -> None:
    text = """\
schema_version: 1
name: x
duration: 100
faults:
  - {at: 10, for: 5, fault: {kind: stale, point: PT-401A.pressure}}
  - {at: 2, for: 8, fault: {kind: frozen, point: PT-401A.pressure}}
"""
    scenario = parse_scenario(text, name="s.yaml")
    sim = chlor_alkali(scenario, PLANT)
    player, seen = Player(scenario, sim), []
    for _ in range(30):
        now = (sim.time - scenario.begin) / SECOND
        seen += [(now, fault.kind, begins) for fault, begins in player.tick()]
        sim.advance()
    assert seen == [(2, "frozen", True), (10, "frozen", False), (10, "stale", True), (15, "stale", False)]
    assert [(t.start, t.end) for t in sim.truth()] == [
        (scenario.begin + 2 * SECOND, scenario.begin + 10 * SECOND),
        (scenario.begin + 10 * SECOND, scenario.begin + 15 * SECOND),
    ]
    assert sorted(sim.truth(), key=lambda t: t.start) == sorted(scenario.truth(PLANT), key=lambda t: t.start)


def test_random_scenarios_come_from_their_seed_and_fit_the_plant() -> None:
    first = random_scenario(PLANT, 5, 86_400)
    assert first == random_scenario(PLANT, 5, 86_400)
    assert first != random_scenario(PLANT, 6, 86_400)
    assert len(first.faults) > 40
    Player(first, chlor_alkali(first, PLANT))
    with pytest.raises(FixError, match="more than 0"):
        random_scenario(PLANT, 1, 0)


# --- bad input ----------------------------------------------------------------------------------


def ends_well(text: str) -> None:
    """It is read, or refused with a text; and what is read can be played."""
    with contextlib.suppress(PlantError):
        scenario = parse_scenario(text, name="s.yaml", plant=PLANT)
        scenario.truth(PLANT)


@given(data=st.data())
def test_a_damaged_scenario_ends_in_a_clear_error(data: st.DataObject) -> None:
    text = TEXT
    for _ in range(data.draw(st.integers(1, 4), label="damages")):
        place = data.draw(st.integers(0, len(text)), label="place")
        length = data.draw(st.integers(0, 30), label="length")
        text = text[:place] + data.draw(st.text(max_size=12), label="instead") + text[place + length :]
    ends_well(text)


@given(text=st.text(max_size=300))
def test_any_text_ends_in_a_clear_error(text: str) -> None:
    with pytest.raises(PlantFileError) as caught:
        parse_scenario(text, name="s.yaml", plant=PLANT)
    assert all(p.line >= 1 for p in caught.value.problems)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.sampled_from(["PT-401A.pressure", "EM-101", "IL-301", "dcs", "frozen", "server_restart"]),
)  # fmt: skip
KEYS = st.sampled_from(
    ["kind", "point", "meter", "interlock", "device", "source", "ramp", "below", "status", "value", "late_nodes"]
)


@given(at=SCALARS, length=SCALARS, fault=st.dictionaries(KEYS, SCALARS, max_size=5))
def test_any_values_in_a_fault_end_in_a_clear_error(at: object, length: object, fault: dict[str, object]) -> None:
    ends_well(
        f"schema_version: 1\nname: x\nduration: 9\nfaults: [{{at: {at!r}, for: {length!r}, fault: {fault!r}}}]\n"
    )
