"""A CSV table's files as they become known: read, refused, and chosen from. Nothing is written here.

A load and a dry run look at the files in the same way; a load then goes on to read the rows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import cast

from configuration.errors import PlainError
from ingest.csv.declaration import CsvTable
from ingest.csv.encoding import WINDOWS
from ingest.csv.inputs import CsvInput, open_input
from ingest.csv.plain_copy import write_plain
from ingest.csv.preflight import MixedLineEndsError, NotUtf8Error, Preflight, inspect
from ingest.files.file_table import FileTask
from ingest.files.found_files import FoundFile, FoundFiles, find_files
from ingest.files.input_files import (
    UNCOUNTED,
    Choice,
    check_unchanged,
    choose,
    is_loaded,
    sha256_of,
    to_hash_first,
)
from ingest.lake.manifest import LiveInput
from ingest.results import Counted, Meter
from ingest.rows.casting import TypedColumn
from ingest.rows.new_columns import added_columns

_READERS = 2


@dataclass(frozen=True)
class Readers:
    """Threads that read files to their end, and where they write those that need it anew."""

    threads: ThreadPoolExecutor
    folder: Path
    numbers: Iterator[int] = field(default_factory=count)


@dataclass(frozen=True)
class SeenFile:
    """A file whose content is in the lake: known by its hash, so nobody asks how it is written."""

    found: FoundFile
    bytes: int
    modified: int

    @property
    def path(self) -> str:
        """As the lake names it."""
        return self.found.path

    @property
    def location(self) -> Path:
        """Where it is."""
        return self.found.location


@dataclass
class CsvFiles:
    """What was read of each file, which were refused, and with what the lake has (`live`) to compare."""

    table: CsvTable
    found: FoundFiles
    live: Sequence[LiveInput]
    reload: bool
    readers: Readers
    inputs: dict[str, CsvInput] = field(default_factory=dict)
    seen: dict[str, SeenFile] = field(default_factory=dict)
    preflights: dict[str, Preflight] = field(default_factory=dict)
    # Of files that must be written anew to be read, which is not worth it when they are known.
    hashes: dict[str, str] = field(default_factory=dict)
    refused: dict[str, PlainError] = field(default_factory=dict)
    # Files that do not fit the declaration any more, but were loaded when they did.
    of_old: list[str] = field(default_factory=list)
    # How often a file was refused, or turned out to need another way of reading.
    changes: int = 0
    # The names that former loads gave to headers that are not declared.
    named: Mapping[str, str] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)

    @cached_property
    def meters(self) -> Mapping[str, Meter]:
        """Who counts the bytes of each file; of one that was fetched they are counted already."""
        return {each.path: each.meter for each in self.found.files if each.meter is not None}

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
        places = {each.path: place for place, each in enumerate(self.found.files)}
        while True:
            known = self.hashes | {path: found.sha256 for path, found in self.preflights.items()}
            files: list[CsvInput | SeenFile] = [*self.inputs.values(), *self.seen.values()]
            files.sort(key=lambda file: places[file.path])
            choice = choose(files, self.live, known, reload=self.reload)
            # Content that stands in the lake under a name whose file has changed is to be loaded.
            needed = [each for each in choice.load if isinstance(each, SeenFile)]
            if not needed:
                return cast("Choice[CsvInput]", choice)
            for each in needed:
                del self.seen[each.path]
                self._open(each.found)

    def look(self) -> None:
        """Open every file that is not known, and read to its end each that may be another's copy."""
        self.refused.update(self.found.refused)
        if not self.reload:
            self._see()
        for each in self.found.files:
            if each.path not in self.seen:
                self._open(each)
        first = to_hash_first(list(self.inputs.values()), self.live)
        for one in first:
            if one.dialect.needs_copy:
                self._attempt(one.path, partial(self._hash, one))
        self.finish_inspecting(
            self.start_inspecting([each for each in first if not each.dialect.needs_copy])
        )

    def _see(self) -> None:
        """Set apart the files whose content is in the lake."""
        contents = {each.input.sha256 for each in self.live}
        lengths = {each.input.bytes for each in self.live}

        def hashed(each: FoundFile) -> tuple[SeenFile, str] | None:
            try:
                status = each.location.stat()
                if status.st_size not in lengths:
                    return None
                sha256 = sha256_of(each.location, each.path)
            except (OSError, PlainError):
                return None  # told when it is opened
            return SeenFile(each, status.st_size, status.st_mtime_ns), sha256

        for one in self.readers.threads.map(hashed, self.found.files):
            if one is not None and one[1] in contents:
                seen, self.hashes[one[0].path] = one
                self.seen[seen.path] = seen

    def _open(self, each: FoundFile) -> None:
        try:
            self.inputs[each.path] = open_input(each, self.table)
        except PlainError as error:
            # Who asks for a reload wants to hear that a file cannot be loaded again.
            is_old = not self.reload and each.location.is_file()
            if is_old and is_loaded(each.location, self.live):
                self.of_old.append(each.path)
            else:
                self.refuse(each.path, error)

    def start_inspecting(self, inputs: Sequence[CsvInput]) -> list[tuple[str, Future[None]]]:
        """Begin to read all bytes of those files that were not read yet."""
        new = [each for each in inputs if each.path not in self.preflights]
        for each in new:
            if each.path in self.meters:
                self.meter.expect(each.bytes)
        return [(each.path, self.readers.threads.submit(self._inspect, each)) for each in new]

    def finish_copies(self, pending: Sequence[tuple[str, Future[None]]]) -> None:
        """Wait for those files that cannot be read before they are written anew."""
        copied = [each for each in pending if self.inputs[each[0]].dialect.needs_copy]
        self.finish_inspecting(copied)

    def finish_inspecting(self, pending: Sequence[tuple[str, Future[None]]]) -> None:
        """Wait for the reading; a file that turns out bad is left out."""
        for path, future in pending:
            self._attempt(path, future.result)

    def refuse(self, path: str, error: PlainError) -> None:
        """Leave out a file."""
        self.changes += path not in self.refused
        self.refused[path] = error
        self.inputs.pop(path, None)

    def refuse_changed(self, inputs: Sequence[CsvInput]) -> None:
        """A file that somebody writes to while it is read has rows that its checksum does not cover."""
        for each in inputs:
            self._attempt(each.path, partial(check_unchanged, each))

    def _inspect(self, each: CsvInput) -> None:
        count = Counted(self.meters.get(each.path))
        if each.dialect.needs_copy:
            self._inspect_copy(each, count)
            return
        try:
            self.preflights[each.path] = self._preflight(each, count)
        except MixedLineEndsError:
            count.take_back()
            self._inspect_copy(each, count, line_ends="mixed")
        except NotUtf8Error as error:
            if self.table.dialect.encoding is not None:
                raise
            count.take_back()
            try:
                self._inspect_copy(each, count, encoding=WINDOWS)
            except PlainError:
                raise error from None

    def _inspect_copy(self, each: CsvInput, count: Counted, **found: str) -> None:
        """Write a file anew in plain form, and look at that; what was `found` now makes it necessary."""
        dialect = replace(each.dialect, **found)  # type: ignore[arg-type]
        target = self.readers.folder / f"{next(self.readers.numbers)}.csv"
        is_found_out = self.table.dialect.encoding is None
        copy = write_plain(
            each.location,
            target,
            dialect,
            each.path,
            header_lines=each.head.header_lines,
            is_found_out=is_found_out,
            on_bytes=count,
        )
        if copy.has_mixed_ends:
            dialect = replace(dialect, line_ends="mixed")
        dialect = replace(dialect, footer_rows=copy.footer_rows)
        head = replace(each.head, line_end=b"\n")
        copied = replace(each, copy=target, dialect=dialect, head=head)
        preflight = self._preflight(copied, UNCOUNTED)
        self.preflights[each.path] = replace(preflight, sha256=copy.sha256, bytes=copy.bytes)
        self.inputs[each.path] = copied
        self.changes += 1

    def _preflight(self, each: CsvInput, count: Counted) -> Preflight:
        found = inspect(
            each.readable,
            each.head,
            each.dialect,
            each.path,
            allow_empty=self.table.allow_empty,
            on_bytes=count,
        )
        self.meter.add(rows=found.rows)
        return found

    def _hash(self, each: CsvInput) -> None:
        self.hashes[each.path] = sha256_of(each.location, each.path)

    def _attempt(self, path: str, work: Callable[[], None]) -> None:
        try:
            work()
        except PlainError as error:
            self.refuse(path, error)


def open_files(table: CsvTable, task: FileTask, readers: Readers) -> CsvFiles:
    """The table's files, looked at; raises PlainError when there are none."""
    found = find_files(task, table.path, (".csv",), "CSV", may_be_packed=True)
    files = CsvFiles(table, found, task.live[0], task.reload, readers, meter=task.meter)
    files.look()
    return files


@contextmanager
def csv_readers(spool: Path) -> Iterator[Readers]:
    """Threads that read files to their end; what they write in `spool` is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(dir=spool, prefix="plain-") as folder,
        ThreadPoolExecutor(_READERS) as threads,
    ):
        yield Readers(threads, Path(folder))
