"""A JSON table's load, with its children, prepared in the spool: files chosen, read, counted twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import duckdb

from configuration.errors import PlainError
from ingest.files.file_table import FileOutcome, FileTask, PreparedTable
from ingest.files.found_files import FoundFile, FoundFiles, find_files
from ingest.files.known_files import (
    FileKind,
    KnownFiles,
    Refusals,
    check_counts,
    check_share,
    look_at_files,
    prepare_known,
)
from ingest.json.declaration import JsonTable
from ingest.json.files import ENDINGS, JsonInput, add_records, open_json, rows_by_file
from ingest.json.reader import make_room, read_child, read_parent
from ingest.lake.manifest import LoadedInput
from ingest.rows.duckdb_sql import connect, one, text_literal
from ingest.rows.read_table import ReadTable
from ingest.rows.rejected_rows import write_rejected


class AddFiles(Protocol):
    """Puts the records of files where the reader wants them, and refuses files that cannot be read."""

    def __call__(
        self,
        connection: duckdb.DuckDBPyConnection,
        inputs: Sequence[JsonInput],
        table: JsonTable,
        task: FileTask,
        refusals: Refusals,
    ) -> dict[str, int]:
        """How many records each file has, counted apart from the reader."""


def add_each(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[JsonInput],
    table: JsonTable,
    task: FileTask,
    refusals: Refusals,
) -> dict[str, int]:
    """Read the files one by one."""
    rows: dict[str, int] = {}
    for each in inputs:
        try:
            rows[each.path] = add_records(connection, each, table)
            task.meter.add(rows=rows[each.path])
        except PlainError as error:
            refusals.add(each.path, error)
    return rows


@dataclass(frozen=True)
class Reading:
    """How the files of a kind are known, and how their records are read."""

    open: Callable[[FoundFile], JsonInput]
    add: AddFiles


DOCUMENTS_AND_LINES = Reading(open_json, add_each)


def prepare_json(
    table: JsonTable, task: FileTask, reading: Reading = DOCUMENTS_AND_LINES
) -> FileOutcome:
    """Choose and read the table's new files; raises PlainError when none or too few of the rows fit."""
    kind = FileKind(
        open=reading.open,
        read=lambda inputs, refusals: _read(_Work(table, task, reading.add), inputs, refusals),
    )
    return prepare_known(task, json_files(table, task), kind)


def json_files(table: JsonTable, task: FileTask) -> FoundFiles:
    """The table's files; raises PlainError when there are none."""
    return find_files(task, table.path, ENDINGS, "JSON", may_be_packed=True)


def look_at_json(
    table: JsonTable, task: FileTask, reading: Reading = DOCUMENTS_AND_LINES
) -> KnownFiles[JsonInput]:
    """Open the table's files and go no further."""
    return look_at_files(task, json_files(table, task), reading.open)


@dataclass(frozen=True)
class _Work:
    """Which table is read for which load, and how."""

    table: JsonTable
    task: FileTask
    add: AddFiles


def _read(
    work: _Work, inputs: Sequence[JsonInput], refusals: Refusals
) -> tuple[PreparedTable, ...]:
    table, task = work.table, work.task
    before = len(refusals.reasons)
    connection = connect(task.spool)
    try:
        found = _split(connection, work, inputs, refusals)
        if len(refusals.reasons) > before:
            return ()
        return tuple(_prepared(connection, table, task, read, figures) for read, figures in found)
    finally:
        connection.close()


_Split = list[tuple[ReadTable, tuple[LoadedInput, ...]]]


def _split(
    connection: duckdb.DuckDBPyConnection,
    work: _Work,
    inputs: Sequence[JsonInput],
    refusals: Refusals,
) -> _Split:
    """The tables of these files with their figures; files that cannot be read are refused."""
    make_room(connection)
    before = len(refusals.reasons)
    rows = work.add(connection, inputs, work.table, work.task, refusals)
    if len(refusals.reasons) > before:
        return []
    try:
        found = _tables(connection, work.table, work.task, inputs, rows)
    except PlainError as error:
        if len(inputs) == 1:
            refusals.add(inputs[0].path, error)
            return []
        # Something within the records is odd: find out in which files, one by one.
        for each in inputs:
            _split(connection, work, [each], refusals)
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
    parent = read_parent(connection, table, task.spool, where, task.named)
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
        write_rejected(
            connection,
            task.owner(read.name),
            rejected_file,
            _rejected(read),
            carried=read.name != table.name,
        )
    return PreparedTable(
        read.name, read.columns, read.rows_file, rejected_file, figures, read.undeclared
    )


def _rejected(read: ReadTable) -> str:
    return f"read_parquet({text_literal(str(read.rejected_file))})"
