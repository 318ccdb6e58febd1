"""The cells of .xls: BIFF records (MS-XLS) in a compound file (MS-CFB)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from

from ingest.excel.cells import ERRORS, SheetCells

_NO_SECTOR = 0xFFFFFFFA  # this and above: free, end of chain, tables
_BOUND_SHEET, _BOF, _EOF = 0x85, 0x809, 0x0A
_NUMBER, _RK, _MULTI_RK, _LABEL_SST = 0x203, 0x27E, 0xBD, 0xFD
_LABELS = (0x204, 0xD6)
_BOOL_ERROR, _FORMULA, _STRING = 0x205, 0x06, 0x207
_SPECIAL = 0xFFFF  # the last two bytes of a formula's result that is no number
_SPECIAL_TEXT, _SPECIAL_ERROR, _SPECIAL_EMPTY = 0, 2, 3


def streams(content: bytes) -> dict[str, bytes]:
    """The streams of a compound file by name, those in its folders too."""
    sector = 1 << unpack_from("<H", content, 30)[0]
    small = 1 << unpack_from("<H", content, 32)[0]
    directory, cutoff, small_table = unpack_from("<I4xII", content, 48)
    extra, extra_count = unpack_from("<II", content, 68)
    places = list(unpack_from("<109I", content, 76))
    for _ in range(extra_count):
        block = unpack_from(f"<{sector // 4}I", content, (extra + 1) * sector)
        places += block[:-1]
        extra = block[-1]
    table: list[int] = []
    for place in places:
        if place < _NO_SECTOR:
            table += unpack_from(f"<{sector // 4}I", content, (place + 1) * sector)

    def chain(start: int) -> bytes:
        parts: list[bytes] = []
        while start < _NO_SECTOR and len(parts) <= len(table):
            parts.append(content[(start + 1) * sector : (start + 2) * sector])
            start = table[start]
        return b"".join(parts)

    entries = chain(directory)
    small_chain = chain(small_table)
    small_next = unpack_from(f"<{len(small_chain) // 4}I", small_chain)
    found: dict[str, bytes] = {}
    small_content = b""
    for at in range(0, len(entries), 128):
        length = unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        start, size = unpack_from("<II", entries, at + 116)
        if entries[at + 66] == 5:  # noqa: PLR2004 - the root, which holds the short streams
            small_content = chain(start)
        elif entries[at + 66] == 2 and size >= cutoff:  # noqa: PLR2004 - a stream
            found[name] = chain(start)[:size]
        elif entries[at + 66] == 2:  # noqa: PLR2004
            short: list[bytes] = []
            while start < _NO_SECTOR and len(short) <= len(small_next):
                short.append(small_content[start * small : (start + 1) * small])
                start = small_next[start]
            found[name] = b"".join(short)[:size]
    return found


def cells_of_xls(content: bytes, number: int) -> SheetCells:
    """Walk the records of the sheet with this number, from 0, among all sheets."""
    found = streams(content)
    book = found.get("Workbook") or found["Book"]
    starts = [
        unpack_from("<I", body)[0] for kind, body in _records(book, 0) if kind == _BOUND_SHEET
    ]
    cells = SheetCells()
    pending: tuple[int, int] | None = None  # a formula whose text comes in the next record
    for kind, body in _records(book, starts[number]):
        if kind == _STRING and pending is not None:
            if unpack_from("<H", body)[0]:
                cells.add(*pending)
            pending = None
        elif kind in (_NUMBER, _RK, _LABEL_SST, _BOOL_ERROR, _FORMULA, _MULTI_RK, *_LABELS):
            row, column = (each + 1 for each in unpack_from("<HH", body))
            if kind == _FORMULA:
                pending = _add_formula(cells, row, column, body)
            elif kind == _MULTI_RK:
                for place in range(column, unpack_from("<H", body, len(body) - 2)[0] + 2):
                    cells.add(row, place)
            elif kind == _BOOL_ERROR:
                cells.add(row, column, ERRORS.get(body[6], "#ERROR") if body[7] else None)
            elif kind not in _LABELS or unpack_from("<H", body, 6)[0]:
                cells.add(row, column)
    return _sorted(cells)


def _add_formula(cells: SheetCells, row: int, column: int, body: bytes) -> tuple[int, int] | None:
    if unpack_from("<H", body, 12)[0] != _SPECIAL or body[6] not in (
        _SPECIAL_TEXT,
        _SPECIAL_ERROR,
        _SPECIAL_EMPTY,
    ):
        cells.add(row, column)
    elif body[6] == _SPECIAL_TEXT:
        return row, column
    elif body[6] == _SPECIAL_ERROR:
        cells.add(row, column, ERRORS.get(body[8], "#ERROR"))
    return None


def _sorted(cells: SheetCells) -> SheetCells:
    """Cells may stand in blocks of rows, in which formulas and values alternate."""
    return SheetCells(sorted(set(cells.rows)), cells.errors, cells.last_column)


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    depth = 0
    while at + 4 <= len(book):
        kind, length = unpack_from("<HH", book, at)
        if depth == 1:  # a chart within has cells of its own
            yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
