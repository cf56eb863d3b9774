"""Recordings played as a plant: an export comes back row for row; what cannot be read is told by its line."""

import contextlib
import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.export import ExportFormat, Span, export
from plant.clock import SECOND
from plant.errors import FixError, PlantError
from plant.io.memory import MemoryHistorian
from plant.model import Kind
from plant.plantfile import PlantFileError
from plant.readings import Reading, Readings
from simulators import recording as module
from simulators.recording import Recording, RecordingFile, Unreadable, survey
from simulators.recording_file import BLOCK
from simulators.recording_sort import sort_recording
from tests.simulators.simulated_parts import T0, plant_of, point

PLANT = plant_of([point("t"), point("u"), point("state", kind=Kind.TEXT, range=None, unit="1")])
HEADER = "time,point,value,status"
TIME = "2023-11-14T22:13:20"
"""T0 as text, without its zone."""


def written(folder: Path, *lines: str, name: str = "r.csv") -> RecordingFile:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return RecordingFile(path, PLANT)


def played(file: RecordingFile, *, shift: int = 0) -> Readings:
    """Every row that the recording hands out, in order."""
    sim = Recording(file, survey(file), shift=shift, speed=1.0)
    made = []
    while not sim.finished:
        made.append(sim.advance())
    return Readings.concat(made)


def rows(readings: Readings) -> list[tuple[str, int, str, int, str | None]]:
    """For comparing: NaN equals NaN here."""
    return [(r.point, r.time, repr(r.value), r.status, r.text) for r in readings.rows()]


HISTORY = Readings.from_rows(
    [
        Reading("t", T0, 21.5),
        Reading("state", T0, float("nan"), 0, '运行, "auto"\nline 2'),
        Reading("t", T0 + SECOND, float("nan"), 0x808C_0000),
        Reading("u", T0 + SECOND + 5_000, 1e-9, 0x4094_0000),
        Reading("u", T0 + 5000 * SECOND, -3.25),
    ]
)


@pytest.mark.parametrize("file_format", [ExportFormat.CSV, ExportFormat.PARQUET])
async def test_what_export_wrote_is_played_row_for_row(tmp_path: Path, file_format: ExportFormat) -> None:
    path = tmp_path / f"export.{file_format.value}"
    async with MemoryHistorian() as historian:
        await historian.write(HISTORY)
        await historian.write(Readings.from_rows([Reading("sys/edge-1/dcs/received", T0, 5.0)]))
        points = [*PLANT.points, "sys/edge-1/dcs/received"]
        written_rows = await export(historian, points, Span(T0, T0 + 9999 * SECOND), path, file_format=file_format)
    assert written_rows == len(HISTORY) + 1
    file = RecordingFile(path, PLANT)
    found = survey(file)
    assert (found.rows, found.start, found.end) == (5, T0, T0 + 5000 * SECOND)
    assert found.points == ("t", "u", "state")
    assert found.ordered
    assert found.computed == 1
    assert sorted(rows(played(file))) == sorted(rows(HISTORY))


def test_times_are_moved_and_counts_are_exact(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER, f"{TIME}Z,t,1,0", f"{TIME}.5Z,u,2,0", f"{TIME}.505Z,t,3,0")
    sim = Recording(file, survey(file), shift=10 * SECOND, speed=1.0)
    assert (sim.time, sim.step_size) == (T0 + 10 * SECOND, 0)
    assert [r.value for r in sim.advance().rows()] == [1.0]
    assert sim.step_size == SECOND // 2 + 5_000_000  # 5 ms apart: handed out together, when the later is due
    assert [(r.point, r.value) for r in sim.advance().rows()] == [("u", 2.0), ("t", 3.0)]
    assert sim.time == T0 + 10 * SECOND + 505_000_000
    assert sim.finished
    assert sim.produced == {"t": 2, "u": 1}
    assert not len(sim.advance())
    with pytest.raises(FixError, match="is a recording"):
        sim.switch("t", 1.0)


def test_a_missing_value_is_a_status_never_a_zero(tmp_path: Path) -> None:
    file = written(tmp_path, "time,point,value", f"{TIME}Z,t,", f"{TIME}Z,u,nan")
    found = played(file)
    assert np.isnan(found.value).all()
    assert found.status.tolist() == [0x809B_0000] * 2  # BadNoData


