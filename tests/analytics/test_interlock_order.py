"""Whatever the order of arrival, the batches, the repeats and the restarts: the findings are the same."""

import json
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.interlocks.parameters import default_parameters
from analytics.interlocks.supervision import Supervision
from plant.findings import FindingState
from plant.model import Plant
from plant.readings import Reading
from tests.analytics.interlock_kit import BAD, NORMAL, T0, Course, Found, S, Said, Watch, plant, told

LATENESS, TAIL = 20, 40
PARAMETERS = default_parameters().model_copy(update={"lateness": LATENESS, "uncertain_after": 8.0})
PLANTS = {
    (voting, hysteresis, bad): plant(
        voting,
        cause={"hysteresis": hysteresis, "bad_counts_as": bad},
        interlock={"bypass_limit": 15},
        sources={"X": "meters", "B": "meters"} if voting == "1oo2" else {},
    )
    for voting in ("1oo1", "1oo2", "2oo3")
    for hysteresis in (0, 1)
    for bad in ("trip", "no_vote")
}
ANALOG: list[Said] = [5.0, 9.5, 10.0, 12.0, (12.0, 0x4090_0000), (5.0, 0x0096_0000), (0.0, BAD), None]
SWITCH: list[Said] = [0.0, 1.0, (0.0, BAD), (1.0, 0x4090_0000)]
ELEMENT: list[Said] = [0.0, 1.0, (0.0, BAD), None]


@dataclass(frozen=True)
class Story:
    plant: Plant = field(repr=False)
    rows: list[Reading] = field(repr=False)


def courses(values: list[Said], first: Said) -> st.SearchStrategy[Course]:
    change = st.tuples(st.integers(0, 80).map(lambda n: n / 2), st.sampled_from(values))
    return st.lists(change, max_size=4).map(lambda found: [(0, first), *sorted(found, key=lambda c: c[0])])


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """40 s in which anything may happen, then 40 s in which all is normal."""
    model = draw(st.sampled_from(list(PLANTS.values())))
    values = {"V": ELEMENT, "H": [1.0, None], "M": [1.0, None], **dict.fromkeys("XWabc", SWITCH)}
    story = {}
    for name in model.points:
        normal = NORMAL[name][0][1]
        story[name] = [*draw(courses(values.get(name, ANALOG), normal)), (40.5, normal)]
    return Story(model, told(model, 40 + TAIL, **story))


SOME = settings(max_examples=40)
CHANCE = st.integers(0, 2**32 - 1).map(random.Random)


def kept(watch: Watch) -> list[object]:
    return [(f.id, f) for f in watch.held()]


def in_order(story: Story) -> Watch:
    return Watch(story.plant, PARAMETERS).hear(story.rows)


def late_by(rng: random.Random, story: Story) -> list[Reading]:
    """In an order of arrival in which no row comes more than the lateness after a newer one."""
    arrival = {id(r): r.time + rng.random() ** 3 * LATENESS * S for r in story.rows}
    return sorted(story.rows, key=lambda r: arrival[id(r)])


def batches(rng: random.Random, rows: list[Reading]) -> list[list[Reading]]:
    found, start = [], 0
    while start < len(rows):
        size = rng.choice((1, 2, 5, 20, 80))
        found.append(rows[start : start + size])
        start += size
    return found


@SOME
@given(stories(), CHANCE)
def test_late_and_shuffled(story: Story, rng: random.Random) -> None:
    watch = Watch(story.plant, PARAMETERS)
    for batch in batches(rng, late_by(rng, story)):
        watch.step(batch)
    assert kept(watch) == kept(in_order(story))
    assert watch.supervision.too_late == 0


@SOME
@given(stories(), CHANCE)
def test_split_into_other_batches(story: Story, rng: random.Random) -> None:
    one_by_one = Watch(story.plant, PARAMETERS)
    for batch in batches(rng, story.rows):
        one_by_one.step(batch)
    whole = Watch(story.plant, PARAMETERS)
    whole.step(story.rows)
    assert kept(one_by_one) == kept(in_order(story)) == kept(whole)


