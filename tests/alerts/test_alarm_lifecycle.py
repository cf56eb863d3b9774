"""The 21 transitions of ISA-18.2 by number, the refusals, and what no order of events breaks."""

import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle import (
    MAX_SHELF,
    Acknowledge,
    Activate,
    Event,
    Moved,
    Phase,
    Policy,
    Quality,
    ReAlarm,
    Refused,
    Reset,
    Return,
    Service,
    Shelf,
    Shelve,
    Silence,
    State,
    Suppress,
    Tick,
    Unshelve,
    What,
    transition,
)
from plant.clock import SECOND

HOUR = 3600 * SECOND
PLAIN = Policy()
LATCHING = Policy(latching=True)
A, B = Activate("one"), Activate("two")
ACK, ACK_B = Acknowledge("one", "li"), Acknowledge("two", "li")
SHELVE = Shelve(HOUR, "sensor change", "li")
OUT, BACK = Service("permit 7", "wang"), Service(None, "wang")
SUPPRESS, FREE = Suppress("unit stopped"), Suppress(None)


def after(policy: Policy, *events: Event, now: int = 0) -> State:
    state = State()
    for event in events:
        moved = transition(state, event, now, policy)
        assert isinstance(moved, Moved), moved
        state = moved.state
    return state


@dataclass(frozen=True)
class Row:
    """One line of the table: how to get to the start, the event, where it leads, whether it calls."""

    number: str
    way: tuple[Event, ...]
    start: Phase
    event: Event
    end: Phase
    what: What
    calls: bool = False
    policy: Policy = PLAIN
    now: int = 0


