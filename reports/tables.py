"""Tables as the templates show them: every cell written out, with what it sorts by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from decimal import Decimal

from configuration.yaml_file import Location
from reports.context import Context
from reports.formats import Value
from reports.frames import Field, Frame, as_json, as_number
from reports.language.tables import Column, Table
from reports.table_rows import TableRows, table_rows

ROWS_IN_PAGE = 100
ROWS_WITHOUT_SCRIPT = 60


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `share` is the length of its bar in per cent, `sort` what it sorts by."""

    text: str
    sort: str = ""
    share: str = ""
    tone: str = ""
    href: str = ""


@dataclass(frozen=True)
class Header:
    """The head of a column."""

    label: str
    is_number: bool
    has_bar: bool = False
    keep: bool = False


@dataclass(frozen=True)
class Row:
    """A line of a table; a pale one is not complete."""

    cells: Sequence[Cell]
    is_pale: bool = False


@dataclass(frozen=True)
class TableView:
    """A table with its heads, rows and totals; `note` says what is not there.

    `links` are the addresses behind all rows of a column, by its place; empty where there is none.
    """

    headers: Sequence[Header]
    rows: Sequence[Row]
    total: Sequence[str] = ()
    note: str = ""
    links: Mapping[int, Sequence[str]] = dataclass_field(default_factory=dict)


def table_view(item: Table, location: Location, context: Context) -> tuple[TableView, Frame]:
    """The table of an item, and all the rows behind it."""
    whole = context.frames[item.dataset]
    shown = table_rows(item, context.source(item.dataset, location), whole)
    columns, frame, pale = shown.columns, shown.frame, shown.pale
    links = [_hrefs(column, shown, context) for column in columns]
    cells = [
        _cells(column, frame, index, links[index], context) for index, column in enumerate(columns)
    ]
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
        Header(
            field.label,
            field.is_number,
            column.bar,
            bool(column.link and column.link.keep_filters),
        )
        for field, column in zip(frame.fields, columns, strict=True)
    ]
    total = _totals(columns, shown, context)
    found = {index: hrefs for index, hrefs in enumerate(links) if any(hrefs)}
    return TableView(headers, rows, total, " ".join(notes), found), frame


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


def _hrefs(column: Column, shown: TableRows, context: Context) -> Sequence[str]:
    """Where the cells of a column lead to; empty where there is no such page."""
    link = column.link
    if link is None:
        return [""] * len(shown.frame.rows)
    if link.key is None:
        return [context.href(link, None)] * len(shown.frame.rows)
    return [context.href(link, key) for key in shown.keys[link.key]]


def _cells(
    column: Column, frame: Frame, index: int, hrefs: Sequence[str], context: Context
) -> list[Cell]:
    field = frame.fields[index]
    values = [row[index] for row in frame.rows]
    numbers = [abs(number) for number in map(as_number, values) if number is not None]
    greatest = max(numbers, default=0.0)
    return [
        replace(_cell(value, field, column, greatest, context), href=href)
        for value, href in zip(values, hrefs, strict=True)
    ]


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


def _totals(columns: Sequence[Column], shown: TableRows, context: Context) -> list[str]:
    frame = shown.frame
    if not any(column.total for column in columns):
        return []
    texts = []
    for index, column in enumerate(columns):
        if not column.total:
            texts.append(context.words["total"] if index == 0 else "")
            continue
        if index in shown.totals:
            texts.append(context.formatter.text(shown.totals[index], frame.fields[index].format))
            continue
        values = [row[index] for row in frame.rows]
        # Added up as decimals: money must come out to the cent.
        known = [Decimal(str(value)) for value in values if as_number(value) is not None]
        texts.append(context.formatter.text(sum(known, Decimal(0)), frame.fields[index].format))
    return texts
