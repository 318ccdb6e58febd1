"""Lines, areas and bars: measures over an axis of dates, numbers or names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from reports.charts.across import across
from reports.charts.axes import Axis, date_axis, place_axis
from reports.charts.figure import Figure, LegendEntry, numbers_of
from reports.charts.mark import Mark, Rows, Speaker, axis_recipe, measure_recipe, range_sentence
from reports.charts.rows import Source
from reports.charts.ticks import value_ticks
from reports.charts.xy_model import XyChart, columns, metrics
from reports.charts.xy_rows import rows_of
from reports.charts.xy_traces import (
    BAND_COLOUR,
    MARKED_COLOUR,
    TRACES,
    band_traces,
    colours,
    is_labelled,
    label_bars,
    marked_traces,
    shade,
)
from reports.formats import Formatter
from reports.frames import Frame, as_number


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
    layout |= across(rows, places.kind, value_axis.range, vertical=item.horizontal)
    x, y = (value_axis, places) if item.horizontal else (places, value_axis)
    found = tuple(colour[index] for index in measures)
    extra = [BAND_COLOUR] * (2 * len(item.bands)) + [MARKED_COLOUR] * bool(item.marked)
    legend, hover = _legend(item, rows, found), "share" if item.stack == "share" else "x"
    return Figure(frame, traces, x, y, (*found, *extra), legend, None, layout, hover)


def _legend(item: XyChart, rows: Rows, found: Sequence[str]) -> tuple[LegendEntry, ...]:
    """The names of the measures where there are several, of the bands and of what is marked."""
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
    return tuple(entries)


def _value_axis(item: XyChart, rows: Rows, formatter: Formatter) -> Axis:
    frame = rows.frame
    if item.stack == "share":
        ticks = value_ticks([0.0, 1.0], "rate0", formatter, zero=True)
        return Axis("value", ticks, ticks, [0, 1], grid=True)
    values = numbers_of(frame, stacked=bool(item.stack))
    values += [line.value for line in rows.lines]
    main = [index for index, measure in enumerate(item.y, start=1) if measure.emphasis == "main"]
    chosen = frame.fields[main[0] if main else 1].format
    ticks = value_ticks(values, chosen, formatter, zero=item.zero or item.mark == "bar")
    return Axis("value", ticks, ticks, [ticks[0].at, ticks[-1].at], grid=True)


def _along(item: XyChart, frame: Frame, formatter: Formatter) -> Axis:
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
    named = [
        f"{line.label}: {speaker.formatter.text(line.value, described.format)}"
        for line in rows.lines
        if line.label
    ]
    return [*told, label + ", ".join(extremes), *named]


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


MARK = Mark(XyChart, columns, metrics, rows_of, _figure, _sentence, _place, _recipe, _is_fixed)
