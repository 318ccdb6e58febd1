"""Lines, areas and bars: measures over an axis of dates, numbers or names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block
from reports.charts.axes import Axis as FigureAxis
from reports.charts.axes import date_axis, place_axis
from reports.charts.figure import Figure, LegendEntry, numbers_of
from reports.charts.mark import (
    Line,
    Mark,
    Rows,
    Speaker,
    axis_recipe,
    measure_recipe,
    range_sentence,
)
from reports.charts.rows import Source, pivot
from reports.charts.ticks import value_ticks
from reports.charts.xy_traces import (
    BAND_COLOUR,
    MARKED_COLOUR,
    TRACES,
    band_traces,
    colours,
    is_labelled,
    label_bars,
    marked_traces,
    reference_line,
    shade,
    with_notes,
)
from reports.formats import Formatter, Value
from reports.frames import Field as FrameField
from reports.frames import Frame, as_day, as_number
from reports.language.annotations import Annotation
from reports.language.items import (
    Axis,
    ChartItem,
    Measure,
    Series,
    along,
    measured,
)
from reports.language.named import Named, Used, named
from reports.sql import quoted


class ReferenceLine(Block):
    """A line across the chart to compare with."""

    value: float | None = None
    target: str | None = Field(None, description="The target of this metric.")
    mean: bool = Field(False, description="The mean of the values of the first measure.")
    label: str = ""

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if [self.value is not None, self.target is not None, self.mean].count(True) != 1:
            raise ValueError("name one of `value`, `target` and `mean`")
        return self


class Band(Block):
    """An interval around a line, such as that of a forecast; where it is missing, none is drawn."""

    lower: str = Field(description="The column with its lower end.")
    upper: str = Field(description="The column with its upper end.")
    label: str = ""


class XyChart(ChartItem):
    """Lines, areas or bars over an axis."""

    mark: Literal["line", "area", "bar"]
    x: Axis
    y: list[Measure] = Field(min_length=1, max_length=6)
    series: Series | None = None
    stack: bool | Literal["share"] = Field(
        False, description="Areas and bars on top of each other; `share`: each as its part of all."
    )
    horizontal: bool = Field(False, description="Bars only: lying, with the value beside each.")
    zero: bool = Field(True, description="The value axis starts at zero (bars always do).")
    faded: str | None = Field(
        None, description="Boolean column: rows drawn pale, such as a running month."
    )
    signed: bool = Field(False, description="Bars below zero take a second colour.")
    bands: list[Band] = Field(
        [],
        max_length=3,
        description="Lines only: shaded intervals, the widest first; where they overlap it is darker.",
    )
    marked: str | None = Field(
        None,
        description="Lines only: boolean column, rows whose point of the first measure is marked.",
    )
    marked_label: str = Field("", description="What the marked points are called.")
    baseline: float | None = Field(None, description="A reference line at this value.")
    baseline_label: str = ""
    reference_lines: list[ReferenceLine] = Field([], max_length=4)
    annotations: list[str] | None = Field(
        None, description="Tags of the annotations to show over dates; all if absent, [] for none."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.series and len(self.y) > 1:
            raise ValueError("`series` goes with one measure in `y`")
        if self.horizontal and self.mark != "bar":
            raise ValueError("only bars can be horizontal")
        if (self.bands or self.marked) and (self.mark != "line" or self.series):
            raise ValueError("`bands` and `marked` go with lines without `series`")
        if self.bands and (self.x.grain or any(measure.metric for measure in self.y)):
            raise ValueError("`bands` go with columns as they are: no `grain` and no `metric`")
        if self.stack == "share" and self.mark == "line":
            raise ValueError("lines cannot be stacked: choose an area or bars")
        return self


def _columns(item: XyChart) -> list[Named]:
    shown, _ = measured([(("y", index), measure) for index, measure in enumerate(item.y)])
    series = [Named(("series", "field"), item.series.field)] if item.series else []
    pale = named(("faded",), item.faded, "true or false")
    pale += named(("marked",), item.marked, "true or false")
    bands = [
        Named(("bands", index, end), column, "a number")
        for index, band in enumerate(item.bands)
        for end, column in (("lower", band.lower), ("upper", band.upper))
    ]
    return [*shown, *along(("x",), item.x), *series, *pale, *bands]


def _metrics(item: XyChart) -> list[Used]:
    _, shown = measured([(("y", index), measure) for index, measure in enumerate(item.y)])
    targets = [
        Used(("reference_lines", index, "target"), line.target)
        for index, line in enumerate(item.reference_lines)
        if line.target
    ]
    return [*shown, *targets]


# ---- rows ---------------------------------------------------------------------------------------


def _rows(item: XyChart, source: Source, formatter: Formatter) -> Rows:
    """One row per x, with a field per measure or per series, and what is drawn across them."""
    faded: list[bool] = []
    if item.series:
        frame = _series_rows(item, item.series, source, formatter)
    else:
        frame, faded = _measure_rows(item, source)
    return Rows(frame, faded, _lines(item, frame, source), _notes(item, frame, source))


def _measure_rows(item: XyChart, source: Source) -> tuple[Frame, list[bool]]:
    """A field per measure, and which rows are pale."""
    is_grouped = bool(item.x.grain) or any(measure.metric for measure in item.y)
    x = source.axis_sql(item.x)
    write = source.aggregate_sql if item.x.grain else source.measure_sql
    columns = [x, *[write(measure) for measure in item.y]]
    columns += [quoted(name) for band in item.bands for name in (band.lower, band.upper)]
    if item.marked:
        chosen = f"bool_or({quoted(item.marked)})" if is_grouped else quoted(item.marked)
        columns.append(f"case when {chosen} then {columns[1]} end")
    if item.faded:
        columns.append(f"bool_or({quoted(item.faded)})" if is_grouped else quoted(item.faded))
    if is_grouped:
        source.refuse_adding_up([measure.metric for measure in item.y], [item.x])
        rows = source.select(columns, group=[x], order=["min(rowid)"])
    else:
        rows = source.select(columns)
    fields = (source.axis_field(item.x), *[source.measure_field(measure) for measure in item.y])
    fields += _extra_fields(item, fields[1], source)
    width = len(fields)
    faded = [bool(row[width]) for row in rows] if item.faded else []
    return Frame(fields, tuple(tuple(row[:width]) for row in rows)), faded


def _extra_fields(item: XyChart, first: FrameField, source: Source) -> tuple[FrameField, ...]:
    """The ends of the bands, and the first measure again where it is marked."""
    ends = [
        source.field(
            name, f"{band.label}, {source.words[end]}" if band.label else None, first.format
        )
        for band in item.bands
        for end, name in (("band_lower", band.lower), ("band_upper", band.upper))
    ]
    name = item.marked_label or source.words["marked"]
    return (*ends, *([replace(first, name=item.marked, label=name)] if item.marked else []))


def _lines(item: XyChart, frame: Frame, source: Source) -> list[Line]:
    """The values that are drawn across the chart; a target that is missing is not."""
    found = []
    if item.baseline is not None:
        found.append(Line(item.baseline, item.baseline_label))
    for line in item.reference_lines:
        value, label, kind = line.value, line.label, "value"
        if line.target:
            value = source.target_of(line.target, source.axis_sql(item.x))
            kind = "target"
            label = label or f"{source.words['target']}: {source.metrics[line.target].label}"
        elif line.mean:
            numbers = [number for row in frame.rows if (number := as_number(row[1])) is not None]
            value = sum(numbers) / len(numbers) if numbers else None
            kind, label = "mean", label or source.words["mean"]
        if value is not None:
            found.append(Line(value, label, kind))
    return found


def _notes(item: XyChart, frame: Frame, source: Source) -> list[Annotation]:
    """What happened between the first and the last day of the chart, with one of its tags."""
    days = [row[0] for row in frame.rows if isinstance(row[0], date)]
    if item.horizontal or not days or len(days) < len(frame.rows):
        return []
    first, last = as_day(min(days)), as_day(max(days))
    if item.mark == "bar" or item.x.grain:  # the last bar may stand for a month
        last = last + (last - first) / max(len(days) - 1, 1)
    return [
        note
        for note in sorted(source.annotations, key=lambda note: (note.date, note.text))
        if first <= note.date <= last
        and (item.annotations is None or set(item.annotations) & set(note.tags))
    ]


def _series_rows(item: XyChart, series: Series, source: Source, formatter: Formatter) -> Frame:
    """The biggest series as columns; all others, and rows without a name, are computed as one."""
    measure = item.y[0]
    source.refuse_adding_up([measure.metric], [item.x, Axis(field=series.field)])
    name, value = quoted(series.field), source.aggregate_sql(measure)
    ranked = source.select(
        [name], where=f"{name} is not null", group=[name], order=[f"{value} desc nulls last", name]
    )
    kept: list[Value] = [row[0] for row in ranked[: series.max]]
    x = source.axis_sql(item.x)
    relation = _ranked(name, value, series.max, source)
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


def _ranked(name: str, value: str, most: int, source: Source) -> str:
    """The dataset with `tillhouse_kept`: whether a row's series is among the biggest of its page."""
    table, key = quoted(source.table), source.key_sql
    partition = f"partition by {key[0]} " if key else ""
    same_key = f" and whole.{key[0]} is not distinct from ranked.{key[0]}" if key else ""
    return (
        f"(select whole.*, whole.rowid as tillhouse_row, "
        f"coalesce(ranked.tillhouse_rank <= {most}, false) as tillhouse_kept "
        f"from {table} as whole left join (select {', '.join([*key, name])}, row_number() over "
        f"({partition}order by {value} desc nulls last, {name}) as tillhouse_rank from {table} "
        f"where {name} is not null group by {', '.join([*key, name])}) as ranked "
        f"on whole.{name} = ranked.{name}{same_key})"
    )


