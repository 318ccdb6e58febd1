"""A JSON table's load, with its children, prepared in the spool: files chosen, read, counted twice."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from configuration.errors import PlainError
from ingest.files.file_table import FileOutcome, FileTask, PreparedTable
from ingest.files.input_files import find_files
from ingest.files.known_files import (
    FileKind,
    KnownFiles,
    Refusals,
    check_counts,
    check_share,
    look_at_files,
    prepare_known,
)
from ingest.files.window import in_window
from ingest.json.declaration import JsonTable
from ingest.json.files import ENDINGS, JsonInput, add_records, open_json, rows_by_file
from ingest.json.reader import ReadTable, make_room, read_child, read_parent
from ingest.lake.manifest import LoadedInput
from ingest.rows.duckdb_sql import connect, one, text_literal
from ingest.rows.rejected_rows import write_rejected


def prepare_json(table: JsonTable, task: FileTask) -> FileOutcome:
    """Choose and read the table's new files; raises PlainError when none or too few of the rows fit."""
    kind = FileKind(
        open=lambda path: open_json(path, task.root),
        read=lambda inputs, refusals: _read(table, task, inputs, refusals),
    )
    return prepare_known(task, json_files(table, task), kind)


def json_files(table: JsonTable, task: FileTask) -> list[str]:
    """The table's files; raises PlainError when there are none."""
    return in_window(find_files(table.path, task.root, ENDINGS, "JSON"), task)


def look_at_json(table: JsonTable, task: FileTask) -> KnownFiles[JsonInput]:
    """Open the table's files and go no further."""
    return look_at_files(task, json_files(table, task), lambda path: open_json(path, task.root))


def _read(
    table: JsonTable, task: FileTask, inputs: Sequence[JsonInput], refusals: Refusals
) -> tuple[PreparedTable, ...]:
    before = len(refusals.reasons)
    connection = connect(task.spool)
    try:
        found = _split(connection, table, task, inputs, refusals)
        if len(refusals.reasons) > before:
            return ()
        return tuple(_prepared(connection, table, task, read, figures) for read, figures in found)
    finally:
        connection.close()


_Split = list[tuple[ReadTable, tuple[LoadedInput, ...]]]


def _split(
    connection: duckdb.DuckDBPyConnection,
    table: JsonTable,
    task: FileTask,
    inputs: Sequence[JsonInput],
    refusals: Refusals,
) -> _Split:
    """The tables of these files with their figures; files that cannot be read are refused."""
    make_room(connection)
    rows: dict[str, int] = {}
    before = len(refusals.reasons)
    for each in inputs:
        try:
            rows[each.path] = add_records(connection, each, table)
        except PlainError as error:
            refusals.add(each.path, error)
    if len(refusals.reasons) > before:
        return []
    try:
        found = _tables(connection, table, task, inputs, rows)
    except PlainError as error:
        if len(inputs) == 1:
            refusals.add(inputs[0].path, error)
            return []
        # Something within the records is odd: find out in which files, one by one.
        for each in inputs:
            _split(connection, table, task, [each], refusals)
        if len(refusals.reasons) == before:
            raise
        return []
    for _, figures in found:
        check_counts(figures, refusals)
    return found


def _tables(
    connection: duckdb.DuckDBPyConnection,
    table: JsonTable,
    task: FileTask,
    inputs: Sequence[JsonInput],
    rows: dict[str, int],
) -> _Split:
    where = inputs[0].path if len(inputs) == 1 else task.where
    parent = read_parent(connection, table, task.spool, where)
    found = [(parent, _figures(connection, inputs, parent, rows))]
    for child in table.children:
        read = read_child(connection, table, child, task.spool, f"{where}: {child.path}")
        items = rows_by_file(connection, "items")
        figures = _figures(connection, inputs, read, items, counts_bytes=False)
        found.append((read, figures))
    return found


def _figures(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[JsonInput],
    read: ReadTable,
    rows: dict[str, int],
    *,
    counts_bytes: bool = True,
) -> tuple[LoadedInput, ...]:
    """What became of each file's rows; its bytes count once, with the parent."""
    loaded = rows_by_file(connection, f"read_parquet({text_literal(str(read.rows_file))})")
    rejected = rows_by_file(connection, _rejected(read), "file")
    return tuple(
        LoadedInput(
            each.path,
            each.sha256,
            each.bytes if counts_bytes else 0,
            rows.get(each.path, 0),
            loaded.get(each.path, 0),
            rejected.get(each.path, 0),
        )
        for each in inputs
    )


def _prepared(
    connection: duckdb.DuckDBPyConnection,
    table: JsonTable,
    task: FileTask,
    read: ReadTable,
    figures: tuple[LoadedInput, ...],
) -> PreparedTable:
    rejected_file = None
    if read.rows_rejected:
        file, line, reason = one(
            connection,
            f"select file, line, reason from {_rejected(read)} order by file, line limit 1",
        )
        place = f"{file}, line {line}" if line else file
        shown = f"for example {place}: {reason}"
        check_share(task, figures, table.max_rejected, shown)
        rejected_file = task.spool / f"{read.name}.rejected.complete.parquet"
        write_rejected(connection, task.owner(read.name), rejected_file, _rejected(read))
    return PreparedTable(read.name, read.columns, read.rows_file, rejected_file, figures)


def _rejected(read: ReadTable) -> str:
    return f"read_parquet({text_literal(str(read.rejected_file))})"
