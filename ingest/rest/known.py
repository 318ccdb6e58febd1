"""Which columns and lists of an API's table were seen before, so that a few new records may lack them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from ingest.json.reader import Had
from ingest.lake.compactions import stored_rows
from ingest.lake.manifest import Record, SchemaColumn
from ingest.rest.declaration import RestSource, RestTable
from ingest.results import LoadContext
from ingest.rows.duckdb_sql import identifier, number


def had_before(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: RestSource,
    table: RestTable,
    name: str,
) -> Had:
    """Whether the table `name` (this one, or one of its lists) ever had a value of a column, or a list.

    A few new records may well lack what others have; a whole copy may not.
    """
    is_part = (table.cursor or table.parent) and not context.reload
    child = next((each for each in table.children if each.name == name), None)
    columns = {each.source_name: each.name for each in (child.columns if child else table.columns)}
    lists = {each.path: each.name for each in table.children} if child is None else {}

    def had(path: str) -> bool:
        if not is_part:
            return False
        wanted, column = (name, columns[path]) if path in columns else (lists[path], None)
        records = context.manifest.live_records(source.name, wanted)
        if column is None:
            return any(record.rows_loaded for record in records)
        having = [each for each in records if column in {one.name for one in each.schema}]
        filled = f"where {identifier(column)} is not null limit 1"
        return any(
            number(connection, f"select count(*) from (from {rows} {filled})")
            for rows in rows_by_schema(context.lake, having)
        )

    return had


def rows_by_schema(lake: Path, records: Sequence[Record]) -> list[str]:
    """SQL of the rows of these loads of one table: one query for all that have the same columns."""
    alike: dict[tuple[SchemaColumn, ...], list[Record]] = {}
    for record in records:
        alike.setdefault(record.schema, []).append(record)
    found = (stored_rows(lake, each) for each in alike.values())
    return [rows for rows in found if rows is not None]
