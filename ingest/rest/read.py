"""From the pages in the spool to a table's finished files and those of its lists, checked and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.json.reader import ReadTable, read_child, read_parent
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.fetch import Fetched
from ingest.rest.known import had_before, parquet
from ingest.rest.pages import read_pages
from ingest.rest.window import leave_out_others
from ingest.results import LoadContext, Window
from ingest.rows.duckdb_sql import identifier, number, one, text_literal, write_parquet


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
        context.progress(f"{where}: {left_out:,} records are not of these days, so not read")
    had = had_before(context, connection, source, table, table.name)
    tables = [read_parent(connection, table, spool, where, had)]
    if table.key and any(each.pages > 1 for each in fetched):
        _tell_twins(context, connection, table, tables[0], where)
    for child in table.children:
        had = had_before(context, connection, source, table, child.name)
        place = f"{where}.{child.path}"
        tables.append(read_child(connection, table, child, spool, place, had))
    places = [where, *(f"{where}.{child.path}" for child in table.children)]
    for place, each in zip(places, tables, strict=True):
        if each.undeclared:
            names = ", ".join(each.undeclared)
            context.progress(f"{place}: not declared, so not loaded: {names}")
        _check(context, connection, source, table, each)
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
        connection, f"select count(*) - count(distinct row({key})) from {parquet([read.rows_file])}"
    )
    if twins:
        context.progress(f"{where}: {twins:,} rows came twice; staging keeps one of each key")


def _check(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: RestSource,
    table: RestTable,
    read: ReadTable,
) -> None:
    where = f"{source.name}.{read.name}"
    if read.rows_loaded + read.rows_rejected != read.rows_read:
        raise PlainError(
            f"of {read.rows_read} rows, {read.rows_loaded} fit and {read.rows_rejected} do not",
            where=where,
            remedy="This is a fault of ours: please report it; nothing was loaded.",
        )
    rejected = f"from {parquet([read.rejected_file])}"
    is_part = table.cursor and not context.reload
    records = context.manifest.live_records(source.name, read.name) if is_part else []
    known = [context.lake / file.path for each in records for file in each.rejected_files]
    if known:
        # One bad row of yesterday comes again with each lookback: it was counted then.
        rejected += f" where original_text not in (select original_text from {parquet(known)})"
    count = number(connection, f"select count(*) {rejected}")
    if count <= table.max_rejected * read.rows_read:
        return
    reason = one(connection, f"select reason {rejected} limit 1")[0]
    raise PlainError(
        f"{count} of {read.rows_read} rows do not fit the declared columns, more than "
        f"max_rejected ({table.max_rejected:g}) allows, so none is loaded; for example {reason}",
        where=where,
        remedy="Correct the types in the sources file, or ask whoever runs the API.",
    )


def highest_cursor(
    connection: duckdb.DuckDBPyConnection, table: RestTable, parent: ReadTable
) -> object:
    """The furthest value of the cursor's column among the rows that fit; None without one."""
    if not table.cursor:
        return None
    column = identifier(table.cursor.column)
    return one(connection, f"select max({column}) from {parquet([parent.rows_file])}")[0]


def complete_rejected(
    connection: duckdb.DuckDBPyConnection,
    source: RestSource,
    tables: Sequence[ReadTable],
    load_id: str,
) -> None:
    """Say in the rejected rows whose they are; until now nobody knew that there would be a load."""
    for each in tables:
        if not each.rows_rejected:
            continue
        half = each.rejected_file.rename(each.rejected_file.with_suffix(".half"))
        write_parquet(
            connection,
            f"select {text_literal(source.name)} as source_name, {text_literal(each.name)} as "
            f"table_name, {text_literal(load_id)} as load_id, *, null::timestamp as replayed_at "
            f"from {parquet([half])}",
            each.rejected_file,
        )
