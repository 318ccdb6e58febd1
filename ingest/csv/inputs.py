"""One CSV file of a table, looked at before it is read: its size, and whether its header is the table's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.csv.declaration import CsvTable
from ingest.csv.header import Head, check_header, read_head
from ingest.files.found_files import FoundFile
from ingest.files.input_files import unreadable


@dataclass(frozen=True)
class CsvInput:
    """One file: `path` as the lake names it (as given, from the root), `location` where it is."""

    path: str
    location: Path
    bytes: int
    modified: int
    head: Head
    columns: tuple[str, ...]  # the declared names, in the order of this file's header


def open_input(found: FoundFile, table: CsvTable) -> CsvInput:
    """Look at one file's size and header; raises PlainError when it cannot be this table's."""
    path, location = found.path, found.location
    try:
        status = location.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    head = read_head(location, path)
    check_header(head.header, [column.source_name for column in table.columns], path)
    names = {column.source_name: column.name for column in table.columns}
    columns = tuple(names[header] for header in head.header)
    return CsvInput(path, location, status.st_size, status.st_mtime_ns, head, columns)
