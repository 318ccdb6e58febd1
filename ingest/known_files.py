"""The way of a table's files through a load, for kinds whose files are looked at whole before they are read.

Files are opened, chosen by content and read; one that proves bad is refused, and the rest is chosen again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from configuration.errors import PlainError
from ingest.file_table import FileOutcome, FileTask, PreparedTable
from ingest.input_files import Choice, InputFile, check_unchanged, choose, is_loaded
from ingest.manifest import LiveInput, LoadedInput, Superseded


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

    open: Callable[[str], File]
    read: Callable[[Sequence[File], Refusals], tuple[PreparedTable, ...]]


def prepare_known(task: FileTask, paths: Sequence[str], kind: FileKind[File]) -> FileOutcome:
    """Choose and read the table's new files; what cannot be read is refused, file by file."""
    refusals, inputs, of_old = Refusals(), {}, 0
    live, incomplete = _live(task)
    for path in paths:
        try:
            inputs[path] = kind.open(path)
        except PlainError as error:
            location = task.root / path
            # It does not fit the declaration any more, but was loaded when it did.
            if location.is_file() and is_loaded(location, live):
                of_old += 1
            else:
                refusals.add(path, error)
    while True:
        left = [each for path, each in inputs.items() if path not in refusals.reasons]
        choice = choose(left, live, {each.path: each.sha256 for each in left})
        before = len(refusals.reasons)
        tables = kind.read(choice.load, refusals) if choice.load else ()
        for each in choice.load:
            try:
                check_unchanged(each)
            except PlainError as error:
                refusals.add(each.path, error)
        if len(refusals.reasons) == before:
            refused = tuple(refusals.reasons[path] for path in sorted(refusals.reasons))
            supersedes = (*choice.supersedes, *_completed(choice, incomplete))
            return FileOutcome(tables, supersedes, choice.skipped + of_old, refused)


def check_share(task: FileTask, inputs: Sequence[LoadedInput], limit: float, shown: str) -> None:
    """Raise PlainError when too few rows fit; `shown` is an example of one that does not."""
    total = sum(each.rows_read for each in inputs)
    unfit = sum(each.rows_rejected for each in inputs)
    if unfit > limit * total:
        raise PlainError(
            f"{unfit} of {total} rows do not fit the declared columns, more than max_rejected "
            f"({limit:g}) allows, so none is loaded; {shown}",
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
    everywhere = set.intersection(
        *({(each.load_id, each.input.path) for each in live} for live in task.live)
    )
    complete = [each for each in task.live[0] if (each.load_id, each.input.path) in everywhere]
    return complete, [each for each in task.live[0] if each not in complete]


def _completed(choice: Choice[File], incomplete: Sequence[LiveInput]) -> list[Superseded]:
    """What was loaded without a child and now is loaded again with it."""
    paths = {each.path for each in choice.load}
    contents = {each.sha256 for each in choice.load}
    return [
        Superseded(each.load_id, each.input.path)
        for each in incomplete
        if each.input.path in paths or each.input.sha256 in contents
    ]
