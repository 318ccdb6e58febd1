"""The rows of a chart: from a dataset's table to one row per x and one column per measure or series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from configuration.errors import PlainError
from reports.formats import FormatName, Formatter, Value
from reports.frames import Field, Frame, describe, sort_key
from reports.page_file import HeatmapChart, Measure, Series, XyChart
from reports.pages import Location, Page
from reports.sql import quoted


@dataclass(frozen=True)
class Source:
    """Where an item's rows come from: the dataset's table, already sorted, and its fields."""

    connection: duckdb.DuckDBPyConnection
    page: Page
    location: Location
    table: str
    fields: tuple[Field, ...]


def xy_rows(item: XyChart, source: Source, formatter: Formatter) -> tuple[Frame, list[bool]]:
    """The frame of a line, area or bar chart, and which of its rows are drawn pale."""
    if item.series:
        return _series_rows(item, item.series, source, formatter), []
    measures = [(measure, _measure_sql(measure, source)) for measure in item.y]
    grouped = any(measure.metric for measure in item.y)
    pale = f"bool_or({quoted(item.faded)})" if item.faded and grouped else quoted(item.faded or "")
    selected = [
        quoted(item.x.field),
        *[sql for _, sql in measures],
        *([pale] if item.faded else []),
    ]
    sql = f"select {', '.join(selected)} from {quoted(source.table)}"
    if grouped:
        _refuse_adding_up(source, item.y, [item.x.field])
        sql += f" group by {quoted(item.x.field)} order by min(rowid)"
    rows = source.connection.execute(sql).fetchall()
    x = _field(source, item.x.field, item.x.label, item.x.format)
    fields = (x, *[_measure_field(measure, source) for measure in item.y])
    width = len(fields)
    faded = [bool(row[width]) for row in rows] if item.faded else []
    return Frame(fields, tuple(tuple(row[:width]) for row in rows)), faded


def heatmap_rows(item: HeatmapChart, source: Source, formatter: Formatter) -> Frame:
    """One row per x, one column per y, in the order in which the dataset has them."""
    grouped = _grouped(source, item.x.field, item.y.field, item.value)
    # Rows of y stand in their own order (Monday first), not in that of their first appearance.
    names: list[Value] = list({row[1] for row in grouped if row[1] is not None})
    names.sort(key=sort_key)
    return _pivot(
        grouped,
        names,
        _field(source, item.x.field, item.x.label, item.x.format),
        _field(source, item.y.field, item.y.label, item.y.format),
        _measure_field(item.value, source),
        formatter,
    )


def _series_rows(item: XyChart, series: Series, source: Source, formatter: Formatter) -> Frame:
    measure = _measure_sql(item.y[0], source)
    name = quoted(series.field)
    ranked = source.connection.execute(
        f"select {name} from {quoted(source.table)} where {name} is not null "
        f"group by 1 order by {measure if item.y[0].metric else f'sum({measure})'} desc nulls last, 1"
    ).fetchall()
    kept = [row[0] for row in ranked[: series.max]]
    rest = len(ranked) > len(kept) or _has_missing(source, name)
    grouped = _grouped(source, item.x.field, series.field, item.y[0], kept)
    return _pivot(
        grouped,
        [*kept, *([None] if rest else [])],
        _field(source, item.x.field, item.x.label, item.x.format),
        _field(source, series.field, None, series.format),
        _measure_field(item.y[0], source),
        formatter,
        other=series.other,
    )


def _has_missing(source: Source, name: str) -> bool:
    found = source.connection.execute(
        f"select 1 from {quoted(source.table)} where {name} is null limit 1"
    ).fetchone()
    return found is not None


def _grouped(
    source: Source, x: str, y: str, measure: Measure, kept: list[Value] | None = None
) -> list[tuple[Value, ...]]:
    """Rows of x, y and value; a y that is not kept becomes null, and is computed as one."""
    _refuse_adding_up(source, [measure], [x, y])
    sql = _measure_sql(measure, source)
    value = sql if measure.metric else f"sum({sql})"
    name = (
        quoted(y)
        if kept is None
        else f"case when list_contains($kept, {quoted(y)}) then {quoted(y)} end"
    )
    query = (
        f"select {quoted(x)}, {name} as y, {value} from {quoted(source.table)} "
        "group by 1, 2 order by min(rowid)"
    )
    return source.connection.execute(query, {"kept": kept} if kept is not None else None).fetchall()


def _pivot(
    rows: list[tuple[Value, ...]],
    names: Sequence[Value],
    x: Field,
    y: Field,
    value: Field,
    formatter: Formatter,
    *,
    other: str = "",
) -> Frame:
    found = {(row[0], row[1]): row[2] for row in rows}
    order = list(dict.fromkeys(row[0] for row in rows))
    fields = tuple(
        replace(value, name=other or "other", label=other)
        if name is None
        else replace(value, name=str(name), label=formatter.text(name, y.format))
        for name in names
    )
    return Frame(
        (x, *fields),
        tuple((place, *[found.get((place, name)) for name in names]) for place in order),
    )


def _refuse_adding_up(source: Source, measures: list[Measure], keys: list[str]) -> None:
    """Distinct customers of two days are not the sum of both: such a figure takes one row per point."""
    exact = [m.metric for m in measures if m.metric and not source.page.metrics[m.metric].additive]
    if not exact:
        return
    names = ", ".join(quoted(key) for key in keys)
    twice = source.connection.execute(
        f"select 1 from {quoted(source.table)} group by {names} having count(*) > 1 limit 1"
    ).fetchone()
    if twice:
        raise PlainError(
            f"'{exact[0]}' cannot be added up, but the dataset has several rows for one "
            f"{' and '.join(keys)}",
            where=source.page.problem(source.location, "").where,
            remedy="Compute it in the dataset's SQL, at the grain of the chart.",
        )


def _measure_sql(measure: Measure, source: Source) -> str:
    return source.page.metric_sql(measure.metric) if measure.metric else quoted(measure.field or "")


def _measure_field(measure: Measure, source: Source) -> Field:
    if measure.field:
        return _field(source, measure.field, measure.label, measure.format)
    name = measure.metric or ""
    metric = source.page.metrics[name]
    sql = f"select {source.page.metric_sql(name)} as {quoted(name)} from {quoted(source.table)}"
    field = describe(source.connection, sql)[0]
    return replace(
        field, label=measure.label or metric.label, format=measure.format or metric.format
    )


def _field(source: Source, name: str, label: str | None, chosen: FormatName | None) -> Field:
    field = next(field for field in source.fields if field.name == name)
    return replace(field, label=label or field.label, format=chosen or field.format)
