"""A CSV table's files as they become known: read, refused, and chosen from. Nothing is written here.

A load and a dry run look at the files in the same way; a load then goes on to read the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from configuration.errors import PlainError
from ingest.csv.declaration import CsvTable
from ingest.csv.inputs import CsvInput, open_input
from ingest.csv.preflight import Preflight, inspect
from ingest.files.file_table import FileTask
from ingest.files.found_files import FoundFiles, find_files
from ingest.files.input_files import (
    Choice,
    check_unchanged,
    choose,
    is_loaded,
    to_hash_first,
)
from ingest.lake.manifest import LiveInput
from ingest.rows.casting import TypedColumn
from ingest.rows.new_columns import added_columns

_READERS = 2


@dataclass
class CsvFiles:
    """What was read of each file, which were refused, and with what the lake has (`live`) to compare."""

    table: CsvTable
    found: FoundFiles
    live: Sequence[LiveInput]
    reload: bool
    readers: ThreadPoolExecutor
    inputs: dict[str, CsvInput] = field(default_factory=dict)
    preflights: dict[str, Preflight] = field(default_factory=dict)
    refused: dict[str, PlainError] = field(default_factory=dict)
    # Files that do not fit the declaration any more, but were loaded when they did.
    of_old: list[str] = field(default_factory=list)
    # The names that former loads gave to headers that are not declared.
    named: Mapping[str, str] = field(default_factory=dict)

    def typed(self, inputs: Sequence[CsvInput]) -> list[TypedColumn]:
        """The columns to load from these files: those declared, and those to add."""
        declared = [column.typed for column in self.table.columns]
        if self.table.on_new_column != "add":
            return declared
        new = {header for each in inputs for header in each.new_headers}
        return [*declared, *added_columns(new, [each.name for each in declared], self.named)]

    def ignored(self, inputs: Sequence[CsvInput]) -> tuple[str, ...]:
        """The headers of these files that are passed over."""
        if self.table.on_new_column == "add":
            return ()
        return tuple(sorted({header for each in inputs for header in each.new_headers}))

    def choose(self) -> Choice[CsvInput]:
        """What to do with the files that can be loaded, as far as they are known by now."""
        known = {path: found.sha256 for path, found in self.preflights.items()}
        return choose(self.inputs.values(), self.live, known, reload=self.reload)

    def look(self) -> None:
        """Open every file, and read to its end each that may be known already."""
        self.refused.update(self.found.refused)
        for each in self.found.files:
            try:
                self.inputs[each.path] = open_input(each, self.table)
            except PlainError as error:
                # Who asks for a reload wants to hear that a file cannot be loaded again.
                is_old = not self.reload and each.location.is_file()
                if is_old and is_loaded(each.location, self.live):
                    self.of_old.append(each.path)
                else:
                    self.refuse(each.path, error)
        first = to_hash_first(list(self.inputs.values()), self.live)
        self.finish_inspecting(self.start_inspecting(first))

    def start_inspecting(self, inputs: Sequence[CsvInput]) -> list[tuple[str, Future[None]]]:
        """Begin to read all bytes of those files that were not read yet."""
        new = [each for each in inputs if each.path not in self.preflights]
        return [(each.path, self.readers.submit(self._inspect, each)) for each in new]

    def finish_inspecting(self, pending: Sequence[tuple[str, Future[None]]]) -> None:
        """Wait for the reading; a file that turns out bad is left out."""
        for path, future in pending:
            self._attempt(path, future.result)

    def refuse(self, path: str, error: PlainError) -> None:
        """Leave out a file."""
        self.refused[path] = error
        self.inputs.pop(path, None)

    def refuse_changed(self, inputs: Sequence[CsvInput]) -> None:
        """A file that somebody writes to while it is read has rows that its checksum does not cover."""
        for each in inputs:
            self._attempt(each.path, partial(check_unchanged, each))

    def _inspect(self, each: CsvInput) -> None:
        self.preflights[each.path] = inspect(
            each.location, each.head, each.path, allow_empty=self.table.allow_empty
        )

    def _attempt(self, path: str, work: Callable[[], None]) -> None:
        try:
            work()
        except PlainError as error:
            self.refuse(path, error)


def open_files(table: CsvTable, task: FileTask, readers: ThreadPoolExecutor) -> CsvFiles:
    """The table's files, looked at; raises PlainError when there are none."""
    found = find_files(task, table.path, (".csv",), "CSV", may_be_packed=True)
    files = CsvFiles(table, found, task.live[0], task.reload, readers)
    files.look()
    return files


def csv_readers() -> ThreadPoolExecutor:
    """Threads that read files to their end."""
    return ThreadPoolExecutor(_READERS)
