"""Charts as figure JSON: what is drawn, in terms of the rows shipped with the page.

Traces are Plotly's, with two additions that `assets/report.js` resolves in the browser, so that
every value is shipped once and colours follow the theme: `{"$": 2}` is the third column of the
frame, and a string `var(--x)` is a colour of the style sheet. A mark is one function in MARKS.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from reports.formats import Formatter, Value
from reports.frames import Field, Frame, as_json
from reports.page_file import HeatmapChart, XyChart
from reports.ticks import Tick, date_ticks, value_ticks

WIDE_TICKS, NARROW_TICKS = 9, 5
LABELLED_BARS, LABELLED_SHORT_BARS, SHORT_LABEL = 7, 12, 4
LONGEST_LABEL = 28
OTHER_COLOUR = "var(--series-other)"


@dataclass(frozen=True)
class LegendEntry:
    """A name with its colour; `line` is how it is drawn."""

    label: str
    colour: str
    shape: str = "box"


@dataclass(frozen=True)
class Axis:
    """An axis: dates, numbers, or places counted from 0."""

    kind: str
    ticks: Sequence[Tick] = ()
    narrow: Sequence[Tick] = ()
    range: Sequence[float | str] = ()
    grid: bool = False

    def as_json(self) -> dict[str, Any]:
        """The axis as the script reads it."""
        narrow = [] if list(self.narrow) == list(self.ticks) else self.narrow
        found = {
            "kind": self.kind,
            "ticks": [[tick.at, tick.text] for tick in self.ticks],
            "narrow": [[tick.at, tick.text] for tick in narrow],
            "range": list(self.range),
            "grid": self.grid,
        }
        return {key: value for key, value in found.items() if value not in ([], False)}


@dataclass(frozen=True)
class Figure:
    """A chart ready to be written: traces over a frame, axes, legend."""

    frame: Frame
    traces: list[dict[str, Any]]
    x: Axis
    y: Axis
    legend: tuple[LegendEntry, ...] = ()
    gradient: tuple[str, str] | None = None
    layout: dict[str, Any] = field(default_factory=dict)
    hover: str = "x"

    def as_json(self) -> dict[str, Any]:
        """The figure as the script reads it; its frame is shipped beside it."""
        return {
            "traces": self.traces,
            "layout": self.layout,
            "x": self.x.as_json(),
            "y": self.y.as_json(),
            "hover": self.hover,
            "colours": [entry.colour for entry in self.legend],
        }


def xy_figure(item: XyChart, frame: Frame, faded: Sequence[bool], formatter: Formatter) -> Figure:
    """Lines, areas or bars; the first field of `frame` is x, the others are the measures."""
    main = _main_measure(item)
    values = _numbers(frame, stacked=item.stack)
    if item.baseline is not None:
        values.append(item.baseline)
    ticks = value_ticks(
        values, frame.fields[main].format, formatter, zero=item.zero or item.mark == "bar"
    )
    value_axis = Axis("value", ticks, ticks, [ticks[0].at, ticks[-1].at], grid=True)
    along = _along(item, frame, formatter)
    colours = _colours(item, frame)
    traces = [
        MARKS[item.mark](item, index, colours[index], along.kind)
        for index in range(1, len(frame.fields))
    ]
    layout: dict[str, Any] = {}
    if item.mark == "bar":
        layout["barmode"] = "stack" if item.stack else "group"
        _fade(traces, frame, faded, item)
        if _is_labelled(item, frame, formatter):
            value_axis = _label_bars(
                traces, frame, formatter, value_axis, horizontal=item.horizontal
            )
    if item.baseline is not None:
        layout["shapes"] = [_baseline(item.baseline, vertical=item.horizontal)]
        layout["annotations"] = _baseline_label(item)
    legend = tuple(
        LegendEntry(
            frame.fields[index].label, colours[index], "box" if item.mark == "bar" else "line"
        )
        for index in range(1, len(frame.fields))
    )
    x, y = (value_axis, along) if item.horizontal else (along, value_axis)
    return Figure(frame, traces, x, y, legend if len(legend) > 1 else (), None, layout)


def heatmap_figure(item: HeatmapChart, frame: Frame, formatter: Formatter) -> Figure:
    """Rows of `frame` are x, its fields after the first are y from the top down."""
    names = frame.fields[1:]
    x = _places(frame.column(frame.fields[0].name), frame.fields[0], formatter)
    y_ticks = [Tick(index, _plain(name.label)) for index, name in enumerate(names)]
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
    low, high = (
        (formatter.text(end(numbers), names[0].format) for end in (min, max))
        if numbers
        else ("", "")
    )
    y = Axis("index", y_ticks, y_ticks, [len(names) - 0.5, -0.5])
    return Figure(frame, [trace], x, y, (), (low, high), {}, "cell")


def _line(item: XyChart, index: int, colour: str, along: str) -> dict[str, Any]:
    quiet = item.y[min(index, len(item.y)) - 1].emphasis == "quiet"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": _x(along),
        "y": {"$": index},
        "line": {"color": colour, "width": 1 if quiet else 2.25},
    }


def _area(item: XyChart, index: int, colour: str, along: str) -> dict[str, Any]:
    trace = _line(item, index, colour, along)
    if item.stack:
        return {
            **trace,
            "stackgroup": "all",
            "fillcolor": colour,
            "line": {"color": colour, "width": 0.5},
        }
    return {**trace, "fill": "tozeroy", "fillcolor": "var(--series-1-soft)"}


def _bar(item: XyChart, index: int, colour: str, along: str) -> dict[str, Any]:
    places, values = ("y", "x") if item.horizontal else ("x", "y")
    trace = {"type": "bar", places: _x(along), values: {"$": index}, "marker": {"color": colour}}
    return {**trace, "orientation": "h"} if item.horizontal else trace


Mark = Callable[[XyChart, int, str, str], dict[str, Any]]
MARKS: Mapping[str, Mark] = {"line": _line, "area": _area, "bar": _bar}


def _x(along: str) -> dict[str, int | bool]:
    return {"$": 0} if along == "date" else {"$index": True}


def _along(item: XyChart, frame: Frame, formatter: Formatter) -> Axis:
    """The axis of the categories or dates. Bars stand at counted places: months differ in length."""
    values = frame.column(frame.fields[0].name)
    if item.mark == "bar" or not values or not isinstance(values[0], date):
        return _places(values, frame.fields[0], formatter, reverse=item.horizontal)
    first, last = values[0], values[-1]
    assert isinstance(last, date)  # noqa: S101 - one column has one type
    return Axis(
        "date",
        date_ticks(first, last, formatter, most=WIDE_TICKS),
        date_ticks(first, last, formatter, most=NARROW_TICKS),
        [first.isoformat(), last.isoformat()],
    )


def _places(
    values: Sequence[Value], field: Field, formatter: Formatter, *, reverse: bool = False
) -> Axis:
    ends = [len(values) - 0.5, -0.5] if reverse else [-0.5, len(values) - 0.5]
    dates = [value for value in values if isinstance(value, date)]
    if dates and len(dates) == len(values):
        place = {value.isoformat(): index for index, value in enumerate(dates)}
        wide, narrow = (
            [
                Tick(_nearest_place(place, tick), tick.text)
                for tick in date_ticks(dates[0], dates[-1], formatter, most=most)
            ]
            for most in (WIDE_TICKS, NARROW_TICKS)
        )
        return Axis("index", wide, narrow, ends)
    texts = [_plain(formatter.text(value, field.format)) for value in values]
    ticks = [Tick(index, text) for index, text in enumerate(texts)]
    return Axis("index", ticks, ticks, ends)


def _nearest_place(place: Mapping[str, int], tick: Tick) -> int:
    """The first row on or after a tick's date (weeks do not begin with months)."""
    return next(index for day, index in sorted(place.items()) if day >= str(tick.at))


