"""The page on the simulated plant says what is true: every fault, every option, a scenario that loads."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from simulators import faults as f
from simulators.expected import expected
from simulators.packaged import packaged_plant
from simulators.remote_plant import PlantOptions, RemotePlant
from simulators.scenario import TimedFault, packaged_scenarios, parse_scenario
from simulators.truth import Truth

PAGE = (Path(__file__).parents[2] / "docs" / "simulated-plant.md").read_text(encoding="utf-8")
PLANT = packaged_plant()
KINDS = {kind.model_fields["kind"].default: kind for kind in get_args(get_args(f.Fault)[0])}
ROWS = {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)` \|.*$", PAGE, re.MULTILINE)}
EXAMPLES = {
    "point": "PT-401A.pressure",
    "meter": "EM-201",
    "interlock": "IL-301",
    "device": "SM-101",
    "source": "meters",
    "per_hour": 1.0,
    "size": 1.0,
    "value": 1e3,
    "offset": 2.5,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_stands_there_with_its_keys_and_its_rule(kind: str) -> None:
    row = ROWS[kind]
    keys = {name for name in KINDS[kind].model_fields if name != "kind"}
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == keys
    wanted = {n: EXAMPLES[n] for n in keys if KINDS[kind].model_fields[n].is_required()}
    day = 86_400 * 10**9
    truths = [t for t in expected(PLANT, KINDS[kind](**wanted), 0, day) if t.certain]
    rule = row.split("|")[4].strip()
    for truth in truths:
        assert truth.what in rule
        assert truth.detectable != rule.startswith("("), rule
    assert bool(truths) != rule.startswith("none")


def test_every_option_and_member_stands_there() -> None:
    assert {o.name for o in fields(PlantOptions)} <= ROWS.keys()
    assert all(f"`{field.name}`" in PAGE for field in fields(Truth))
    members = {n for n in dir(RemotePlant) if not n.startswith("_")} - {"options"}
    assert all(f"| `{name}" in PAGE for name in members), members


def test_the_scenario_on_the_page_loads_and_so_do_ours() -> None:
    text = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    assert parse_scenario(text[1], name="page").truth(PLANT)
    assert all(f"`{name}`" in PAGE for name in packaged_scenarios())
    assert set(TimedFault.model_json_schema()["properties"]) == {"at", "for", "fault"}
