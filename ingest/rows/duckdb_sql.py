"""DuckDB for ingest: one bounded connection, and text put into SQL only through quotes.

Nothing that stands in YAML or in a file's name reaches SQL but through `text_literal` and `identifier`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path

import duckdb

# Head-room: DuckDB's limit is no cap on the process, and a laptop has other things to do.
# Of the thread, because loads that run side by side share what there is.
_megabytes: ContextVar[int] = ContextVar("megabytes", default=700)


def limit_memory(megabytes: int) -> None:
    """Set what the connections may use that this thread opens from now on."""
    _megabytes.set(megabytes)


def connect(spool: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database that spills to `spool`, works in UTC and does not keep the order of rows.

    Raw rows have no order that means anything, and keeping it costs half of the speed.
    """
    connection = duckdb.connect(":memory:")
    for name, value in {
        "memory_limit": f"{_megabytes.get()}MB",
        "temp_directory": str(spool / "duckdb"),
        "TimeZone": "UTC",
        "preserve_insertion_order": "false",
        # With the push-down, each value is cast twice: once to be filtered, once to be written.
        "disabled_optimizers": "filter_pushdown",
    }.items():
        connection.execute(f"set {name} = {text_literal(value)}")
    return connection


def text_literal(value: str) -> str:
    """`value` as a SQL string."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_list(values: Iterable[str]) -> str:
    """`values` as a SQL list of strings."""
    return "[" + ", ".join(text_literal(value) for value in values) + "]"


def exact_path(path: str) -> str:
    """`path` as a glob that matches this one file: DuckDB reads brackets and stars as patterns."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[object, ...]:
    """The first row of `sql`, which has one."""
    row = connection.execute(sql).fetchone()
    if row is None:
        raise LookupError("the query gave no row")
    return tuple(row)


def number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The whole number that `sql` gives in its first column."""
    value = one(connection, sql)[0]
    return int(str(value)) if value is not None else 0


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """COPY `query` to `path` as Parquet; returns the number of rows.

    Version 2 for its delta encodings: a third smaller and faster to write than version 1.
    """
    options = "format parquet, compression zstd, parquet_version v2"
    return number(connection, f"copy ({query}) to {text_literal(str(path))} ({options})")
