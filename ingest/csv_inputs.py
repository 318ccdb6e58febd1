"""Which CSV files a table has, and which of them are to be loaded: values first, nothing is written here."""

from __future__ import annotations

import glob
import hashlib
import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from configuration.errors import PlainError
from ingest.csv_header import Head, check_header, read_head, unreadable
from ingest.manifest import LiveInput, Superseded
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
class Choice:
    """What a load does: the files to load, how many are already there, and what they replace."""

    load: tuple[CsvInput, ...]
    skipped: int
    supersedes: tuple[Superseded, ...]


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
    inputs: Iterable[CsvInput], live: Sequence[LiveInput], sha256: Mapping[str, str]
) -> Choice:
    """Decide by content: `sha256` knows every file (by path) that is not surely new.

    A file whose content is there already, under whatever name, is not loaded again. A changed file
    replaces its former version; content that would vanish with it but stands in another file is loaded.
    """
    given = list(inputs)
    now = {each.path: sha256.get(each.path) for each in given}
    replaced = [
        each
        for each in live
        if each.input.path in now and now[each.input.path] != each.input.sha256
    ]
    known = {each.input.sha256 for each in live if each not in replaced}
    load = []
    for each in given:
        content = now[each.path]
        if content is None or content not in known:
            load.append(each)
        if content is not None:
            known.add(content)
    supersedes = tuple(Superseded(each.load_id, each.input.path) for each in replaced)
    return Choice(tuple(load), len(given) - len(load), supersedes)
