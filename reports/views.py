"""What the templates show: one view per item, with every value already written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from reports.chart_rows import heatmap_rows, xy_rows
from reports.context import Context
from reports.figures import Figure, frame_as_json, heatmap_figure, xy_figure
from reports.formats import Value
from reports.frames import Frame, as_json
from reports.kpis import Card, kpi_row
from reports.page_file import AnyItem, Column, HeatmapChart, Kpis, Table, Text, XyChart
from reports.pages import Location, measures_of

ROWS_IN_PAGE = 100


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
    has_bar: bool


@dataclass(frozen=True)
class Definition:
    """A figure and what it means."""

    label: str
    description: str


@dataclass(frozen=True)
class ItemView:
    """One item as the template shows it; `data` is shipped to the page's script."""

    kind: str
    id: str
    title: str = ""
    subtitle: str = ""
    width: int = 12
    is_empty: bool = False
    sql: str = ""
    figure: Figure | None = None
    alt: str = ""
    height: int = 0
    note: str = ""
    cards: Sequence[Card] = ()
    period: str = ""
    headers: Sequence[Header] = ()
    rows: Sequence[Sequence[Cell]] = ()
    total: Sequence[str] = ()
    html: Markup = Markup("")
    definitions: Sequence[Definition] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def item_view(item: AnyItem, location: Location, item_id: str, context: Context) -> ItemView:
    """The view of one item."""
    view = ItemView(
        kind=item.type,
        id=item_id,
        title=context.text(item.headline) or item.title,
        subtitle=context.text(item.subtitle),
        width=item.width,
    )
    if isinstance(item, Text):
        return _text(view, item, context)
    view = _with(view, sql=context.page.spec.datasets[item.dataset].sql.strip())
    if isinstance(item, Kpis):
        return _kpis(view, item, location, context)
    if isinstance(item, Table):
        return _table(view, item, context)
    return _chart(view, item, location, context)


def _text(view: ItemView, item: Text, context: Context) -> ItemView:
    if item.text:
        html = context.markdown(item.text)
    else:
        said = [html for html in map(context.markdown, item.sentences) if html]
        # Each sentence comes as a paragraph of its own; a list of findings reads better.
        parts = [str(html).strip().removeprefix("<p>").removesuffix("</p>") for html in said]
        listed = "".join(f"<li>{part}</li>" for part in parts)
        html = Markup(f"<ul class='findings'>{listed}</ul>" if said else "")  # noqa: S704
    return _with(view, html=html, is_empty=not html)


def _kpis(view: ItemView, item: Kpis, location: Location, context: Context) -> ItemView:
    row = kpi_row(item, context.source(item.dataset, location), context.formatter, context.words)
    return _with(
        view,
        cards=row.cards,
        period=row.period,
        is_empty=not row.cards,
        definitions=_definitions(item.metrics, context),
        data={"frame": frame_as_json(row.frame, context.formatter)},
    )


def _chart(
    view: ItemView, item: XyChart | HeatmapChart, location: Location, context: Context
) -> ItemView:
    source, formatter = context.source(item.dataset, location), context.formatter
    faded: list[bool] = []
    if isinstance(item, HeatmapChart):
        frame = heatmap_rows(item, source, formatter)
    else:
        frame, faded = xy_rows(item, source, formatter)
    view = _with(view, height=item.height)
    if not any(value is not None for row in frame.rows for value in row[1:]):
        return _with(view, is_empty=True)
    figure = (
        heatmap_figure(item, frame, formatter)
        if isinstance(item, HeatmapChart)
        else xy_figure(item, frame, faded, formatter)
    )
    used = [measure.metric for _, measure in measures_of(item) if measure.metric]
    return _with(
        view,
        figure=figure,
        alt=_alt(item, frame, context),
        note=context.words["in_progress"] if any(faded) else "",
        definitions=_definitions(used, context),
        data={"frame": frame_as_json(frame, formatter), "figure": figure.as_json()},
    )