def _plain(text: str) -> str:
    """Text for Plotly, which reads a little HTML: escaped, and cut where it would not fit."""
    short = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1].rstrip() + "…"
    return html.escape(short, quote=False)


def _main_measure(item: XyChart) -> int:
    main = [index for index, measure in enumerate(item.y, start=1) if measure.emphasis == "main"]
    return main[0] if main else 1


def _numbers(frame: Frame, *, stacked: bool = False) -> list[float]:
    rows = [[_number(value) for value in row[1:]] for row in frame.rows]
    if not stacked:
        return [value for row in rows for value in row if value is not None]
    ups = [sum(value for value in row if value is not None and value > 0) for row in rows]
    downs = [sum(value for value in row if value is not None and value < 0) for row in rows]
    return [float(total) for total in (*ups, *downs)]


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float, Decimal)) else None


def _colours(item: XyChart, frame: Frame) -> dict[int, str]:
    """Colours by field. Series take them in the order of their names, so that they keep them."""
    names = [field.label for field in frame.fields[1:]]
    if item.series:
        ranked = sorted(name for name in names if name != item.series.other)
        colour = {name: f"var(--series-{index + 1})" for index, name in enumerate(ranked)}
        return {index: colour.get(name, OTHER_COLOUR) for index, name in enumerate(names, start=1)}
    found: dict[int, str] = {}
    for index, measure in enumerate(item.y, start=1):
        number = len([colour for colour in found.values() if colour != OTHER_COLOUR]) + 1
        found[index] = OTHER_COLOUR if measure.emphasis == "quiet" else f"var(--series-{number})"
    return found


