"""The process as a whole: it fits its plant file, repeats itself byte by byte, counts, and disturbs nothing."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from plant.clock import SECOND
from plant.errors import FixError
from plant.model import AlarmKind, Kind, Plant
from plant.plantfile import load_plant
from simulators.process import Process
from simulators.processes.chlor_alkali import ChlorAlkali
from simulators.processes.counters import Counter
from simulators.processes.parameters import Case, CaseName, load_case
from simulators.processes.stepped import Block

FILE = Path(__file__).parents[2] / "simulators" / "plants" / "chlor_alkali.yaml"
PLANT = load_plant(FILE)
START = 1_790_000_000 * SECOND


def make(seed: int = 5, *, plant: Plant = PLANT, step_size: int = SECOND) -> ChlorAlkali:
    return ChlorAlkali(plant, load_case(CaseName.AFTER), seed=seed, start=START, step_size=step_size)


def digest(block: Block) -> str:
    return hashlib.sha256(block.time.tobytes() + block.value.tobytes() + block.status.tobytes()).hexdigest()


def test_the_plant_file_and_the_process_have_the_same_points() -> None:
    process: Process = make()
    assert set(process.points) == set(PLANT.points)
    assert len(process.points) == len(set(process.points)) >= 200


def test_a_plant_file_that_does_not_fit_is_refused_with_the_points() -> None:
    data = PLANT.model_dump()
    data["areas"][0]["units"][0]["points"][0]["id"] = "W-999.flow"
    with pytest.raises(FixError, match=r"W-101\.flow.*W-999\.flow"):
        make(plant=Plant.model_validate(data))


def test_same_seed_same_bytes_also_through_a_trip() -> None:
    def history(seed: int) -> str:
        process = make(seed)
        first = process.run(600)
        process.disturb("GD-301A.chlorine", 9.0, 3.0)
        process.disturb("GD-301B.chlorine", 9.0, 3.0)
        return digest(first) + digest(process.run(600))

    assert history(5) == history(5)
    assert history(5) != history(6)


def test_run_gives_the_same_as_single_steps() -> None:
    single, many = make(), make()
    rows = [single.step() for _ in range(50)]
    block = many.run(50)
    assert np.array_equal(block.value, np.array([value for value, _ in rows]))
    assert block.time.tolist() == [START + SECOND * i for i in range(1, 51)]
    assert single.time == many.time == START + 50 * SECOND


def test_a_returned_row_belongs_to_the_caller() -> None:
    spoiled, untouched = make(), make()
    value, status = spoiled.step()
    value[:] = -1.0
    status[:] = 7
    untouched.step()
    assert np.array_equal(spoiled.step()[0], untouched.step()[0])


@pytest.mark.parametrize("case", list(CaseName))
def test_two_hours_of_normal_operation_stay_inside_ranges_and_far_from_every_limit(case: CaseName) -> None:
    block = ChlorAlkali(PLANT, load_case(case), seed=2, start=START).run(7200)
    for column, name in enumerate(block.points):
        point, values = PLANT.points[name], block.value[:, column]
        if point.range is not None:
            low, high = point.range
            assert low <= values.min(), name
            assert values.max() <= high, name
            assert len(np.unique(values)) > 7000, f"{name} repeats itself"
        for alarm in point.alarms:
            assert alarm.limit is not None
            if alarm.kind is AlarmKind.HIGH:
                assert values.max() < alarm.limit - alarm.deadband, alarm.id
            if alarm.kind is AlarmKind.LOW:
                assert values.min() > alarm.limit + alarm.deadband, alarm.id
    for interlock in PLANT.interlocks:
        assert not block.value[:, block.points.index(interlock.command)].any()


def test_counters_rise_in_whole_digits_by_the_integral_of_their_rate() -> None:
    block = make().run(3600)
    for name in (p.id for p in PLANT.points.values() if p.kind is Kind.COUNTER):
        total = block.value[:, block.points.index(name)]
        rate = block.value[:, block.points.index(name.replace(".total", ".rate"))]
        assert (np.diff(total) >= 0).all(), name
        per_hour = 3.6e-3 if PLANT.points[name].unit == "GJ" else 1.0  # a GJ counter has its rate in kW
        assert total[-1] - total[0] == pytest.approx(rate.mean() * per_hour, rel=0.01, abs=0.02), name


def test_a_counter_goes_to_zero_at_its_modulus() -> None:
    counter = Counter(factor=10.0, scale=10, modulus=1000, total=999.0)
    assert counter.shown == 99.9
    counter.total += 1.0
    assert counter.shown == 0.0


def test_half_second_steps_tell_the_same_story() -> None:
    whole, half = make(), make(step_size=SECOND // 2)
    a, b = whole.run(1800), half.run(3600)
    for point in ("E-101.voltage", "AI-203.strength", "PT-301.pressure", "E-101.temperature"):
        column = a.points.index(point)
        assert b.value[-1, column] == pytest.approx(a.value[-1, column], rel=0.02), point


def test_a_step_beyond_two_seconds_is_refused() -> None:
    with pytest.raises(FixError, match="step size"):
        make(step_size=3 * SECOND)


def test_a_disturbance_ramps_up_changes_and_goes_away() -> None:
    process = make()
    column = process.points.index("PT-301.pressure")
    normal = process.run(5).value[-1, column]
    process.disturb("PT-301.pressure", 35.0, 10.0)
    rising = process.run(20).value[:, column]
    assert normal < rising[4] < 35.0
    assert rising[-1] == pytest.approx(35.0, abs=0.3)
    process.disturb("PT-301.pressure", 28.0, 10.0)
    falling = process.run(20).value[:, column]
    assert 28.0 < falling[4] < 34.0
    assert falling[-1] == pytest.approx(28.0, abs=0.3)
    process.disturb("PT-301.pressure", None, 10.0)
    assert process.run(30).value[-1, column] == pytest.approx(normal, abs=0.5)


def test_speed_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    process, began = make(), time.perf_counter()
    process.run(2000)
    took = (time.perf_counter() - began) / 2000
    with capsys.disabled():
        print(f"\nchlor-alkali: {took * 1e6:.0f} us a step, {1 / took:.0f} times real time")  # noqa: T201 - the result
    assert took > 0


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_any_case_file_is_read_or_refused_with_its_name(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    path = tmp_path_factory.mktemp("case") / "cases.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(FixError, match=r"cases\.yaml"):
        load_case(CaseName.AFTER, path)


def test_a_wrong_number_in_a_case_is_refused_by_its_key(tmp_path: Path) -> None:
    good = load_case(CaseName.AFTER).model_dump()
    path = tmp_path / "cases.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump({"after": {**good, "cell_area": -1.0}}, file)
    with pytest.raises(FixError, match="cell_area"):
        load_case(CaseName.AFTER, path)
    assert Case.model_validate(good) == load_case(CaseName.AFTER)
