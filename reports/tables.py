"""Tables as the templates show them: every cell written out, with what it sorts by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from configuration.yaml_file import Location
from reports.charts.mark import Speaker
from reports.context import Context
from reports.formats import Value
from reports.frames import Field, Frame, as_number
from reports.language.tables import Column, Table
from reports.sparkline import sparkline_path
from reports.table_rows import TableRows, table_rows

ROWS_IN_PAGE = 25  # the rest comes from columns: thousands of rows in HTML cost a second
ROWS_WITHOUT_SCRIPT = 60


class Cell(NamedTuple):
    """A cell of a table: `share` is the length of its bar in per cent, `href` where it leads.

    A list of numbers has a `sparkline`, an SVG path, and its first and last value as `text`.
    """

    text: str
    share: str = ""
    tone: str = ""
    href: str = ""
    sparkline: str = ""


class Header(NamedTuple):
    """The head of a column."""

    label: str
    is_number: bool
    has_bar: bool = False
    is_list: bool = False
    keep: bool = False


class Row(NamedTuple):
    """A line of a table; a pale one is not complete."""

    cells: Sequence[Cell]
    is_pale: bool = False


@dataclass(frozen=True)
class TableView:
    """A table with its heads, first rows and totals; `note` says what is not there.

    `count` is the number of all rows, `columns` what the script has to know of each beside its
    values, `faded` the places of pale rows. `links` are the addresses of a column's cells by its
    place, one for each of all rows.
    """

    headers: Sequence[Header]
    rows: Sequence[Row]
    total: Sequence[str] = ()
    note: str = ""
    count: int = 0
    columns: Sequence[Column] = ()
    faded: Sequence[int] = ()
    links: Mapping[int, Sequence[str | None]] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """What the script needs to write further rows as these are written."""
        columns = []
        for column in self.columns:
            keep = bool(column.link and column.link.keep_filters)
            shown = {
                "bar": column.bar,
                "total": column.total,
                "better": column.better,
                "keep": keep,
            }
            columns.append(
                {key: said for key, said in shown.items() if said not in (False, "neutral")}
            )
        found = {"page": ROWS_IN_PAGE, "columns": columns, "faded": list(self.faded)}
        return {key: said for key, said in found.items() if said != []}


def table_view(item: Table, location: Location, context: Context) -> tuple[TableView, Frame]:
    """The table of an item, and all the rows behind it."""
    whole = context.frames[item.dataset]
    shown = table_rows(item, context.source(item.dataset, location), whole)
    columns, frame, pale = shown.columns, shown.frame, shown.pale
    links = {
        index: hrefs
        for index, column in enumerate(columns)
        if any(hrefs := _hrefs(column, shown, context))
    }
    notes = []
    if any(pale):
        notes.append(context.words["in_progress_rows"])
    headers = [
        Header(
            described.label,
            described.is_number,
            column.bar,
            described.is_list,
            bool(column.link and column.link.keep_filters),
        )
        for described, column in zip(frame.fields, columns, strict=True)
    ]
    view = TableView(
        headers,
        [],
        _totals(columns, shown, context),
        " ".join(notes),
        len(frame.rows),
        columns,
        [index for index, is_pale in enumerate(pale) if is_pale],
        links,
    )
    first = range(min(ROWS_IN_PAGE, len(frame.rows)))
    rows = table_lines(view, frame, first, Speaker(context.formatter, context.words))
    return replace(view, rows=rows), frame


def table_lines(
    view: TableView, frame: Frame, places: Sequence[int], speaker: Speaker
) -> list[Row]:
    """The lines of a table at these places of all its rows; bars are on the scale of all of them."""
    cells = [
        _cells(column, frame, index, view.links.get(index, ()), places, speaker)
        for index, column in enumerate(view.columns)
    ]
    pale = set(view.faded)
    return [
        Row(line, is_pale=place in pale)
        for place, line in zip(places, zip(*cells, strict=True), strict=True)
    ]


def plain_table(frame: Frame, context: Context) -> TableView:
    """The last rows of a chart, for readers without a script."""
    shown = frame.rows[-ROWS_WITHOUT_SCRIPT:]
    texts = [
        frame.texts_at(index, context.formatter)[-ROWS_WITHOUT_SCRIPT:]
        for index in range(len(frame.fields))
    ]
    rows = [Row([Cell(text) for text in line]) for line in zip(*texts, strict=True)]
    note = ""
    if len(shown) < len(frame.rows):
        note = context.words["last_rows"].format(shown=len(shown), count=len(frame.rows))
    return TableView(
        [Header(field.label, field.is_number) for field in frame.fields], rows, (), note
    )


def _hrefs(column: Column, shown: TableRows, context: Context) -> list[str | None]:
    """Where the cells of a column lead to; None where there is no such page."""
    link = column.link
    if link is None:
        return []
    if link.key is None:
        return [context.href(link, None)] * len(shown.frame.rows)
    return [context.href(link, key) for key in shown.keys[link.key]]


def _cells(
    column: Column,
    frame: Frame,
    index: int,
    links: Sequence[str | None],
    places: Sequence[int],
    speaker: Speaker,
) -> list[Cell]:
    """The cells of a column at these places."""
    described = frame.fields[index]
    greatest = 0.0
    if column.bar:
        numbers = (as_number(row[index]) for row in frame.rows)
        greatest = max((abs(number) for number in numbers if number is not None), default=0.0)
    return [
        _cell(
            frame.rows[place][index],
            described,
            column,
            greatest,
            speaker,
            links[place] if links else None,
        )
        for place in places
    ]


def _cell(
    value: Value,
    described: Field,
    column: Column,
    greatest: float,
    speaker: Speaker,
    href: str | None,
) -> Cell:
    if isinstance(value, list):
        return _line(value, described, speaker)
    number = as_number(value)
    share = max(number, 0.0) / greatest * 100 if number is not None and greatest else 0.0
    return Cell(
        speaker.formatter.text(value, described.format),
        f"{share:.1f}" if column.bar else "",
        _tone(number, column),
        href or "",
    )


def _line(values: list[Value], described: Field, speaker: Speaker) -> Cell:
    """A sparkline, with its ends in words for those who cannot see it."""
    path = sparkline_path([as_number(value) for value in values])
    known = [value for value in values if value is not None]
    if not path:
        return Cell(speaker.formatter.text(None, described.format))
    first, last = (
        speaker.formatter.text(value, described.format) for value in (known[0], known[-1])
    )
    return Cell(speaker.words["from_to"].format(first=first, last=last), sparkline=path)


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
