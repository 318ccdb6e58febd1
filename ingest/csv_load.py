"""A CSV table's load, prepared in the spool: files chosen, checked, read, counted twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.csv_inputs import CsvInput, open_input
from ingest.csv_preflight import Preflight, inspect
from ingest.csv_reader import collect_rejected, copy_fitting, example
from ingest.duckdb_sql import connect
from ingest.file_table import FileOutcome, FileTask, PreparedTable
from ingest.input_files import (
    Choice,
    check_unchanged,
    choose,
    find_files,
    is_loaded,
    to_hash_first,
)
from ingest.manifest import LiveInput, LoadedInput
from ingest.rejected_rows import write_rejected
from ingest.sources_file import CsvTable

_READERS = 2


@dataclass
class _Files:
    """The table's files as they become known: what was read of each, and which were refused."""

    table: CsvTable
    inputs: dict[str, CsvInput]
    preflights: dict[str, Preflight]
    refused: dict[str, PlainError]
    of_old: int = 0  # files that do not fit the declaration any more, but were loaded when they did

    def open(self, paths: Iterable[str], root: Path, live: Sequence[LiveInput]) -> None:
        for path in paths:
            try:
                self.inputs[path] = open_input(path, root, self.table)
            except PlainError as error:
                if (root / path).is_file() and is_loaded(root / path, live):
                    self.of_old += 1
                else:
                    self.refuse(path, error)

    def inspect(self, each: CsvInput) -> None:
        self.preflights[each.path] = inspect(
            each.location, each.head, each.path, allow_empty=self.table.allow_empty
        )

    def attempt(self, path: str, work: Callable[[], None]) -> None:
        """Do `work` for one file; a file with which that fails is left out."""
        try:
            work()
        except PlainError as error:
            self.refuse(path, error)

    def refuse(self, path: str, error: PlainError) -> None:
        self.refused[path] = error
        self.inputs.pop(path, None)

    def choose(self, live: Sequence[LiveInput]) -> Choice[CsvInput]:
        known = {path: found.sha256 for path, found in self.preflights.items()}
        return choose(self.inputs.values(), live, known)


def prepare_csv(table: CsvTable, task: FileTask) -> FileOutcome:
    """Choose and read the table's new files; raises PlainError when none or too few of the rows fit."""
    live, spool, owner = task.live[0], task.spool, task.owner(table.name)
    files = _Files(table, {}, {}, {})
    files.open(find_files(table.path, task.root, (".csv",), "CSV"), task.root, live)
    with ThreadPoolExecutor(_READERS) as readers:
        first = to_hash_first(list(files.inputs.values()), live)
        _inspect_all(readers, files, first)
        while True:
            choice = files.choose(live)
            prepared = _attempt(readers, files, choice, spool, owner) if choice.load else None
            # A file that was refused while it was read changes the choice: begin again without it.
            if prepared or not choice.load:
                refused = tuple(files.refused[path] for path in sorted(files.refused))
                skipped = choice.skipped + files.of_old
                tables = (prepared,) if prepared else ()
                return FileOutcome(tables, choice.supersedes, skipped, refused)


def _attempt(
    readers: ThreadPoolExecutor,
    files: _Files,
    choice: Choice[CsvInput],
    spool: Path,
    owner: tuple[str, str, str],
) -> PreparedTable | None:
    """Read the chosen files, checking their bytes meanwhile; None when one turned out bad."""
    rows_file, rejected_file = spool / "rows.parquet", spool / "rejected.parquet"
    typed = [column.typed for column in files.table.columns]
    before = len(files.refused)
    pending = _start_inspecting(
        readers, files, [each for each in choice.load if each.path not in files.preflights]
    )
    connection = connect(spool)
    try:
        failure, loaded = None, {}
        try:
            loaded = copy_fitting(connection, choice.load, typed, rows_file)
        except duckdb.Error as error:
            failure = error
        _finish_inspecting(files, pending)
        for each in choice.load:
            files.attempt(each.path, partial(check_unchanged, each))
        if len(files.refused) > before:
            return None
        if failure:
            raise _reader_failed(failure, owner) from failure
        _check_share(connection, files, choice, loaded, owner)
        rejected = _rejected(connection, files, choice, loaded)
        if len(files.refused) > before:
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
    )


def _rejected(
    connection: duckdb.DuckDBPyConnection,
    files: _Files,
    choice: Choice[CsvInput],
    loaded: dict[str, int],
) -> dict[str, int]:
    """Rejected rows by file; a file in which loaded + rejected is not what the bytes say is refused."""
    rows = {each.path: files.preflights[each.path].rows for each in choice.load}
    if rows == {path: loaded.get(path, 0) for path in rows}:
        return {}
    typed = [column.typed for column in files.table.columns]
    rejected = collect_rejected(connection, choice.load, typed, files.preflights, loaded)
    for path, expected in rows.items():
        found = loaded.get(path, 0) + rejected.get(path, 0)
        if found != expected:
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
    files: _Files,
    choice: Choice[CsvInput],
    loaded: dict[str, int],
    owner: tuple[str, str, str],
) -> None:
    total = sum(files.preflights[each.path].rows for each in choice.load)
    unfit = total - sum(loaded.values())
    limit = files.table.max_rejected
    if unfit <= limit * total:
        return
    typed = [column.typed for column in files.table.columns]
    shown = example(connection, choice.load, typed, files.preflights, loaded)
    raise PlainError(
        f"{unfit} of {total} rows do not fit the declared columns, more than max_rejected "
        f"({limit:g}) allows, so none is loaded{'; ' if shown else ''}{shown}",
        where=f"{owner[0]}.{owner[1]}",
        remedy="Mend the export, or correct the types in the sources file.",
    )


def _inspect_all(readers: ThreadPoolExecutor, files: _Files, inputs: Sequence[CsvInput]) -> None:
    _finish_inspecting(files, _start_inspecting(readers, files, inputs))


def _start_inspecting(
    readers: ThreadPoolExecutor, files: _Files, inputs: Sequence[CsvInput]
) -> list[tuple[str, Future[None]]]:
    return [(each.path, readers.submit(files.inspect, each)) for each in inputs]


def _finish_inspecting(files: _Files, pending: Sequence[tuple[str, Future[None]]]) -> None:
    for path, future in pending:
        files.attempt(path, future.result)


def _reader_failed(error: duckdb.Error, owner: tuple[str, str, str]) -> PlainError:
    return PlainError(
        f"the files cannot be read ({str(error).splitlines()[0]})",
        where=f"{owner[0]}.{owner[1]}",
        remedy="If the disk is full, make room; else export them again.",
    )


def _counted(
    files: _Files, each: CsvInput, loaded: dict[str, int], rejected: dict[str, int]
) -> LoadedInput:
    found = files.preflights[each.path]
    return LoadedInput(
        each.path,
        found.sha256,
        found.bytes,
        found.rows,
        loaded.get(each.path, 0),
        rejected.get(each.path, 0),
    )
