"""Readings into Arrow tables that DuckDB reads in place, and back."""

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from plant.readings import Readings
from plant.status import status_classes


class Registered:
    """An Arrow table under a name in SQL, for the length of a block."""

    def __init__(self, base: duckdb.DuckDBPyConnection, name: str, table: Any) -> None:  # noqa: ANN401 - untyped
        self._base, self._name = base, name
        base.register(name, table)

    def __enter__(self) -> None:
        """The name is there."""

    def __exit__(self, *error: object) -> None:
        """The name is gone."""
        self._base.unregister(self._name)


def columns(code: NDArray[np.int32], rows: Readings) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """An Arrow table with the columns of the historian; ``code`` is each row's point in the file's dictionary."""
    text = pa.nulls(len(rows), pa.utf8()) if rows.text is None else pa.array(rows.text, pa.utf8())
    return pa.table(
        {
            "point": code,
            "time": rows.time,
            "class": status_classes(rows.status),
            "value": rows.value,
            "status": rows.status,
            "text": text,
        }
    )


def readings_of(table: Any, names: list[str]) -> Readings:  # noqa: ANN401 - pyarrow ships no types
    """The rows of a query; ``names`` is the file's dictionary of points, in the order of its codes."""
    text = table.column("text")
    return Readings(
        tuple(names),
        table.column("point").to_numpy().astype(np.int32),
        table.column("time").to_numpy().astype(np.int64),
        table.column("value").to_numpy().astype(np.float64),
        table.column("status").to_numpy().astype(np.uint32),
        None if text.null_count == len(text) else np.array(text.to_pylist(), np.object_),
    )
