"""One followed table from its changes, or its first copy, to its record in the manifest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.files.file_table import tell_new
from ingest.files.input_files import FILE_COLUMN
from ingest.lake.manifest import (
    LakeFile,
    LoadedInput,
    Record,
    SchemaColumn,
    Superseded,
    added_of,
    utc_text,
)
from ingest.lake.writer import Staged, bring, hand_over
from ingest.postgres_cdc.declaration import (
    CHANGE_NAMES,
    OPERATION,
    UNCHANGED,
    PostgresCdcSource,
    PostgresCdcTable,
)
from ingest.postgres_cdc.part import Part
from ingest.postgres_cdc.positions import Reached
from ingest.postgres_cdc.snapshot import copy_table
from ingest.postgres_cdc.stream import Stream, reached
from ingest.results import Load, LoadContext, TableResult, result_of
from ingest.rows.casting import TypedColumn, fitting_rows, unfitting_rows
from ingest.rows.duckdb_sql import (
    connect,
    identifier,
    number,
    one,
    text_literal,
    write_parquet,
)
from ingest.rows.rejected_rows import write_rejected
from ingest.rows.rules import NO_RULES
from ingest.rows.tolerance import told, too_many


@dataclass(frozen=True)
class _Window:
    """From where to where in the server's log a load reaches, and the loads that it replaces."""

    before: Reached | None
    after: Reached
    supersedes: tuple[Superseded, ...] = ()


@dataclass(frozen=True)
class _Cast:
    """Finished files in the spool."""

    rows_file: Path
    rejected_file: Path
    loaded: int
    rejected: int


def load_cdc(
    context: LoadContext,
    source: PostgresCdcSource,
    table: PostgresCdcTable,
    stream: Stream,
    spool: Path,
) -> Load:
    """Load the table's new changes, or a copy of it; raises PlainError when they cannot be had."""
    before = reached(context.manifest, source.name, table)
    if context.reload or before is None:
        return _load_copy(context, source, table, spool)
    followed = stream.changes(context, table)
    # While all tables were read, their changes were counted together.
    context.meter.add(rows=followed.part.rows, size=followed.part.bytes_read)
    columns = [column.typed for column in followed.table.columns]
    tell_new(context, followed.where, columns, sorted(followed.undeclared))
    if not followed.part.rows:
        stream.done(context, table)
        return Load((), (TableResult(source.name, table.name),))
    window = _Window(before, before.after(stream.until))
    record = _record(context, source, followed.table, spool, followed.part, window)
    return Load((record,), (result_of(record),), after_commit=lambda: stream.done(context, table))


def _load_copy(
    context: LoadContext,
    source: PostgresCdcSource,
    table: PostgresCdcTable,
    spool: Path,
) -> Load:
    copied = copy_table(context, source, table, spool / "copy.parquet")
    columns = [column.typed for column in copied.table.columns]
    tell_new(context, f"{source.name}.{table.name}", columns, copied.undeclared)
    replaces = tuple(
        Superseded(each.load_id, each.input.path)
        for each in context.manifest.live_inputs(source.name, table.name)
    )
    window = _Window(None, copied.reached, replaces)
    record = _record(context, source, copied.table, spool, copied.part, window)
    # Nothing is said to the stream: what it reads later in this run may have changes since the copy.
    return Load((record,), (result_of(record),))


def _record(
    context: LoadContext,
    source: PostgresCdcSource,
    table: PostgresCdcTable,
    spool: Path,
    part: Part,
    window: _Window,
) -> Record:
    started, load_id = context.now(), context.new_load_id()
    where = f"{source.name}.{table.name}"
    cast = _Cast(spool / "rows.parquet", spool / "rejected.parquet", 0, 0)
    if part.rows:
        with connect(spool) as connection:
            cast = _cast(connection, table, part, cast, where)
            if cast.rejected:
                owner = (source.name, table.name, load_id)
                write_rejected(connection, owner, cast.rejected_file)
    part.path.unlink(missing_ok=True)
    staged = Staged(table.name, cast.rows_file if cast.loaded else None, cast.loaded)
    state = {"cursor": str(window.after)}
    files = hand_over(context.lake, source.name, load_id, [staged], state)[table.name]
    rejected: tuple[LakeFile, ...] = ()
    if cast.rejected:
        rejected = (bring(cast.rejected_file, context.lake, source.name, table.name, load_id),)
    figures = (part.rows, cast.loaded, cast.rejected)
    before = str(window.before) if window.before else None
    return Record(
        load_id=load_id,
        source_name=source.name,
        table_name=table.name,
        kind=source.kind,
        started_at=utc_text(started),
        finished_at=utc_text(context.now()),
        window_start=before,
        window_end=str(window.after),
        cursor_before=before,
        cursor_after=str(window.after),
        rows_read=part.rows,
        rows_loaded=cast.loaded,
        rows_rejected=cast.rejected,
        bytes_read=part.bytes_read,
        files=files,
        rejected_files=rejected,
        inputs=(LoadedInput(table.path, part.sha256, part.bytes_read, *figures),),
        supersedes=window.supersedes,
        schema=_schema(table),
        added=added_of(column.typed for column in table.columns),
    )


