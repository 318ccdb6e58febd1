"""A stream's batch, from its shards to its record in the manifest.

How far each shard was read stands in the same record as the rows: after a crash at any moment either both
are there, or the same records are read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.files.file_table import tell_new
from ingest.files.input_files import FILE_COLUMN
from ingest.json.reader import read_parent
from ingest.kinesis.batch import Batch, read_batch
from ingest.kinesis.declaration import ADDED_COLUMNS, SEQUENCE, KinesisSource, KinesisTable
from ingest.kinesis.records import input_path, split_records
from ingest.kinesis.state import StreamState, state_of
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
from ingest.results import Load, LoadContext, PlanContext, TableResult, result_of
from ingest.rows.duckdb_sql import connect, identifier, one, text_literal, write_parquet
from ingest.rows.new_columns import ColumnPolicy
from ingest.rows.read_table import ReadTable
from ingest.rows.tolerance import told, too_many

# Where the record stood: its text does not say it, and who tries it again has to know.
_CARRIED = (
    "json_object("
    + ", ".join(f"'{each.name}', {identifier(each.name)}::varchar" for each in ADDED_COLUMNS)
    + ")::varchar"
)


def known_state(context: PlanContext, source: KinesisSource, *, reload: bool) -> StreamState | None:
    """Where to go on; None for a first load and for a reload."""
    if reload:
        return None
    return state_of(context.manifest, source.name, source.tables[0].name)


def load_stream(context: LoadContext, source: KinesisSource, spool: Path) -> Load:
    """Load what came since the last load; raises PlainError when it cannot be had or does not fit."""
    table = source.tables[0]
    where = f"{source.name}.{table.name}"
    started, load_id = context.now(), context.new_load_id()
    before = known_state(context, source, reload=context.reload)
    batch = read_batch(context, source, before, spool / "shards", where)
    problem = _loss(batch.lost, where)
    if batch.records or context.reload:
        read = _read(context, source, spool, batch, load_id, where)
        record = _bring(context, source, read, batch, load_id, started)
        return Load((record,), (result_of(record, error=problem),))
    nothing = TableResult(source.name, table.name, error=problem)
    if not batch.must_be_recorded:
        return Load((), (nothing,))
    return Load((_bring(context, source, None, batch, load_id, started),), (nothing,))


def _loss(lost: Sequence[str], where: str) -> PlainError | None:
    if not lost:
        return None
    return PlainError(
        "; ".join(lost),
        where=where,
        remedy="What the stream still has is loaded. Run till more often than that, or let the stream keep "
        "its records for longer; this is told once.",
    )


def _read(
    context: LoadContext,
    source: KinesisSource,
    spool: Path,
    batch: Batch,
    load_id: str,
    where: str,
) -> ReadTable:
    """The batch as finished files in the spool."""
    table = source.tables[0]
    connection = connect(spool)
    try:
        found = split_records(connection, spool / "shards", source.stream)
        if found != batch.records:
            raise PlainError(
                f"{found} records were read where {batch.records} came",
                where=where,
                remedy="This is a fault of ours: please report it; nothing was loaded.",
            )
        # A stream's few new records may all lack a name that others have.
        optional = frozenset(each.source_name for each in table.columns)
        policy = ColumnPolicy(table.on_new_column, optional, may_lack_all=True)
        named = context.manifest.added_names(source.name, table.name)
        read = read_parent(connection, table, spool, where, named, policy)
        tell_new(context, where, read.columns, read.undeclared)
        # Until now records were counted, of which each may have several rows.
        context.meter.add(rows=read.rows_read - batch.records)
        _check(connection, table, read, where)
        _complete_rejected(connection, source.name, read, load_id)
        return read
    finally:
        connection.close()


def _check(
    connection: duckdb.DuckDBPyConnection, table: KinesisTable, read: ReadTable, where: str
) -> None:
    if read.rows_loaded + read.rows_rejected != read.rows_read:
        raise PlainError(
            f"of {read.rows_read} rows, {read.rows_loaded} fit and {read.rows_rejected} do not",
            where=where,
            remedy="This is a fault of ours: please report it; nothing was loaded.",
        )
    if not too_many(read.rows_rejected, read.rows_read, table.max_rejected):
        return
    reason = one(connection, f"select reason from {_parquet(read.rejected_file)} limit 1")[0]
    raise PlainError(
        f"{read.rows_rejected} of {read.rows_read} rows do not fit the declared columns, more than "
        f"{told(table.max_rejected)} allows, so none is loaded; for example {reason}",
        where=where,
        remedy="Correct the types in the sources file, or what is sent, before the stream forgets it.",
    )


def _complete_rejected(
    connection: duckdb.DuckDBPyConnection, source: str, read: ReadTable, load_id: str
) -> None:
    """Say in the rejected rows whose they are, and which record of the stream they were."""
    if not read.rows_rejected:
        return
    half = read.rejected_file.rename(read.rejected_file.with_suffix(".half"))
    write_parquet(
        connection,
        f"select {text_literal(source)} as source_name, {text_literal(read.name)} as table_name, "
        f"{text_literal(load_id)} as load_id, file, line, column_name, "
        f"reason || ' (record ' || {SEQUENCE} || ')' as reason, original_text, {_CARRIED} as carried, "
        f"null::timestamp as replayed_at from {_parquet(half)}",
        read.rejected_file,
    )


def _parquet(path: Path) -> str:
    return f"read_parquet({text_literal(str(path))}, hive_partitioning = false)"


def _bring(
    context: LoadContext,
    source: KinesisSource,
    read: ReadTable | None,
    batch: Batch,
    load_id: str,
    started: datetime,
) -> Record:
    """Bring the rows into the lake, if there are any; the record says how far the stream was read."""
    table = source.tables[0].name
    rows = read.rows_loaded if read else 0
    staged = [Staged(table, read.rows_file if read and rows else None, rows)]
    inputs = _inputs(source, read, batch) if read else ()
    after = batch.after.to_text()
    files = hand_over(context.lake, source.name, load_id, staged, {"cursor": after})
    rejected: tuple[LakeFile, ...] = ()
    if read and read.rows_rejected:
        rejected = (bring(read.rejected_file, context.lake, source.name, table, load_id),)
    return Record(
        load_id=load_id,
        source_name=source.name,
        table_name=table,
        kind=source.kind,
        started_at=utc_text(started),
        finished_at=utc_text(context.now()),
        window_start=batch.before.read_until if batch.before else None,
        window_end=batch.after.read_until,
        cursor_before=batch.before.to_text() if batch.before else None,
        cursor_after=after,
        rows_read=read.rows_read if read else 0,
        rows_loaded=rows,
        rows_rejected=read.rows_rejected if read else 0,
        bytes_read=sum(shard.bytes for shard in batch.shards),
        files=files[table],
        rejected_files=rejected,
        inputs=inputs,
        supersedes=_former(context, source, table),
        schema=_schema(read) if read else (),
        added=added_of(read.columns) if read else (),
    )


def _inputs(source: KinesisSource, read: ReadTable, batch: Batch) -> tuple[LoadedInput, ...]:
    """What became of each shard's rows; a shard without records brings none."""
    loaded = _rows_by_shard(read.rows_file, FILE_COLUMN)
    rejected = _rows_by_shard(read.rejected_file, "file")
    found = []
    for shard in batch.shards:
        path = input_path(source.stream, shard.id)
        fits, unfit = loaded.get(path, 0), rejected.get(path, 0)
        if shard.records:
            found.append(LoadedInput(path, shard.sha256, shard.bytes, fits + unfit, fits, unfit))
    return tuple(found)


def _rows_by_shard(file: Path, column: str) -> dict[str, int]:
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {identifier(column)}, count(*) from {_parquet(file)} group by all"
        ).fetchall()
    return {str(path): int(count) for path, count in found}


def _former(context: LoadContext, source: KinesisSource, name: str) -> tuple[Superseded, ...]:
    """What a reload takes the place of."""
    if not context.reload:
        return ()
    live = context.manifest.live_inputs(source.name, name)
    return tuple(Superseded(each.load_id, each.input.path) for each in live)


def _schema(read: ReadTable) -> tuple[SchemaColumn, ...]:
    columns = [SchemaColumn(column.name, column.type.duckdb) for column in read.columns]
    return (*columns, SchemaColumn(FILE_COLUMN, "VARCHAR"))
