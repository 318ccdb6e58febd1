"""The way of a table's files through a load, for kinds whose files are looked at whole before they are read.

Files are opened, chosen by content and read; one that proves bad is refused, and the rest is chosen again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from configuration.errors import PlainError
from ingest.files.file_table import FileOutcome, FileTask, PreparedTable
from ingest.files.found_files import FoundFile, FoundFiles
from ingest.files.input_files import Choice, InputFile, check_unchanged, choose, is_loaded
from ingest.lake.manifest import LiveInput, LoadedInput, Superseded
from ingest.results import Meter
from ingest.rows.tolerance import told, too_many


class HashedFile(InputFile, Protocol):
    """A file whose content is known."""

    @property
    def sha256(self) -> str:
        """Of the whole file."""


File = TypeVar("File", bound=HashedFile)


@dataclass
class Refusals:
    """The files that are left out, with the reason of each."""

    reasons: dict[str, PlainError] = field(default_factory=dict)

    def add(self, path: str, error: PlainError) -> None:
        """Leave out the file at `path`."""
        self.reasons[path] = error


@dataclass(frozen=True)
class FileKind(Generic[File]):
    """How the files of a kind are opened and read; `read` may refuse files, and its tables are then void."""

    open: Callable[[FoundFile], File]
    read: Callable[[Sequence[File], Refusals], tuple[PreparedTable, ...]]


@dataclass
class KnownFiles(Generic[File]):
    """A table's files as they become known, and with what the lake has (`live`) to compare."""

    found: FoundFiles
    live: Sequence[LiveInput]
    incomplete: Sequence[LiveInput]  # loaded too, but not seen by a child that was declared since
    reload: bool
    inputs: dict[str, File] = field(default_factory=dict)
    refusals: Refusals = field(default_factory=Refusals)
    # Files that do not fit the declaration any more, but were loaded when they did.
    of_old: list[str] = field(default_factory=list)

    def choose(self) -> Choice[File]:
        """What to do with the files that can be loaded, as far as they are known by now."""
        left = [each for path, each in self.inputs.items() if path not in self.refusals.reasons]
        contents = {each.path: each.sha256 for each in left}
        return choose(left, self.live, contents, reload=self.reload)


def look_at_files(
    task: FileTask, found: FoundFiles, open_file: Callable[[FoundFile], File]
) -> KnownFiles[File]:
    """Open every file; a load and a dry run do so in the same way."""
    files: KnownFiles[File] = KnownFiles(found, *_live(task), task.reload)
    files.refusals.reasons.update(found.refused)
    expect(task.meter, found.files)
    for each in found.files:
        try:
            files.inputs[each.path] = open_file(each)
        except PlainError as error:
            # Who asks for a reload wants to hear that a file cannot be loaded again.
            is_old = not task.reload and each.location.is_file()
            if is_old and is_loaded(each.location, files.live):
                files.of_old.append(each.path)
            else:
                files.refusals.add(each.path, error)
    return files


def expect(meter: Meter, files: Sequence[FoundFile]) -> None:
    """Tell the meter how much of these files is to be read; one that is not there is told later."""
    for each in files:
        if each.meter is not None:
            with suppress(OSError):
                meter.expect(each.location.stat().st_size)


def prepare_known(task: FileTask, found: FoundFiles, kind: FileKind[File]) -> FileOutcome:
    """Choose and read the table's new files; what cannot be read is refused, file by file."""
    files = look_at_files(task, found, kind.open)
    refusals = files.refusals
    while True:
        choice = files.choose()
        before = len(refusals.reasons)
        tables = kind.read(choice.load, refusals) if choice.load else ()
        for each in choice.load:
            try:
                check_unchanged(each)
            except PlainError as error:
                refusals.add(each.path, error)
        if len(refusals.reasons) == before:
            refused = tuple(refusals.reasons[path] for path in sorted(refusals.reasons))
            supersedes = (*choice.supersedes, *_completed(choice, files.incomplete))
            skipped = choice.skipped + len(files.of_old)
            return found.completed(FileOutcome(tables, supersedes, skipped, refused))


def check_share(task: FileTask, inputs: Sequence[LoadedInput], limit: float, shown: str) -> None:
    """Raise PlainError when too few rows fit; `shown` is an example of one that does not."""
    total = sum(each.rows_read for each in inputs)
    unfit = sum(each.rows_rejected for each in inputs)
    if too_many(unfit, total, limit):
        raise PlainError(
            f"{unfit} of {total} rows do not fit the declared columns, more than {told(limit)} "
            f"allows, so none is loaded; {shown}",
            where=task.where,
            remedy="Mend the export, or correct the types in the sources file.",
        )


def check_counts(inputs: Sequence[LoadedInput], refusals: Refusals) -> None:
    """Refuse each file of which the reader found more or fewer rows than the file itself says."""
    for each in inputs:
        found = each.rows_loaded + each.rows_rejected
        if found != each.rows_read:
            refusals.add(
                each.path,
                PlainError(
                    f"the reader found {found} rows where the file has {each.rows_read}",
                    where=each.path,
                    remedy="Export it again.",
                ),
            )


def _live(task: FileTask) -> tuple[list[LiveInput], list[LiveInput]]:
    """The inputs that count in every table, and those that a child declared since has not seen."""
    complete = task.complete
    seen = {(each.load_id, each.input.path) for each in complete}
    return complete, [each for each in task.live[0] if (each.load_id, each.input.path) not in seen]


def _completed(choice: Choice[File], incomplete: Sequence[LiveInput]) -> list[Superseded]:
    """What was loaded without a child and now is loaded again with it."""
    paths = {each.path for each in choice.load}
    contents = {each.sha256 for each in choice.load}
    return [
        Superseded(each.load_id, each.input.path)
        for each in incomplete
        if each.input.path in paths or each.input.sha256 in contents
    ]
