"""Small writers of real workbooks, so that tests need no program for spreadsheets.

`xlsx` writes what Excel does: texts shared, dates as numbers with a style, formulas with their last result.
A cell is a Python value, or an `Error`, or a `Formula`.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
FORMATS = [0, 14, 164, 165, 21]
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm:ss"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/></font></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    f'<cellXfs count="{len(FORMATS)}">'
    + "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in FORMATS)
    + "</cellXfs></styleSheet>"
)
EXCEL_1900, EXCEL_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - has no zone
ERROR_CODES = {"#DIV/0!": 0x07, "#N/A": 0x2A}


@dataclass(frozen=True)
class Error:
    """A cell that shows an error, such as #N/A."""

    shown: str


@dataclass(frozen=True)
class Formula:
    """A formula and its last result."""

    text: str
    result: Any


@dataclass(frozen=True)
class Sheet:
    """`rows` begin at row `first` (from 1); None is an empty cell. `merged` are ranges such as A1:C1."""

    name: str
    rows: Sequence[Sequence[Any]]
    first: int = 1
    merged: Sequence[str] = ()
    is_hidden: bool = False


def xlsx(*sheets: Sheet, is_1904: bool = False, shares_texts: bool = True) -> bytes:
    """A workbook as Excel writes it; without `shares_texts` as exporting programs often do."""
    shared: list[str] | None = [] if shares_texts else None
    epoch = EXCEL_1904 if is_1904 else EXCEL_1900
    bodies = [_sheet_xml(sheet, shared, epoch) for sheet in sheets]
    numbers = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="{escape(sheet.name)}" sheetId="{n}" '
        f'{"state=" + chr(34) + "hidden" + chr(34) if sheet.is_hidden else ""} r:id="rId{n}"/>'
        for n, sheet in zip(numbers, sheets, strict=True)
    )
    related = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in numbers}
    related["rIdStyles"] = ("styles", "styles.xml")
    parts = {
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        f"<workbookPr{' date1904=' + chr(34) + '1' + chr(34) if is_1904 else ''}/>"
        f"<sheets>{listed}</sheets></workbook>",
        "xl/styles.xml": STYLES,
    }
    if shared is not None:
        related["rIdTexts"] = ("sharedStrings", "sharedStrings.xml")
        items = "".join(f"<si><t xml:space='preserve'>{escape(text)}</t></si>" for text in shared)
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{items}</sst>'
    parts["xl/_rels/workbook.xml.rels"] = _relations(related)
    for n, body in zip(numbers, bodies, strict=True):
        parts[f"xl/worksheets/sheet{n}.xml"] = body
    types = f'<Types xmlns="{PACKAGE}/content-types"/>'
    return _zip({"[Content_Types].xml": types, **parts})


def _sheet_xml(sheet: Sheet, shared: list[str] | None, epoch: datetime) -> str:
    rows = []
    for number, row in enumerate(sheet.rows, start=sheet.first):
        cells = "".join(
            _cell_xml(f"{_letters(place)}{number}", value, shared, epoch)
            for place, value in enumerate(row)
            if value is not None
        )
        if row:
            rows.append(f'<row r="{number}" spans="1:{len(row)}">{cells}</row>')
    merged = "".join(f'<mergeCell ref="{each}"/>' for each in sheet.merged)
    merged = f"<mergeCells>{merged}</mergeCells>" if merged else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData>{merged}</worksheet>'


def _cell_xml(at: str, value: Any, shared: list[str] | None, epoch: datetime) -> str:
    formula = ""
    if isinstance(value, Formula):
        formula, value = f"<f>{escape(value.text)}</f>", value.result
    if isinstance(value, Error):
        return f'<c r="{at}" t="e">{formula}<v>{value.shown}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{at}" t="b">{formula}<v>{int(value)}</v></c>'
    if isinstance(value, str):
        if formula:
            return f'<c r="{at}" t="str">{formula}<v>{escape(value)}</v></c>'
        if shared is None:
            return f'<c r="{at}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        if value not in shared:
            shared.append(value)
        return f'<c r="{at}" s="0" t="s"><v>{shared.index(value)}</v></c>'
    style, stored = _number(value, epoch)
    return f'<c r="{at}" s="{style}">{formula}<v>{stored!r}</v></c>'


