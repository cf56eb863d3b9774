"""The journal: what is written stays as it was written, or the chain says where it does not."""
# ruff: noqa: S608 - the statements are the tests' own

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.journal import GENESIS, Entry, Journal, Verdict
from plant.errors import FixError, Unavailable

ROWS = 8
COLUMNS = "time, written, event, alarm, occurrence, user, detail, after, hash"


def entry(n: int, **more: object) -> Entry:
    return Entry(n, n + 1, "raised", f"alarm {n % 3}", f"occurrence {n}", **more)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as opened:
        opened.append([entry(n, user="li", detail="报警", after={"annunciate": True}) for n in range(ROWS)])
        yield opened


def tamper(path: Path, sql: str) -> None:
    """Change the file as somebody with the password of the machine can: the triggers do not stop him."""
    with sqlite3.connect(path) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(sql)
    db.close()


# --- the chain ------------------------------------------------------------------------------------


def test_what_was_written_is_whole_and_its_head_stands_for_all_of_it(journal: Journal) -> None:
    assert journal.verify() == Verdict(None, ROWS, journal.head[1])
    assert journal.head[0] == ROWS


def test_an_empty_journal_is_whole(path: Path) -> None:
    with Journal(path) as empty:
        assert empty.verify() == Verdict(None, 0, GENESIS)


@pytest.mark.parametrize("column", ["time", "written", "event", "alarm", "occurrence", "user", "detail", "after"])
@pytest.mark.parametrize("row", [1, 4, ROWS])
def test_any_changed_cell_of_any_row_is_found(journal: Journal, path: Path, column: str, row: int) -> None:
    new = "7 + time" if column in {"time", "written"} else "'other'"
    tamper(path, f"UPDATE journal SET {column} = {new} WHERE seq = {row}")
    assert journal.verify().broken == row


def test_an_emptied_cell_is_no_empty_text(journal: Journal, path: Path) -> None:
    journal.append([entry(99, detail="")])
    tamper(path, f"UPDATE journal SET user = '' WHERE seq = {ROWS + 1}")
    assert journal.verify().broken == ROWS + 1


@pytest.mark.parametrize("row", [1, 4, ROWS - 1])
def test_a_removed_row_is_found(journal: Journal, path: Path, row: int) -> None:
    tamper(path, f"DELETE FROM journal WHERE seq = {row}")
    assert journal.verify().broken == row


def test_an_inserted_row_is_found(journal: Journal, path: Path) -> None:
    tamper(path, f"INSERT INTO journal SELECT 0, {COLUMNS} FROM journal WHERE seq = 1")
    assert journal.verify().broken == 0
    with sqlite3.connect(path) as db:
        db.execute(f"INSERT INTO journal SELECT {ROWS + 5}, {COLUMNS} FROM journal WHERE seq = 2")
        db.execute("DELETE FROM journal WHERE seq = 0")
    db.close()
    assert journal.verify().broken == ROWS + 1


def test_two_rows_that_changed_places_are_found(journal: Journal, path: Path) -> None:
    tamper(path, "UPDATE journal SET seq = CASE seq WHEN 3 THEN -4 ELSE -3 END WHERE seq IN (3, 4)")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE journal SET seq = -seq WHERE seq < 0")
    db.close()
    assert journal.verify().broken == 3


def test_rows_cut_off_at_the_end_show_only_against_a_head_kept_elsewhere(journal: Journal, path: Path) -> None:
    kept = journal.verify()
    tamper(path, f"DELETE FROM journal WHERE seq > {ROWS - 2}")
    found = journal.verify()
    assert found.broken is None
    assert (found.rows, found.head) != (kept.rows, kept.head)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Entry,
            st.integers(-(2**63), 2**63 - 1),
            st.integers(0, 2**63 - 1),
            st.text(max_size=5),
            st.none() | st.text(max_size=5),
            st.none() | st.text(max_size=5),
            st.none() | st.text(max_size=5),
            st.text(st.characters(), max_size=20),
            st.none() | st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5), max_size=3),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_written_is_read_back_and_whole(path: Path, entries: list[Entry]) -> None:
    with Journal(path) as journal:
        before = journal.head[0]
        journal.append(entries)
        assert [line.entry for line in journal.since(before)] == entries
    with Journal(path) as again:
        assert again.verify().broken is None
        assert again.head[0] == before + len(entries)


# --- append-only ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE journal SET user = 'wang' WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 2",
        "DELETE FROM journal",
        f"INSERT OR REPLACE INTO journal SELECT 2, {COLUMNS} FROM journal WHERE seq = 3",
        f"INSERT INTO journal SELECT -1, {COLUMNS} FROM journal WHERE seq = 2",
    ],
)
def test_the_file_itself_refuses_everything_but_appending(journal: Journal, path: Path, sql: str) -> None:
    with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(sql)
    db.close()
    assert journal.verify().broken is None