def _fade(traces: list[dict[str, Any]], frame: Frame, faded: Sequence[bool], item: XyChart) -> None:
    if item.signed:
        for index, trace in enumerate(traces, start=1):
            up = trace["marker"]["color"]
            trace["marker"]["color"] = [
                "var(--series-2)" if (_number(row[index]) or 0) < 0 else up for row in frame.rows
            ]
    if any(faded):
        for trace in traces:
            trace["marker"]["opacity"] = [0.45 if pale else 1 for pale in faded]


def _is_labelled(item: XyChart, frame: Frame, formatter: Formatter) -> bool:
    if len(frame.fields) != 2:  # noqa: PLR2004 - x and one measure
        return False
    longest = max((len(text) for text in frame.texts(frame.fields[1].name, formatter)), default=0)
    count = len(frame.rows)
    return (
        item.horizontal
        or count <= LABELLED_BARS
        or (count <= LABELLED_SHORT_BARS and longest <= SHORT_LABEL)
    )


def _label_bars(
    traces: list[dict[str, Any]],
    frame: Frame,
    formatter: Formatter,
    axis: Axis,
    *,
    horizontal: bool,
) -> Axis:
    """Write each bar's value beside it; the value axis then needs neither labels nor a grid."""
    traces[0]["text"] = [_plain(text) for text in frame.texts(frame.fields[1].name, formatter)]
    traces[0]["textposition"] = "outside"
    traces[0]["cliponaxis"] = False
    numbers = [*_numbers(frame), 0.0]
    low, high = min(numbers), max(numbers)
    room = (high - low or 1.0) * (0.22 if horizontal else 0.12)
    return Axis(axis.kind, range=[low - room if low < 0 else 0, high + room])


def _baseline(value: float, *, vertical: bool) -> dict[str, Any]:
    near, far = ("x", "y") if vertical else ("y", "x")
    return {
        "type": "line",
        f"{far}ref": "paper",
        f"{far}0": 0,
        f"{far}1": 1,
        f"{near}0": value,
        f"{near}1": value,
        "line": {"color": "var(--ink-2)", "width": 1, "dash": "dot"},
    }


def _baseline_label(item: XyChart) -> list[dict[str, Any]]:
    if not item.baseline_label:
        return []
    return [
        {
            "xref": "paper",
            "x": 1,
            "xanchor": "right",
            "y": item.baseline,
            "yanchor": "bottom",
            "text": _plain(item.baseline_label),
            "showarrow": False,
            "font": {"size": 11, "color": "var(--ink-2)"},
        }
    ]


def frame_as_json(frame: Frame, formatter: Formatter) -> dict[str, Any]:
    """The rows as columns: raw values for drawing and downloads, texts where they differ."""
    columns = []
    for index, field_ in enumerate(frame.fields):
        raw = [as_json(row[index]) for row in frame.rows]
        texts = [formatter.text(row[index], field_.format) for row in frame.rows]
        column: dict[str, Any] = {"name": field_.name, "label": field_.label, "raw": raw}
        if field_.is_number:
            column["number"] = True
        if texts != raw:
            column["text"] = texts
        columns.append(column)
    return {"columns": columns}
