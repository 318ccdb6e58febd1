"""What was read, before it becomes a load: held against max_rejected, its rejected rows completed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.declaration.tables import TableBlock
from ingest.files.input_files import FILE_COLUMN
from ingest.lake.manifest import SchemaColumn
from ingest.results import LoadContext
from ingest.rows.duckdb_sql import number, one, text_list, text_literal, write_parquet
from ingest.rows.read_table import ReadTable
from ingest.rows.tolerance import told, too_many


def check_read(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    owner: tuple[str, TableBlock],
    read: ReadTable,
    *,
    is_part: bool,
    remedy: str,
) -> None:
    """Raise PlainError when rows are missing or too many were rejected.

    `owner` is the source's name and the table; `is_part`: what was read may repeat what is in the lake.
    """
    source, table = owner
    where = f"{source}.{read.name}"
    if read.rows_loaded + read.rows_rejected != read.rows_read:
        raise PlainError(
            f"of {read.rows_read} rows, {read.rows_loaded} fit and {read.rows_rejected} do not",
            where=where,
            remedy="This is a fault of ours: please report it; nothing was loaded.",
        )
    rejected = f"from {parquet_relation([read.rejected_file])}"
    records = context.manifest.live_records(source, read.name) if is_part else []
    known = [context.lake / file.path for each in records for file in each.rejected_files]
    if known:
        # One bad row of yesterday comes again with each lookback: it was counted then.
        rejected += (
            f" where original_text not in (select original_text from {parquet_relation(known)})"
        )
    count = number(connection, f"select count(*) {rejected}")
    if not too_many(count, read.rows_read, table.max_rejected):
        return
    reason = one(connection, f"select reason {rejected} limit 1")[0]
    raise PlainError(
        f"{count} of {read.rows_read} rows do not fit the declared columns, more than "
        f"{told(table.max_rejected)} allows, so none is loaded; for example {reason}",
        where=where,
        remedy=remedy,
    )


def complete_rejected(
    connection: duckdb.DuckDBPyConnection, source: str, tables: Sequence[ReadTable], load_id: str
) -> None:
    """Say in the rejected rows whose they are; until now nobody knew that there would be a load."""
    for each in tables:
        if not each.rows_rejected:
            continue
        half = each.rejected_file.rename(each.rejected_file.with_suffix(".half"))
        write_parquet(
            connection,
            f"select {text_literal(source)} as source_name, {text_literal(each.name)} as "
            f"table_name, {text_literal(load_id)} as load_id, *, null::timestamp as replayed_at "
            f"from {parquet_relation([half])}",
            each.rejected_file,
        )


def lake_schema(read: ReadTable) -> tuple[SchemaColumn, ...]:
    """The columns of the load's files."""
    columns = [SchemaColumn(column.name, column.type.duckdb) for column in read.columns]
    return (*columns, SchemaColumn(FILE_COLUMN, "VARCHAR"))


def parquet_relation(paths: Sequence[Path]) -> str:
    """These files of ours as a relation."""
    return f"read_parquet({text_list(str(path) for path in paths)}, hive_partitioning = false)"
