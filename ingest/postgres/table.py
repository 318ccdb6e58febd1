"""One table of a database, from its rows to its record in the manifest.

With a cursor, only what changed since the last load is asked for, less the lookback; where all of that is
in the lake already, nothing is loaded. Without one, each load is the whole table and replaces the last.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from ingest.files.file_table import tell_new
from ingest.incremental.cursor import later, reached_by
from ingest.incremental.known_rows import is_all_known
from ingest.incremental.read_rows import (
    check_read,
    complete_rejected,
    lake_schema,
    parquet_relation,
)
from ingest.lake.manifest import LakeFile, LoadedInput, Record, added_of, utc_text
from ingest.lake.writer import Staged, bring, hand_over
from ingest.postgres.database import snapshot
from ingest.postgres.declaration import PostgresSource, PostgresTable
from ingest.postgres.read import PostgresRead, Wanted, read_relation
from ingest.postgres.request import PostgresRequest, postgres_request
from ingest.results import Load, LoadContext, TableResult, result_of
from ingest.rows.duckdb_sql import connect, identifier, one


@dataclass(frozen=True)
class _Loaded:
    """What was asked, what came, and how far the cursor is now."""

    ask: PostgresRequest
    read: PostgresRead
    after: str | None


def load_postgres(
    context: LoadContext, source: PostgresSource, table: PostgresTable, spool: Path
) -> Load:
    """Load what the database has that is new; raises PlainError when it cannot be had or does not fit."""
    started, load_id = context.now(), context.new_load_id()
    ask = postgres_request(context, source, table)
    connection = connect(spool)
    try:
        with snapshot(context, source, f"{source.name}.{table.name}") as database:
            named = context.manifest.added_names(source.name, table.name)
            wanted = Wanted(table, ask.span, named)
            read = read_relation(connection, database, wanted, spool, context)
        _check(context, connection, source, table, read)
        if not context.reload and _is_known(context, connection, source, table, read):
            return Load((), (TableResult(source.name, table.name),))
        after = _reached(connection, table, read, ask, started)
        complete_rejected(connection, source.name, [read.table], load_id)
    finally:
        connection.close()
    loaded = _Loaded(ask, read, after)
    record = _bring(context, source, table, loaded, load_id, started)
    return Load((record,), (result_of(record),))


def _check(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: PostgresSource,
    table: PostgresTable,
    read: PostgresRead,
) -> None:
    tell_new(context, f"{source.name}.{table.name}", read.table.columns, read.table.undeclared)
    check_read(
        context,
        connection,
        (source.name, table),
        read.table,
        is_part=table.cursor is not None and not context.reload,
        remedy="Correct the types in the sources file, or mend the rows in the database.",
    )


def _is_known(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: PostgresSource,
    table: PostgresTable,
    read: PostgresRead,
) -> bool:
    """Whether the lake has it all; a whole copy is told by its fingerprint, not row by row."""
    if table.cursor is not None:
        column = table.cursor.column
        return is_all_known(context, connection, source.name, column, [read.table])
    records = context.manifest.live_records(source.name, table.name)[-1:]
    return any(
        record.schema == lake_schema(read.table) and record.inputs[0].sha256 == _sha256(read)
        for record in records
    )


def _sha256(read: PostgresRead) -> str:
    return hashlib.sha256(read.fingerprint.encode()).hexdigest()


def _reached(
    connection: duckdb.DuckDBPyConnection,
    table: PostgresTable,
    read: PostgresRead,
    ask: PostgresRequest,
    now: datetime,
) -> str | None:
    if table.cursor is None or not ask.moves:
        return ask.reached
    highest = one(
        connection,
        f"select max({identifier(table.cursor.column)}) "
        f"from {parquet_relation([read.table.rows_file])}",
    )[0]
    seen = None if highest is None else reached_by(highest, now)
    return later(table.cursor_type, ask.reached, seen)


def _bring(
    context: LoadContext,
    source: PostgresSource,
    table: PostgresTable,
    loaded: _Loaded,
    load_id: str,
    started: datetime,
) -> Record:
    ask, read = loaded.ask, loaded.read.table
    staged = Staged(table.name, read.rows_file if read.rows_loaded else None, read.rows_loaded)
    state = {"cursor": loaded.after} if table.cursor else {}
    files = hand_over(context.lake, source.name, load_id, [staged], state)
    rejected: tuple[LakeFile, ...] = ()
    if read.rows_rejected:
        rejected = (bring(read.rejected_file, context.lake, source.name, table.name, load_id),)
    counts = (read.rows_read, read.rows_loaded, read.rows_rejected)
    return Record(
        load_id=load_id,
        source_name=source.name,
        table_name=table.name,
        kind=source.kind,
        started_at=utc_text(started),
        finished_at=utc_text(context.now()),
        window_start=ask.span.start,
        window_end=loaded.after if ask.moves else ask.span.end,
        cursor_before=ask.reached,
        cursor_after=loaded.after,
        rows_read=read.rows_read,
        rows_loaded=read.rows_loaded,
        rows_rejected=read.rows_rejected,
        bytes_read=loaded.read.bytes,
        files=files[table.name],
        rejected_files=rejected,
        inputs=(LoadedInput(table.reads, _sha256(loaded.read), loaded.read.bytes, *counts),),
        supersedes=ask.replaces,
        schema=lake_schema(read),
        added=added_of(read.columns),
    )
