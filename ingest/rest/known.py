"""What came, held against what is in the lake: is any of it new, and which columns were there before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from ingest.files.input_files import FILE_COLUMN
from ingest.json.reader import Had, ReadTable
from ingest.lake.manifest import SchemaColumn
from ingest.rest.declaration import RestSource, RestTable
from ingest.results import LoadContext
from ingest.rows.duckdb_sql import identifier, number, text_list


def is_all_known(
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
        same = [record for record in records if record.schema == schema_of(each)]
        loaded = [context.lake / file.path for record in same for file in record.files]
        rejected = [context.lake / file.path for record in same for file in record.rejected_files]
        columns = ", ".join(identifier(column.name) for column in each.columns)
        recent = ""
        if table.cursor:
            column = identifier(table.cursor.column)
            recent = f"where {column} >= (select min({column}) from {parquet([each.rows_file])})"
        if _has_new(connection, table, each.rows_file, loaded, columns, recent):
            return False
        if _has_new(connection, table, each.rejected_file, rejected, "original_text"):
            return False
    return True


def _has_new(
    connection: duckdb.DuckDBPyConnection,
    table: RestTable,
    came: Path,
    known: Sequence[Path],
    columns: str,
    condition: str = "",
) -> bool:
    new = f"select {columns} from {parquet([came])}"
    if known:
        # A whole copy is the same only if it has each row as often; a window may repeat what is there.
        minus = "except" if table.cursor else "except all"
        new += f" {minus} select {columns} from {parquet(known)} {condition}"
    return number(connection, f"select count(*) from ({new} limit 1)") > 0


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
        files = [
            context.lake / file.path
            for record in context.manifest.live_records(source.name, wanted)
            for file in record.files
            if column is None or column in {each.name for each in record.schema}
        ]
        if not files or column is None:
            return bool(files)
        some = f"select 1 from {parquet(files)} where {identifier(column)} is not null limit 1"
        return number(connection, f"select count(*) from ({some})") > 0

    return had


def parquet(paths: Sequence[Path]) -> str:
    """SQL of the rows of these files."""
    return f"read_parquet({text_list(str(path) for path in paths)}, hive_partitioning = false)"


def schema_of(read: ReadTable) -> tuple[SchemaColumn, ...]:
    """The columns of a table's files."""
    columns = [SchemaColumn(column.name, column.type.duckdb) for column in read.columns]
    return (*columns, SchemaColumn(FILE_COLUMN, "VARCHAR"))