def test_every_problem_is_told_at_once_with_line_and_value(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        f"{HEADER},text",
        f"{TIME}Z,t,1,0,",
        f'{TIME}Z,state,,0,"two',
        'lines"',
        f"{TIME},t,1,0,",
        f"{TIME}Z,tt,1,0,",
        f"{TIME}Z,tt,2,0,",
        f"{TIME}Z,t,1.5x,0,",
        "",
        f"{TIME}Z,t,inf,0,",
        f"{TIME}Z,t,1,-1,",
        "1970-01-01T00:00:00Z,t,1,0,",
        f"{TIME}Z,t,1",
        f"{TIME}Z,,1,0,",
    )
    with pytest.raises(PlantFileError) as caught:
        survey(file)
    found = [(p.line, p.path, p.value) for p in caught.value.problems]
    assert found == [
        (5, "time", f"'{TIME}'"),
        (6, "point", "'tt'"),  # once, though line 7 has it too
        (8, "value", "'1.5x'"),
        (10, "value", "'inf'"),
        (11, "status", "'-1'"),
        (12, "time", "'1970-01-01T00:00:00Z'"),
        (13, "row", f"'{TIME}Z,t,1'"),
        (14, "point", "nothing"),
    ]
    text = str(caught.value)
    assert "no such point" in text
    assert "Did you mean 't'?" in text
    assert "--zone" in text


def test_unreadable_rows_can_be_left_out_and_are_counted(tmp_path: Path) -> None:
    file = written(
        tmp_path, HEADER, f"{TIME}Z,t,1,0", f"{TIME}Z,x,1,0", f"{TIME}Z,x,2,0", "rubbish", f"{TIME}Z,u,2,0"
    )
    file = RecordingFile(file.path, PLANT, unreadable=Unreadable.SKIP)
    found = survey(file)
    assert (found.rows, found.skipped) == (2, 3)
    assert [r.value for r in played(file).rows()] == [1.0, 2.0]


def test_times_without_a_zone_are_read_in_the_zone_that_is_given(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER, f"{TIME},t,1,0", f"{TIME}Z,t,2,0")
    shanghai = RecordingFile(file.path, PLANT, zone="Asia/Shanghai")
    assert [r.time for r in played(shanghai).rows()] == [T0 - 8 * 3600 * SECOND, T0]
    with pytest.raises(FixError, match="no time zone 'Mars'"):
        survey(RecordingFile(file.path, PLANT, zone="Mars"))


def test_a_recording_written_tag_by_tag_is_sorted(tmp_path: Path) -> None:
    stamps = [f"2023-11-14T22:{13 + n // 60:02d}:{n % 60:02d}Z" for n in range(100)]
    lines = [f"{stamp},{name},{n}" for name in ("t", "u") for n, stamp in enumerate(stamps)]
    file = written(tmp_path, "time,point,value", *lines)
    assert not survey(file).ordered
    found = played(sort_recording(file, tmp_path))
    assert [(r.point, r.value) for r in found.rows()] == [(p, float(n)) for n in range(100) for p in ("t", "u")]


def test_a_long_recording_is_never_in_memory_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        f"2023-11-{14 + n // 86400:02d}T{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z,t,{n}"
        for n in range(90_000)
    ]
    file = written(tmp_path, "time,point,value", *lines)
    sizes = []

    def watched(self: RecordingFile) -> object:
        for block in read(self):
            sizes.append(len(block))
            yield block

    read = module.RecordingFile.readings
    monkeypatch.setattr(module.RecordingFile, "readings", watched)
    sim = Recording(file, survey(file), shift=0, speed=1.0)
    assert sizes == [BLOCK]
    for n in range(90_000):
        assert sim.advance().value.tolist() == [n]
    assert sizes == [BLOCK] * 4 + [10_000]


@pytest.mark.parametrize(
    ("first", "text"),
    [
        pytest.param("", "lacks the columns time, point, value", id="empty"),
        pytest.param("a,b", "lacks the columns time, point, value", id="others"),
        pytest.param("time,point,value,time", "names time twice", id="twice"),
    ],
)
def test_a_header_that_does_not_name_the_columns_is_a_clear_error(tmp_path: Path, first: str, text: str) -> None:
    with pytest.raises(FixError, match=text):
        survey(written(tmp_path, first, f"{TIME}Z,t,1,0"))


def test_other_columns_delimiters_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"Point;Time;remark;Value\nt;{TIME}Z;x;1.5\n", encoding="utf-8-sig")
    assert rows(played(RecordingFile(path, PLANT))) == [("t", T0, "1.5", 0, None)]


