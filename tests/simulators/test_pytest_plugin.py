"""The fixture ``simulated_plant`` as another project uses it: a pytest run of its own, with and without a loop."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from plant.errors import FixError
from simulators import faults as f
from simulators.remote_plant import PlantOptions, RemotePlant

pytest_plugins = ("pytester",)

THEIR_TESTS = '''
"""Tests of somebody who has plantwatch installed."""

import math
import pytest
from asyncua import Client
from simulators import faults

FLOW = "nsu=urn:plantwatch:simulator;s=W-101.flow"


@pytest.mark.simulated_plant(speed=50, start="2026-01-01T00:00:00Z", seed=3)
def test_without_a_loop(simulated_plant):
    assert 0 < simulated_plant.value("W-101.flow") < 20
    simulated_plant.inject({"kind": "bad_status", "point": "PT-401A.pressure"})
    simulated_plant.wait(3)
    assert math.isnan(simulated_plant.value("PT-401A.pressure"))
    (truth,) = simulated_plant.truth()
    assert (truth.what, truth.subject, truth.end) == ("IA-14", "PT-401A.pressure", None)
    simulated_plant.clear()
    simulated_plant.wait(3)
    assert simulated_plant.value("PT-401A.pressure") > 0
    (truth,) = simulated_plant.truth()
    assert truth.end > truth.start >= 1_767_225_600_000_000_000


async def read(url, node):
    async with Client(url) as client:
        index = await client.get_namespace_index("urn:plantwatch:simulator")
        return await client.get_node(f"ns={index};s={node}").read_data_value(raise_on_bad_status=False)


@pytest.mark.asyncio
@pytest.mark.simulated_plant(plant="before")
async def test_with_a_loop(simulated_plant):
    assert (await read(simulated_plant.url, "W-101.flow")).Value.Value > 0
    simulated_plant.inject(faults.OutOfRange(point="W-101.flow", value=99.0, status=0))
    simulated_plant.wait(2)
    assert (await read(simulated_plant.url, "W-101.flow")).Value.Value == 99.0


@pytest.mark.simulated_plant(colour="red")
def test_with_a_wrong_marker(simulated_plant):
    pass


def test_that_asks_for_no_plant():
    pass
'''


def documented() -> str:
    """The examples of the page, with a test that uses its fixture."""
    page = Path(__file__).parents[2] / "docs" / "simulated-plant.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    return "\n".join([*blocks, "def test_one_plant_for_the_module(plant):\n    assert plant.url\n"])


def test_other_projects_run_a_plant_in_their_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_theirs=THEIR_TESTS, test_documented=documented())
    result = pytester.runpytest_subprocess("-n", "0", "-p", "no:cacheprovider", "--strict-markers")
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*unexpected keyword argument 'colour'*"])


def test_the_plugin_imports_nothing_of_the_plant_until_it_is_asked_for() -> None:
    script = "import sys, simulators.pytest_plugin; print(sorted(m for m in sys.modules if m.split('.')[0] in %r))"
    heavy = ("asyncua", "numpy", "pydantic", "ruamel", "plant", "simulators")
    command = [sys.executable, "-c", script % (heavy,)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert loaded == "['simulators', 'simulators.pytest_plugin']"


def test_orders_that_cannot_be_carried_out_and_a_secure_plant() -> None:
    with RemotePlant(PlantOptions(secure=True, speed=20)) as plant:
        assert set(plant.passwords) == {"agent", "operator"}
        with pytest.raises(FixError, match="no point 'nowhere'"):
            plant.inject({"kind": "stale", "point": "nowhere"})
        with pytest.raises(FixError, match="this is no fault"):
            plant.inject({"kind": "mood"})
        with pytest.raises(FixError, match="no point 'nowhere'"):
            plant.value("nowhere")
        with pytest.raises(FixError, match="is no switch"):
            plant.switch("W-101.flow", 1)
        plant.switch("IL-301.bypass", 1)
        plant.wait(3)
        assert plant.value("IL-301.bypass") == 1
        plant.inject(f.ServerRestart())
        plant.clear(f.ServerRestart())
        assert not any(t.certain for t in plant.truth())
        process = plant._process
    assert process is not None
    assert process.returncode == 0
    with pytest.raises(FixError, match="not running"):
        plant.value("W-101.flow")


def test_wrong_options_are_told_and_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(FixError, match="speed"), RemotePlant(PlantOptions(speed=-1)):
        pass
    assert list(tmp_path.iterdir()) == []
