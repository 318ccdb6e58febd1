"""Whether what a source answered is in the lake already, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from ingest.incremental.read_rows import lake_schema, parquet_relation
from ingest.lake.compactions import stored_rows
from ingest.results import LoadContext
from ingest.rows.duckdb_sql import identifier, number, one
from ingest.rows.read_table import ReadTable


def is_all_known(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: str,
    cursor: str | None,
    tables: Sequence[ReadTable],
) -> bool:
    """Whether every row that came is in the lake already, so that a load would only repeat it.

    `cursor` is its column; None when what came is the whole of each table.
    """
    for each in tables:
        records = context.manifest.live_records(source, each.name)
        # The whole copy that counts, and the replays of its rejected rows, which read nothing.
        rows_read = sum(record.rows_read for record in records)
        if not cursor and (not records or rows_read != each.rows_read):
            return False
        same = [record for record in records if record.schema == lake_schema(each)]
        loaded = stored_rows(context.lake, same)
        left_out = [context.lake / file.path for record in same for file in record.rejected_files]
        rejected = parquet_relation(left_out) if left_out else None
        columns = ", ".join(identifier(column.name) for column in each.columns)
        recent = ""
        if cursor:
            column = identifier(cursor)
            if loaded and _reaches_further(connection, column, each.rows_file, loaded):
                return False
            recent = f"where {column} >= (select min({column}) from {parquet_relation([each.rows_file])})"
        # A whole copy is the same only if it has each row as often; a window may repeat what is there.
        minus = "except" if cursor else "except all"
        if _has_new(connection, each.rows_file, loaded, columns, minus, recent):
            return False
        if _has_new(connection, each.rejected_file, rejected, "original_text", minus):
            return False
    return True


def _reaches_further(
    connection: duckdb.DuckDBPyConnection, column: str, came: Path, known: str
) -> bool:
    """Whether a row is surely new by its cursor: the usual case, and told without comparing rows."""
    highest = f"select max({column}) from"
    return bool(
        one(
            connection,
            f"select coalesce(({highest} {parquet_relation([came])}) > ({highest} {known}), false)",
        )[0]
    )


def _has_new(
    connection: duckdb.DuckDBPyConnection,
    came: Path,
    known: str | None,
    columns: str,
    minus: str,
    condition: str = "",
) -> bool:
    new = f"select {columns} from {parquet_relation([came])}"
    if known:
        new += f" {minus} select {columns} from {known} {condition}"
    return number(connection, f"select count(*) from ({new} limit 1)") > 0
