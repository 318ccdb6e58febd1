"""Charts as figure JSON: traces, axes and legend over the rows shipped with the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reports.axes import Axis, date_axis, name_axis, place_axis
from reports.formats import Formatter
from reports.frames import Frame, as_number
from reports.marks import (
    MARKS,
    Trace,
    baseline,
    colours,
    is_labelled,
    label_bars,
    shade,
)
from reports.page_file import HeatmapChart, XyChart
from reports.ticks import value_ticks


@dataclass(frozen=True)
class LegendEntry:
    """A name with its colour, and how it is drawn: `box`, `line` or `dotted`."""

    label: str
    colour: str
    shape: str = "box"


@dataclass(frozen=True)
class Figure:
    """A chart ready to be written: traces over a frame, axes, legend."""

    frame: Frame
    traces: list[Trace]
    x: Axis
    y: Axis
    colours: tuple[str, ...] = ()
    legend: tuple[LegendEntry, ...] = ()
    gradient: tuple[str, str] | None = None
    layout: dict[str, Any] = field(default_factory=dict)
    hover: str = "x"

    @property
    def first_colour(self) -> str:
        """The colour of the first measure."""
        return self.colours[0] if self.colours else "var(--series-1)"

    def as_json(self) -> dict[str, Any]:
        """The figure as the script reads it; its frame is shipped beside it."""
        return {
            "traces": self.traces,
            "layout": self.layout,
            "x": self.x.as_json(),
            "y": self.y.as_json(),
            "hover": self.hover,
            "colours": list(self.colours),
        }


def xy_figure(item: XyChart, frame: Frame, faded: Sequence[bool], formatter: Formatter) -> Figure:
    """Lines, areas or bars; the first field of `frame` is x, the others are the measures."""
    value_axis = _value_axis(item, frame, formatter)
    along = _along(item, frame, formatter)
    colour = colours(item, frame)
    measures = range(1, len(frame.fields))
    traces = [MARKS[item.mark](item, index, colour[index], along.kind) for index in measures]
    layout: dict[str, Any] = {}
    if item.mark == "bar":
        layout["barmode"] = "stack" if item.stack else "group"
        shade(traces, frame, faded, item)
        if is_labelled(item, frame, formatter):
            value_axis = label_bars(traces[0], frame, formatter, value_axis, item)
    if item.baseline is not None:
        layout["shapes"] = [baseline(item.baseline, vertical=item.horizontal)]
    x, y = (value_axis, along) if item.horizontal else (along, value_axis)
    found = tuple(colour[index] for index in measures)
    return Figure(frame, traces, x, y, found, _legend(item, frame, found), None, layout)


def heatmap_figure(item: HeatmapChart, frame: Frame, formatter: Formatter) -> Figure:
    """Rows of `frame` are x, its fields after the first are y from the top down."""
    names = frame.fields[1:]
    trace = {
        "type": "heatmap",
        "z": [{"$": index + 1} for index in range(len(names))],
        "colorscale": [[step / 4, f"var(--heat-{step})"] for step in range(5)],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
    }
    numbers = _numbers(frame)
    gradient = None
    if numbers:
        low, high = (formatter.text(end(numbers), names[0].format) for end in (min, max))
        gradient = (low, high)
    x = place_axis(frame.column(frame.fields[0].name), frame.fields[0], formatter)
    return Figure(frame, [trace], x, name_axis(names), (), (), gradient, {}, "cell")


def _legend(item: XyChart, frame: Frame, found: Sequence[str]) -> tuple[LegendEntry, ...]:
    """The names of the measures where there are several, and that of the baseline."""
    shape = "box" if item.mark == "bar" or item.stack else "line"
    names = [field.label for field in frame.fields[1:]] if len(found) > 1 or item.series else []
    entries = [LegendEntry(name, one, shape) for name, one in zip(names, found, strict=False)]
    if item.baseline is not None and item.baseline_label:
        entries.append(LegendEntry(item.baseline_label, "var(--ink-2)", "dotted"))
    return tuple(entries)


def _value_axis(item: XyChart, frame: Frame, formatter: Formatter) -> Axis:
    values = _numbers(frame, stacked=item.stack)
    if item.baseline is not None:
        values.append(item.baseline)
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


def _numbers(frame: Frame, *, stacked: bool = False) -> list[float]:
    rows = [
        [number for number in map(as_number, row[1:]) if number is not None] for row in frame.rows
    ]
    if not stacked:
        return [number for row in rows for number in row]
    ups = [sum(number for number in row if number > 0) for row in rows]
    downs = [sum(number for number in row if number < 0) for row in rows]
    return [float(total) for total in (*ups, *downs)]