def _schema(table: PostgresCdcTable) -> tuple[SchemaColumn, ...]:
    declared = [SchemaColumn(each.name, each.typed.type.duckdb) for each in table.columns]
    added = [SchemaColumn(each.name, each.type.duckdb) for each, _ in table.added]
    return (*declared, *added, SchemaColumn(FILE_COLUMN, "VARCHAR"))


def _cast(
    connection: duckdb.DuckDBPyConnection,
    table: PostgresCdcTable,
    part: Part,
    cast: _Cast,
    where: str,
) -> _Cast:
    keep = [*CHANGE_NAMES, FILE_COLUMN]
    fitting, unfitting = [], []
    rows = (
        f"select *, {text_literal(table.path)} as {identifier(FILE_COLUMN)} "
        f"from read_parquet({text_literal(str(part.path))})"
    )
    typed = [column.typed for column in table.columns]
    for relation, columns in shapes(rows, typed, table.key):
        fitting.append(fitting_rows(relation, columns, keep))
        unfitting.append(
            f"select {text_literal(table.path)} as file, null::bigint as line, column_name, reason, "
            f"{_original(table)} as original_text from ({unfitting_rows(relation, columns)})"
        )
    loaded = write_parquet(connection, " union all ".join(fitting), cast.rows_file)
    rejected = 0
    if loaded != part.rows:
        connection.execute(f"create temp table rejected as {' union all '.join(unfitting)}")
        rejected = number(connection, "select count(*) from rejected")
    if loaded + rejected != part.rows:
        raise PlainError(
            f"of {part.rows} changes, {loaded} fit and {rejected} do not",
            where=where,
            remedy="This is a fault of ours: please report it; nothing was loaded.",
        )
    if too_many(rejected, part.rows, table.max_rejected):
        reason = one(connection, "select reason from rejected order by all limit 1")[0]
        raise PlainError(
            f"{rejected} of {part.rows} rows do not fit the declared columns, more than "
            f"{told(table.max_rejected)} allows, so none is loaded; for example {reason}",
            where=where,
            remedy="Correct the types in the sources file.",
        )
    return replace(cast, loaded=loaded, rejected=rejected)


def shapes(
    rows: str, columns: Sequence[TypedColumn], key: Collection[str]
) -> Iterator[tuple[str, Sequence[TypedColumn]]]:
    """The changes in `rows` (SQL) by what must be there: all columns, those of the key, or none."""
    whole = f"{OPERATION} in ('snapshot', 'insert', 'update') and {UNCHANGED} is null"
    yield f"{rows} where {whole}", columns
    keyed = [replace(each, nullable=each.name not in key) for each in columns]
    yield f"{rows} where {OPERATION} != 'delete' and {UNCHANGED} is not null", keyed
    # What a row was must not keep it from going: only its key says which it is.
    gone = [each if each.name in key else replace(each, rules=NO_RULES) for each in keyed]
    yield f"{rows} where {OPERATION} = 'delete'", gone
    yield (
        f"{rows} where {OPERATION} = 'truncate'",
        [replace(each, nullable=True) for each in columns],
    )


def _original(table: PostgresCdcTable) -> str:
    """The change as JSON: its values under the names of the database, and what it carries."""
    names = [(column.source_name, column.name) for column in table.columns]
    names += [(name, name) for name in CHANGE_NAMES]
    fields = ", ".join(f"{text_literal(name)}, {identifier(column)}" for name, column in names)
    return f"json_object({fields})::varchar"
