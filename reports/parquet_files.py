"""The rows of an item as a Parquet file: the same rows give the same bytes."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from reports.formats import Value
from reports.frames import Field, Frame
from reports.sql import quoted, text_literal


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
            f"unnest(cast({_as_literal(frame, index)}::json as {field.sql_type}[])) as {quoted(name)}"
            for index, (field, name) in enumerate(
                zip(frame.fields, _names(frame.fields), strict=True)
            )
        ]
        # One thread and one row group: nothing depends on who was quicker.
        self._connection.execute(
            f"copy (select {', '.join(columns)}) to '{path.as_posix()}' "
            "(format parquet, compression zstd, row_group_size 1000000)"
        )
        return path.read_bytes()


def _as_literal(frame: Frame, index: int) -> str:
    """A column as JSON in SQL; what JSON has not (dates, decimals) is text, which DuckDB casts exactly."""
    values = [_not_finite(row[index]) for row in frame.rows]
    return text_literal(json.dumps(values, default=str, ensure_ascii=False, allow_nan=False))


def _not_finite(value: Value) -> Value:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _names(fields: Sequence[Field]) -> list[str]:
    """The names of the columns; one that is there already, in whatever case, gets a number."""
    found: list[str] = []
    for field in fields:
        name, number = field.name, 2
        while name.lower() in (one.lower() for one in found):
            name, number = f"{field.name}_{number}", number + 1
        found.append(name)
    return found
