"""One API table, with its children, from its pages to its records in the manifest.

With a cursor, only what changed since the last load is asked for, less the lookback; where all of that
is in the lake already, nothing is loaded. Without one, each load is the whole table and replaces the last;
so does a reload of a table with a cursor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.files.file_table import tell_new
from ingest.incremental.cursor import later, reached_by
from ingest.incremental.known_rows import is_all_known
from ingest.incremental.read_rows import (
    check_read,
    complete_rejected,
    lake_schema,
    parquet_relation,
)
from ingest.json.reader import read_child, read_pages, read_parent
from ingest.lake.manifest import (
    AddedColumn,
    LakeFile,
    LoadedInput,
    Record,
    utc_text,
)
from ingest.lake.writer import Staged, bring, hand_over
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.fetch import Fetched, fetch
from ingest.rest.request import RestRequest, cursor_kind, rest_request
from ingest.results import Load, LoadContext, TableResult, result_of
from ingest.rows.duckdb_sql import connect, identifier, one
from ingest.rows.read_table import ReadTable


@dataclass(frozen=True)
class _Window:
    """What this load asked for, and how far it came."""

    ask: RestRequest
    after: str | None


def load_rest(context: LoadContext, source: RestSource, table: RestTable, spool: Path) -> Load:
    """Load what the API has that is new; raises PlainError when it cannot be had or does not fit."""
    started, load_id = context.now(), context.new_load_id()
    where = f"{source.name}.{table.name}"
    ask = rest_request(context.manifest, source, table, reload=context.reload)
    fetched = fetch(context, source, table, ask.since, spool / "pages")
    connection = connect(spool)
    try:
        named = context.manifest.added_names(source.name, table.name)
        tables = _read(context, connection, table, spool, fetched, where, named)
        for each in tables:
            check_read(
                context,
                connection,
                (source.name, table),
                each,
                is_part=table.cursor is not None and not context.reload,
                remedy="Correct the types in the sources file, or ask whoever runs the API.",
            )
        cursor = table.cursor.column if table.cursor else None
        if not context.reload and is_all_known(context, connection, source.name, cursor, tables):
            return Load((), tuple(TableResult(source.name, each.name) for each in tables))
        window = _Window(ask, _reached(connection, table, tables[0], ask.reached, started))
        complete_rejected(connection, source.name, tables, load_id)
    finally:
        connection.close()
    records = _bring(context, source, table, tables, fetched, window, load_id, started)
    return Load(tuple(records), tuple(result_of(record) for record in records))


def _read(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    table: RestTable,
    spool: Path,
    fetched: Fetched,
    where: str,
    named: Mapping[str, str],
) -> list[ReadTable]:
    read = read_pages(connection, spool / "pages", table, where)
    tables = [read_parent(connection, table, spool, where, named)]
    for child in table.children:
        tables.append(read_child(connection, table, child, spool, f"{where}.{child.path}"))
    places = [where, *(f"{where}.{child.path}" for child in table.children)]
    for place, each in zip(places, tables, strict=True):
        tell_new(context, place, each.columns, each.undeclared)
    if read != fetched.rows:
        raise PlainError(
            f"{read} records were read where the answers' lists have {fetched.rows}",
            where=where,
            remedy="Run it again; nothing was loaded.",
        )
    return tables


def _reached(
    connection: duckdb.DuckDBPyConnection,
    table: RestTable,
    parent: ReadTable,
    before: str | None,
    now: datetime,
) -> str | None:
    if not table.cursor:
        return None
    column = identifier(table.cursor.column)
    highest = one(connection, f"select max({column}) from {parquet_relation([parent.rows_file])}")[
        0
    ]
    seen = None if highest is None else reached_by(highest, now)
    return later(cursor_kind(table), before, seen)


def _bring(
    context: LoadContext,
    source: RestSource,
    table: RestTable,
    tables: Sequence[ReadTable],
    fetched: Fetched,
    window: _Window,
    load_id: str,
    started: datetime,
) -> list[Record]:
    staged = [
        Staged(each.name, each.rows_file if each.rows_loaded else None, each.rows_loaded)
        for each in tables
    ]
    state = {"cursor": window.after} if table.cursor else {}
    files = hand_over(context.lake, source.name, load_id, staged, state)
    records = []
    for each in tables:
        rejected: tuple[LakeFile, ...] = ()
        if each.rows_rejected:
            rejected = (bring(each.rejected_file, context.lake, source.name, each.name, load_id),)
        records.append(
            Record(
                load_id=load_id,
                source_name=source.name,
                table_name=each.name,
                kind=source.kind,
                started_at=utc_text(started),
                finished_at=utc_text(context.now()),
                window_start=window.ask.since,
                window_end=window.after,
                cursor_before=window.ask.reached,
                cursor_after=window.after,
                rows_read=each.rows_read,
                rows_loaded=each.rows_loaded,
                rows_rejected=each.rows_rejected,
                bytes_read=fetched.bytes if each is tables[0] else 0,
                files=files[each.name],
                rejected_files=rejected,
                inputs=(
                    LoadedInput(
                        table.path,
                        fetched.sha256,
                        fetched.bytes,
                        each.rows_read,
                        each.rows_loaded,
                        each.rows_rejected,
                    ),
                ),
                supersedes=window.ask.replaces.get(each.name, ()),
                schema=lake_schema(each),
                added=tuple(
                    AddedColumn(column.name, column.added_from)
                    for column in each.columns
                    if column.added_from is not None
                ),
            )
        )
    return records
