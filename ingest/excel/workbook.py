"""A workbook opened: what kind of file it is by its bytes, and its sheets' values.

Exports are often named .xls and are something else; each such file is refused with what it is.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from configuration.errors import PlainError
from ingest.excel.cells import SheetCells, TooLargeError, refuse_too_large
from ingest.excel.cells_of_ods import cells_of_ods
from ingest.excel.cells_of_xls import cells_of_xls, streams
from ingest.excel.cells_of_xlsx import cells_of_xlsb, cells_of_xlsx
from ingest.files.input_files import UNCOUNTED, digest_of, unreadable
from ingest.results import Counted

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_ZIP, _COMPOUND = b"PK", bytes.fromhex("d0cf11e0a1b11ae1")
_HEAD_BYTES = 4096
Range = tuple[tuple[int, int], tuple[int, int]]
_EXPORT_AGAIN = "Export it again."
_SAVE_AS = "Open it in Excel or LibreOffice and save it as .xlsx."


@dataclass(frozen=True)
class ExcelInput:
    """One file, known by its content."""

    path: str
    location: Path
    bytes: int
    modified: int
    sha256: str


@dataclass(frozen=True)
class Workbook:
    """An open workbook; `cells` walks the sheet with that number (from 0) a second time."""

    path: str
    book: CalamineWorkbook
    cells_of: Callable[[int], SheetCells]

    def cells(self, number: int) -> SheetCells:
        """Where the sheet's content is; raises PlainError for a sheet too large to be read."""
        name = self.book.sheet_names[number]
        try:
            found = self.cells_of(number)
            refuse_too_large(found.rows[-1] if found.rows else 0, found.last_column)
        except TooLargeError as error:
            raise PlainError(
                f"the sheet '{name}' reaches over {error}, more than can be read",
                where=self.path,
                remedy="Delete what stands far out in it, or split it, or export it as CSV.",
            ) from error
        except (*_BROKEN, StopIteration) as error:
            raise _broken(self.path) from error
        return found

    def grid(self, number: int) -> tuple[list[list[Any]], list[Range]]:
        """All values of the sheet from its first cell on, row by row, and which cells are merged (from 0)."""
        with _asking_calamine(self.path):
            sheet = self.book.get_sheet_by_index(number)
            values: list[list[Any]] = sheet.to_python(skip_empty_area=False)
            return values, list(sheet.merged_cell_ranges or [])


# What the walks raise at bytes that are not what they should be.
_BROKEN = (
    zipfile.BadZipFile,
    expat.ExpatError,
    struct.error,
    UnicodeDecodeError,
    EOFError,
    LookupError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    ValueError,
    zlib.error,
)


def open_excel(path: str, location: Path, count: Counted = UNCOUNTED) -> ExcelInput:
    """Know one file's content; raises PlainError for one that is no spreadsheet."""
    try:
        status = location.stat()
        with location.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        sha256 = digest_of(location, count)
    except OSError as error:
        raise unreadable(path, error) from error
    if not head.startswith((_ZIP, _COMPOUND)):
        what, remedy = _what_else(head)
        raise PlainError(f"the file is {what}, whatever its name says", where=path, remedy=remedy)
    return ExcelInput(path, location, status.st_size, status.st_mtime_ns, sha256)


def open_workbook(each: ExcelInput) -> Workbook:
    """Open the file; raises PlainError for one that has a password, is cut off or holds no sheets."""
    import python_calamine  # noqa: PLC0415 - only where a source has this kind

    try:
        content = each.location.read_bytes()
    except OSError as error:
        raise unreadable(each.path, error) from error
    try:
        cells_of = _walker(content, each.path)
    except _BROKEN as error:
        raise _broken(each.path) from error
    with _asking_calamine(each.path):
        book = python_calamine.load_workbook(io.BytesIO(content))
    names = book.sheet_names
    return Workbook(each.path, book, lambda number: cells_of(number, names[number]))


@contextmanager
def _asking_calamine(path: str) -> Iterator[None]:
    """Turn what calamine raises at a broken workbook into a sentence."""
    import python_calamine  # noqa: PLC0415 - only where a source has this kind

    try:
        yield
    except python_calamine.PasswordError as error:
        raise _locked(path) from error
    except (python_calamine.CalamineError, OSError) as error:
        raise _broken(path) from error
    except BaseException as error:
        # A bug of its own at bytes that it did not expect; the exception's class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise _broken(path) from error


def _walker(content: bytes, path: str) -> Callable[[int, str], SheetCells]:
    if content.startswith(_COMPOUND):
        found = streams(content)
        if "EncryptedPackage" in found:
            raise _locked(path)
        if not {"Workbook", "Book"} & found.keys():
            raise PlainError(
                "the file is of Microsoft Office, but no workbook",
                where=path,
                remedy=_SAVE_AS,
            )
        return lambda number, name: cells_of_xls(content, number)
    package = zipfile.ZipFile(io.BytesIO(content))
    names = package.namelist()
    if "xl/workbook.xml" in names:
        return lambda number, name: cells_of_xlsx(package, name)
    if "xl/workbook.bin" in names:
        return lambda number, name: cells_of_xlsb(package, name)
    if "content.xml" in names and b"spreadsheet" in _part(package, "mimetype"):
        if b"encryption-data" in _part(package, "META-INF/manifest.xml"):
            raise _locked(path)
        return lambda number, name: cells_of_ods(package, name)
    raise PlainError(
        "the file is a zip, but no workbook",
        where=path,
        remedy="Unpack it, and put the workbook in its place.",
    )


def _part(package: zipfile.ZipFile, name: str) -> bytes:
    return package.read(name) if name in package.namelist() else b""


def _what_else(head: bytes) -> tuple[str, str]:
    """What a file is that is no spreadsheet, and what to do."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        return "empty", _EXPORT_AGAIN
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return "a spreadsheet in the XML of 2003", _SAVE_AS
    if start.startswith((b"<!doctype html", b"<html")) or b"<table" in start:
        return "a web page (HTML)", _SAVE_AS
    if start.startswith(b"%pdf"):
        return "a PDF", _EXPORT_AGAIN
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" not in head:
        return "plain text (CSV?)", "Declare it as kind: csv and name it .csv, or save it as .xlsx."
    return "no spreadsheet", _EXPORT_AGAIN


def _locked(path: str) -> PlainError:
    return PlainError(
        "the workbook is locked with a password", where=path, remedy="Save it without one."
    )


def _broken(path: str) -> PlainError:
    return PlainError(
        "the workbook cannot be read: it was cut off, or is broken within",
        where=path,
        remedy=_EXPORT_AGAIN,
    )
