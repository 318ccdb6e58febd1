"""Rejected JSON records, and rejected rows of the lists within them, tried again.

A record that fits now brings the rows of its lists with it: until now nobody had read those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingest.declaration.tables import LIST_INDEX, Child, RecordTableBlock
from ingest.files.input_files import FILE_COLUMN
from ingest.json.paths import json_path
from ingest.json.reader import (
    LINE,
    RECORD,
    inherited_columns,
    make_room,
    read_items,
    read_parent,
    unroll,
)
from ingest.rows.casting import TypedColumn
from ingest.rows.duckdb_sql import identifier, text_literal, write_parquet
from ingest.rows.new_columns import ColumnPolicy
from ingest.rows.read_table import ReadTable


@dataclass(frozen=True)
class ReplayedRecords:
    """The table's rows that fit now, then those of each child with what its new rows have to be rejected."""

    parent: ReadTable
    children: tuple[ReadTable, ...]


def fit_records(
    connection: duckdb.DuckDBPyConnection,
    table: RecordTableBlock,
    spool: Path,
    where: str,
    named: Mapping[str, str],
) -> ReplayedRecords:
    """Read `open_rows` again; leaves the ids of those that fit in the temporary table `taken`.

    A row's line is its id meanwhile.
    """
    added = [column for column, _ in table.added]
    make_room(connection, added)
    carried = [_carried(column) for column in added]
    names = [identifier(column.name) for column in added]
    # Where a row stood, if the table says so, must still be known.
    wanted = [
        *(_has_lists(child) for child in table.children),
        *(f"{each} is not null" for each in carried),
    ]
    connection.execute(
        f"insert into records ({', '.join([RECORD, FILE_COLUMN, LINE, *names])}) "
        f"select {', '.join(['original_text::json', 'file', 'id', *carried])} "
        f"from ({_objects(table.name)}) where {' and '.join(['true', *wanted])}"
    )
    # What is declared was checked over whole inputs, when they were loaded.
    optional = [
        *(column.source_name for column in table.columns),
        *(child.path for child in table.children),
    ]
    on_new = "add" if table.on_new_column == "add" else "ignore"
    policy = ColumnPolicy(on_new, frozenset(optional), may_lack_all=True)
    parent = read_parent(connection, table, spool, where, named, policy)
    connection.execute(f"create temp table taken as select {LINE} as id from fitting")
    children = tuple(_fit_items(connection, table, child, spool, where) for child in table.children)
    return ReplayedRecords(parent, children)


def _objects(table: str) -> str:
    kind = "case when json_valid(original_text) then json_type(original_text) end"
    return (
        f"select * from (select *, {kind} as kind from open_rows "
        f"where table_name = {text_literal(table)}) where kind = 'OBJECT'"
    )


def _carried(column: TypedColumn) -> str:
    """SQL of what a rejected row has of `column` besides its text."""
    return f"try_cast(json_extract_string(carried, '$.{column.name}') as {column.type.duckdb})"


def _has_lists(child: Child) -> str:
    """Whether the list of `child` in a record is one of objects, or is not there."""
    path = json_path(child.path)
    kind = f"json_type(original_text, '{path}')"
    items = f"json_extract(original_text, '{path}[*]')"
    odd = f"list_filter({items}, lambda item: json_type(item) is distinct from 'OBJECT')"
    return f"coalesce({kind} in ('ARRAY', 'NULL'), true) and coalesce(len({odd}), 0) = 0"


def _fit_items(
    connection: duckdb.DuckDBPyConnection,
    table: RecordTableBlock,
    child: Child,
    spool: Path,
    where: str,
) -> ReadTable:
    inherited = inherited_columns(table)
    unroll(connection, child, [column.name for column in inherited], where)
    own = f"select id from open_rows where table_name = {text_literal(child.name)}"
    keys = [_carried(column) for column in inherited]
    index = f"json_extract_string(carried, '$.{LIST_INDEX}')::bigint"
    names = [identifier(column.name) for column in inherited]
    # Where the parent's key is not known any more, the row stays where it is.
    known = " and ".join(f"{key} is not null" for key in keys)
    connection.execute(
        f"insert into items ({', '.join([*names, FILE_COLUMN, LINE, RECORD, LIST_INDEX])}) "
        f"select {', '.join(keys)}, file, id, original_text::json, {index} "
        f"from ({_objects(child.name)}) where carried is not null and {known}"
    )
    read = read_items(connection, table, child, spool)
    connection.execute(
        f"insert into taken select {LINE} from fitting_items where {LINE} in ({own})"
    )
    # Of what does not fit, only the rows that came with their parent are new.
    rejected = spool / f"{child.name}.rejected.new.parquet"
    rows = write_parquet(
        connection,
        "select found.* replace (open_rows.line as line) "
        f"from read_parquet({text_literal(str(read.rejected_file))}) as found "
        f"join open_rows on open_rows.id = found.line "
        f"where open_rows.table_name = {text_literal(table.name)}",
        rejected,
    )
    return ReadTable(
        read.name,
        read.columns,
        read.rows_file,
        rejected,
        read.rows_read,
        read.rows_loaded,
        rows,
        (),
    )