def test_files_of_another_kind_and_missing_files_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(FixError, match=r"must end in \.csv or \.parquet"):
        survey(RecordingFile(tmp_path / "r.xlsx", PLANT))
    for name in ("r.csv", "r.parquet"):
        with pytest.raises(FixError, match="cannot be read"):
            survey(RecordingFile(tmp_path / name, PLANT))
    pq.write_table(pa.table({"time": [1], "tag": ["t"]}), tmp_path / "r.parquet")
    with pytest.raises(FixError, match="lacks the columns point, value"):
        survey(RecordingFile(tmp_path / "r.parquet", PLANT))
    with pytest.raises(FixError, match="no row that can be played"):
        survey(written(tmp_path, HEADER))


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(pa.array([T0, T0]).cast(pa.timestamp("ns", "UTC")), id="UTC"),
        pytest.param(pa.array([T0 // 1000, T0 // 1000]).cast(pa.timestamp("us", "Asia/Shanghai")), id="Shanghai"),
        pytest.param(pa.array([f"{TIME}Z", f"{TIME}+00:00"]), id="text"),
    ],
)
def test_parquet_files_of_other_programs_are_read(tmp_path: Path, times: pa.Array) -> None:
    names = pa.array(["t", "u"]).dictionary_encode()
    pq.write_table(pa.table({"Time": times, "point": names, "value": pa.array([1, 2])}), tmp_path / "r.parquet")
    found = played(RecordingFile(tmp_path / "r.parquet", PLANT))
    assert rows(found) == [("t", T0, "1.0", 0, None), ("u", T0, "2.0", 0, None)]


def test_parquet_times_without_a_zone_are_refused_unless_one_is_given(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    pq.write_table(
        pa.table({"time": pa.array([T0]).cast(pa.timestamp("ns")), "point": ["t"], "value": [1.0]}), path
    )
    with pytest.raises(PlantFileError, match="with a zone"):
        survey(RecordingFile(path, PLANT))
    assert survey(RecordingFile(path, PLANT, zone="Asia/Shanghai")).start == T0 - 8 * 3600 * SECOND


# --- bad input ----------------------------------------------------------------------------------


GOOD = [f"2023-11-14T22:13:{n:02d}Z,{'tu'[n % 2]},{n}.5,0" for n in range(20)]


@given(
    line=st.integers(0, 19), rubbish=st.text(st.characters(codec="utf-8", exclude_characters='\r\n"'), max_size=80)
)
def test_a_rubbish_line_never_costs_its_neighbours(
    tmp_path_factory: pytest.TempPathFactory, line: int, rubbish: str
) -> None:
    lines = [rubbish if n == line else text for n, text in enumerate(GOOD)]
    file = written(tmp_path_factory.mktemp("r"), HEADER, *lines)
    skipping = RecordingFile(file.path, PLANT, unreadable=Unreadable.SKIP)
    assert played(skipping).value.tolist() == [n + 0.5 for n in range(20) if n != line]
    assert {p.line for p in survey(skipping).problems} <= {line + 2}


@given(data=st.data())
def test_any_damage_ends_in_a_clear_error_or_in_rows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("r")
    if data.draw(st.booleans(), label="parquet"):
        buffer = io.BytesIO()
        table = pa.table({"time": [f"{TIME}Z"] * 5, "point": ["t"] * 5, "value": [1.0] * 5, "status": [0] * 5})
        pq.write_table(table, buffer)
        content, name = bytearray(buffer.getvalue()), "r.parquet"
    else:
        content, name = bytearray("\n".join([HEADER, *GOOD, ""]).encode()), "r.csv"
    for _ in range(data.draw(st.integers(1, 5), label="damages")):
        place = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["replace", "insert", "cut"])):
            case "replace":
                content[place] = data.draw(st.integers(0, 255))
            case "insert":
                content[place:place] = data.draw(st.binary(max_size=40))
            case "cut":
                del content[place : place + data.draw(st.integers(1, 200))]
        content = content or bytearray(b"x")
    (folder / name).write_bytes(content)
    for unreadable in Unreadable:
        file = RecordingFile(folder / name, PLANT, unreadable=unreadable)
        with contextlib.suppress(PlantError):  # any other error, and any hang, fails the test
            rows_found = survey(file).rows
            assert len(played(sort_recording(file, folder))) == rows_found


@given(cells=st.lists(st.tuples(st.text(max_size=30), st.text(max_size=10), st.text(max_size=20)), max_size=8))
def test_any_cells_are_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str, str]]
) -> None:
    path = tmp_path_factory.mktemp("r") / "r.csv"
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows([("time", "point", "value"), *cells, (f"{TIME}Z", "t", "7")])
    file = RecordingFile(path, PLANT, unreadable=Unreadable.SKIP)
    assert 7.0 in played(file).value.tolist()