TABLE = [
    Row("1", (), Phase.NORM, A, Phase.UNACK, What.RAISED, calls=True),
    Row("2", (A,), Phase.UNACK, ACK, Phase.ACKED, What.ACKNOWLEDGED),
    Row("3", (A,), Phase.UNACK, Return(), Phase.RTNUN, What.RETURNED),
    Row(
        "4", (A,), Phase.UNACK, Return(), Phase.NORM, What.RETURNED, policy=Policy(auto_acknowledge=True)
    ),
    Row("5", (A, ACK), Phase.ACKED, Return(), Phase.NORM, What.RETURNED),
    Row("6", (A, Return()), Phase.RTNUN, ACK, Phase.NORM, What.ACKNOWLEDGED),
    Row("7", (A, Return()), Phase.RTNUN, B, Phase.UNACK, What.RAISED, calls=True),
    Row("8", (A, ACK), Phase.ACKED, ReAlarm("two"), Phase.UNACK, What.REALARMED, calls=True),
    Row("9", (A,), Phase.UNACK, Return(), Phase.LUNACK, What.RETURNED, policy=LATCHING),
    Row("10", (A, ACK), Phase.ACKED, Return(), Phase.LACKED, What.RETURNED, policy=LATCHING),
    Row("11", (A, Return()), Phase.LUNACK, ACK, Phase.LACKED, What.ACKNOWLEDGED, policy=LATCHING),
    Row("12", (A, ACK, Return()), Phase.LACKED, Reset("li"), Phase.NORM, What.RESET, policy=LATCHING),
    Row("13a", (A, Return()), Phase.LUNACK, B, Phase.UNACK, What.RAISED, calls=True, policy=LATCHING),
    Row("13b", (A, ACK, Return()), Phase.LACKED, B, Phase.UNACK, What.RAISED, calls=True, policy=LATCHING),
    Row("16 from NORM", (), Phase.NORM, SHELVE, Phase.SHLVD, What.SHELVED),
    Row("16 from UNACK", (A,), Phase.UNACK, SHELVE, Phase.SHLVD, What.SHELVED),
    Row("16 from ACKED", (A, ACK), Phase.ACKED, SHELVE, Phase.SHLVD, What.SHELVED),
    Row("16 from RTNUN", (A, Return()), Phase.RTNUN, SHELVE, Phase.SHLVD, What.SHELVED),
    Row("17 by hand, normal", (SHELVE,), Phase.SHLVD, Unshelve("li"), Phase.NORM, What.UNSHELVED),
    Row("17 by hand, active", (A, SHELVE), Phase.SHLVD, Unshelve("li"), Phase.UNACK, What.UNSHELVED, calls=True),
    Row(
        "17 by hand, acknowledged: never back to ACKED",
        (A, ACK, SHELVE), Phase.SHLVD, Unshelve("li"), Phase.UNACK, What.UNSHELVED, calls=True,
    ),
    Row(
        "17 by hand, returned meanwhile",
        (A, SHELVE, Return()), Phase.SHLVD, Unshelve("li"), Phase.NORM, What.UNSHELVED,
    ),
    Row("17 by time, normal", (SHELVE,), Phase.SHLVD, Tick(), Phase.NORM, What.SHELF_EXPIRED, now=HOUR),
    Row(
        "17 by time, acknowledged",
        (A, ACK, SHELVE), Phase.SHLVD, Tick(), Phase.UNACK, What.SHELF_EXPIRED, calls=True, now=HOUR,
    ),
    Row(
        "17 by time, raised meanwhile",
        (SHELVE, A), Phase.SHLVD, Tick(), Phase.UNACK, What.SHELF_EXPIRED, calls=True, now=HOUR,
    ),
    Row("18 from NORM", (), Phase.NORM, SUPPRESS, Phase.DSUPR, What.SUPPRESSED),
    Row("18 from UNACK", (A,), Phase.UNACK, SUPPRESS, Phase.DSUPR, What.SUPPRESSED),
    Row("18 from SHLVD", (A, SHELVE), Phase.SHLVD, SUPPRESS, Phase.DSUPR, What.SUPPRESSED),
    Row("19 normal", (SUPPRESS,), Phase.DSUPR, FREE, Phase.NORM, What.UNSUPPRESSED),
    Row("19 active", (A, ACK, SUPPRESS), Phase.DSUPR, FREE, Phase.UNACK, What.UNSUPPRESSED, calls=True),
    Row("20 from NORM", (), Phase.NORM, OUT, Phase.OOSRV, What.OUT_OF_SERVICE),
    Row("20 latched", (A, ACK, Return()), Phase.LACKED, OUT, Phase.OOSRV, What.OUT_OF_SERVICE, policy=LATCHING),
    Row("20 from DSUPR", (SUPPRESS,), Phase.DSUPR, OUT, Phase.OOSRV, What.OUT_OF_SERVICE),
    Row("21 normal", (OUT,), Phase.OOSRV, BACK, Phase.NORM, What.IN_SERVICE),
    Row("21 active", (A, ACK, OUT), Phase.OOSRV, BACK, Phase.UNACK, What.IN_SERVICE, calls=True),
    Row(
        "21 latched: only a reset releases a latch",
        (A, ACK, Return(), OUT), Phase.OOSRV, BACK, Phase.LUNACK, What.IN_SERVICE, calls=True, policy=LATCHING,
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda r: r.number)
def test_row_of_the_table(row: Row) -> None:
    start = after(row.policy, *row.way)
    assert start.phase is row.start
    moved = transition(start, row.event, row.now, row.policy)
    assert isinstance(moved, Moved)
    assert (moved.state.phase, moved.what, moved.annunciate) == (row.end, row.what, row.calls)


REFUSALS = [
    pytest.param(
        LATCHING, (A, Return()), Reset("li"), "acknowledge it first", id="14 reset without acknowledgement"
    ),
    pytest.param(LATCHING, (A,), Reset("li"), "cause still holds", id="15 reset while unacknowledged and active"),
    pytest.param(
        LATCHING, (A, ACK), Reset("li"), "cause still holds", id="15 reset while acknowledged and active"
    ),
    pytest.param(PLAIN, (A, Return()), Reset("li"), "not latched", id="nothing to reset"),
    pytest.param(PLAIN, (A, Return(), B), ACK, "come again", id="an occurrence that is over"),
    pytest.param(PLAIN, (), ACK, "come again", id="never raised"),
    pytest.param(PLAIN, (A, ACK), ACK, "already", id="acknowledged twice"),
    pytest.param(PLAIN, (A, ACK), Silence("li"), "no sound", id="silence after acknowledgement"),
    pytest.param(PLAIN, (), ReAlarm("two"), "not active", id="re-alarm of a normal alarm"),
    pytest.param(PLAIN, (), Unshelve("li"), "not on the shelf", id="nothing on the shelf"),
    pytest.param(PLAIN, (SHELVE,), SHELVE, "already", id="shelved twice"),
    pytest.param(Policy(critical=True), (A,), SHELVE, "critical", id="critical alarms are not shelved"),
    pytest.param(PLAIN, (), Shelve(0, "x", "li"), "0 h", id="no time"),
    pytest.param(PLAIN, (), Shelve(MAX_SHELF + 1, "x", "li"), "8 h", id="a nanosecond over a shift"),
    pytest.param(PLAIN, (), Shelve(HOUR, " \n", "li"), "reason", id="no reason"),
    pytest.param(PLAIN, (), Shelve(HOUR, "x" * 501, "li"), "reason", id="a reason of 501 characters"),
    pytest.param(PLAIN, (), Shelve(HOUR, "x", ""), "user", id="nobody"),
    pytest.param(PLAIN, (), Suppress(" "), "reason", id="suppressed without a reason"),
    pytest.param(PLAIN, (), Service(" ", "li"), "reason", id="out of service without a reason"),
    pytest.param(PLAIN, (OUT,), OUT, "already", id="out of service twice"),
    pytest.param(PLAIN, (), BACK, "in service", id="in service already"),
]


@pytest.mark.parametrize(("policy", "way", "event", "reason"), REFUSALS)
def test_refused_with_its_reason(policy: Policy, way: tuple[Event, ...], event: Event, reason: str) -> None:
    refused = transition(after(policy, *way), event, 0, policy)
    assert isinstance(refused, Refused)
    assert reason in refused.reason


def test_a_shift_on_the_shelf_is_allowed_and_not_a_nanosecond_less_is_taken() -> None:
    shelved = after(PLAIN, Shelve(MAX_SHELF, "x", "li"))
    assert after(PLAIN, A, SHELVE).shelf == Shelf(HOUR, "li", "sensor change")
    early = transition(shelved, Tick(), MAX_SHELF - 1)
    due = transition(shelved, Tick(), MAX_SHELF)
    assert isinstance(early, Moved)
    assert isinstance(due, Moved)
    assert (early.what, due.what) == (None, What.SHELF_EXPIRED)


def test_a_shelf_that_a_wrong_clock_set_years_ahead_ends_when_the_clock_is_right_again() -> None:
    shelved = transition(State(), SHELVE, 10 * 365 * 24 * HOUR)
    assert isinstance(shelved, Moved)
    moved = transition(shelved.state, Tick(), 0)
    assert isinstance(moved, Moved)
    assert moved.what is What.SHELF_EXPIRED


def test_an_alarm_that_becomes_critical_leaves_the_shelf_and_calls() -> None:
    moved = transition(after(PLAIN, A, SHELVE), Tick(), 1, Policy(critical=True))
    assert isinstance(moved, Moved)
    assert (moved.what, moved.state.phase, moved.annunciate) == (What.UNSHELVED, Phase.UNACK, True)
    assert "critical" in moved.detail


def test_silence_stops_the_sound_and_nothing_else() -> None:
    before = after(PLAIN, A)
    assert after(PLAIN, A, Silence("li")) == replace(before, silenced=True)
    assert not after(PLAIN, A, Silence("li"), ReAlarm("two")).silenced, "a new call sounds again"


SUPPRESSIONS = {"shelf": (SHELVE, Unshelve("li")), "design": (SUPPRESS, FREE), "service": (OUT, BACK)}


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(SUPPRESSIONS, 2)))
def test_taking_one_suppression_away_leaves_the_other(first: str, second: str) -> None:
    (put, take), (put_too, take_too) = SUPPRESSIONS[first], SUPPRESSIONS[second]
    both = after(PLAIN, A, ACK, put, put_too)
    one = transition(both, take, 0)
    assert isinstance(one, Moved)
    assert (one.annunciate, one.state.suppressed, one.state.acked) == (False, True, True)
    none = transition(one.state, take_too, 0)
    assert isinstance(none, Moved)
    assert (none.annunciate, none.state.phase) == (True, Phase.UNACK)


