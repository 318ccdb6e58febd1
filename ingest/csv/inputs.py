"""One CSV file of a table, looked at before it is read: size, dialect, and whether its header fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.csv.declaration import CsvTable
from ingest.csv.dialect import PLAIN, Dialect
from ingest.csv.dialect_detection import read_head
from ingest.csv.header import Head, check_header
from ingest.files.found_files import FoundFile
from ingest.files.input_files import unreadable


@dataclass(frozen=True)
class CsvInput:
    """One file: `path` as the lake names it (as given, from the root), `location` where it is.

    `copy` is the same file in plain form, where it was written anew; it is read instead.
    """

    path: str
    location: Path
    bytes: int
    modified: int
    head: Head
    columns: tuple[str, ...]  # the declared names, in the order of this file's header
    dialect: Dialect = PLAIN
    copy: Path | None = None

    @property
    def readable(self) -> Path:
        """What the reader reads."""
        return self.copy or self.location


def open_input(found: FoundFile, table: CsvTable) -> CsvInput:
    """Look at one file's size, dialect and header; raises PlainError when it cannot be this table's."""
    path, location = found.path, found.location
    try:
        status = location.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    head, dialect = read_head(location, table.columns, table.dialect, path)
    check_header(head.header, [column.source_name for column in table.columns], path)
    names = {column.source_name: column.name for column in table.columns}
    columns = tuple(names[header] for header in head.header)
    return CsvInput(path, location, status.st_size, status.st_mtime_ns, head, columns, dialect)
