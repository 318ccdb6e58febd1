"""The first format of report files, accepted as it stands and turned into a page of today's language.

    title, description, data_source, update_frequency
    metrics: [{name, query, format}]                     # one figure each: the query's only row
    charts:  [{name, type, query, params: {x, y, title}}]

and an app file, `reports/app.yml`, that lists such files:

    reports: [{name, template, data_source}]

A report is checked against its own models first, so that errors name the author's keys; the page that is
made of it keeps the position of every part in the author's file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from configuration.yaml_file import Block, position_of, validate_yaml
from reports.formats import FormatName
from reports.language.datasets import BY_QUERY

ONE_VALUE = "any_value(columns(*))"  # of a dataset with one column, whatever its name
FirstFormat = Literal["currency", "number", "integer", "percent", "percentage", "date", "text"]
_FORMATS: dict[str, FormatName] = {
    "currency": "currency2",
    "number": "num0",
    "integer": "int",
    "percent": "rate1",
    "percentage": "rate1",
    "date": "date",
    "text": "text",
}
_MARKS = {"line": "line", "bar": "bar", "area": "area", "heatmap": "heatmap", "column": "bar"}


class FirstMetric(Block):
    """A figure: the one value of its query."""

    name: str
    query: str
    format: FirstFormat | FormatName = "number"


class FirstParams(Block):
    """What a chart draws."""

    x: str
    y: str | list[str]
    title: str = ""
    value: str | None = Field(None, description="Of a heat map: the column that colours the cells.")


class FirstChart(Block):
    """A chart over the rows of its query."""

    name: str
    type: Literal["line", "bar", "area", "heatmap", "column", "table"]
    query: str
    params: FirstParams


class FirstReport(Block):
    """A report in the first format."""

    title: str
    description: str = ""
    data_source: str = ""
    update_frequency: str = ""
    metrics: list[FirstMetric] = Field([])
    charts: list[FirstChart] = Field([])


class FirstApp(Block):
    """The app file: which reports there are. Other keys of it do not concern the pages."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    reports: list[FirstListed] = Field(min_length=1)


class FirstListed(Block):
    """A report of the app: its file, beside the app file or in `pages/`."""

    name: str
    template: str
    data_source: str = ""


FirstApp.model_rebuild()


def is_first_format(document: CommentedMap) -> bool:
    """Whether a file was written in the first format: its metrics or charts are lists."""
    if "sections" in document:
        return False
    return "charts" in document or isinstance(document.get("metrics"), list)


def normalised(document: CommentedMap, file: str, data_source: str = "") -> CommentedMap:
    """The page that a report in the first format means; raises ConfigurationError with its problems.

    `data_source` is what the app file says, for a report that names none itself.
    """
    report = validate_yaml(document, FirstReport, file)
    built = _Builder(document)
    page = built.map((), title=report.title, description=report.description or report.title)
    told = " · ".join(
        part for part in (report.data_source or data_source, report.update_frequency) if part
    )
    if told:
        page["period"] = told
    figures: list[CommentedMap] = []
    items: list[CommentedMap] = []
    taken: set[str] = set()
    datasets, metrics = built.map(()), built.map(())
    for index, metric in enumerate(report.metrics):
        here = ("metrics", index)
        name = f"figure_{_name(metric.name, taken)}"
        built.put(datasets, name, (*here, "query"), _dataset(built, here, metric.query))
        shown = _FORMATS.get(metric.format, metric.format)
        figure = built.map(here, label=metric.name, sql=ONE_VALUE, format=shown, better="neutral")
        built.put(metrics, name, here, figure)
        names = CommentedSeq([name])
        figures.append(built.map(here, type="kpis", width=3, dataset=name, metrics=names))
    for index, chart in enumerate(report.charts):
        name = _name(chart.name, taken)
        here = ("charts", index)
        built.put(datasets, name, (*here, "query"), _dataset(built, here, chart.query))
        items.append(_chart(built, here, chart, name))
    place = ("charts",) if report.charts else ("metrics",)
    built.put(page, "datasets", place, datasets)
    built.put(page, "metrics", place, metrics)
    sections = []
    for part in (figures, items):  # a row of figures stands above the charts, not beside them
        if part:
            sections.append(built.map(place))
            built.put(sections[-1], "items", place, built.list(part))
    built.put(page, "sections", place, built.list(sections))
    return page


def _dataset(built: _Builder, here: tuple[str | int, ...], query: str) -> CommentedMap:
    """The query as it stands, in the order that it asks for."""
    sql = query.strip().rstrip(";").rstrip()
    order = CommentedSeq([BY_QUERY])
    return built.map((*here, "query"), sql=sql, order=order)


def _chart(
    built: _Builder, here: tuple[str | int, ...], chart: FirstChart, dataset: str
) -> CommentedMap:
    params, place = chart.params, (*here, "params")
    ys = [params.y] if isinstance(params.y, str) else params.y
    title = params.title or chart.name
    if chart.type == "table":
        columns = built.list([built.map(place, field=name) for name in [params.x, *ys]])
        return built.map(here, type="table", title=title, dataset=dataset, columns=columns)
    item = built.map(
        here, type="chart", mark=_MARKS[chart.type], title=title, width=6, dataset=dataset
    )
    item["x"] = built.map((*place, "x"), field=params.x)
    if chart.type == "heatmap":
        item["y"] = built.map((*place, "y"), field=ys[0])
        item["value"] = built.map((*place, "value"), field=params.value or ys[-1])
    else:
        item["y"] = built.list([built.map((*place, "y"), field=name) for name in ys])
    return item


def _name(text: str, taken: set[str]) -> str:
    """A dataset's name made of what the author called the figure or chart."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "rows"
    name = name if name[0].isalpha() else f"rows_{name}"
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate


class _Builder:
    """Makes YAML nodes that say of themselves where in the author's file they come from."""

    def __init__(self, document: CommentedMap) -> None:
        self._document = document

    def map(self, place: Sequence[str | int], **values: Any) -> CommentedMap:
        """A mapping whose keys all stand at `place`."""
        found = CommentedMap(values)
        for key in values:
            self.keep(found, key, place)
        return found

    def put(
        self,
        node: CommentedMap,
        key: str,
        place: Sequence[str | int],
        value: CommentedMap | CommentedSeq,
    ) -> None:
        """Add a node whose key stands at `place`."""
        node[key] = value
        self.keep(node, key, place)

    def keep(self, node: CommentedMap, key: str, place: Sequence[str | int]) -> None:
        """Say that a key stands at `place`."""
        line, column = position_of(self._document, tuple(place))
        node.lc.add_kv_line_col(key, [line - 1, column - 1, line - 1, column - 1])

    def list(self, values: Sequence[CommentedMap]) -> CommentedSeq:
        """A list of such mappings, each at the place of its first key."""
        found = CommentedSeq(values)
        for index, value in enumerate(values):
            mark = next(iter((value.lc.data or {}).values()), [0, 0])
            found.lc.add_idx_line_col(index, [mark[0], mark[1]])
        return found
