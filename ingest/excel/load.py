"""A load of spreadsheets, prepared in the spool: files chosen, read, counted against a second reading."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from configuration.errors import PlainError
from ingest.excel.declaration import ExcelTable
from ingest.excel.reader import Room, add_rows
from ingest.excel.sheet import read_sheet
from ingest.excel.workbook import ENDINGS, ExcelInput, open_excel, open_workbook
from ingest.files.file_table import FileOutcome, FileTask, PreparedTable
from ingest.files.found_files import FoundFiles, find_files
from ingest.files.input_files import FILE_COLUMN
from ingest.files.known_files import (
    FileKind,
    KnownFiles,
    Refusals,
    check_counts,
    check_share,
    look_at_files,
    prepare_known,
)
from ingest.lake.manifest import LoadedInput
from ingest.rows.duckdb_sql import connect, identifier, one, write_parquet
from ingest.rows.rejected_rows import write_rejected


def prepare_excel(table: ExcelTable, task: FileTask) -> FileOutcome:
    """Choose and read the table's new files; raises PlainError when none or too few of the rows fit."""
    kind = FileKind(
        open=lambda found: open_excel(found.path, found.location, found.count),
        read=lambda inputs, refusals: _read(table, task, inputs, refusals),
    )
    return prepare_known(task, excel_files(table, task), kind)


def excel_files(table: ExcelTable, task: FileTask) -> FoundFiles:
    """The table's files; raises PlainError when there are none."""
    return find_files(task, table.path, ENDINGS, "Excel")


def look_at_excel(table: ExcelTable, task: FileTask) -> KnownFiles[ExcelInput]:
    """Know the table's files and go no further."""
    return look_at_files(
        task, excel_files(table, task), lambda found: open_excel(found.path, found.location)
    )


def _read(
    table: ExcelTable, task: FileTask, inputs: Sequence[ExcelInput], refusals: Refusals
) -> tuple[PreparedTable, ...]:
    rows_file, rejected_file = task.spool / "rows.parquet", task.spool / "rejected.parquet"
    before = len(refusals.reasons)
    connection = connect(task.spool)
    try:
        room = Room(connection, table, task.named)
        figures = []
        for each in inputs:
            try:
                figures.append(_add_file(room, each))
                task.meter.add(rows=figures[-1].rows_read)
            except PlainError as error:
                refusals.add(each.path, error)
        check_counts(figures, refusals)
        if len(refusals.reasons) > before:
            return ()
        is_rejected = any(each.rows_rejected for each in figures)
        if is_rejected:
            check_share(task, figures, table.max_rejected, _example(connection))
            write_rejected(connection, task.owner(table.name), rejected_file, carried=True)
        chosen = ", ".join(identifier(column.name) for column in room.typed)
        write_parquet(connection, f"select {chosen}, {FILE_COLUMN} from loaded", rows_file)
    finally:
        connection.close()
    found = rejected_file if is_rejected else None
    ignored = tuple(sorted(room.ignored))
    return (PreparedTable(table.name, room.typed, rows_file, found, tuple(figures), ignored),)


def _add_file(room: Room, each: ExcelInput) -> LoadedInput:
    table = room.table
    rows = read_sheet(open_workbook(each), table)
    if not rows.counted and not table.allow_empty:
        raise PlainError(
            "there are no rows below the header",
            where=rows.where,
            remedy="Export it again, or set allow_empty: true for this table.",
        )
    loaded, rejected = add_rows(room, rows, each.path)
    return LoadedInput(each.path, each.sha256, each.bytes, rows.counted, loaded, rejected)


def _example(connection: duckdb.DuckDBPyConnection) -> str:
    file, line, reason = one(
        connection, "select file, line, reason from rejected order by file, line limit 1"
    )
    return f"for example {file}, row {line}: {reason}"
