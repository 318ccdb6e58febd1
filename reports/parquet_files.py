"""The rows of an item as a Parquet file: the same rows give the same bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from reports.frames import Field, Frame
from reports.sql import quoted


class ParquetWriter:
    """Writes frames with DuckDB, with the types and names of their columns; a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tillhouse-")
        self._connection = duckdb.connect(":memory:", config={"threads": 1})

    def __enter__(self) -> ParquetWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._folder.cleanup()

    def content(self, frame: Frame) -> bytes:
        """The file of these rows, in their order."""
        path = Path(self._folder.name) / "rows.parquet"
        columns = [
            f"unnest(cast(${index + 1} as {field.sql_type}[])) as {quoted(name)}"
            for index, (field, name) in enumerate(
                zip(frame.fields, _names(frame.fields), strict=True)
            )
        ]
        values = [[row[index] for row in frame.rows] for index in range(len(frame.fields))]
        # One thread and one row group: nothing depends on who was quicker.
        self._connection.execute(
            f"copy (select {', '.join(columns)}) to '{path.as_posix()}' "
            "(format parquet, compression zstd, row_group_size 1000000)",
            values,
        )
        return path.read_bytes()


def _names(fields: Sequence[Field]) -> list[str]:
    """The names of the columns; one that is there already, in whatever case, gets a number."""
    found: list[str] = []
    for field in fields:
        name, number = field.name, 2
        while name.lower() in (one.lower() for one in found):
            name, number = f"{field.name}_{number}", number + 1
        found.append(name)
    return found