def _table(view: ItemView, item: Table, context: Context) -> ItemView:
    wanted = [(column.field, column.label, column.format) for column in item.columns]
    frame = context.frames[item.dataset].select(wanted)
    if not frame.rows:
        return _with(view, is_empty=True)
    columns = [_cells(column, frame, index, context) for index, column in enumerate(item.columns)]
    shown = list(zip(*columns, strict=True))[:ROWS_IN_PAGE]
    note = ""
    if len(frame.rows) > len(shown):
        note = context.words["rows_shown"].format(shown=len(shown), count=len(frame.rows))
    headers = [
        Header(described.label, described.is_number, column.bar)
        for described, column in zip(frame.fields, item.columns, strict=True)
    ]
    return _with(
        view,
        headers=headers,
        rows=shown,
        total=_totals(item, frame, context),
        note=note,
        data={"frame": frame_as_json(frame, context.formatter)},
    )


def _cells(column: Column, frame: Frame, index: int, context: Context) -> list[Cell]:
    field_ = frame.fields[index]
    values = [row[index] for row in frame.rows]
    greatest = max(
        (abs(float(v)) for v in values if isinstance(v, (int, float, Decimal))), default=0
    )
    cells = []
    for value in values:
        is_number = isinstance(value, (int, float, Decimal))
        share = f"{max(float(value), 0) / greatest * 100:.1f}" if is_number and greatest else "0"
        sort = as_json(value)
        cells.append(
            Cell(
                context.formatter.text(value, field_.format),
                "" if sort is None else str(sort),
                share if column.bar else "",
                _tone(value, column),
            )
        )
    return cells


def _tone(value: Value, column: Column) -> str:
    if column.better == "neutral" or not isinstance(value, (int, float, Decimal)) or value == 0:
        return ""
    return "good" if (value > 0) == (column.better == "up") else "bad"


def _totals(item: Table, frame: Frame, context: Context) -> list[str]:
    if not any(column.total for column in item.columns):
        return []
    texts = []
    for index, column in enumerate(item.columns):
        values = [row[index] for row in frame.rows]
        numbers = [Decimal(str(v)) for v in values if isinstance(v, (int, float, Decimal))]
        total = context.formatter.text(sum(numbers, Decimal(0)), frame.fields[index].format)
        texts.append(total if column.total else context.words["total"] if index == 0 else "")
    return texts


def _definitions(names: Sequence[str], context: Context) -> list[Definition]:
    metrics = [context.page.metrics[name] for name in dict.fromkeys(names)]
    return [
        Definition(metric.label, metric.description) for metric in metrics if metric.description
    ]


def _alt(item: XyChart | HeatmapChart, frame: Frame, context: Context) -> str:
    """A sentence that says what the chart shows, for those who cannot see it."""
    words, formatter = context.words, context.formatter
    x = frame.texts(frame.fields[0].name, formatter)
    parts = [words[f"chart_{item.mark}"], item.alt or item.title]
    parts.append(words["from_to"].format(first=x[0], last=x[-1]))
    parts.append(words["points"].format(count=len(x)))
    if isinstance(item, XyChart):
        main = next((i for i, m in enumerate(item.y, start=1) if m.emphasis == "main"), 1)
        known = [
            (row[main], place, formatter.text(row[main], frame.fields[main].format))
            for row, place in zip(frame.rows, x, strict=True)
            if isinstance(row[main], (int, float, Decimal))
        ]
        if known:
            ends = [("highest", max(known, key=_by_value)), ("lowest", min(known, key=_by_value))]
            ends += [("last", known[-1])] if isinstance(frame.rows[0][0], date) else []
            label = f"{frame.fields[main].label}: " if len(frame.fields) > 2 else ""  # noqa: PLR2004
            told = [words[end].format(value=text, where=place) for end, (_, place, text) in ends]
            parts.append(label + ", ".join(told))
    return ". ".join(part.rstrip(".") for part in parts) + "."


def _by_value(entry: tuple[Value, str, str]) -> float:
    value = entry[0]
    return float(value) if isinstance(value, (int, float, Decimal)) else 0.0


def _with(view: ItemView, **changes: Any) -> ItemView:
    return ItemView(**{**vars(view), **changes})