# ---- figure -------------------------------------------------------------------------------------


def _figure(item: XyChart, rows: Rows, formatter: Formatter) -> Figure:
    frame = rows.frame
    value_axis = _value_axis(item, rows, formatter)
    places = _along(item, frame, formatter)
    colour = colours(item, frame)
    measures = range(1, len(frame.fields) if item.series else len(item.y) + 1)
    traces = [TRACES[item.mark](item, index, colour[index], places.kind) for index in measures]
    traces = [*band_traces(item, places.kind), *traces, *marked_traces(item, places.kind)]
    layout: dict[str, Any] = {"barnorm": "fraction"} if item.stack == "share" else {}
    if item.mark == "bar":
        layout["barmode"] = "stack" if item.stack else "group"
        shade(traces, frame, rows.faded, item)
        if is_labelled(item, rows, formatter):
            value_axis = label_bars(traces[0], rows, formatter, value_axis, item)
    shapes = [reference_line(line.value, item.horizontal, line.kind) for line in rows.lines]
    if shapes:
        layout["shapes"] = shapes
    layout |= with_notes(rows, places.kind, shapes)
    x, y = (value_axis, places) if item.horizontal else (places, value_axis)
    found = tuple(colour[index] for index in measures)
    extra = [BAND_COLOUR] * (2 * len(item.bands)) + [MARKED_COLOUR] * bool(item.marked)
    legend, hover = _legend(item, rows, found), "share" if item.stack == "share" else "x"
    return Figure(frame, traces, x, y, (*found, *extra), legend, None, layout, hover)


