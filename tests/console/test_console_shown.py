"""Values, qualities, verdicts and votes: the pure part of the console."""

from collections.abc import Sequence
from math import nan

import pytest
from console_fake import DAY, ORIGIN, FakeDesk, load_plant
from hypothesis import given
from hypothesis import strategies as st
from nicegui import Client, ui
from nicegui.page import page

from plant.clock import SECOND
from plant.findings import Finding, FindingState, Severity
from plant.model import Kind, Plant, Point
from plant.readings import Reading
from plant.status import BAD_SENSOR_FAILURE, GOOD, GOOD_CLAMPED, UNCERTAIN
from plantwatch.console import health_view
from plantwatch.console.data import Act, EnergyPeriod, Grades, InterlockHistory, Viewer
from plantwatch.console.energy_view import Verdict, axis, chart, verdict
from plantwatch.console.interlock_view import InterlockState, InterlockView, Present, Vote, view
from plantwatch.console.screen import Screen
from plantwatch.console.sessions import LIFETIME, MOST, TICKET_LIFETIME, Sessions
from plantwatch.console.shown import Quality, age_text, number, show, silence_limit, unit_text
from plantwatch.latest import Live

PRESSURE = Point(id="P-1.pressure", name="Pressure", unit="kPa", range=(0, 40), period=1)
NOW = ORIGIN
GRADES = Grades("GB 21257-2024", 308.0, 315.0, 350.0)


def live(value: float, *, status: int = GOOD, ago: float = 0.5, point: str = "P-1.pressure") -> Live:
    when = NOW - int(ago * SECOND)
    return Live(Reading(point, when, value, status), when)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load_plant()


@pytest.mark.parametrize(
    ("came", "quality", "text"),
    [
        pytest.param(live(21.5), Quality.GOOD, "21.50", id="good"),
        pytest.param(live(21.5, status=GOOD_CLAMPED), Quality.GOOD, "21.50", id="good-with-a-sub-code"),
        pytest.param(live(21.5, status=UNCERTAIN), Quality.UNCERTAIN, "21.50", id="uncertain-is-shown-and-marked"),
        pytest.param(live(21.5, status=BAD_SENSOR_FAILURE), Quality.BAD, "–", id="bad-hides-the-number"),
        pytest.param(live(21.5, ago=9), Quality.STALE, "–", id="stale-hides-the-number"),
        pytest.param(live(nan), Quality.BAD, "–", id="good-without-a-number-is-bad"),
        pytest.param(None, Quality.NONE, "–", id="never-came"),
    ],
)
def test_only_a_trustworthy_value_is_shown(came: Live | None, quality: Quality, text: str) -> None:
    shown = show(PRESSURE, came, now=NOW, limit=8 * SECOND, language="en")
    assert (shown.quality, shown.text) == (quality, text)


@given(st.floats(), st.integers(0, 2**32 - 1), st.floats(0, 1e6), st.sampled_from(list(Kind)))
def test_no_reading_makes_showing_fail_and_no_bad_or_old_number_comes_through(
    value: float, status: int, ago: float, kind: Kind
) -> None:
    point = PRESSURE.model_copy(update={"kind": kind})
    shown = show(point, live(value, status=status, ago=ago), now=NOW, limit=8 * SECOND, language="zh")
    if status >> 30 >= 2 or ago > 8.5:
        assert shown.text == "–"


def test_a_state_is_shown_by_its_name_in_the_language() -> None:
    breaker = Point(
        id="b", name="Breaker", kind=Kind.DISCRETE, states={0: "open", 1: "closed"}, states_zh={1: "合闸"}
    )
    assert show(breaker, live(1), now=NOW, limit=None, language="zh").text == "合闸"
    assert show(breaker, live(0), now=NOW, limit=None, language="zh").text == "open"
    assert show(breaker, live(7), now=NOW, limit=None, language="en").text == "7"


def test_three_missed_periods_and_the_normal_way_make_a_value_stale(plant: Plant) -> None:
    assert silence_limit(plant, PRESSURE, 5 * SECOND) == 8 * SECOND
    assert silence_limit(plant, PRESSURE.model_copy(update={"period": None}), 0) is None


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(1234567.891, 1, "1\u2009234\u2009567.9"), (-3.14159, 2, "\u22123.14"), (-0.0001, 2, "0.00"), (0.0, 0, "0")],
)
def test_numbers_have_thin_spaces_and_no_minus_zero(value: float, places: int, text: str) -> None:
    assert number(value, places) == text


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("1", ""),
        ("m3/h", "m³/h"),
        ("degC", "°C"),
        ("mg/m3", "mg/m³"),
        ("ug/L", "µg/L"),
        ("kA/m2", "kA/m²"),
        ("mm", "mm"),
    ],
)
def test_units_are_written_as_on_paper(unit: str, text: str) -> None:
    assert unit_text(unit) == text


def test_ages_are_whole_units() -> None:
    assert [age_text(s * SECOND) for s in (0, 119, 120, 7200, 2 * 86_400)] == [
        "0 s",
        "119 s",
        "2 min",
        "2 h",
        "2 d",
    ]


@pytest.mark.parametrize(
    ("value", "reached"),
    [
        (308.0, Verdict.GRADE_1),
        (308.0001, Verdict.GRADE_2),
        (315.0, Verdict.GRADE_2),
        (350.0, Verdict.GRADE_3),
        (350.0001, Verdict.OVER),
        (nan, Verdict.NOT_ASSESSABLE),
    ],
)
def test_a_grade_is_reached_at_its_own_value(value: float, reached: Verdict) -> None:
    assert verdict(EnergyPeriod(0, value, 1.0, assessable=True), GRADES) is reached