# --- what no order of events breaks ---------------------------------------------------------------

REASONS = st.sampled_from([None, "", "why"])
EVENTS = st.one_of(
    st.just(Activate("new")),
    st.just(ReAlarm("new")),
    st.just(Return()),
    st.builds(Quality, st.booleans()),
    st.builds(Acknowledge, st.sampled_from(["present", "past"]), st.just("li")),
    st.just(Reset("li")),
    st.just(Silence("li")),
    st.builds(Shelve, st.sampled_from([0, 1, 5, MAX_SHELF]), st.just("why"), st.just("li")),
    st.just(Unshelve("li")),
    st.just(Tick()),
    st.builds(Suppress, REASONS),
    st.builds(Service, REASONS, st.just("wang")),
)
POLICIES = st.builds(Policy, st.booleans(), st.booleans(), st.booleans())


def named(event: Event, state: State, number: int) -> Event:
    """Every call has a new name; acknowledgements name the present one half of the time."""
    if isinstance(event, Activate | ReAlarm):
        return replace(event, occurrence=f"n{number}")
    if isinstance(event, Acknowledge) and event.occurrence == "present":
        return replace(event, occurrence=state.occurrence or "none")
    return event


@given(POLICIES, st.lists(EVENTS, max_size=60))
def test_invariants_hold_after_any_events(policy: Policy, events: list[Event]) -> None:
    state, told = State(), dict[str, str]()
    for now, event in enumerate(events):
        event = named(event, state, now)  # noqa: PLW2901 - the same event with its name filled in
        moved = transition(state, event, now, policy)
        if isinstance(moved, Refused):
            assert moved.reason
            assert not isinstance(event, Activate | Return | Quality | Tick), "the process is never refused"
            continue
        check_step(state, event, moved)
        check_model(told, event)
        state = moved.state
    assert state.active == (told.get("process") == "abnormal")