def _number(value: Any, epoch: datetime) -> tuple[int, float]:
    """The style and the number that Excel stores."""
    day = timedelta(days=1)
    if isinstance(value, datetime):
        return 2, (value - epoch) / day
    if isinstance(value, date):
        return 1, (datetime.combine(value, time()) - epoch).days
    if isinstance(value, timedelta):
        return 3, value / day
    if isinstance(value, time):
        return 4, timedelta(hours=value.hour, minutes=value.minute, seconds=value.second) / day
    return 0, value


def _letters(place: int) -> str:
    return chr(65 + place) if place < 26 else _letters(place // 26 - 1) + chr(65 + place % 26)


def _relations(related: dict[str, tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for name, (kind, target) in related.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{items}</Relationships>'


def _zip(parts: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def ods(sheet: Sheet) -> bytes:
    """A workbook of OpenDocument: an empty row before the first is written once, with how often."""
    names = ("office", "table", "text", "calcext")
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names)
    above = f'<table:table-row table:number-rows-repeated="{sheet.first - 1}"/>'
    rows = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in sheet.rows
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="{sheet.name}">{above if sheet.first > 1 else ""}{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": content,
        }
    )


def _ods_cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    kind, attribute, shown = "string", "", value
    if isinstance(value, Error):
        kind, shown = "string", value.shown
    elif isinstance(value, bool):
        kind, attribute = "boolean", f'office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, date):
        kind, attribute = "date", f'office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        kind, attribute = "float", f'office:value="{value}"'
    return (
        f'<table:table-cell office:value-type="{kind}" {attribute}>'
        f"<text:p>{escape(str(shown))}</text:p></table:table-cell>"
    )


def xls(sheet: Sheet) -> bytes:
    """A workbook of Excel 97 to 2003: BIFF8 records in a compound file. Dates are numbers with a format."""
    cells = []
    for row, values in enumerate(sheet.rows, start=sheet.first - 1):
        for column, value in enumerate(values):
            cells += _biff_cell(row, column, value)
    globals_ = [
        _biff(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)),
        _biff(0xE0, struct.pack("<HH16x", 0, 0)),
        _biff(0xE0, struct.pack("<HH16x", 0, 14)),
    ]
    name = bytes([len(sheet.name), 0]) + sheet.name.encode("latin-1")
    end = _biff(0x0A, b"")
    length = sum(map(len, globals_)) + 4 + 6 + len(name) + len(end)
    bound = _biff(0x85, struct.pack("<IBB", length, 0, 0) + name)
    body = [_biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)), *cells, end]
    return compound({"Workbook": b"".join([*globals_, bound, end, *body])})


def _biff_cell(row: int, column: int, value: Any) -> list[bytes]:
    place = struct.pack("<HHH", row, column, 0)
    if value is None:
        return []
    if isinstance(value, Formula):
        return _biff_formula(place, value.result)
    if isinstance(value, str):
        text = struct.pack("<HB", len(value), 0) + value.encode("latin-1")
        return [_biff(0x204, place + text)]
    if isinstance(value, Error | bool):
        error = isinstance(value, Error)
        code = ERROR_CODES[value.shown] if isinstance(value, Error) else int(value)
        return [_biff(0x205, place + bytes([code, error]))]
    style, stored = _number(value, EXCEL_1900)
    return [_biff(0x203, struct.pack("<HHHd", row, column, int(style > 0), stored))]


