"""The mine as a process: it fits its plant file, repeats itself byte by byte, counts, and disturbs nothing."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from plant.clock import SECOND
from plant.errors import FixError
from plant.model import AlarmKind, Kind, Plant
from simulators.process import Process
from simulators.processes.coal.mine import CoalMine
from simulators.processes.coal.parameters import MineCase, load_mine_case
from simulators.processes.parameters import CaseName
from simulators.processes.stepped import Block
from tests.simulators.coal_parts import PLANT, START, make


def digest(block: Block) -> str:
    return hashlib.sha256(block.time.tobytes() + block.value.tobytes() + block.status.tobytes()).hexdigest()


def test_the_plant_file_and_the_process_have_the_same_points() -> None:
    mine: Process = make()
    assert set(mine.points) == set(PLANT.points)
    assert len(mine.points) == len(set(mine.points)) >= 200


def test_a_plant_file_that_does_not_fit_is_refused_with_the_points() -> None:
    data = PLANT.model_dump()
    data["areas"][0]["units"][0]["points"][0]["id"] = "MF-9.speed"
    with pytest.raises(FixError, match=r"MF-1\.speed.*MF-9\.speed"):
        CoalMine(Plant.model_validate(data), load_mine_case(CaseName.AFTER), seed=1, start=START)


def test_every_point_meter_and_interlock_has_a_chinese_name() -> None:
    named = [
        *PLANT.points.values(),
        *PLANT.meters,
        *PLANT.interlocks,
        *(e for i in PLANT.interlocks for e in i.effects),
    ]
    assert [n.id for n in named if n.name_zh is None] == []


def test_same_seed_same_bytes_also_through_a_cut() -> None:
    def history(seed: int) -> str:
        mine = make(seed=seed)
        first = mine.run(300)
        mine.disturb("AT-110.methane", 3.0, 3.0)
        mine.switch("LF-131.stop", 1)
        return digest(first) + digest(mine.run(300))

    assert history(5) == history(5)
    assert history(5) != history(6)


def test_run_gives_the_same_as_single_steps() -> None:
    single, many = make(), make()
    rows = [single.step() for _ in range(50)]
    block = many.run(50)
    assert np.array_equal(block.value, np.array([value for value, _ in rows]))
    assert block.time.tolist() == [START + SECOND * i for i in range(1, 51)]


@pytest.mark.parametrize("case", list(CaseName))
def test_normal_operation_stays_inside_ranges_and_away_from_every_limit(case: CaseName) -> None:
    mine = make(case, seed=2, step_size=2 * SECOND)
    block = mine.run(5 * 1800)  # 08:00 to 13:00: four hours of coal and the beginning of the maintenance shift
    for column, name in enumerate(block.points):
        point, values = PLANT.points[name], block.value[:, column]
        if point.range is not None:
            low, high = point.range
            assert low <= values.min(), name
            assert values.max() <= high, name
            assert len(np.unique(values)) > 0.99 * len(values), f"{name} repeats itself"
        for alarm in point.alarms:
            assert alarm.limit is not None
            if alarm.kind is AlarmKind.HIGH:
                assert values.max() < alarm.limit - alarm.deadband, alarm.id
            if alarm.kind is AlarmKind.LOW:
                assert values.min() > alarm.limit + alarm.deadband, alarm.id
    for interlock in PLANT.interlocks:
        assert not block.value[:, block.points.index(interlock.command)].any()
    rate = block.value[:, block.points.index("SR-110.rate")]
    assert rate[:7200].max() > 300.0
    assert rate[7500:].max() < 5.0, "12:00 to 18:00 is the maintenance shift"


def test_counters_rise_in_whole_digits_by_the_integral_of_their_rate() -> None:
    block = make().run(3600)
    for name in (p.id for p in PLANT.points.values() if p.kind is Kind.COUNTER):
        total = block.value[:, block.points.index(name)]
        rate = block.value[:, block.points.index(name.replace(".total", ".rate"))]
        assert (np.diff(total) >= 0).all(), name
        per_hour = 3.6e-3 if PLANT.points[name].unit == "GJ" else 1.0  # a GJ counter has its rate in kW
        low, high = PLANT.points[name.replace(".total", ".rate")].range or (0.0, 0.0)
        noise = 6e-4 * (high - low) * per_hour  # at rest a rate shows its noise, folded up at zero
        assert total[-1] - total[0] == pytest.approx(rate.mean() * per_hour, rel=0.01, abs=0.2 + noise), name


def test_half_second_steps_tell_the_same_story() -> None:
    whole, half = make(), make(step_size=SECOND // 2)
    a, b = whole.run(1200), half.run(2400)
    for point in ("FD-001.pressure", "AT-112.methane", "AT-121.methane", "TE-110.temperature", "SR-110.position"):
        column = a.points.index(point)
        assert b.value[-1, column] == pytest.approx(a.value[-1, column], rel=0.02), point


def test_the_barometer_reaches_the_return_corner() -> None:
    mine = make()
    mine.run(600)
    steady = mine.physics.face.goaf.out
    mine.physics.surface.barometer -= 40.0  # a front: 0.4 hPa within one step
    mine.step()
    assert mine.physics.face.goaf.out > steady + 10.0


def test_speed_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    mine, began = make(), time.process_time()
    mine.run(2000)
    took = (time.process_time() - began) / 2000
    with capsys.disabled():
        print(f"\ncoal mine: {took * 1e6:.0f} us a step, {1 / took:.0f} times real time")  # noqa: T201 - the result
    assert took > 0


def test_a_wrong_number_in_a_case_is_refused_by_its_key_and_a_broken_file_by_its_name(tmp_path: Path) -> None:
    good = load_mine_case(CaseName.AFTER).model_dump()
    path = tmp_path / "cases.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump({"after": {**good, "fan_efficiency": 1.2}}, file)
    with pytest.raises(FixError, match="fan_efficiency"):
        load_mine_case(CaseName.AFTER, path)
    path.write_text("after: [", encoding="utf-8")
    with pytest.raises(FixError, match=r"cases\.yaml"):
        load_mine_case(CaseName.AFTER, path)
    assert MineCase.model_validate(good) == load_mine_case(CaseName.AFTER)
