"""The cells of .xlsx and .xlsb: parts of a zip, as XML (ECMA-376) or as binary records (MS-XLSB)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import IO
from xml.parsers import expat
from zipfile import ZipFile

from ingest.excel.cells import ERRORS, SheetCells

_CHUNK = 1 << 20
_LETTERS = re.compile(r"[A-Z]+")
# MS-XLSB 2.3: the records of a sheet.
_ROW = 0
_BLANK, _ERROR, _TEXT, _SHARED = 1, 3, 6, 7
_CELLS = range(2, 12)
_FORMULA_TEXT, _FORMULA_ERROR = 8, 11
_SHARED_ITEM = 19
_BUNDLE_SHEET = 156


def cells_of_xlsx(package: ZipFile, sheet: str) -> SheetCells:
    """Walk the XML of `sheet`."""
    parts = _parts(package)
    empty_texts = set()
    if (shared := _shared_part(parts)) in package.namelist():
        with package.open(shared) as file:
            empty_texts = _empty_items(file)
    with package.open(parts[_sheet_ids(package)[sheet]]) as file:
        return _walk(file, empty_texts)


def cells_of_xlsb(package: ZipFile, sheet: str) -> SheetCells:
    """Walk the records of `sheet`."""
    parts = _parts(package)
    ids = {}
    for kind, body in _records(package.read("xl/workbook.bin")):
        if kind == _BUNDLE_SHEET:
            rel, at = _wide_text(body, 8)
            ids[_wide_text(body, at)[0]] = rel
    empty = set()
    if (shared := _shared_part(parts)) in package.namelist():
        items = (body for kind, body in _records(package.read(shared)) if kind == _SHARED_ITEM)
        empty = {number for number, body in enumerate(items) if not any(body[1:5])}
    found, row = SheetCells(), 0
    for kind, body in _records(package.read(parts[ids[sheet]])):
        if kind == _ROW:
            row = int.from_bytes(body[:4], "little") + 1
        elif kind in _CELLS:
            if kind in (_TEXT, _FORMULA_TEXT) and not any(body[8:12]):
                continue
            if kind == _SHARED and int.from_bytes(body[8:12], "little") in empty:
                continue
            error = ERRORS.get(body[8], "#ERROR") if kind in (_ERROR, _FORMULA_ERROR) else None
            found.add(row, int.from_bytes(body[:4], "little") + 1, error)
    return found


def _walk(file: IO[bytes], empty_texts: set[str]) -> SheetCells:
    found = SheetCells()
    row = column = 0
    kind = ""
    content: list[str] = []
    is_value = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, kind, is_value
        local = name.rpartition(":")[2]
        if local == "row":
            row = int(attributes.get("r", row + 1))
            column = 0
        elif local == "c":
            column = _column(attributes["r"]) if "r" in attributes else column + 1
            kind = attributes.get("t", "n")
            content.clear()
        elif local in ("v", "t"):
            is_value = True

    def end(name: str) -> None:
        nonlocal is_value
        local = name.rpartition(":")[2]
        if local in ("v", "t", "rPh"):
            is_value = False
        elif local == "c" and content:
            text = "".join(content)
            if kind != "s" or text not in empty_texts:
                found.add(row, column, text if kind == "e" else None)

    def characters(text: str) -> None:
        if is_value:
            content.append(text)

    _parse(file, start, end, characters)
    return found


def _empty_items(file: IO[bytes]) -> set[str]:
    """The numbers of the shared texts that hold nothing."""
    empty: set[str] = set()
    number = -1
    is_text = has_content = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal number, is_text, has_content
        del attributes
        local = name.rpartition(":")[2]
        if local == "si":
            number, has_content = number + 1, False
        is_text = local == "t"

    def end(name: str) -> None:
        nonlocal is_text
        is_text = False
        if name.rpartition(":")[2] == "si" and not has_content:
            empty.add(str(number))

    def characters(text: str) -> None:
        nonlocal has_content
        has_content = has_content or (is_text and bool(text))

    _parse(file, start, end, characters)
    return empty


def _parse(
    file: IO[bytes],
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda name: None,
    characters: Callable[[str], None] = lambda text: None,
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    while chunk := file.read(_CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _parts(package: ZipFile) -> dict[str, str]:
    """The parts of the workbook by their relation's id."""
    kind = "bin" if "xl/workbook.bin" in package.namelist() else "xml"
    found = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship":
            target = attributes["Target"]
            inside = target[1:] if target.startswith("/") else posixpath.join("xl", target)
            found[attributes["Id"]] = posixpath.normpath(inside)

    with package.open(f"xl/_rels/workbook.{kind}.rels") as file:
        _parse(file, start)
    return found


def _shared_part(parts: dict[str, str]) -> str:
    return next((each for each in parts.values() if "sharedstrings" in each.lower()), "")


def _sheet_ids(package: ZipFile) -> dict[str, str]:
    found = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            found[attributes["name"]] = next(
                value for key, value in attributes.items() if key.endswith(":id")
            )

    with package.open("xl/workbook.xml") as file:
        _parse(file, start)
    return found


def _column(reference: str) -> int:
    number = 0
    match = _LETTERS.match(reference)
    for letter in match[0] if match else "":
        number = number * 26 + ord(letter) - 64
    return number


def _records(content: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(content):
        kind = content[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (content[at] << 7)
            at += 1
        length = shift = 0
        while True:
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        found.append((kind, content[at : at + length]))
        at += length
    return found


def _wide_text(body: bytes, at: int) -> tuple[str, int]:
    length = int.from_bytes(body[at : at + 4], "little")
    end = at + 4 + 2 * length
    return body[at + 4 : end].decode("utf-16-le"), end
