"""From the pages in the spool to a table's finished files and those of its lists, checked and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.files.file_table import tell_new
from ingest.incremental.read_rows import check_read, parquet_relation
from ingest.json.reader import read_child, read_parent
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.fetch import Fetched
from ingest.rest.known import had_before
from ingest.rest.pages import read_pages
from ingest.rest.window import leave_out_others
from ingest.results import LoadContext, Window, number_of
from ingest.rows.duckdb_sql import identifier, number, one
from ingest.rows.read_table import ReadTable


def read_tables(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: RestSource,
    table: RestTable,
    spool: Path,
    fetched: Sequence[Fetched],
    window: Window | None,
) -> list[ReadTable]:
    """The table, then its lists; raises PlainError when they cannot be read or too few rows fit."""
    where = f"{source.name}.{table.name}"
    read = read_pages(connection, spool / "pages", table, fetched, where)
    if read != sum(each.rows for each in fetched):
        raise PlainError(
            f"{read} records were read where the answers' lists have "
            f"{sum(each.rows for each in fetched)}",
            where=where,
            remedy="Run it again; nothing was loaded.",
        )
    if window is not None and (left_out := leave_out_others(connection, table, window)):
        are = "record is" if left_out == 1 else "records are"
        context.progress(f"{where}: {left_out:,} {are} not of these days, so not read")
    had = had_before(context, connection, source, table, table.name)
    named = context.manifest.added_names(source.name, table.name)
    tables = [read_parent(connection, table, spool, where, named, had=had)]
    if table.key and any(each.pages > 1 for each in fetched):
        _tell_twins(context, connection, table, tables[0], where)
    for child in table.children:
        had = had_before(context, connection, source, table, child.name)
        place = f"{where}.{child.path}"
        tables.append(read_child(connection, table, child, spool, place, had))
    places = [where, *(f"{where}.{child.path}" for child in table.children)]
    for place, each in zip(places, tables, strict=True):
        tell_new(context, place, each.columns, each.undeclared)
        check_read(
            context,
            connection,
            (source.name, table),
            each,
            is_part=table.cursor is not None and not context.reload,
            remedy="Correct the types in the sources file, or ask whoever runs the API.",
        )
    return tables


def _tell_twins(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    table: RestTable,
    read: ReadTable,
    where: str,
) -> None:
    """Rows whose key comes twice, as when a list moves, stay in the lake; staging keeps one of each."""
    key = ", ".join(identifier(name) for name in table.key)
    twins = number(
        connection,
        f"select count(*) - count(distinct row({key})) from {parquet_relation([read.rows_file])}",
    )
    if twins:
        context.progress(
            f"{where}: {number_of(twins, 'row')} came twice; staging keeps one of each key"
        )


def highest_cursor(
    connection: duckdb.DuckDBPyConnection, table: RestTable, parent: ReadTable
) -> object:
    """The furthest value of the cursor's column among the rows that fit; None without one."""
    if not table.cursor:
        return None
    column = identifier(table.cursor.column)
    return one(connection, f"select max({column}) from {parquet_relation([parent.rows_file])}")[0]
