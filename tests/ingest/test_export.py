"""Exports read back with pyarrow: every row, every column, whole files only."""

from pathlib import Path

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from ingest.export import Existing, ExportFormat, Span, export
from plant.errors import FixError, Unavailable
from plant.io.memory import MemoryHistorian
from plant.readings import Reading, Readings
from plant.status import BAD_SENSOR_FAILURE

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000
SPAN = Span(T0, T0 + 10_000 * S)


@pytest.fixture
async def historian() -> MemoryHistorian:
    store = MemoryHistorian()
    number = np.arange(10_000)
    await store.write(Readings.of_point("A", T0 + number * S + 123, number / 7))
    await store.write(Readings.from_rows([Reading("T", T0 + S, float("nan"), BAD_SENSOR_FAILURE, 'a "b", 氯')]))
    return store


def names_in(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir()]


@pytest.mark.parametrize("file_format", ExportFormat)
async def test_every_row_is_in_the_file_with_time_to_the_nanosecond(
    historian: MemoryHistorian, tmp_path: Path, file_format: ExportFormat
) -> None:
    path, steps = tmp_path / "out.file", []
    rows = await export(
        historian, ("A", "T"), SPAN, path, file_format=file_format, progress=lambda *step: steps.append(step)
    )
    table = pq.read_table(path) if file_format is ExportFormat.PARQUET else pc.read_csv(path)
    assert rows == table.num_rows == 10_001
    assert table.column_names == ["time", "point", "value", "status", "text"]
    body = table.drop_columns(["time"]).to_pydict()
    assert int(table.column("time").cast("int64")[0].as_py()) % S == 123
    place = body["point"].index("T")
    assert (body["value"][place], body["status"][place], body["text"][place]) == (
        None, BAD_SENSOR_FAILURE, 'a "b", 氯'
    )  # fmt: skip
    np.testing.assert_allclose([v for v in body["value"] if v is not None], np.arange(10_000) / 7)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert names_in(tmp_path) == [path.name]


async def test_an_existing_file_is_replaced_only_when_asked(historian: MemoryHistorian, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("precious")
    with pytest.raises(FixError, match="exists already"):
        await export(historian, ("A",), SPAN, path)
    assert path.read_text() == "precious"
    await export(historian, ("A",), SPAN, path, existing=Existing.REPLACE)
    assert path.read_text().startswith('"time"')


async def test_a_failed_export_leaves_nothing_behind(historian: MemoryHistorian, tmp_path: Path) -> None:
    historian.available = False
    with pytest.raises(Unavailable):
        await export(historian, ("A",), SPAN, tmp_path / "out.csv")
    assert not names_in(tmp_path)


async def test_a_senseless_request_says_what_is_wrong(historian: MemoryHistorian, tmp_path: Path) -> None:
    with pytest.raises(FixError, match="end must be later"):
        await export(historian, ("A",), Span(T0, T0), tmp_path / "out.csv")
    with pytest.raises(FixError, match="does not exist"):
        await export(historian, ("A",), SPAN, tmp_path / "nowhere" / "out.csv")
