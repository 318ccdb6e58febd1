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
    # The declared names, in the order of this file's header; a header that is not declared stands for itself.
    columns: tuple[str, ...]
    dialect: Dialect = PLAIN
    copy: Path | None = None

    @property
    def readable(self) -> Path:
        """What the reader reads."""
        return self.copy or self.location

    @property
    def new_headers(self) -> tuple[str, ...]:
        """Those that are not declared."""
        return new_headers(self.columns)


# No declared name begins so, and the place makes it unique: to DuckDB, `Note` and `note` are one.
_NEW = ":new:"


def new_headers(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The headers that are not declared, of a file's `columns`."""
    return tuple(each.split(":", 3)[3] for each in columns if each.startswith(_NEW))


def column_of(columns: tuple[str, ...], header: str) -> str | None:
    """Under which of a file's `columns` a header that is not declared stands."""
    found = (each for each in columns if each.startswith(_NEW) and each.split(":", 3)[3] == header)
    return next(found, None)


def columns_of(header: tuple[str, ...], table: CsvTable) -> tuple[str, ...]:
    """The `columns` of a file with this header."""
    names = {column.source_name: column.name for column in table.columns}
    return tuple(
        names.get(each, f"{_NEW}{place}:{each}") for place, each in enumerate(header, start=1)
    )


def open_input(found: FoundFile, table: CsvTable) -> CsvInput:
    """Look at one file's size, dialect and header; raises PlainError when it cannot be this table's."""
    path, location = found.path, found.location
    try:
        status = location.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    head, dialect = read_head(location, table.columns, table.dialect, path)
    declared = [column.source_name for column in table.columns]
    check_header(head.header, declared, path, table.column_policy)
    columns = columns_of(head.header, table)
    return CsvInput(path, location, status.st_size, status.st_mtime_ns, head, columns, dialect)
