"""Which CSV files a table has, and which of them are to be loaded: values first, nothing is written here."""

from __future__ import annotations

import glob
import hashlib
import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from configuration.errors import PlainError
from ingest.csv_header import Head, check_header, read_head, unreadable
from ingest.manifest import LiveInput, LoadedInput, Superseded
from ingest.sources_file import CsvTable


@dataclass(frozen=True)
class CsvInput:
    """One file: `path` as the lake names it (as given, from the root), `location` where it is."""

    path: str
    location: Path
    bytes: int
    modified: int
    head: Head
    columns: tuple[str, ...]  # the declared names, in the order of this file's header


@dataclass(frozen=True)
class Decided:
    """One file and what becomes of it.

    `new`, `changed` and `again` (a reload of what did not change) are loaded, `known` is not. `loads` are
    those whose version of it no longer counts, or, for `known`, the one that has its content; `twin` is
    the other file of this load with the same content, where there is one.
    """

    input: CsvInput
    what: Literal["new", "changed", "again", "known"]
    loads: tuple[str, ...] = ()
    twin: str | None = None


@dataclass(frozen=True)
class Choice:
    """What a load does with each file that can be loaded, and what it replaces."""

    files: tuple[Decided, ...]
    supersedes: tuple[Superseded, ...]

    @property
    def load(self) -> tuple[CsvInput, ...]:
        """The files to load."""
        return tuple(each.input for each in self.files if each.what != "known")

    @property
    def skipped(self) -> int:
        """How many files are there already."""
        return sum(each.what == "known" for each in self.files)


def find_files(table: CsvTable, root: Path) -> list[str]:
    """The paths of the table's files, from the root, sorted; raises PlainError when there are none."""
    pattern = table.path.replace(os.sep, "/")
    where = root / pattern
    if where.is_dir():
        names = sorted(each.name for each in where.iterdir() if each.suffix.lower() == ".csv")
        found = [f"{pattern}/{name}" for name in names]
        remedy = "Put the export there; its name must end in .csv."
    elif where.exists() or not glob.has_magic(pattern):
        found = [pattern] if where.exists() else []
        remedy = "Put the export there, or correct the path in the sources file."
    else:
        # The path may be absolute, which Path.glob refuses.
        found = sorted(glob.glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207 - see above
        found = [path.replace(os.sep, "/") for path in found if (root / path).is_file()]
        remedy = "Put the exports there, or correct the pattern in the sources file."
    # What other programs leave while a file is open.
    visible = [path for path in found if not posixpath.basename(path).startswith((".", "~$"))]
    if not visible:
        what = "no CSV file is there" if where.is_dir() else "the file does not exist"
        raise PlainError(what, where=table.path, remedy=remedy)
    return [posixpath.normpath(path) for path in visible]


def open_input(path: str, root: Path, table: CsvTable) -> CsvInput:
    """Look at one file's size and header; raises PlainError when it cannot be this table's."""
    location = root / path
    try:
        status = location.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    head = read_head(location, path)
    check_header(head.header, [column.source_name for column in table.columns], path)
    names = {column.source_name: column.name for column in table.columns}
    columns = tuple(names[header] for header in head.header)
    return CsvInput(path, location, status.st_size, status.st_mtime_ns, head, columns)


def is_loaded(location: Path, live: Sequence[LiveInput]) -> bool:
    """Whether the file's content counts already, under whatever name."""
    length = location.stat().st_size
    of_length = {each.input.sha256 for each in live if each.input.bytes == length}
    if not of_length:
        return False
    with location.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() in of_length


def to_hash_first(inputs: Sequence[CsvInput], live: Sequence[LiveInput]) -> list[CsvInput]:
    """The files that may be known already: as long as one that was loaded, or as another of this load.

    A file of a length that nothing else has is surely new, so it need not be read before it is loaded.
    """
    lengths = [each.input.bytes for each in live] + [each.bytes for each in inputs]
    return [each for each in inputs if lengths.count(each.bytes) > 1]


def choose(
    inputs: Iterable[CsvInput],
    live: Sequence[LiveInput],
    sha256: Mapping[str, str],
    *,
    reload: bool = False,
) -> Choice:
    """Decide by content: `sha256` knows every file (by path) that is not surely new.

    A file whose content is there already, under whatever name, is not loaded again. A changed file
    replaces its former version; content that would vanish with it but stands in another file is loaded.
    A reload loads every file, and replaces what was loaded from it or has its content: a file that was
    renamed would else count twice.
    """
    given = list(inputs)
    now = {each.path: sha256.get(each.path) for each in given}
    replaced = [each for each in live if _is_replaced(each.input, now, reload=reload)]
    known = {each.input.sha256: each for each in live if each not in replaced}
    decided: list[Decided] = []
    first: dict[str, str] = {}  # which file of this load brings a content
    for each in given:
        content = now[each.path]
        if content is not None and content in known:
            decided.append(Decided(each, "known", (known[content].load_id,)))
        elif content is not None and content in first:
            decided.append(Decided(each, "known", twin=first[content]))
        else:
            decided.append(_to_load(each, content, replaced))
            if content is not None:
                first[content] = each.path
    supersedes = tuple(Superseded(each.load_id, each.input.path) for each in replaced)
    return Choice(tuple(decided), supersedes)


def _is_replaced(former: LoadedInput, now: Mapping[str, str | None], *, reload: bool) -> bool:
    if reload:
        return former.path in now or former.sha256 in now.values()
    return former.path in now and now[former.path] != former.sha256


def _to_load(each: CsvInput, content: str | None, replaced: Sequence[LiveInput]) -> Decided:
    """Why a file is loaded: what it replaces has its content, or its name, or is not there."""
    same = tuple(one.load_id for one in replaced if one.input.sha256 == content)
    former = tuple(one.load_id for one in replaced if one.input.path == each.path)
    loads = tuple(sorted({*same, *former}))
    return Decided(each, "again" if same else "changed" if former else "new", loads)
