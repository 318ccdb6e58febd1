"""Tables as the templates show them: every cell written out, with what it sorts by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reports.context import Context
from reports.formats import Value
from reports.frames import Field, Frame, as_json, as_number
from reports.language.tables import Column, Table

ROWS_IN_PAGE = 100
ROWS_WITHOUT_SCRIPT = 60


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `share` is the length of its bar in per cent, `sort` what it sorts by."""

    text: str
    sort: str = ""
    share: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Header:
    """The head of a column."""

    label: str
    is_number: bool
    has_bar: bool = False


@dataclass(frozen=True)
class Row:
    """A line of a table; a pale one is not complete."""

    cells: Sequence[Cell]
    is_pale: bool = False


@dataclass(frozen=True)
class TableView:
    """A table with its heads, rows and totals; `note` says what is not there."""

    headers: Sequence[Header]
    rows: Sequence[Row]
    total: Sequence[str] = ()
    note: str = ""


def table_view(item: Table, context: Context) -> tuple[TableView, Frame]:
    """The table of an item, and all the rows behind it."""
    whole = context.frames[item.dataset]
    columns = [column for column in item.columns if _has_values(column, whole)] or item.columns
    frame = whole.select([(column.field, column.label, column.format) for column in columns])
    cells = [_cells(column, frame, index, context) for index, column in enumerate(columns)]
    pale = [bool(value) for value in whole.column(item.faded)] if item.faded else []
    rows = [
        Row(line, is_pale=bool(pale) and pale[index])
        for index, line in enumerate(list(zip(*cells, strict=True))[:ROWS_IN_PAGE])
    ]
    notes = []
    if any(row.is_pale for row in rows):
        notes.append(context.words["in_progress_rows"])
    if len(frame.rows) > len(rows):
        notes.append(context.words["rows_shown"].format(shown=len(rows), count=len(frame.rows)))
    headers = [
        Header(field.label, field.is_number, column.bar)
        for field, column in zip(frame.fields, columns, strict=True)
    ]
    total = _totals(columns, frame, context)
    return TableView(headers, rows, total, " ".join(notes)), frame


def plain_table(frame: Frame, context: Context) -> TableView:
    """The last rows of a chart, for readers without a script."""
    shown = frame.rows[-ROWS_WITHOUT_SCRIPT:]
    rows = [
        Row([Cell(context.formatter.text(value, field.format)) for value, field in pairs])
        for pairs in (list(zip(row, frame.fields, strict=True)) for row in shown)
    ]
    note = ""
    if len(shown) < len(frame.rows):
        note = context.words["last_rows"].format(shown=len(shown), count=len(frame.rows))
    return TableView(
        [Header(field.label, field.is_number) for field in frame.fields], rows, (), note
    )


def _has_values(column: Column, frame: Frame) -> bool:
    return not column.optional or any(value is not None for value in frame.column(column.field))


def _cells(column: Column, frame: Frame, index: int, context: Context) -> list[Cell]:
    field = frame.fields[index]
    values = [row[index] for row in frame.rows]
    numbers = [abs(number) for number in map(as_number, values) if number is not None]
    greatest = max(numbers, default=0.0)
    return [_cell(value, field, column, greatest, context) for value in values]


def _cell(value: Value, field: Field, column: Column, greatest: float, context: Context) -> Cell:
    number = as_number(value)
    share = max(number, 0.0) / greatest * 100 if number is not None and greatest else 0.0
    sort = as_json(value)
    return Cell(
        context.formatter.text(value, field.format),
        "" if sort is None else str(sort),
        f"{share:.1f}" if column.bar else "",
        _tone(number, column),
    )


def _tone(number: float | None, column: Column) -> str:
    if column.better == "neutral" or not number:
        return ""
    return "good" if (number > 0) == (column.better == "up") else "bad"


def _totals(columns: Sequence[Column], frame: Frame, context: Context) -> list[str]:
    if not any(column.total for column in columns):
        return []
    texts = []
    for index, column in enumerate(columns):
        if not column.total:
            texts.append(context.words["total"] if index == 0 else "")
            continue
        values = [row[index] for row in frame.rows]
        # Added up as decimals: money must come out to the cent.
        known = [Decimal(str(value)) for value in values if as_number(value) is not None]
        texts.append(context.formatter.text(sum(known, Decimal(0)), frame.fields[index].format))
    return texts
