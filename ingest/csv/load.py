"""A CSV table's load, prepared in the spool: files chosen, checked, read, counted twice."""

from __future__ import annotations

from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.csv.declaration import CsvTable
from ingest.csv.files import CsvFiles, csv_readers, open_files
from ingest.csv.inputs import CsvInput
from ingest.csv.reader import copy_fitting
from ingest.csv.stray_quotes import misread
from ingest.csv.unfitting import collect_rejected, example, hides_rows
from ingest.files.file_table import FileOutcome, FileTask, PreparedTable
from ingest.files.input_files import Choice
from ingest.lake.manifest import LoadedInput
from ingest.rows.duckdb_sql import connect
from ingest.rows.rejected_rows import write_rejected
from ingest.rows.tolerance import told, too_many


def prepare_csv(table: CsvTable, task: FileTask) -> FileOutcome:
    """Choose and read the table's new files; raises PlainError when none or too few of the rows fit."""
    owner = task.owner(table.name)
    with csv_readers(task.spool) as readers:
        files = open_files(table, task, readers)
        files.named = task.named
        while True:
            choice = files.choose()
            prepared = _attempt(files, choice, task.spool, owner) if choice.load else None
            # A file that was refused or written anew while it was read changes the choice: begin again.
            if prepared or not choice.load:
                refused = tuple(files.refused[path] for path in sorted(files.refused))
                tables = (prepared,) if prepared else ()
                skipped = choice.skipped + len(files.of_old)
                outcome = FileOutcome(tables, choice.supersedes, skipped, refused)
                return files.found.completed(outcome)


def _attempt(
    files: CsvFiles, choice: Choice[CsvInput], spool: Path, owner: tuple[str, str, str]
) -> PreparedTable | None:
    """Read the chosen files, checking their bytes meanwhile; None when one turned out bad."""
    rows_file, rejected_file = spool / "rows.parquet", spool / "rejected.parquet"
    typed = files.typed(choice.load)
    before = files.changes
    pending = files.start_inspecting(choice.load)
    files.finish_copies(pending)
    if files.changes > before:
        files.finish_inspecting(pending)
        return None
    connection = connect(spool)
    try:
        failure, loaded = None, {}
        try:
            loaded = copy_fitting(connection, choice.load, typed, rows_file)
        except duckdb.Error as error:
            failure = error
        files.finish_inspecting(pending)
        files.refuse_changed(choice.load)
        if files.changes > before:
            return None
        if failure:
            raise _reader_failed(failure, owner) from failure
        _check_share(connection, files, choice, loaded, owner)
        rejected = _rejected(connection, files, choice, loaded)
        if files.changes > before:
            return None
        if sum(rejected.values()):
            write_rejected(connection, owner, rejected_file)
    finally:
        connection.close()
    return PreparedTable(
        files.table.name,
        tuple(typed),
        rows_file,
        rejected_file if sum(rejected.values()) else None,
        tuple(_counted(files, each, loaded, rejected) for each in choice.load),
        files.ignored(choice.load),
    )


def _rejected(
    connection: duckdb.DuckDBPyConnection,
    files: CsvFiles,
    choice: Choice[CsvInput],
    loaded: dict[str, int],
) -> dict[str, int]:
    """Rejected rows by file; a file in which loaded + rejected is not what the bytes say is refused."""
    rows = {each.path: files.preflights[each.path].rows for each in choice.load}
    typed = files.typed(choice.load)
    if rows == {path: loaded.get(path, 0) for path in rows} and not any(
        hides_rows(connection, each, typed, files.preflights, loaded) for each in choice.load
    ):
        return {}
    rejected = collect_rejected(connection, choice.load, typed, files.preflights, loaded)
    for error in misread(connection, choice.load):
        files.refuse(str(error.where), error)
    for path, expected in rows.items():
        found = loaded.get(path, 0) + rejected.get(path, 0)
        if found != expected and path not in files.refused:
            files.refuse(
                path,
                PlainError(
                    f"the reader found {found} rows where the file has {expected}",
                    where=path,
                    remedy='Look for a stray " in it, and save it again as CSV.',
                ),
            )
    return rejected


def _check_share(
    connection: duckdb.DuckDBPyConnection,
    files: CsvFiles,
    choice: Choice[CsvInput],
    loaded: dict[str, int],
    owner: tuple[str, str, str],
) -> None:
    total = sum(files.preflights[each.path].rows for each in choice.load)
    unfit = total - sum(loaded.values())
    limit = files.table.max_rejected
    if not too_many(unfit, total, limit):
        return
    typed = files.typed(choice.load)
    shown = example(connection, choice.load, typed, files.preflights, loaded)
    raise PlainError(
        f"{unfit} of {total} rows do not fit the declared columns, more than {told(limit)} "
        f"allows, so none is loaded{'; ' if shown else ''}{shown}",
        where=f"{owner[0]}.{owner[1]}",
        remedy="Mend the export, or correct the types in the sources file.",
    )


def _reader_failed(error: duckdb.Error, owner: tuple[str, str, str]) -> PlainError:
    return PlainError(
        f"the files cannot be read ({str(error).splitlines()[0]})",
        where=f"{owner[0]}.{owner[1]}",
        remedy="If the disk is full, make room; else export them again.",
    )


def _counted(
    files: CsvFiles, each: CsvInput, loaded: dict[str, int], rejected: dict[str, int]
) -> LoadedInput:
    found = files.preflights[each.path]
    return LoadedInput(
        each.path,
        found.sha256,
        found.bytes,
        found.rows,
        loaded.get(each.path, 0),
        rejected.get(each.path, 0),
        dialect=each.dialect.recorded(),
        # Only there is it needed again: to read the rejected rows' text.
        header=each.head.header if rejected.get(each.path) else (),
    )
