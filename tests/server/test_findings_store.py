"""Findings on disk: the newest state of each, whatever comes again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plant.findings import Finding, FindingState, Severity
from plantwatch.findings_store import FindingsStore

OPEN = Finding("IA-01", "IL-301", Severity.CRITICAL, 5, None, "a trip", "none", "a clause", told=10)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FindingsStore]:
    opened = FindingsStore(tmp_path / "findings.db")
    yield opened
    opened.close()


def test_an_update_replaces_and_a_redelivery_of_the_former_state_does_not(store: FindingsStore) -> None:
    store.put(OPEN)
    store.put(replace(OPEN.closed(9), told=11))
    store.put(OPEN)
    (found,) = store.newest(limit=9)
    assert (found.state, found.end) == (FindingState.CLOSED, 9)


def test_findings_survive_the_process_and_come_newest_first(tmp_path: Path) -> None:
    first = FindingsStore(tmp_path / "f.db")
    first.put(OPEN)
    first.put(replace(OPEN, subject="IL-401", start=6))
    first.close()
    second = FindingsStore(tmp_path / "f.db")
    assert [f.subject for f in second.newest(limit=9)] == ["IL-401", "IL-301"]
    assert [f.subject for f in second.newest(limit=1, end=6)] == ["IL-301"]
    second.close()
