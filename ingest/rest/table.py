"""One API table, with its lists, from its pages to its records in the manifest.

With a cursor, only what changed since the last load is asked for, less the lookback; where all of that
is in the lake already, nothing is loaded. Without one, each load is the whole table and replaces the last;
so does a reload of a table with a cursor.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from ingest.incremental.cursor import later, reached_by
from ingest.incremental.known_rows import is_all_known
from ingest.incremental.read_rows import complete_rejected
from ingest.rest.bring import Finished, Span, bring_all, inputs_of
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.fetch import Api, Resource, fetch
from ingest.rest.read import highest_cursor, read_tables
from ingest.rest.request import RestRequest, cursor_kind, rest_request
from ingest.results import Load, LoadContext, TableResult, result_of
from ingest.rows.duckdb_sql import connect
from ingest.rows.read_table import ReadTable


def load_rest(context: LoadContext, source: RestSource, table: RestTable, spool: Path) -> Load:
    """Load what the API has that is new; raises PlainError when it cannot be had or does not fit."""
    started, load_id = context.now(), context.new_load_id()
    ask = rest_request(
        context.manifest, source, table, reload=context.reload, window=context.window
    )
    connection = connect(spool)
    try:
        api = Api(context, source, table, connection, spool / "pages")
        fetched = [fetch(api, Resource(0, table.path), ask.params(table.cursor))]
        tables = read_tables(context, connection, source, table, spool, fetched, ask.window)
        cursor = table.cursor.column if table.cursor else None
        if not context.reload and is_all_known(context, connection, source.name, cursor, tables):
            return Load((), tuple(TableResult(source.name, each.name) for each in tables))
        done = Finished(
            load_id,
            started,
            tables,
            inputs_of(connection, table, tables, fetched),
            ask.replaces,
            fetched[0].bytes,
            _span(connection, table, tables[0], ask, started),
        )
        complete_rejected(connection, source.name, tables, load_id)
    finally:
        connection.close()
    records = bring_all(context, source, table, done)
    return Load(tuple(records), tuple(result_of(record) for record in records))


def _span(
    connection: duckdb.DuckDBPyConnection,
    table: RestTable,
    parent: ReadTable,
    ask: RestRequest,
    now: datetime,
) -> Span:
    """A backfill leaves the cursor where it was: what lies between the two was not asked for."""
    if ask.window is not None:
        return Span(ask.since, ask.until, ask.reached, ask.reached)
    highest = highest_cursor(connection, table, parent)
    seen = None if highest is None else reached_by(highest, now)
    after = later(cursor_kind(table), ask.reached, seen) if table.cursor else None
    return Span(ask.since, after, ask.reached, after)