def test_too_little_data_is_never_a_verdict() -> None:
    assert verdict(EnergyPeriod(0, 100.0, 0.899, assessable=False), GRADES) is Verdict.NOT_ASSESSABLE


def test_the_axis_holds_every_line_and_the_picture_hatches_what_is_not_assessable() -> None:
    periods = [EnergyPeriod(0, 330.0, 1.0, assessable=True), EnergyPeriod(1, 200.0, 0.4, assessable=False)]
    low, high = axis(periods, GRADES)
    assert low < 308
    assert high > 350
    words = dict.fromkeys(("consumption", "coverage", "grade_1", "grade_2", "grade_3"), "x")
    bars = chart(periods, GRADES, words, zone="UTC", form="%H", dark=False)["series"][0]["data"]
    assert "decal" not in bars[0].get("itemStyle", {})
    assert "decal" in bars[1]["itemStyle"]


def _view(plant: Plant, changes: list[Live], *, findings: Sequence[Finding] = ()) -> InterlockView:
    desk = FakeDesk(plant)
    latest = dict(desk.latest()) | {c.reading.point: c for c in changes}
    interlock = next(i for i in plant.interlocks if i.id == "IL-301")
    present = Present(plant, latest, desk.now(), 5 * SECOND, "en")
    return view(interlock, present, InterlockHistory(), findings)


def _at(plant: Plant, point: str, value: float, status: int = GOOD) -> Live:
    now = FakeDesk(plant).now() + SECOND
    return Live(Reading(point, now, value, status), now)


def test_an_interlock_with_all_signals_is_armed(plant: Plant) -> None:
    assert _view(plant, []).state is InterlockState.ARMED


def test_votes_are_counted_at_the_set_point_and_a_bypassed_channel_has_none(plant: Plant) -> None:
    high = [_at(plant, f"GD-301{c}.chlorine", 2.0) for c in "AB"]
    assert _view(plant, high).votes == 2
    seen = _view(plant, [*high, _at(plant, "IL-301.bypass_a", 1)])
    assert (seen.votes, seen.state) == (1, InterlockState.BYPASSED)


def test_a_bad_channel_is_unknown_or_a_vote_as_the_plant_file_says_and_never_healthy(plant: Plant) -> None:
    seen = _view(plant, [_at(plant, "GD-301A.chlorine", 0.1, BAD_SENSOR_FAILURE)])
    assert seen.causes[0].vote in {Vote.UNKNOWN, Vote.TRIP}
    assert (seen.causes[0].vote is Vote.UNKNOWN) == (seen.state is InterlockState.UNKNOWN)


def test_a_command_whose_signal_is_bad_makes_it_not_assessable(plant: Plant) -> None:
    seen = _view(plant, [_at(plant, "IL-301.command", 0, BAD_SENSOR_FAILURE)])
    assert seen.state is InterlockState.UNKNOWN
    assert "IL-301.command" in seen.missing


def test_an_open_serious_finding_outranks_everything_and_a_withdrawn_one_is_gone(plant: Plant) -> None:
    found = Finding("IA-01", "IL-301", Severity.CRITICAL, NOW, None, "a", "b", "c")
    assert _view(plant, [], findings=[found]).state is InterlockState.FAILED
    closed = found.closed(NOW + SECOND)
    assert closed.state is FindingState.CLOSED
    assert _view(plant, [], findings=[closed]).state is InterlockState.ARMED
    assert _view(plant, [], findings=[found.withdrawn()]).findings == ()


def test_a_source_is_not_called_connected_when_its_agent_is_silent(plant: Plant) -> None:
    desk = FakeDesk(plant)
    latest = desk.latest()
    fresh = health_view.sources(latest, now=desk.now(), slack=0)
    assert [(s.source, s.connected) for s in fresh] == [("dcs", True), ("meters", False)]
    late = health_view.sources(latest, now=desk.now() + DAY, slack=0)
    assert [s.connected for s in late] == [None, None]


def test_a_session_ends_by_itself_and_a_ticket_works_once() -> None:
    now = [0]
    sessions = Sessions(lambda: now[0])
    key = sessions.open("secret")
    ticket = sessions.ticket("secret")
    assert sessions.token(key) == "secret"
    assert (sessions.redeem(ticket), sessions.redeem(ticket)) == ("secret", None)
    late = sessions.ticket("secret")
    now[0] = TICKET_LIFETIME
    assert sessions.redeem(late) is None
    now[0] = LIFETIME
    assert sessions.token(key) is None


def test_sessions_are_bounded() -> None:
    sessions = Sessions(lambda: 0)
    first = sessions.open("a")
    for _ in range(MOST):
        last = sessions.open("b")
    assert sessions.token(first) is None
    assert sessions.token(last) == "b"


@pytest.mark.parametrize("token", ["regulator-token", "expired-token"])
def test_an_action_without_the_right_is_refused_on_the_server_and_never_reaches_the_desk(
    plant: Plant, token: str
) -> None:
    desk = FakeDesk(plant)
    everything = Viewer("forged", "admin", frozenset(Act))
    with Client(page("")):
        screen = Screen(desk, everything, token, "en", False, "/alarms", {}, ui.label(""))
        reached: list[Viewer] = []
        done = [screen.do(act, reached.append, done="done") for act in Act]
    assert (done, reached) == ([False] * len(Act), [])
