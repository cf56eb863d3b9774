"""A restart at any moment changes nothing: dump, restore, feed the stored readings again, go on."""

import json

import numpy as np
import pytest
from energy_plant import DATA, DAY, HOUR, MINUTE, Drive, at, counter, every_minute, in_batches, small_plant
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.energy.live import EnergyAccounts
from plant.errors import FixError
from plant.readings import Readings

PLANT = small_plant()
START = at("2026-03-10T20:30:00+08:00")
END = START + 30 * HOUR

minutes = st.integers(0, 30 * 60 - 1)
events = st.lists(
    st.tuples(
        st.sampled_from(["stuck", "gap", "reset", "jump", "bad", "source silent"]),
        st.sampled_from(["E.total", "S.total", "P.total"]),
        minutes,
        st.integers(1, 90),
    ),
    max_size=5,
)


def plant_readings(happened: list[tuple[str, str, int, int]]) -> Readings:
    """Thirty hours of all points, with the events in them."""
    time = every_minute(START, END)
    series = {
        "E.total": counter(time, "999000", 1500) % 1_000_000,
        "E.rate": np.full(len(time), 1500.0),
        "S.total": counter(time, "100", 1.2),
        "P.total": counter(time, "50", 0.6),
        "other": np.zeros(len(time)),
    }
    status = {p: np.zeros(len(time), np.uint32) for p in series}
    keep = {p: np.ones(len(time), np.bool_) for p in series}
    for what, point, first, length in happened:
        during = slice(first, first + length)
        match what:
            case "stuck":
                series[point][during] = series[point][first]
            case "gap":
                keep[point][during] = False
            case "reset":
                series[point][first:] = np.maximum(series[point][first:] - series[point][first], 0)
            case "jump":
                series[point][first:] += 5000
            case "bad":
                status[point][during] = 0x808C0000
            case _:
                for kept in keep.values():
                    kept[during] = False
    return Readings.concat(
        [Readings.of_point(p, time[keep[p]], v[keep[p]], status[p][keep[p]]) for p, v in series.items()]
    )


def seen(drive: Drive) -> tuple[object, ...]:
    return (
        {f.id: repr(f) for f in drive.findings.values()},
        [repr(r) for r in drive.results],
    )


@settings(max_examples=15, deadline=None)
@given(events, st.lists(st.integers(40, 900), min_size=1, max_size=4), st.data())
def test_a_cut_anywhere_changes_no_finding_and_no_result(
    happened: list[tuple[str, str, int, int]], sizes: list[int], data: st.DataObject
) -> None:
    batches = in_batches(plant_readings(happened), sizes)
    whole = Drive.of(PLANT)
    for batch in batches:
        whole.step(batch)

    cut = data.draw(st.integers(0, len(batches)), "cut after batch")
    before = Drive.of(PLANT)
    for batch in batches[:cut]:
        before.step(batch)
    state = json.loads(json.dumps(before.accounts.dump()))
    assert len(json.dumps(state)) < 10_000  # open things only, never the series

    after = Drive(EnergyAccounts(PLANT, DATA), before.findings, before.results, before.newest)
    after.accounts.restore(state)
    wanted = after.accounts.history()
    if wanted is not None:
        points, since = wanted
        stored = Readings.concat(batches[:cut]).select(points)
        after.accounts.feed(stored[stored.time >= since])
    for batch in batches[cut:]:
        after.step(batch)
    assert seen(after) == seen(whole)


@settings(max_examples=15, deadline=None)
@given(events, st.lists(st.integers(35, 3000), min_size=1, max_size=4))
def test_the_split_into_batches_changes_nothing(
    happened: list[tuple[str, str, int, int]], sizes: list[int]
) -> None:
    readings = plant_readings(happened)
    seen_by_split = []
    for split in ([35], sizes):
        drive = Drive.of(PLANT)
        for batch in in_batches(readings, split):
            drive.step(batch)
        seen_by_split.append(
            (
                {(f.rule, f.subject, f.start, f.end, f.seen) for f in drive.findings.values()},
                sorted(map(repr, drive.results)),
            )
        )
    assert seen_by_split[0] == seen_by_split[1]


def test_history_asks_for_the_running_day_and_no_more() -> None:
    drive = Drive.of(PLANT)
    for batch in in_batches(plant_readings([]), [300]):
        drive.step(batch)
    fresh = EnergyAccounts(PLANT, DATA)
    fresh.restore(drive.accounts.dump())
    wanted = fresh.history()
    assert wanted is not None
    points, since = wanted
    assert set(points) == {"E.total", "E.rate", "S.total", "P.total"}
    # The open day began at 2026-03-12T00:00+08:00; a standstill is judged over the 900 s before; one value more.
    midnight = at("2026-03-12T00:00:00+08:00")
    assert midnight - 15 * MINUTE - MINUTE <= since <= midnight - 15 * MINUTE


def test_before_the_first_value_nothing_is_asked_for() -> None:
    accounts = EnergyAccounts(PLANT, DATA)
    accounts.restore(accounts.dump())
    assert accounts.history() is None


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({}, id="empty"),
        pytest.param({"schema_version": 2}, id="other version"),
        pytest.param([], id="a list"),
        pytest.param({"schema_version": 1, "since": 1, "periods": [{}], "meters": {}, "voices": {}}, id="holes"),
    ],
)
def test_a_state_that_cannot_be_read_changes_nothing(state: object) -> None:
    drive = Drive.of(PLANT)
    drive.step(plant_readings([])[:500])
    kept = drive.accounts.dump()
    with pytest.raises(FixError, match="checkpoint"):
        drive.accounts.restore(state)  # type: ignore[arg-type]
    assert drive.accounts.dump() == kept


def test_meters_and_products_that_the_plant_file_no_longer_has_are_left_out() -> None:
    drive = Drive.of(PLANT)
    for batch in in_batches(plant_readings([]), [300]):
        drive.step(batch)
    changed = EnergyAccounts(
        small_plant(("id: caustic\n", "id: lye\n"), ("{id: S,", "{id: S9,"), ("[E, S]", "[E, S9]")),
        DATA,
    )
    changed.restore(drive.accounts.dump())
    assert changed.history() is None
    _, results = changed.step(plant_readings([])[:500], lambda _: START + DAY)
    assert {r.point for r in results.rows()} >= {"small/caustic/hour"}
