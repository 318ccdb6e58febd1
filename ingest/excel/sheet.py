"""The sheet of a workbook that holds the table, its header, and the rows below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from configuration.errors import PlainError
from configuration.yaml_file import nearest
from ingest.excel.cells import SheetCells
from ingest.excel.declaration import ExcelTable
from ingest.excel.workbook import Range, Workbook
from ingest.files.declared_names import check_names, quoted

# A header further down than this is none: what is above it would be data.
_HEADER_WITHIN = 200


@dataclass(frozen=True)
class SheetRows:
    """The rows of the table: `numbers` are the sheet's, `values` one list per row, as wide as `header`.

    `header` has the name at each column of the sheet, empty where there is none; `counted` is how many rows
    the second reading found, `errors` what error cells show, by row number and column (both from 1).
    """

    where: str
    header: tuple[str, ...]
    numbers: list[int]
    values: list[list[Any]]
    errors: dict[tuple[int, int], str]
    counted: int
    repeated: list[int]  # rows that are the header again

    def undeclared(self, table: ExcelTable) -> list[str]:
        """The names of the header that the table does not declare."""
        declared = {column.source_name for column in table.columns}
        return [name for name in self.header if name and name not in declared]


@dataclass(frozen=True)
class _Found:
    number: int
    name: str
    grid: list[list[Any]]
    cells: SheetCells
    header_at: int | None  # an index into the grid
    has: int = 0  # how many of the declared columns


def read_sheet(book: Workbook, table: ExcelTable) -> SheetRows:
    """Find the sheet and its header; raises PlainError when the table is not there, or several are."""
    wanted = [column.source_name for column in table.columns]
    found = [_look(book, number, table, wanted) for number in _candidates(book, table)]
    most = max(each.has for each in found)
    with_header = [each for each in found if each.header_at is not None and each.has == most]
    if len(with_header) > 1:
        raise PlainError(
            f"{len(with_header)} sheets have these columns: {quoted([e.name for e in with_header])}",
            where=book.path,
            remedy="Name one under 'sheet' in the sources file, or give each a table of its own.",
        )
    if not with_header:
        raise _no_header(book, found[0], table, wanted)
    return _rows(book, with_header[0], table, wanted)


def _candidates(book: Workbook, table: ExcelTable) -> list[int]:
    import python_calamine  # noqa: PLC0415 - only where a source has this kind

    names = book.book.sheet_names
    if isinstance(table.sheet, str):
        if table.sheet not in names:
            guess = nearest(table.sheet, names)
            raise PlainError(
                f"there is no sheet '{table.sheet}'",
                where=book.path,
                remedy=f"Did you mean '{guess}'?" if guess else f"It has {quoted(names)}.",
            )
        return [names.index(table.sheet)]
    if table.sheet is not None:
        if table.sheet > len(names):
            raise PlainError(
                f"there is no sheet {table.sheet}",
                where=book.path,
                remedy=f"It has {quoted(names)}.",
            )
        return [table.sheet - 1]
    visible = [
        number
        for number, each in enumerate(book.book.sheets_metadata)
        if each.visible == python_calamine.SheetVisibleEnum.Visible
        and each.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    if not visible:
        raise PlainError(
            "the workbook has no sheet that can be seen",
            where=book.path,
            remedy="Name one under 'sheet' in the sources file.",
        )
    return visible


def _look(book: Workbook, number: int, table: ExcelTable, wanted: Sequence[str]) -> _Found:
    name = book.book.sheet_names[number]
    cells = book.cells(number)
    grid, merged = book.grid(number)
    _fill_down(grid, merged)
    needed = set(wanted) - table.column_policy.optional
    rows = range(min(len(grid), _HEADER_WITHIN))
    if table.header_row is not None:
        rows = range(len(grid))[table.header_row - 1 : table.header_row]
    at, most = None, 0
    for each in rows:
        there = set(wanted) & set(map(header_name, grid[each]))
        # Where columns may be missing, a title may have the name of one: the row with most of them counts.
        if needed <= there and len(there) > most:
            at, most = each, len(there)
    return _Found(number, name, grid, cells, at, most)


def _fill_down(grid: list[list[Any]], merged: Sequence[Range]) -> None:
    """Give each row of a merged cell the value that is seen beside it; only the first has it in the file."""
    for (top, left), (bottom, _) in merged:
        for row in grid[top + 1 : bottom + 1]:
            if left < len(row) and any(value != "" for value in row):
                row[left] = grid[top][left]


def _rows(book: Workbook, found: _Found, table: ExcelTable, wanted: Sequence[str]) -> SheetRows:
    at = found.header_at or 0
    where = f"{book.path}, sheet '{found.name}'"
    header = tuple(map(header_name, found.grid[at]))
    named = [name for name in header if name]
    twins = sorted({name for name in named if named.count(name) > 1})
    if twins:
        raise PlainError(
            f"row {at + 1} has the column '{twins[0]}' twice",
            where=where,
            remedy="Give each column a name of its own.",
        )
    check_names(named, wanted, where, policy=table.column_policy)
    with_error = {row for row, _ in found.cells.errors}
    below = [
        (number, values)
        for number, values in enumerate(found.grid[at + 1 :], start=at + 2)
        if number in with_error or any(value != "" for value in values)
    ]
    counted = sum(number > at + 1 for number in found.cells.rows)
    if table.footer_rows:
        below = below[: -table.footer_rows]
        counted = max(counted - table.footer_rows, 0)
    first = found.grid[at]
    return SheetRows(
        where=where,
        header=header,
        numbers=[number for number, _ in below],
        values=[values for _, values in below],
        errors=found.cells.errors,
        counted=counted,
        repeated=[number for number, values in below if values == first],
    )


def _no_header(
    book: Workbook, first: _Found, table: ExcelTable, wanted: Sequence[str]
) -> PlainError:
    """Why the header was not found: by the row that is most like it."""
    where = f"{book.path}, sheet '{first.name}'"
    if table.header_row is not None:
        rows = first.grid[table.header_row - 1 : table.header_row]
    else:
        rows = first.grid[:_HEADER_WITHIN]
    names = [[name for name in map(header_name, row) if name] for row in rows]
    best = max(names, key=lambda row: len(set(row) & set(wanted)), default=[])
    if not set(best) & set(wanted):
        place = f"row {table.header_row}" if table.header_row else "no row"
        is_not = " does not have" if table.header_row else " has"
        return PlainError(
            f"{place}{is_not} the declared columns {quoted(wanted)}",
            where=where,
            remedy="Correct 'sheet', 'header_row' or the columns in the sources file.",
        )
    try:
        check_names(best, wanted, where, policy=table.column_policy)
    except PlainError as error:
        return error
    return PlainError("the header cannot be read", where=where, remedy="Correct 'header_row'.")


def header_name(value: Any) -> str:
    """A header's cell as a name: line breaks and double spaces within are one space."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())
