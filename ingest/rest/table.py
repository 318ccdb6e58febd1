"""One API table, with its children, from its pages to its records in the manifest.

With a cursor, only what changed since the last load is asked for, less the lookback; where all of that
is in the lake already, nothing is loaded. Without one, each load is the whole table and replaces the last;
so does a reload of a table with a cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.files.input_files import FILE_COLUMN
from ingest.json.reader import ReadTable, read_child, read_pages, read_parent
from ingest.lake.compactions import stored_rows
from ingest.lake.manifest import (
    LakeFile,
    LoadedInput,
    Record,
    SchemaColumn,
    utc_text,
)
from ingest.lake.writer import Staged, bring, hand_over
from ingest.rest.cursor import later, reached_by
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.fetch import Fetched, fetch
from ingest.rest.request import RestRequest, cursor_kind, rest_request
from ingest.results import Load, LoadContext, TableResult, result_of
from ingest.rows.duckdb_sql import (
    connect,
    identifier,
    number,
    one,
    text_list,
    text_literal,
    write_parquet,
)


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
        tables = _read(context, connection, table, spool, fetched, where)
        for each in tables:
            _check(context, connection, source, table, each)
        if not context.reload and _is_all_known(context, connection, source, table, tables):
            return Load((), tuple(TableResult(source.name, each.name) for each in tables))
        window = _Window(ask, _reached(connection, table, tables[0], ask.reached, started))
        _complete_rejected(connection, source, tables, load_id)
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
) -> list[ReadTable]:
    read = read_pages(connection, spool / "pages", table, where)
    tables = [read_parent(connection, table, spool, where)]
    for child in table.children:
        tables.append(read_child(connection, table, child, spool, f"{where}.{child.path}"))
    places = [where, *(f"{where}.{child.path}" for child in table.children)]
    for place, each in zip(places, tables, strict=True):
        if each.undeclared:
            names = ", ".join(each.undeclared)
            context.progress(f"{place}: not declared, so not loaded: {names}")
    if read != fetched.rows:
        raise PlainError(
            f"{read} records were read where the answers' lists have {fetched.rows}",
            where=where,
            remedy="Run it again; nothing was loaded.",
        )
    return tables


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
    rejected = f"from {_parquet([read.rejected_file])}"
    is_part = table.cursor and not context.reload
    records = context.manifest.live_records(source.name, read.name) if is_part else []
    known = [context.lake / file.path for each in records for file in each.rejected_files]
    if known:
        # One bad row of yesterday comes again with each lookback: it was counted then.
        rejected += f" where original_text not in (select original_text from {_parquet(known)})"
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


def _is_all_known(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: RestSource,
    table: RestTable,
    tables: Sequence[ReadTable],
) -> bool:
    """Whether every row that came is in the lake already, so that a load would only repeat it."""
    for each in tables:
        records = context.manifest.live_records(source.name, each.name)
        if not table.cursor:
            records = records[-1:]
            if not records or records[0].rows_read != each.rows_read:
                return False
        same = [record for record in records if record.schema == _schema(each)]
        loaded = stored_rows(context.lake, same)
        left_out = [context.lake / file.path for record in same for file in record.rejected_files]
        rejected = _parquet(left_out) if left_out else None
        columns = ", ".join(identifier(column.name) for column in each.columns)
        recent = ""
        if table.cursor:
            column = identifier(table.cursor.column)
            recent = f"where {column} >= (select min({column}) from {_parquet([each.rows_file])})"
        if _has_new(connection, table, each.rows_file, loaded, columns, recent):
            return False
        if _has_new(connection, table, each.rejected_file, rejected, "original_text"):
            return False
    return True


def _has_new(
    connection: duckdb.DuckDBPyConnection,
    table: RestTable,
    came: Path,
    known: str | None,
    columns: str,
    condition: str = "",
) -> bool:
    new = f"select {columns} from {_parquet([came])}"
    if known:
        # A whole copy is the same only if it has each row as often; a window may repeat what is there.
        minus = "except" if table.cursor else "except all"
        new += f" {minus} select {columns} from {known} {condition}"
    return number(connection, f"select count(*) from ({new} limit 1)") > 0


def _parquet(paths: Sequence[Path]) -> str:
    return f"read_parquet({text_list(str(path) for path in paths)}, hive_partitioning = false)"


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
    highest = one(connection, f"select max({column}) from {_parquet([parent.rows_file])}")[0]
    seen = None if highest is None else reached_by(highest, now)
    return later(cursor_kind(table), before, seen)


def _complete_rejected(
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
            f"from {_parquet([half])}",
            each.rejected_file,
        )


def _schema(read: ReadTable) -> tuple[SchemaColumn, ...]:
    columns = [SchemaColumn(column.name, column.type.duckdb) for column in read.columns]
    return (*columns, SchemaColumn(FILE_COLUMN, "VARCHAR"))


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
                schema=_schema(each),
            )
        )
    return records