@SOME
@given(stories(), CHANCE)
def test_repeated(story: Story, rng: random.Random) -> None:
    watch = Watch(story.plant, PARAMETERS)
    parts = batches(rng, story.rows)
    for n, batch in enumerate(parts):
        watch.step(batch)
        watch.step(rng.choice(parts[max(0, n - 5) : n + 1]))
    assert kept(watch) == kept(in_order(story))


@SOME
@given(stories(), CHANCE, st.integers(1, 5))
def test_cut_by_restarts(story: Story, rng: random.Random, restarts: int) -> None:
    """Saved as JSON and read back between any two batches; told again is only what changed."""
    parts = batches(rng, late_by(rng, story))
    cuts = {rng.randrange(len(parts)) for _ in range(restarts)}
    watch, whole = Watch(story.plant, PARAMETERS), Watch(story.plant, PARAMETERS)
    for n, batch in enumerate(parts):
        watch.step(batch)
        whole.step(batch)
        if n in cuts:
            saved = watch.supervision.dump()
            watch.supervision = Supervision(story.plant, PARAMETERS)
            watch.supervision.restore(saved)
    assert watch.findings == whole.findings, "taken back ones included"
    assert watch.messages == whole.messages
    assert watch.supervision.too_late == whole.supervision.too_late


def test_a_state_is_plain_json() -> None:
    """Without NaN, which is no JSON."""
    bad = told(ONE, 30, A=[(0, 5.0), (10, (0, BAD))])
    state = json.loads(Watch(ONE, PARAMETERS).hear(bad).supervision.dump(), parse_constant=pytest.fail)
    assert state["windows"]["signal A"]["told"] != {}


@SOME
@given(stories(), CHANCE)
def test_messages_that_come_again_after_a_kill(story: Story, rng: random.Random) -> None:
    """A kill loses what was judged since the last save; those messages come again, and were told already."""
    parts = batches(rng, late_by(rng, story))
    watch = Watch(story.plant, PARAMETERS)
    saved, since = watch.supervision.dump(), 0
    for n, batch in enumerate(parts):
        watch.step(batch)
        if rng.random() < 0.1:
            saved, since = watch.supervision.dump(), n + 1
        if rng.random() < 0.1:
            watch.supervision = Supervision(story.plant, PARAMETERS)
            watch.supervision.restore(saved)
            for again in parts[since : n + 1]:
                watch.step(again)
    assert kept(watch) == kept(in_order(story))


# --- single cases -----------------------------------------------------------------------------------

ONE = PLANTS["1oo1", 0, "no_vote"]
DEMAND: Course = [(0, 5.0), (10, 12.0)]


def test_a_command_that_arrives_late_takes_the_finding_back() -> None:
    rows = told(ONE, 40, A=DEMAND, X=[(0, 0.0), (12, 1.0)], V=[(0, 1.0), (14, 0.0)])
    late = [r for r in rows if r.point == "X" and r.time == T0 + 12 * S]
    watch = Watch(ONE, PARAMETERS).hear([r for r in rows if r not in late and r.time < T0 + 25 * S])
    assert watch.found() == [Found("IA-01", "I", 10, None)]
    watch.step(late)
    assert [f.state for f in watch.findings.values()] == [FindingState.WITHDRAWN]
    watch.hear([r for r in rows if r.time >= T0 + 25 * S])
    assert watch.found() == []


def test_a_row_that_is_too_late_is_counted_and_changes_nothing() -> None:
    rows = told(ONE, 60, A=DEMAND)
    late = [r for r in rows if r.point == "A" and r.time == T0 + 12 * S]
    watch = Watch(ONE, PARAMETERS).hear([r for r in rows if r not in late])
    before = dict(watch.findings)
    watch.step(Reading("A", r.time, 5.0) for r in late)
    assert (watch.findings, watch.supervision.too_late) == (before, 1)


