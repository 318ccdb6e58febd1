"""Spreadsheets that nobody declared yet: the sheet that holds a table, its header, then its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from configuration.errors import ConfigurationError, PlainError
from ingest.csv.header import check_header
from ingest.declaration.tables import Column
from ingest.excel.declaration import ExcelTable
from ingest.excel.reader import Room, add_rows
from ingest.excel.sheet import header_name, read_sheet
from ingest.excel.workbook import ENDINGS, Workbook, open_excel, open_workbook
from ingest.files.declared_names import quoted
from ingest.profile.columns import lake_names, propose_columns, propose_key
from ingest.profile.found import Place, files_at
from ingest.profile.meaning import KEYS, entity_of
from ingest.profile.proposal import ProposedTable
from ingest.rows.duckdb_sql import connect, number

_FILES_LOOKED_AT = 50
_HEADER_WITHIN = 200
_PARTS = ("sheet", "header_row", "footer_rows")


@dataclass(frozen=True)
class _Header:
    """Where the names of the columns stand in a sheet (its row from 1), and how many rows follow."""

    sheet: str
    row: int
    names: tuple[str, ...]
    rows: int


def look_at_excel(place: Place, table: str) -> ProposedTable:
    """Propose the table `table` for the workbooks there; raises PlainError when they cannot be read."""
    unknown = [name for name in place.dialect if name not in _PARTS]
    if unknown:
        raise ConfigurationError(
            f"'{unknown[0]}' is nothing that a spreadsheet has",
            remedy=f"Say one of {', '.join(_PARTS)}.",
        )
    files = files_at(place, "excel", ENDINGS)
    books = [
        open_workbook(open_excel(each.path, each.location)) for each in files[:_FILES_LOOKED_AT]
    ]
    header, others = _header_of(books[0], place.dialect)
    check_header(header.names, header.names, f"{books[0].path}, sheet {header.sheet}")
    headers = dict(zip(lake_names(header.names), header.names, strict=True))
    options = dict(place.dialect)
    if others and "sheet" not in options:
        options["sheet"] = header.sheet
    declared = ExcelTable.model_validate(
        {
            "name": table,
            "path": place.path,
            **options,
            "columns": [Column(name=name, header=each) for name, each in headers.items()],
        }
    )
    connection = connect(place.spool)
    try:
        room = Room(connection, declared, named={})
        for book in books:
            add_rows(room, read_sheet(book, declared), book.path)
        relation = "select * from loaded"
        columns = propose_columns(connection, relation, headers, called=table)
        entity = entity_of({column.role for column in columns if column.role})
        key = propose_key(connection, relation, columns, KEYS.get(entity or "", ()))
        rows = number(connection, "select count(*) from loaded")
    finally:
        connection.close()
    notes = (
        (f"Not looked at: the sheets {quoted(others)}, which hold tables too.",) if others else ()
    )
    return ProposedTable(
        table, place.path, columns, key, rows_seen=rows, entity=entity, options=options, notes=notes
    )


def _header_of(book: Workbook, said: Mapping[str, object]) -> tuple[_Header, list[str]]:
    """The header of the sheet with the most rows, and the names of the other sheets that hold tables."""
    names = book.book.sheet_names
    sheet, row = said.get("sheet"), said.get("header_row")
    if sheet is not None and sheet not in names:
        raise PlainError(
            f"there is no sheet '{sheet}'", where=book.path, remedy=f"It has {quoted(names)}."
        )
    found = []
    for place, name in enumerate(names):
        if sheet in (None, name):
            header = _find(name, book.grid(place)[0], row if isinstance(row, int) else None)
            found += [header] if header else []
    if not found:
        raise PlainError(
            "no sheet holds a table with a header",
            where=book.path,
            remedy="Name the columns in one row above the values.",
        )
    best = max(found, key=lambda each: each.rows)
    return best, [each.sheet for each in found if each is not best]


def _find(sheet: str, grid: Sequence[Sequence[Any]], row: int | None) -> _Header | None:
    """The first row of texts that is about as wide as the rows below it."""
    widths = [sum(value != "" for value in each) for each in grid]
    widest = max(widths, default=0)
    for at, values in enumerate(grid[:_HEADER_WITHIN]):
        filled = [value for value in values if value != ""]
        is_header = all(isinstance(value, str) for value in filled) and 2 * len(filled) > widest
        if at + 1 == row or (row is None and is_header):
            names = tuple(header_name(value) for value in filled)
            rows = sum(width > 0 for width in widths[at + 1 :])
            return _Header(sheet, at + 1, names, rows) if rows else None
    return None
