"""Lines, areas and bars: measures over an axis of dates, numbers or names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from reports.charts.axes import Axis as FigureAxis
from reports.charts.axes import date_axis, place_axis
from reports.charts.figure import Figure, LegendEntry, numbers_of
from reports.charts.mark import Mark, Rows, Speaker, range_sentence
from reports.charts.rows import Source, pivot
from reports.charts.ticks import value_ticks
from reports.charts.xy_traces import (
    TRACES,
    baseline,
    colours,
    is_labelled,
    label_bars,
    shade,
)
from reports.formats import Formatter, Value
from reports.frames import Frame, as_number
from reports.language.items import (
    Axis,
    ChartItem,
    Measure,
    Named,
    Series,
    Used,
    measured,
    named,
)
from reports.sql import quoted


class XyChart(ChartItem):
    """Lines, areas or bars over an axis."""

    mark: Literal["line", "area", "bar"]
    x: Axis
    y: list[Measure] = Field(min_length=1, max_length=6)
    series: Series | None = None
    stack: bool = False
    horizontal: bool = Field(False, description="Bars only: lying, with the value beside each.")
    zero: bool = Field(True, description="The value axis starts at zero (bars always do).")
    faded: str | None = Field(
        None, description="Boolean column: rows drawn pale, such as a running month."
    )
    signed: bool = Field(False, description="Bars below zero take a second colour.")
    baseline: float | None = Field(None, description="A reference line at this value.")
    baseline_label: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.series and len(self.y) > 1:
            raise ValueError("`series` goes with one measure in `y`")
        if self.horizontal and self.mark != "bar":
            raise ValueError("only bars can be horizontal")
        return self


def _columns(item: XyChart) -> list[Named]:
    shown, _ = measured([(("y", index), measure) for index, measure in enumerate(item.y)])
    series = [Named(("series", "field"), item.series.field)] if item.series else []
    pale = named(("faded",), item.faded, "true or false")
    return [*shown, Named(("x", "field"), item.x.field), *series, *pale]


def _metrics(item: XyChart) -> list[Used]:
    return measured([(("y", index), measure) for index, measure in enumerate(item.y)])[1]


# ---- rows ---------------------------------------------------------------------------------------


def _rows(item: XyChart, source: Source, formatter: Formatter) -> Rows:
    """One row per x, with a field per measure or per series, and which rows are pale."""
    if item.series:
        return Rows(_series_rows(item, item.series, source, formatter))
    is_grouped = any(measure.metric for measure in item.y)
    x = quoted(item.x.field)
    columns = [x, *[source.measure_sql(measure) for measure in item.y]]
    if item.faded:
        columns.append(f"bool_or({quoted(item.faded)})" if is_grouped else quoted(item.faded))
    if is_grouped:
        source.refuse_adding_up([measure.metric for measure in item.y], [item.x.field])
        rows = source.select(columns, group=[x], order=["min(rowid)"])
    else:
        rows = source.select(columns)
    fields = (source.axis_field(item.x), *[source.measure_field(measure) for measure in item.y])
    width = len(fields)
    faded = [bool(row[width]) for row in rows] if item.faded else []
    return Rows(Frame(fields, tuple(tuple(row[:width]) for row in rows)), faded)


def _series_rows(item: XyChart, series: Series, source: Source, formatter: Formatter) -> Frame:
    """The biggest series as columns; all others, and rows without a name, are computed as one."""
    measure = item.y[0]
    source.refuse_adding_up([measure.metric], [item.x.field, series.field])
    name, value = quoted(series.field), source.aggregate_sql(measure)
    ranked = source.select(
        [name], where=f"{name} is not null", group=[name], order=[f"{value} desc nulls last", name]
    )
    kept: list[Value] = [row[0] for row in ranked[: series.max]]
    x = quoted(item.x.field)
    relation = (
        f"(select *, rowid as tillhouse_row, {name} in (select {name} from {quoted(source.table)} "
        f"where {name} is not null group by {name} order by {value} desc nulls last, {name} "
        f"limit {series.max}) as tillhouse_kept from {quoted(source.table)})"
    )
    shown = f"case when tillhouse_kept then {name} end"
    rows = source.select(
        [x, shown, value], group=[x, shown], order=["min(tillhouse_row)"], relation=relation
    )
    rest = any(row[1] is None for row in rows)
    return pivot(
        rows,
        [*kept, *([None] if rest else [])],
        source.axis_field(item.x),
        source.field(series.field, None, series.format),
        source.measure_field(measure),
        formatter,
        other=series.other,
    )


# ---- figure -------------------------------------------------------------------------------------


def _figure(item: XyChart, rows: Rows, formatter: Formatter) -> Figure:
    frame = rows.frame
    value_axis = _value_axis(item, frame, formatter)
    along = _along(item, frame, formatter)
    colour = colours(item, frame)
    measures = range(1, len(frame.fields))
    traces = [TRACES[item.mark](item, index, colour[index], along.kind) for index in measures]
    layout: dict[str, Any] = {}
    if item.mark == "bar":
        layout["barmode"] = "stack" if item.stack else "group"
        shade(traces, frame, rows.faded, item)
        if is_labelled(item, frame, formatter):
            value_axis = label_bars(traces[0], frame, formatter, value_axis, item)
    if item.baseline is not None:
        layout["shapes"] = [baseline(item.baseline, vertical=item.horizontal)]
    x, y = (value_axis, along) if item.horizontal else (along, value_axis)
    found = tuple(colour[index] for index in measures)
    return Figure(frame, traces, x, y, found, _legend(item, frame, found), None, layout)


def _legend(item: XyChart, frame: Frame, found: Sequence[str]) -> tuple[LegendEntry, ...]:
    """The names of the measures where there are several, and that of the baseline."""
    shape = "box" if item.mark == "bar" or item.stack else "line"
    names = [field.label for field in frame.fields[1:]] if len(found) > 1 or item.series else []
    entries = [LegendEntry(name, one, shape) for name, one in zip(names, found, strict=False)]
    if item.baseline is not None and item.baseline_label:
        entries.append(LegendEntry(item.baseline_label, "var(--ink-2)", "dotted"))
    return tuple(entries)


def _value_axis(item: XyChart, frame: Frame, formatter: Formatter) -> FigureAxis:
    values = numbers_of(frame, stacked=item.stack)
    if item.baseline is not None:
        values.append(item.baseline)
    main = [index for index, measure in enumerate(item.y, start=1) if measure.emphasis == "main"]
    chosen = frame.fields[main[0] if main else 1].format
    ticks = value_ticks(values, chosen, formatter, zero=item.zero or item.mark == "bar")
    return FigureAxis("value", ticks, ticks, [ticks[0].at, ticks[-1].at], grid=True)


def _along(item: XyChart, frame: Frame, formatter: Formatter) -> FigureAxis:
    """The axis of the categories or dates. Bars stand at counted places: months differ in length."""
    field_ = frame.fields[0]
    values = frame.column(field_.name)
    days = [value for value in values if isinstance(value, date)]
    if item.mark == "bar" or not days or len(days) < len(values):
        return place_axis(values, field_, formatter, reverse=item.horizontal)
    return date_axis(min(days), max(days), formatter)


# ---- sentence -----------------------------------------------------------------------------------


def _sentence(item: XyChart, rows: Rows, speaker: Speaker) -> list[str]:
    """From where to where, and the highest, the lowest and the last value of the main measure."""
    frame = rows.frame
    x = frame.texts(frame.fields[0].name, speaker.formatter)
    told = range_sentence(item, rows, speaker)
    main = next((i for i, m in enumerate(item.y, start=1) if m.emphasis == "main"), 1)
    described = frame.fields[main]
    texts = frame.texts(described.name, speaker.formatter)
    numbers = [as_number(row[main]) for row in frame.rows]
    known = [(number, index) for index, number in enumerate(numbers) if number is not None]
    if not known:
        return told
    # Of equal values the first one is named.
    ends = [
        ("highest", max(known, key=lambda one: one[0])),
        ("lowest", min(known, key=lambda one: one[0])),
    ]
    if isinstance(frame.rows[0][0], date):
        ends.append(("last", known[-1]))
    label = f"{described.label}: " if len(frame.fields) > 2 else ""  # noqa: PLR2004 - x and one more
    extremes = [
        speaker.words[end].format(value=texts[index], where=x[index]) for end, (_, index) in ends
    ]
    return [*told, label + ", ".join(extremes)]


MARK = Mark(XyChart, _columns, _metrics, _rows, _figure, _sentence)
