"""Opens a release's marts for reading: an in-memory DuckDB with one view per mart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from reports.sql import first_line, quoted


def open_marts(marts: Mapping[str, Sequence[Path]]) -> duckdb.DuckDBPyConnection:
    """A connection that sees exactly these Parquet files, one view per mart, and nothing else."""
    connection = duckdb.connect(":memory:")
    # Views are made before the doors are closed; afterwards no query can read another file.
    for name, files in sorted(marts.items()):
        create_view(connection, name, files)
    allowed = ", ".join(_text(path) for files in marts.values() for path in files)
    connection.execute(f"set allowed_paths = [{allowed}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def create_view(connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path]) -> None:
    """A view over the files of a mart; raises PlainError where there is none, or one cannot be read."""
    if not files:
        raise PlainError(
            f"the mart '{name}' has no files", remedy="Build it again: till run --full-refresh."
        )
    paths = ", ".join(_text(path) for path in sorted(files))
    # Only the folder just above a file can be a partition (order_month=2025-11-01).
    partitioned = all("=" in path.parent.name for path in files)
    try:
        connection.execute(
            f"create view {quoted(name)} as select * from "
            f"read_parquet([{paths}], hive_partitioning = {str(partitioned).lower()})"
        )
    except duckdb.Error as error:
        raise PlainError(
            f"the mart '{name}' cannot be read: {first_line(error)}", where=str(files[0])
        ) from error


def _text(path: Path) -> str:
    return "'" + str(path.absolute()).replace("'", "''") + "'"