def _biff_formula(place: bytes, result: str | Error) -> list[bytes]:
    if isinstance(result, Error):
        stored = bytes([2, 0, ERROR_CODES[result.shown], 0, 0, 0, 0xFF, 0xFF])
        return [_biff(0x06, place + stored + bytes(8))]
    text = struct.pack("<HB", len(result), 0) + result.encode("latin-1")
    stored = bytes([0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
    return [_biff(0x06, place + stored + bytes(8)), _biff(0x207, text)]


def _biff(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file (MS-CFB) with these streams, each filled up to the 4,096 bytes of a long one."""
    sectors: list[bytes] = []
    chains: list[int] = []
    entries = [_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)]
    for number, (name, content) in enumerate(streams.items(), start=1):
        filled = content.ljust(4096, b"\0")
        pieces = [filled[at : at + 512].ljust(512, b"\0") for at in range(0, len(filled), 512)]
        first = len(sectors)
        sectors += pieces
        chains += [*range(first + 1, len(sectors)), 0xFFFFFFFE]
        sibling = number + 1 if number < len(streams) else 0xFFFFFFFF
        entries.append(_entry(name, 2, first, len(filled), sibling=sibling))
    directory = b"".join(entries).ljust(-(-len(entries) // 4) * 512, b"\0")
    start = len(sectors)
    sectors += [directory[at : at + 512] for at in range(0, len(directory), 512)]
    chains += [*range(start + 1, len(sectors)), 0xFFFFFFFE, 0xFFFFFFFD]
    assert len(chains) <= 128, "one sector of the table is enough for a test"
    table = struct.pack(f"<{len(chains)}I", *chains).ljust(512, b"\xff")
    header = (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    ).ljust(44, b"\0")
    header += struct.pack("<IIIIIIII", 1, start, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", len(sectors)) + b"\xff" * (108 * 4)
    return header + b"".join(sectors) + table


def _entry(
    name: str,
    kind: int,
    start: int,
    size: int,
    *,
    child: int = 0xFFFFFFFF,
    sibling: int = 0xFFFFFFFF,
) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<III", 0xFFFFFFFF, sibling, child)
    return (
        wide.ljust(64, b"\0")
        + struct.pack("<HBB", len(wide), kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def xlsb(sheet: Sheet) -> bytes:
    """A binary workbook: the records of MS-XLSB that hold cells, and no more."""
    rows = b""
    for number, values in enumerate(sheet.rows, start=sheet.first - 1):
        rows += _record(0, struct.pack("<I21x", number))
        for column, value in enumerate(values):
            rows += _xlsb_cell(column, value)
    last = sheet.first + len(sheet.rows) - 1
    size = struct.pack("<IIII", sheet.first - 1, last, 0, max(map(len, sheet.rows)))
    body = _record(129, b"") + _record(148, size)
    body += _record(145, b"") + rows + _record(146, b"") + _record(130, b"")
    bundle = struct.pack("<II", 0, 1) + _wide("rId1") + _wide(sheet.name)
    book = _record(131, b"") + _record(153, bytes(12)) + _record(143, b"")
    book += _record(156, bundle) + _record(144, b"") + _record(132, b"")
    styles = _record(278, b"") + _record(617, struct.pack("<I", 2))
    for format_ in (0, 14):
        styles += _record(47, struct.pack("<HH12x", 0, format_))
    styles += _record(618, b"") + _record(279, b"")
    related = {
        "rId1": ("worksheet", "worksheets/sheet1.bin"),
        "rId2": ("styles", "styles.bin"),
    }
    return _zip(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
            "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.bin")}),
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": _relations(related),
            "xl/styles.bin": styles,
            "xl/worksheets/sheet1.bin": body,
        }
    )


def _xlsb_cell(column: int, value: Any) -> bytes:
    if value is None:
        return b""
    style = 0
    if isinstance(value, Formula):
        return _record(8, struct.pack("<II", column, 0) + _wide(value.result) + bytes(10))
    if isinstance(value, Error):
        return _record(3, struct.pack("<IIB", column, 0, ERROR_CODES[value.shown]))
    if isinstance(value, bool):
        return _record(4, struct.pack("<IIB", column, 0, value))
    if isinstance(value, str):
        return _record(6, struct.pack("<II", column, 0) + _wide(value))
    style, stored = _number(value, EXCEL_1900)
    return _record(5, struct.pack("<IId", column, int(style > 0), stored))


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(kind: int, body: bytes) -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = len(body)
    size = bytes([length]) if length < 0x80 else bytes([length & 0x7F | 0x80, length >> 7])
    return head + size + body


def without_references(workbook: bytes) -> bytes:
    """The same .xlsx with rows and cells that do not say where they are: they follow each other."""
    parts: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(workbook)) as package:
        for name in package.namelist():
            content = package.read(name)
            if "/sheet" in name:
                content = re.sub(rb'(<row|<c) r="\w+"', rb"\1", content)
            parts[name] = content
    return _zip(parts)
