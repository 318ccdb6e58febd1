"""The cells of .ods (OpenDocument 1.3, part 3): one XML for all sheets; equal rows are written once."""

from __future__ import annotations

import re
from xml.parsers import expat
from zipfile import ZipFile

from ingest.excel.cells import SheetCells, refuse_too_large

# LibreOffice writes an error as the text that it shows.
_ERROR = re.compile(r"#(N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)|Err:\d{3}")
_CHUNK = 1 << 20


def cells_of_ods(package: ZipFile, sheet: str) -> SheetCells:
    """Walk the XML of `sheet`."""
    walker = _Walker(sheet)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.characters
    with package.open("content.xml") as file:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    return walker.found


class _Walker:
    def __init__(self, sheet: str) -> None:
        self.sheet = sheet
        self.found = SheetCells()
        self.is_there = self.is_text = self.is_note = False
        self.row = self.column = self.row_times = self.cell_times = 0
        self.has_value = False
        self.text: list[str] = []
        self.cells: list[tuple[int, str | None]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self.is_there = attributes.get("table:name") == self.sheet
            self.row = 0
        elif not self.is_there:
            return
        elif name == "table:table-row":
            self.row_times = int(attributes.get("table:number-rows-repeated", 1))
            self.column, self.cells = 0, []
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self.cell_times = int(attributes.get("table:number-columns-repeated", 1))
            kind = attributes.get("office:value-type")
            self.has_value = kind not in (None, "string") or bool(
                attributes.get("office:string-value")
            )
            self.text = []
        elif name == "office:annotation":  # a note at the cell, in paragraphs of its own
            self.is_note = True
        elif name == "text:p":
            self.is_text = not self.is_note

    def end(self, name: str) -> None:
        if not self.is_there:
            return
        if name == "table:table":
            self.is_there = False
        elif name == "text:p":
            self.is_text = False
        elif name == "office:annotation":
            self.is_note = False
        elif name in ("table:table-cell", "table:covered-table-cell"):
            text = "".join(self.text)
            if self.has_value or text:
                error = text if _ERROR.fullmatch(text) else None
                last = self.column + self.cell_times
                self.cells += [(column, error) for column in range(self.column + 1, last + 1)]
            self.column += self.cell_times
        elif name == "table:table-row":
            if self.cells:
                refuse_too_large(self.row + self.row_times, self.cells[-1][0])
            for row in range(self.row + 1, self.row + self.row_times + 1) if self.cells else ():
                for column, error in self.cells:
                    self.found.add(row, column, error)
            self.row += self.row_times

    def characters(self, text: str) -> None:
        if self.is_text:
            self.text.append(text)