def _legend(item: XyChart, rows: Rows, found: Sequence[str]) -> tuple[LegendEntry, ...]:
    """The names of the measures where there are several, and those of the lines across."""
    shape = "box" if item.mark == "bar" or item.stack else "line"
    fields = rows.frame.fields[1 : len(found) + 1]
    is_named = len(found) > 1 or item.series or item.bands or item.marked
    names = [field.label for field in fields] if is_named else []
    entries = [LegendEntry(name, one, shape) for name, one in zip(names, found, strict=False)]
    entries += [
        LegendEntry(band.label, BAND_COLOUR, f"box layers{number}")
        for number, band in enumerate(item.bands, start=1)
        if band.label
    ]
    if item.marked:
        entries.append(LegendEntry(rows.frame.fields[-1].label, MARKED_COLOUR, "ring"))
    entries += [
        LegendEntry(line.label, "var(--ink-2)", "dotted", line.kind)
        for line in rows.lines
        if line.label
    ]
    return tuple(entries)


def _value_axis(item: XyChart, rows: Rows, formatter: Formatter) -> FigureAxis:
    frame = rows.frame
    if item.stack == "share":
        ticks = value_ticks([0.0, 1.0], "rate0", formatter, zero=True)
        return FigureAxis("value", ticks, ticks, [0, 1], grid=True)
    values = numbers_of(frame, stacked=bool(item.stack))
    values += [line.value for line in rows.lines]
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
    if item.marked:
        at = [where for where, row in zip(x, frame.rows, strict=True) if row[-1] is not None]
        days = f" ({', '.join(at[-3:])})" if at else ""  # the last ones matter most
        told = [*told, f"{frame.fields[-1].label}: {len(at)}{days}"]
    extremes = [
        speaker.words[end].format(value=texts[index], where=x[index]) for end, (_, index) in ends
    ]
    return [*told, label + ", ".join(extremes)]


def _place(item: XyChart, source: Source) -> str:
    return source.axis_sql(item.x)


def _recipe(item: XyChart, source: Source) -> dict[str, Any]:
    series = None
    if item.series:
        field = source.field(item.series.field, None, item.series.format)
        shown = {"max": item.series.max, "other": item.series.other}
        series = {"field": item.series.field, "format": field.format, **shown}
    return {
        "x": axis_recipe(item.x, source),
        "y": [measure_recipe(measure, source) for measure in item.y],
        "series": series,
        "stack": item.stack,
        "horizontal": item.horizontal,
        "zero": item.zero,
        "signed": item.signed,
        "faded": item.faded,
        "baseline": item.baseline,
    }


def _is_fixed(item: XyChart) -> bool:
    return bool(item.bands or item.marked)


MARK = Mark(XyChart, _columns, _metrics, _rows, _figure, _sentence, _place, _recipe, _is_fixed)