def test_a_conclusion_from_absence_waits_for_a_source_that_lags_but_not_for_ever() -> None:
    model = plant(sources={"X": "meters"})
    rows = told(model, 60, A=DEMAND)
    dcs = [r for r in rows if r.point not in "XM" or r.time < T0 + 5 * S]
    watch = Watch(model).hear(dcs)
    assert watch.found("IA-01") == [Found("IA-01", "I", 10, None)]
    assert watch.first_told["IA-01"] == 10 + 5 + 2 + default_parameters().wait


def test_an_outage_of_one_source_is_judged_in_full_when_its_values_come() -> None:
    """The command's source is away for 200 s and then sends everything: longer than the lateness."""
    model = plant(sources={"X": "meters"})
    rows = told(model, 300, A=[*DEMAND, (60, 5.0)], X=[(0, 0.0), (12, 1.0), (100, 0.0)], V=[(0, 1.0), (14, 0.0)])
    away = [r for r in rows if r.point in "XM" and 5 <= (r.time - T0) / S <= 205]
    watch = Watch(model).hear([r for r in rows if r not in away and r.time <= T0 + 205 * S])
    assert watch.found("IA-01") == [Found("IA-01", "I", 10, 60)]
    watch.hear(away)
    watch.hear([r for r in rows if r.time > T0 + 205 * S])
    assert watch.found("IA-01") == []


@given(stories())
@settings(max_examples=20)
def test_a_window_that_is_too_small_still_judges_what_comes_in_order(story: Story) -> None:
    watch = Watch(story.plant, PARAMETERS)
    for watched in watch.supervision._windows.values():
        watched.window._most_rows = 1
    assert kept(watch.hear(story.rows)) == kept(in_order(story))


@SOME
@given(stories(), CHANCE)
def test_how_long_a_conclusion_waits_changes_only_when_it_is_told(story: Story, rng: random.Random) -> None:
    patient = Watch(story.plant, PARAMETERS.model_copy(update={"skew": 10.0}))
    for batch in batches(rng, story.rows):
        patient.step(batch)
    assert kept(patient) == kept(in_order(story))


def test_a_bypass_that_was_lifted_in_time_takes_the_finding_back() -> None:
    """The limit is 15 s; the switch goes off after 14 s, but that arrives when the limit is long over."""
    rows = told(ONE, 40, W=[(0, 0.0), (5, 1.0), (19, 0.0)])
    late = [r for r in rows if r.point == "W" and r.time == T0 + 19 * S]
    watch = Watch(ONE, PARAMETERS).hear([r for r in rows if r not in late and r.time <= T0 + 30 * S])
    assert watch.found() == [Found("IA-06", "I", 5, None)]
    watch.step(late)
    assert watch.found() == []


def test_a_window_keeps_a_bounded_number_of_rows() -> None:
    """One source of the interlock has fallen silent for good, so nothing can be settled by its time."""
    model = plant(sources={"X": "meters"})
    rows = [r for r in told(model, 4000) if r.point not in "XM" or r.time < T0 + 5 * S]
    watch = Watch(model).hear(rows, seconds=50)
    kept_rows = max(len(w.window._rows) for w in watch.supervision._windows.values())
    assert 1900 < kept_rows <= 2000 + 4 * 50


@pytest.mark.parametrize(
    "broken", ["", "{", "null", "[]", "{}", '{"windows": 1}', '{"windows": {"demand I": {}}}']
)
def test_a_state_that_cannot_be_read_changes_nothing(broken: str) -> None:
    watch = Watch(ONE, PARAMETERS).hear(told(ONE, 30, A=DEMAND))
    before = watch.supervision.dump()
    with pytest.raises(ValueError, match="validation error"):
        watch.supervision.restore(broken)
    assert watch.supervision.dump() == before
