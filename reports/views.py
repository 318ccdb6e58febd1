"""What the templates show: one view per item, with every value already written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

from configuration.yaml_file import Location
from reports.charts.figure import Figure
from reports.charts.mark import Rows, Speaker
from reports.charts.registry import mark_of
from reports.context import Context
from reports.frames import Frame, frame_as_json
from reports.kpis import Card, kpi_row
from reports.language.items import ChartItem
from reports.language.kpis import Kpis
from reports.language.page import AnyItem, metrics_of
from reports.language.tables import Table
from reports.language.texts import Text
from reports.tables import TableView, plain_table, table_view

HALF = 6  # of the page's twelve columns


@dataclass(frozen=True)
class Definition:
    """A figure and what it means."""

    label: str
    description: str


@dataclass(frozen=True)
class ItemView:
    """One item as the template shows it; `data` is shipped to the page's script.

    `models` are the marts that its query reads, `frame` the rows that can be downloaded.
    """

    kind: str
    id: str
    title: str = ""
    subtitle: str = ""
    width: int = 12
    is_empty: bool = False
    when_empty: str = ""
    sql: str = ""
    figure: Figure | None = None
    alt: str = ""
    height: int = 0
    has_faded: bool = False
    is_half_on_paper: bool = False
    note: str = ""
    cards: Sequence[Card] = ()
    period: str = ""
    table: TableView | None = None
    html: Markup = field(default_factory=Markup)
    definitions: Sequence[Definition] = ()
    models: Sequence[str] = ()
    frame: Frame | None = None
    data: Mapping[str, object] = field(default_factory=dict)


def item_view(item: AnyItem, location: Location, item_id: str, context: Context) -> ItemView:
    """The view of one item."""
    view = ItemView(
        kind=item.type,
        id=item_id,
        title=context.text(item.headline) or item.title,
        subtitle=context.text(item.subtitle),
        width=item.width,
        when_empty=item.when_empty or context.words["empty_item"],
    )
    if isinstance(item, Text):
        return _text(view, item, context)
    view = replace(
        view,
        sql=context.page.spec.datasets[item.dataset].sql.strip(),
        models=context.page.reads[item.dataset].tables,
    )
    if isinstance(item, Kpis):
        return _kpis(view, item, location, context)
    if isinstance(item, Table):
        return _table(view, item, context)
    return _chart(view, item, location, context)


def paired_on_paper(views: Sequence[ItemView]) -> list[ItemView]:
    """The items of a section; two narrow charts that follow each other share a line of paper."""
    found = list(views)
    index = 0
    while index + 1 < len(found):
        if all(one.kind == "chart" and one.width <= HALF for one in found[index : index + 2]):
            found[index : index + 2] = [
                replace(one, is_half_on_paper=True) for one in found[index : index + 2]
            ]
            index += 1
        index += 1
    return found


def _text(view: ItemView, item: Text, context: Context) -> ItemView:
    if item.text:
        html = context.markdown(item.text)
    else:
        said = [html for html in map(context.markdown, item.sentences) if html]
        # Each sentence comes as a paragraph of its own; a list of findings reads better.
        parts = [str(html).strip().removeprefix("<p>").removesuffix("</p>") for html in said]
        listed = "".join(f"<li>{part}</li>" for part in parts)
        html = Markup(f"<ul class='findings'>{listed}</ul>" if said else "")  # noqa: S704
    return replace(view, html=html, is_empty=not html)


def _kpis(view: ItemView, item: Kpis, location: Location, context: Context) -> ItemView:
    row = kpi_row(item, context.source(item.dataset, location), context.formatter, context.words)
    return replace(
        view,
        cards=row.cards,
        period=row.period,
        note=row.note,
        is_empty=not row.cards,
        definitions=_definitions(item.metrics, context),
        frame=row.frame,
        data={"frame": frame_as_json(row.frame)},
    )


def _chart(view: ItemView, item: ChartItem, location: Location, context: Context) -> ItemView:
    mark, formatter = mark_of(item), context.formatter
    rows = mark.rows(item, context.source(item.dataset, location), formatter)
    frame = rows.frame
    view = replace(view, height=item.height)
    if not any(value is not None for row in frame.rows for value in row[1:]):
        return replace(view, is_empty=True)
    figure = mark.figure(item, rows, formatter)
    return replace(
        view,
        figure=figure,
        alt=_alt(item, rows, context),
        table=plain_table(frame, context),
        has_faded=any(rows.faded),
        definitions=_definitions([used.metric for used in metrics_of(item)], context),
        frame=frame,
        data={"frame": frame_as_json(frame), "figure": figure.as_json()},
    )


def _table(view: ItemView, item: Table, context: Context) -> ItemView:
    table, frame = table_view(item, context)
    if not frame.rows:
        return replace(view, is_empty=True)
    data = {"frame": _with_links(frame_as_json(frame), table), "table": table.as_json()}
    return replace(view, table=table, note=table.note, frame=frame, data=data)


def _with_links(shipped: dict[str, Any], table: TableView) -> dict[str, Any]:
    """The columns with the addresses that their cells lead to."""
    for index, addresses in table.links.items():
        shipped["columns"][index]["href"] = list(addresses)
    return shipped


def _definitions(names: Sequence[str], context: Context) -> list[Definition]:
    metrics = [context.page.metrics[name] for name in dict.fromkeys(names)]
    return [
        Definition(metric.label, metric.description) for metric in metrics if metric.description
    ]


def _alt(item: ChartItem, rows: Rows, context: Context) -> str:
    """A sentence that says what the chart shows, for those who cannot see it."""
    speaker = Speaker(context.formatter, context.words)
    parts = [context.words[f"chart_{item.mark}"], item.alt or item.title]
    parts += mark_of(item).sentence(item, rows, speaker)
    return ". ".join(part.rstrip(".") for part in parts) + "."