def test_a_second_writer_is_noticed_and_nothing_is_written(journal: Journal, path: Path) -> None:
    with Journal(path) as other:
        other.append([entry(100)])
    with pytest.raises(Unavailable, match="another process"):
        journal.append([entry(101)])
    assert journal.verify() == Verdict(None, ROWS + 1, other.head[1])


def test_half_a_surrogate_pair_does_not_hold_up_what_comes_after_it(journal: Journal) -> None:
    journal.append([entry(9, detail="a\ud800b"), entry(10)])
    assert journal.verify().broken is None
    assert journal.history(2)[1].entry.detail == "a?b"


# --- disk -----------------------------------------------------------------------------------------


def test_a_full_disk_writes_all_of_a_call_or_nothing(journal: Journal) -> None:
    head = journal.head
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count = {pages + 1}")  # SQLite then answers as on a full disk
    with pytest.raises(Unavailable, match="full"):
        journal.append([entry(n, detail="x" * 1000) for n in range(50)])
    assert journal.head == head
    journal._db.execute("PRAGMA max_page_count = 1000000")
    journal.append([entry(11)])
    assert journal.verify().rows == ROWS + 1


def test_a_disk_that_became_read_only_is_no_loss(journal: Journal) -> None:
    journal._db.execute("PRAGMA query_only = ON")  # SQLite then answers as on a read-only file system
    with pytest.raises(Unavailable, match="readonly"):
        journal.append([entry(11)])
    assert len(journal.history()) == ROWS
    journal._db.execute("PRAGMA query_only = OFF")
    journal.append([entry(11)])
    assert journal.head[0] == ROWS + 1


def test_what_is_no_journal_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_bytes(b"this is no database, but long enough to look at" * 20)
    with pytest.raises(FixError, match=r"no\.db cannot be opened"):
        Journal(tmp_path / "no.db")
    with pytest.raises(FixError, match="cannot be opened"):
        Journal(tmp_path)


def test_a_closed_journal_is_away_and_nothing_else(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    for use in (lambda: journal.append([entry(1)]), journal.history, journal.latest, lambda: journal.knows("x")):
        with pytest.raises(Unavailable):
            use()


# --- reading --------------------------------------------------------------------------------------


def test_pages_of_history_meet_without_hole_or_overlap(journal: Journal) -> None:
    seen, before = list[int](), None
    while lines := journal.history(3, before):
        seen += [line.seq for line in lines]
        before = lines[-1].seq
    assert seen == list(range(ROWS, 0, -1))
    assert [line.seq for line in journal.history(alarm="alarm 1")] == [8, 5, 2]
    assert [line.seq for line in journal.since(5)] == [6, 7, 8]


def test_one_question_never_reads_more_than_a_thousand_rows(journal: Journal) -> None:
    journal.append([entry(n) for n in range(1200)])
    assert len(journal.history(10**9)) == 1000
    assert len(journal.history(-5)) == 1
    assert len(journal.since(0, 10**9)) == 1000


def test_the_last_line_of_each_alarm_restores_it(journal: Journal) -> None:
    journal.append([entry(20, after={"state": 1}), Entry(21, 21, "refused", detail="no alarm")])
    assert [(line.entry.alarm, line.seq) for line in journal.latest()] == [
        ("alarm 0", 7),
        ("alarm 1", 8),
        ("alarm 2", ROWS + 1),
    ]


def test_a_damaged_state_says_nothing_and_stops_nothing(journal: Journal, path: Path) -> None:
    tamper(path, "UPDATE journal SET after = '{half' WHERE seq = 8")
    assert journal.history(1)[0].entry.after is None
    assert len(journal.latest()) == 3
    assert len(journal.activations(0, 100, 100)) == ROWS - 1
    assert journal.verify().broken == 8


def test_activations_are_the_calls_that_nothing_suppressed(journal: Journal) -> None:
    journal.append(
        [
            Entry(50, 50, "raised", "a", "o", after={"annunciate": False}),
            Entry(51, 51, "returned", "a", "o", after={"annunciate": False}),
            Entry(52, 52, "realarmed", "b", "o2", after={"annunciate": True}),
        ]
    )
    assert journal.activations(50, 53, 10) == [(52, "b")]
    assert journal.activations(0, 3, 10) == [(0, "alarm 0"), (1, "alarm 1"), (2, "alarm 2")]
    assert journal.activations(0, 100, 2) == [(7, "alarm 1"), (52, "b")], "the newest, oldest first"
