"""What the templates show: one view per item, with every value already written out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import duckdb
from markupsafe import Markup

from configuration.yaml_file import Location
from reports.charts.figure import Figure
from reports.charts.mark import Rows, Speaker
from reports.charts.registry import mark_of
from reports.charts.rows import Source
from reports.context import Context
from reports.emptiness import why_empty
from reports.frames import Frame, frame_as_json
from reports.kpis import Card, kpi_row
from reports.language.items import ChartItem
from reports.language.kpis import Kpis
from reports.language.page import AnyItem, Details, dataset_of, metrics_of
from reports.language.tables import Table
from reports.language.texts import Text
from reports.sql import first_line, quoted
from reports.tables import TableView, plain_table, table_view

HALF = 6  # of the page's twelve columns


@dataclass(frozen=True)
class Definition:
    """A figure and what it means."""

    label: str
    description: str


@dataclass(frozen=True)
class PlaceLink:
    """Where a point of a chart leads to."""

    text: str
    href: str


@dataclass(frozen=True)
class ItemView:
    """One item as the template shows it; `data` is shipped to the page's script.

    `name` is its title without a finding, `models` are the marts that its query reads, `frame` the
    rows that can be downloaded, `yaml` is what stands beside it where the page shows that.
    """

    kind: str
    id: str
    title: str = ""
    name: str = ""
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
    break_before: bool = False
    notes: Sequence[str] = ()
    links: Sequence[PlaceLink] = ()
    keep_filters: bool = False
    items: Sequence[ItemView] = ()
    location: Location = ()
    is_open: bool = False
    yaml: str = ""

    def but(self, **changes: Any) -> ItemView:
        """The item with other values; many times faster than `replace`, and each page has dozens."""
        changed = copy(self)
        changed.__dict__.update(changes)
        return changed

    def with_inner(self) -> Iterator[ItemView]:
        """The item, and those in its fold."""
        yield self
        for item in self.items:
            yield from item.with_inner()


class Ids:
    """The addresses in a page that are taken."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, text: str) -> str:
        """An address made of `text` that no other part of the page has."""
        name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "item"
        number, candidate = 2, name
        while candidate in self._taken:
            candidate, number = f"{name}_{number}", number + 1
        self._taken.add(candidate)
        return candidate


def item_view(
    item: AnyItem, location: Location, number: int, ids: Ids, context: Context
) -> ItemView:
    """The view of one item; `number` is that of its section, for the address of one without a title."""
    dataset = dataset_of(item)
    view = ItemView(
        kind=item.type,
        location=location,
        sql=context.page.spec.datasets[dataset].query.strip() if dataset else "",
        models=context.page.reads[dataset].tables if dataset else (),
        id=ids.of(item.id or item.title or f"{item.type} {number}"),
        title=context.text(item.headline) or context.title(item.title),
        name=context.title(item.title),
        subtitle=context.text(item.subtitle),
        width=item.width,
        when_empty=item.when_empty or context.words["empty_item"],
        break_before=bool(item.print and item.print.break_before),
    )
    try:
        if isinstance(item, Text):
            return _text(view, item, context)
        if isinstance(item, Details):
            return _details(view, item, location, number, ids, context)
        if isinstance(item, Kpis):
            view = _kpis(view, item, location, context)
        elif isinstance(item, Table):
            view = _table(view, item, location, context)
        else:
            view = _chart(view, item, location, context)
    except duckdb.Error as error:
        raise context.page.problem(
            location, f"page '{context.page.id}', item '{view.id}': {first_line(error)}"
        ) from error
    if view.is_empty and not item.when_empty:
        return view.but(when_empty=why_empty(item.dataset, context))
    return view


def paired_on_paper(views: Sequence[ItemView]) -> list[ItemView]:
    """The items of a section; two narrow charts that follow each other share a line of paper."""
    found = list(views)
    index = 0
    while index + 1 < len(found):
        if all(one.kind == "chart" and one.width <= HALF for one in found[index : index + 2]):
            found[index : index + 2] = [
                one.but(is_half_on_paper=True) for one in found[index : index + 2]
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
    return view.but(html=html, is_empty=not html)


def _details(
    view: ItemView, item: Details, location: Location, number: int, ids: Ids, context: Context
) -> ItemView:
    inner = [
        item_view(one, (*location, "items", index), number, ids, context)
        for index, one in enumerate(item.items)
    ]
    html = context.markdown(item.text) if item.text else Markup()
    is_empty = not html and all(one.is_empty for one in inner)
    return view.but(html=html, items=paired_on_paper(inner), is_open=item.open, is_empty=is_empty)


def _kpis(view: ItemView, item: Kpis, location: Location, context: Context) -> ItemView:
    item = item.model_copy(update={"compare": context.compared(item.compare)})
    row = kpi_row(item, context.source(item.dataset, location), context.formatter, context.words)
    return view.but(
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
    source = context.source(item.dataset, location)
    rows = mark.rows(item, source, formatter)
    frame = rows.frame
    if not any(value is not None for row in frame.rows for value in row[1:]):
        return view.but(is_empty=True)
    figure = mark.figure(item, rows, formatter)
    hrefs = _places(item, frame, source, context)
    shipped = frame_as_json(frame)
    if any(hrefs):
        shipped["columns"][0]["href"] = hrefs
    texts = frame.texts(frame.fields[0].name, formatter)
    return view.but(
        figure=figure,
        height=item.height,
        alt=_alt(item, rows, context),
        table=plain_table(frame, context),
        has_faded=any(rows.faded),
        definitions=_definitions([used.metric for used in metrics_of(item)], context),
        notes=[f"{formatter.text(note.date, 'date')}: {note.text}" for note in rows.notes],
        links=[PlaceLink(text, href) for text, href in zip(texts, hrefs, strict=False) if href],
        keep_filters=bool(item.link and item.link.keep_filters),
        frame=frame,
        data={"frame": shipped} if figure.html else {"frame": shipped, "figure": figure.as_json()},
    )


def _places(item: ChartItem, frame: Frame, source: Source, context: Context) -> list[str | None]:
    """Where the points of a chart lead to, by row; None where there is no such page."""
    if item.link is None:
        return []
    if item.link.key is None:
        return [context.href(item.link, None)] * len(frame.rows)
    x = mark_of(item).place(item, source)
    rows = source.select([x, f"min({quoted(item.link.key)})"], group=[x])
    keys = {row[0]: row[1] for row in rows}
    return [context.href(item.link, keys.get(row[0])) for row in frame.rows]


def _table(view: ItemView, item: Table, location: Location, context: Context) -> ItemView:
    table, frame = table_view(item, location, context)
    if not frame.rows:
        return view.but(is_empty=True)
    data = {"frame": _with_links(frame_as_json(frame), table), "table": table.as_json()}
    return view.but(table=table, note=table.note, frame=frame, data=data)


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