def check_model(told: dict[str, str], event: Event) -> None:
    """What the process does is recorded under any suppression."""
    if isinstance(event, Activate):
        told["process"] = "abnormal"
    elif isinstance(event, Return):
        told["process"] = "normal"


def check_step(before: State, event: Event, moved: Moved) -> None:
    state = moved.state
    if moved.what is None:
        assert state == before, "no change without a word for the journal"
    assert moved.annunciate <= (not state.suppressed), "a suppressed alarm is silent"
    if before.suppressed and not state.suppressed:
        assert state.phase is not Phase.ACKED, "never back to acknowledged"
        assert state.phase in {Phase.NORM, Phase.UNACK, Phase.LUNACK}
        assert moved.annunciate == (state.active or state.latched)
    if before.latched and not state.latched:
        assert isinstance(event, Reset | Activate), "only a reset or a new excursion ends a latch"
        assert not isinstance(event, Reset) or before.acked
    if state.acked and not before.acked and state.active:
        assert isinstance(event, Acknowledge)
    check_suppressions(before, event, state)
    if moved.what in {What.RAISED, What.REALARMED}:
        assert state.occurrence != before.occurrence, "every call has a name of its own"
        assert state.phase is Phase.UNACK or state.suppressed
    else:
        assert state.occurrence == before.occurrence


def check_suppressions(before: State, event: Event, state: State) -> None:
    if not isinstance(event, Shelve | Unshelve | Tick):
        assert state.shelf == before.shelf
    if not isinstance(event, Suppress):
        assert state.by_design == before.by_design
    if not isinstance(event, Service):
        assert state.out_of_service == before.out_of_service
