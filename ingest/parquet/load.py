"""A Parquet table's load, prepared in the spool: files chosen, read, counted against their footers."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from configuration.errors import PlainError
from ingest.files.file_table import FileOutcome, FileTask, PreparedTable
from ingest.files.found_files import FoundFiles, find_files
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
from ingest.parquet.declaration import ParquetTable
from ingest.parquet.reader import (
    ParquetInput,
    collect_rejected,
    columns_of,
    copy_fitting,
    example,
    ignored_names,
    open_parquet,
)
from ingest.rows.duckdb_sql import connect
from ingest.rows.rejected_rows import write_rejected


def prepare_parquet(table: ParquetTable, task: FileTask) -> FileOutcome:
    """Choose and read the table's new files; raises PlainError when none or too few of the rows fit."""
    with connect(task.spool) as connection:
        kind = FileKind(
            open=lambda found: open_parquet(connection, found, table),
            read=lambda inputs, refusals: _read(table, task, inputs, refusals),
        )
        return prepare_known(task, parquet_files(table, task), kind)


def parquet_files(table: ParquetTable, task: FileTask) -> FoundFiles:
    """The table's files; raises PlainError when there are none."""
    return find_files(task, table.path, (".parquet",), "Parquet")


def look_at_parquet(table: ParquetTable, task: FileTask) -> KnownFiles[ParquetInput]:
    """Open the table's files and go no further."""
    with connect(task.spool) as connection:
        return look_at_files(
            task,
            parquet_files(table, task),
            lambda found: open_parquet(connection, found, table),
        )


def _read(
    table: ParquetTable, task: FileTask, inputs: Sequence[ParquetInput], refusals: Refusals
) -> tuple[PreparedTable, ...]:
    rows_file, rejected_file = task.spool / "rows.parquet", task.spool / "rejected.parquet"
    connection = connect(task.spool)
    try:
        try:
            columns = columns_of(inputs, table, task.named)
            loaded = copy_fitting(connection, inputs, columns, rows_file)
        except duckdb.Error as error:
            _refuse_broken(connection, task, table, inputs, refusals, error)
            return ()
        short = [each for each in inputs if loaded.get(each.path, 0) != each.rows]
        rejected = collect_rejected(connection, short, columns) if short else {}
        figures = tuple(_counted(each, loaded, rejected) for each in inputs)
        check_counts(figures, refusals)
        if refusals.reasons.keys() & {each.path for each in inputs}:
            return ()
        if rejected:
            check_share(task, figures, table.max_rejected, example(connection))
            write_rejected(connection, task.owner(table.name), rejected_file)
    finally:
        connection.close()
    found = rejected_file if rejected else None
    typed = tuple(each.typed for each in columns)
    ignored = ignored_names(inputs, table)
    return (PreparedTable(table.name, typed, rows_file, found, figures, ignored),)


def _refuse_broken(
    connection: duckdb.DuckDBPyConnection,
    task: FileTask,
    table: ParquetTable,
    inputs: Sequence[ParquetInput],
    refusals: Refusals,
    error: duckdb.Error,
) -> None:
    """The footer of each was sound, but not all within: find out which, one by one."""
    before = len(refusals.reasons)
    for each in inputs:
        try:
            columns = columns_of([each], table, task.named)
            copy_fitting(connection, [each], columns, task.spool / "attempt.parquet")
        except (duckdb.InvalidInputException, duckdb.SerializationException) as reason:
            refusals.add(
                each.path,
                PlainError(
                    f"the file is broken within ({str(reason).splitlines()[0]})",
                    where=each.path,
                    remedy="Export it again.",
                ),
            )
    if len(refusals.reasons) == before:
        raise error


def _counted(each: ParquetInput, loaded: dict[str, int], rejected: dict[str, int]) -> LoadedInput:
    fit, unfit = loaded.get(each.path, 0), rejected.get(each.path, 0)
    return LoadedInput(each.path, each.sha256, each.bytes, each.rows, fit, unfit)
