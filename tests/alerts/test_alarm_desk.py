"""The desk: what it answers is durable, a restart changes nothing, and findings come, end and come again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from alerts import finding_alarms
from alerts.desk import AlarmDesk, AlarmView, CommandRefused, UnknownAlarm
from alerts.journal import Journal
from alerts.lifecycle import Phase
from plant.clock import SECOND
from plant.errors import Unavailable
from plant.findings import Finding, Severity
from plant.model import Plant, Priority
from plant.readings import Reading, Readings
from plant.status import BAD
from tests.alerts.alarm_plant import make_plant

T0 = 1_800_000_000 * SECOND


@dataclass
class Bench:
    """One desk over one file; ``restart`` closes the file and begins anew with what it holds."""

    path: Path
    plant: Plant = field(default_factory=make_plant)
    now: int = T0
    seen: list[Reading] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.journal = Journal(self.path)
        self.desk = AlarmDesk(self.plant, self.journal, lambda: self.now)

    def restart(self, plant: Plant | None = None) -> None:
        self.journal.close()
        self.plant = self.plant if plant is None else plant
        self.open()

    def see(self, point: str, value: float, status: int = 0, after: float = 1) -> None:
        self.now += round(after * SECOND)
        self.seen.append(Reading(point, self.now, value, status))
        self.desk.readings(Readings.from_rows(self.seen[-1:]))

    @contextmanager
    def away(self) -> Iterator[None]:
        """The journal answers as on a read-only disk."""
        self.journal._db.execute("PRAGMA query_only = ON")
        try:
            yield
        finally:
            self.journal._db.execute("PRAGMA query_only = OFF")

    def view(self, alarm: str) -> AlarmView:
        (found,) = [v for v in self.desk.active() if v.alarm == alarm]
        return found

    def occurrence(self, alarm: str) -> str:
        return self.view(alarm).occurrence or ""

    def events(self, alarm: str) -> list[str]:
        return [line.entry.event for line in self.desk.history(1000, alarm=alarm)][::-1]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "journal.db")
    yield bench
    bench.journal.close()


# --- a restart after each transition --------------------------------------------------------------

Step = Callable[[Bench], None]
H, L = "p/1.H", "l.H"


def ack(alarm: str) -> Step:
    return lambda b: b.desk.acknowledge(b.occurrence(alarm), "li")


def see(point: str, value: float, status: int = 0) -> Step:
    return lambda b: b.see(point, value, status)


def shelve(alarm: str) -> Step:
    return lambda b: b.desk.shelve(alarm, 3600, "sensor change", "li")


def unshelve(alarm: str) -> Step:
    return lambda b: b.desk.unshelve(alarm, "li")


def wait(seconds: float) -> Step:
    def go(bench: Bench) -> None:
        bench.now += round(seconds * SECOND)

    return go


UP, DOWN = see("p/1", 95), see("p/1", 10)
LATCH_UP, LATCH_DOWN = see("l", 90), see("l", 10)
STORIES = [
    pytest.param(H, [UP], Phase.UNACK, id="1"),
    pytest.param(H, [UP, ack(H)], Phase.ACKED, id="2"),
    pytest.param(H, [UP, DOWN], Phase.RTNUN, id="3"),
    pytest.param(H, [UP, ack(H), DOWN], Phase.NORM, id="5"),
    pytest.param(H, [UP, DOWN, ack(H)], Phase.NORM, id="6"),
    pytest.param(H, [UP, DOWN, UP], Phase.UNACK, id="7"),
    pytest.param(L, [LATCH_UP, LATCH_DOWN], Phase.LUNACK, id="9"),
    pytest.param(L, [LATCH_UP, ack(L), LATCH_DOWN], Phase.LACKED, id="10"),
    pytest.param(L, [LATCH_UP, LATCH_DOWN, ack(L)], Phase.LACKED, id="11"),
    pytest.param(L, [LATCH_UP, ack(L), LATCH_DOWN, lambda b: b.desk.reset(L, "li")], Phase.NORM, id="12"),
    pytest.param(L, [LATCH_UP, LATCH_DOWN, LATCH_UP], Phase.UNACK, id="13"),
    pytest.param(H, [UP, ack(H), shelve(H)], Phase.SHLVD, id="16"),
    pytest.param(H, [UP, ack(H), shelve(H), unshelve(H)], Phase.UNACK, id="17 by hand, acknowledged"),
    pytest.param(H, [UP, shelve(H), unshelve(H)], Phase.UNACK, id="17 by hand, active"),
    pytest.param(H, [UP, shelve(H), DOWN, unshelve(H)], Phase.NORM, id="17 by hand, returned"),
    pytest.param(H, [UP, ack(H), shelve(H), wait(3601)], Phase.UNACK, id="17 by time, acknowledged"),
    pytest.param(H, [UP, shelve(H), wait(3601)], Phase.UNACK, id="17 by time, active"),
    pytest.param(H, [UP, shelve(H), DOWN, wait(3601)], Phase.NORM, id="17 by time, returned"),
    pytest.param(H, [UP, lambda b: b.desk.suppress(H, "unit stopped")], Phase.DSUPR, id="18"),
    pytest.param(
        H,
        [UP, ack(H), lambda b: b.desk.suppress(H, "unit stopped"), lambda b: b.desk.suppress(H, None)],
        Phase.UNACK,
        id="19",
    ),
    pytest.param(H, [UP, lambda b: b.desk.out_of_service(H, "permit 7", "wang")], Phase.OOSRV, id="20"),
    pytest.param(
        H,
        [
            UP,
            ack(H),
            lambda b: b.desk.out_of_service(H, "permit 7", "wang"),
            lambda b: b.desk.return_to_service(H, "wang"),
        ],
        Phase.UNACK,
        id="21",
    ),
]


@pytest.mark.parametrize(("alarm", "story", "end"), STORIES)
def test_a_restart_after_any_step_changes_nothing(
    tmp_path: Path, alarm: str, story: list[Step], end: Phase
) -> None:
    steady, restarted = Bench(tmp_path / "steady.db"), Bench(tmp_path / "restarted.db")
    for step in story:
        step(steady)
        step(restarted)
        restarted.restart()
        assert restarted.desk.active() == steady.desk.active()
    phases = [v.state for v in steady.desk.active() if v.alarm == alarm] or [Phase.NORM]
    assert phases == [end]
    assert restarted.events(alarm) == steady.events(alarm)
    assert restarted.desk.verify().broken is None
    for bench in (steady, restarted):
        bench.journal.close()


@pytest.mark.parametrize(("alarm", "story", "end"), STORIES)
def test_the_readings_of_before_a_restart_change_nothing_when_they_come_again(
    tmp_path: Path, alarm: str, story: list[Step], end: Phase
) -> None:
    del alarm, end
    bench = Bench(tmp_path / "journal.db")
    for step in story:
        step(bench)
    before, rows = bench.desk.active(), bench.journal.head
    bench.restart()
    bench.desk.readings(Readings.from_rows(bench.seen))
    assert (bench.desk.active(), bench.journal.head) == (before, rows)
    bench.journal.close()


# --- delays over a restart ------------------------------------------------------------------------

COLD = "t.L"  # low 10 with a deadband of 1, on delay 60 s, off delay 30 s


def test_an_on_delay_runs_on_over_a_restart(bench: Bench) -> None:
    bench.see("t", 5)
    start = bench.now
    bench.see("t", 5, after=40)
    bench.restart()
    bench.see("t", 5, after=19.999_999_999)
    assert bench.desk.active() == []
    bench.see("t", 5, after=0.000_000_001)
    assert bench.view(COLD).raised == start + 60 * SECOND


def test_an_off_delay_runs_on_over_a_restart(bench: Bench) -> None:
    bench.see("t", 5)
    bench.see("t", 5, after=60)
    bench.see("t", 20)
    bench.restart()
    bench.see("t", 20, after=29)
    assert bench.view(COLD).state is Phase.UNACK
    bench.see("t", 20)
    assert bench.view(COLD).state is Phase.RTNUN


def test_a_point_that_says_nothing_more_after_a_restart_is_raised_all_the_same(bench: Bench) -> None:
    bench.see("t", 5)
    start = bench.now
    bench.restart()
    bench.now += 59 * SECOND
    bench.desk.tick()
    bench.now += 60 * SECOND
    bench.desk.tick()
    assert bench.desk.active() == []
    bench.now += 2 * SECOND
    bench.desk.tick()
    assert bench.view(COLD).raised == start + 60 * SECOND


def test_a_delay_that_ended_before_a_restart_does_not_run_on_after_it(bench: Bench) -> None:
    bench.see("t", 5)
    bench.see("t", 20)
    bench.restart()
    bench.now += 1000 * SECOND
    bench.desk.tick()
    assert bench.desk.active() == []


def test_a_delay_waits_for_the_journal_as_a_line_does(bench: Bench) -> None:
    with bench.away(), pytest.raises(Unavailable):
        bench.see("t", 5)
    assert bench.desk.waiting == 1
    bench.desk.flush()
    assert bench.desk.waiting == 0
    assert (bench.journal.head[0], list(bench.journal.timers())) == (0, [COLD])


def test_a_delay_of_a_signal_without_a_value_runs_on(bench: Bench) -> None:
    limit = {"id": "b", "kind": "bad_status", "on_delay": 5}
    bench.restart(make_plant([{"id": "t", "name": "t", "alarms": [limit]}]))
    bench.see("t", float("nan"), BAD)
    bench.restart()
    bench.see("t", float("nan"), BAD, after=5)
    assert bench.view("b").state is Phase.UNACK


@pytest.mark.parametrize("body", ["{half", "[]", "{}", '{"since": "x"}'])
def test_a_damaged_delay_begins_anew(bench: Bench, body: str) -> None:
    bench.see("t", 5)
    bench.journal._db.execute("UPDATE timer SET body = ?", (body,))
    bench.restart()
    bench.see("t", 5, after=59)
    assert bench.desk.active() == []
    bench.see("t", 5, after=60)
    assert bench.view(COLD).state is Phase.UNACK


def test_a_delay_of_a_limit_that_is_gone_is_forgotten(bench: Bench) -> None:
    bench.see("t", 5)
    bench.restart(make_plant([{"id": "t", "name": "t"}]))
    bench.desk.flush()
    assert bench.journal.timers() == {}


# --- commands -------------------------------------------------------------------------------------


def test_an_acknowledgement_that_races_with_a_new_call_is_refused(bench: Bench) -> None:
    bench.see("p/1", 95)
    old = bench.occurrence(H)
    bench.see("p/1", 10)
    bench.see("p/1", 95)
    assert bench.occurrence(H) != old
    with pytest.raises(CommandRefused, match="over"):
        bench.desk.acknowledge(old, "li")
    assert bench.view(H).state is Phase.UNACK
    with pytest.raises(UnknownAlarm, match="no alarm occurrence"):
        bench.desk.acknowledge("never", "li")


def test_suppression_never_stops_recording(bench: Bench) -> None:
    bench.desk.shelve(H, 3600, "sensor change", "li")
    bench.see("p/1", 95)
    bench.see("p/1", 10)
    bench.see("p/1", 95)
    assert bench.events(H) == ["shelved", "raised", "returned", "raised"]
    assert bench.desk.activations(0, 2**62, 10) == [], "but nobody is called"


def test_a_shelf_runs_out_while_nothing_else_happens(bench: Bench) -> None:
    bench.see("p/1", 95)
    bench.desk.shelve(H, 60, "sensor change", "li")
    bench.now += 60 * SECOND - 1
    bench.desk.tick()
    assert bench.view(H).state is Phase.SHLVD
    bench.now += 1
    bench.desk.tick()
    assert bench.events(H)[-1] == "shelf_expired"


@pytest.mark.parametrize("duration", [0, -1, 28_800.1, float("nan"), float("inf")])
def test_a_time_that_is_none_for_a_shelf_is_refused(bench: Bench, duration: float) -> None:
    with pytest.raises(CommandRefused):
        bench.desk.shelve(H, duration, "sensor change", "li")


def test_an_unknown_alarm_is_named(bench: Bench) -> None:
    for command in (bench.desk.reset, bench.desk.silence, bench.desk.unshelve, bench.desk.return_to_service):
        with pytest.raises(UnknownAlarm, match="'nothing'"):
            command("nothing", "li")


def test_bad_quality_is_shown_and_recorded(bench: Bench) -> None:
    bench.see("p/1", 95)
    bench.see("p/1", 0, BAD)
    assert bench.view(H).quality_bad
    assert bench.view("p/1.bad").state is Phase.UNACK
    bench.see("p/1", 95)
    assert bench.events(H) == ["raised", "quality_bad", "quality_good"]


# --- the journal is away --------------------------------------------------------------------------


def test_alarms_stand_in_memory_while_the_journal_is_away_and_are_written_later(bench: Bench) -> None:
    bench.journal._db.execute("PRAGMA query_only = ON")
    for value in (95, 10, 95):
        with pytest.raises(Unavailable):
            bench.see("p/1", value)
    assert bench.view(H).state is Phase.UNACK
    assert bench.desk.waiting == 3
    bench.journal._db.execute("PRAGMA query_only = OFF")
    bench.desk.flush()
    assert bench.events(H) == ["raised", "returned", "raised"]
    assert bench.desk.counts.journal_failures >= 3


def test_a_command_that_cannot_be_written_did_not_happen(bench: Bench) -> None:
    bench.see("p/1", 95)
    bench.journal._db.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable):
        bench.desk.acknowledge(bench.occurrence(H), "li")
    assert (bench.view(H).state, bench.desk.waiting) == (Phase.UNACK, 0)
    bench.journal._db.execute("PRAGMA query_only = OFF")
    bench.desk.acknowledge(bench.occurrence(H), "li")
    assert bench.view(H).acknowledged_by == "li"


# --- another plant file, a damaged journal --------------------------------------------------------


def test_an_alarm_whose_limit_is_gone_ends_with_a_line_and_only_once(bench: Bench) -> None:
    bench.see("p/1", 95)
    other = make_plant([{"id": "p/1", "name": "p", "alarms": [{"id": "p/1.HH", "kind": "high", "limit": 99}]}])
    for _ in range(2):
        bench.restart(other)
        assert bench.desk.active() == []
        assert bench.events(H) == ["raised", "removed"]


def test_a_state_that_cannot_be_read_falls_towards_a_call(bench: Bench) -> None:
    bench.see("p/1", 95)
    bench.desk.acknowledge(bench.occurrence(H), "li")
    db = bench.journal._db
    for trigger in ("no_update", "no_delete", "no_replace"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute("UPDATE journal SET after = '{}' WHERE event = 'acknowledged'")
    bench.restart()
    assert bench.desk.active() == []
    assert bench.desk.counts.unreadable == 1
    bench.see("p/1", 95)
    assert bench.view(H).state is Phase.UNACK, "raised anew by the next reading"


# --- findings -------------------------------------------------------------------------------------

MISSED = Finding("IA-01", "SIF-1", Severity.HIGH, T0, None, "trip within 4 s", "no trip", "IEC 61511-1, 16.2")
F = "IA-01:SIF-1"


def told(finding: Finding, n: int) -> Finding:
    return replace(finding, told=T0 + n)


def test_a_finding_raises_and_its_end_returns(bench: Bench) -> None:
    bench.desk.finding(told(MISSED, 1))
    assert (bench.view(F).state, bench.view(F).occurrence, bench.view(F).priority) == (
        Phase.UNACK,
        MISSED.id,
        Priority.HIGH,
    )
    bench.desk.finding(told(MISSED.closed(T0 + SECOND), 2))
    assert bench.view(F).state is Phase.RTNUN


def test_the_same_messages_again_change_nothing_not_even_over_a_restart(bench: Bench) -> None:
    messages = [told(MISSED, 1), told(MISSED, 2), told(MISSED.closed(T0 + SECOND), 3)]
    for message in messages:
        bench.desk.finding(message)
    rows = bench.journal.head
    for _ in range(2):
        for message in [*messages, *messages[:2], *messages]:
            bench.desk.finding(message)
        assert bench.journal.head == rows
        bench.restart()


def test_the_same_messages_again_change_nothing_while_the_journal_is_away(bench: Bench) -> None:
    bench.journal._db.execute("PRAGMA query_only = ON")
    for message in [told(MISSED, 1), told(MISSED.closed(T0 + SECOND), 2)] * 2:
        with pytest.raises(Unavailable):
            bench.desk.finding(message)
    assert bench.desk.waiting == 2


def test_old_occurrences_are_forgotten(bench: Bench) -> None:
    for _ in range(20):
        bench.see("p/1", 95)
        bench.see("p/1", 10)
    assert len(bench.desk._roll.by_occurrence) == 1


@pytest.mark.parametrize("end", [MISSED.closed(T0 + SECOND), MISSED.withdrawn()], ids=["closed", "withdrawn"])
def test_a_finding_that_holds_again_calls_again(bench: Bench, end: Finding) -> None:
    """Late data may end a finding and later data may bring it back, under the same id."""
    for n, message in enumerate([MISSED, end, MISSED]):
        bench.desk.finding(told(message, n + 1))
    assert bench.events(F) == ["raised", "returned", "raised"]
    assert bench.view(F).state is Phase.UNACK
    assert bench.view(F).occurrence not in {None, MISSED.id}, "an acknowledgement of the first one is over"
    with pytest.raises(CommandRefused):
        bench.desk.acknowledge(MISSED.id, "li")
    bench.desk.finding(told(end, 2))
    assert bench.view(F).state is Phase.UNACK, "the end came twice, before the new beginning"


def test_a_finding_that_had_ended_before_it_was_heard_is_recorded_in_both_steps(bench: Bench) -> None:
    bench.desk.finding(told(MISSED.closed(T0 + SECOND), 1))
    assert bench.events(F) == ["raised", "returned"]
    assert bench.view(F).state is Phase.RTNUN, "somebody must see that it was there"


def test_a_withdrawn_finding_that_was_never_heard_of_is_no_alarm(bench: Bench) -> None:
    bench.desk.finding(told(MISSED.withdrawn(), 1))
    assert bench.desk.history() == []


def test_two_findings_of_one_alarm_hold_it_until_both_have_ended(bench: Bench) -> None:
    second = replace(MISSED, start=T0 + 5)
    bench.desk.finding(told(MISSED, 1))
    bench.desk.acknowledge(MISSED.id, "li")
    bench.desk.finding(told(second, 2))
    assert bench.view(F).state is Phase.UNACK, "the second is a call of its own"
    bench.desk.finding(told(MISSED.closed(T0 + 9), 3))
    assert bench.view(F).state is Phase.UNACK
    bench.desk.finding(told(second.closed(T0 + 9), 4))
    assert bench.view(F).state is Phase.RTNUN
    assert bench.events(F) == ["raised", "acknowledged", "realarmed", "finding_ended", "returned"]


def test_a_lesser_finding_does_not_lower_the_priority_of_one_that_holds(bench: Bench) -> None:
    bench.desk.finding(told(replace(MISSED, severity=Severity.CRITICAL), 1))
    bench.desk.finding(told(replace(MISSED, severity=Severity.LOW, start=T0 + 5), 2))
    assert bench.view(F).priority is Priority.CRITICAL


def test_a_finding_that_becomes_more_urgent_calls_again_and_leaves_the_shelf(bench: Bench) -> None:
    bench.desk.finding(told(MISSED, 1))
    bench.desk.shelve(F, 3600, "known", "li")
    bench.desk.finding(told(replace(MISSED, severity=Severity.CRITICAL), 2))
    bench.desk.tick()
    assert (bench.view(F).state, bench.view(F).priority) == (Phase.UNACK, Priority.CRITICAL)
    assert bench.events(F) == ["raised", "shelved", "realarmed", "unshelved"]
    with pytest.raises(CommandRefused, match="critical"):
        bench.desk.shelve(F, 3600, "known", "li")


def test_a_finding_that_cannot_be_assessed_says_so(bench: Bench) -> None:
    bench.desk.finding(told(replace(MISSED, assessable=False), 1))
    assert "not assessable" in bench.view(F).message


def test_findings_beyond_the_bound_are_refused_and_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_alarms, "MAX_OPEN", 2)
    monkeypatch.setattr(finding_alarms, "MAX_ALARMS", len(bench.desk._roll.standing) + 1)
    for n in range(3):
        bench.desk.finding(told(replace(MISSED, start=T0 + n), n + 1))
    bench.desk.finding(told(replace(MISSED, subject="SIF-2"), 9))
    assert bench.desk.counts.findings_refused == 2
    assert [v.alarm for v in bench.desk.active()] == [F]


def test_a_finding_stands_over_a_restart_and_ends_after_it(bench: Bench) -> None:
    bench.desk.finding(told(MISSED, 1))
    bench.restart()
    assert bench.view(F).state is Phase.UNACK
    bench.desk.finding(told(MISSED.closed(T0 + 9), 2))
    assert bench.view(F).state is Phase.RTNUN
