"""What a line, an area or a bar is in Plotly's terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from reports.charts.axes import Axis, plain
from reports.charts.figure import Trace
from reports.formats import Formatter
from reports.frames import Frame, as_number

if TYPE_CHECKING:
    from reports.charts.mark import Rows
    from reports.charts.xy_model import XyChart

LABELLED_BARS, LABELLED_SHORT_BARS, SHORT_LABEL = 7, 12, 4
LABEL_HEIGHT = 0.1  # of the axis, about: a line of text above a bar
OTHER_COLOUR = "var(--series-other)"
BAND_COLOUR, MARKED_COLOUR = "var(--series-1-soft)", "var(--bad)"

Draws = Callable[["XyChart", int, str, str], Trace]


def _line(item: XyChart, index: int, colour: str, along: str) -> Trace:
    quiet = item.y[min(index, len(item.y)) - 1].emphasis == "quiet"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": _x(along),
        "y": {"$": index},
        "line": {"color": colour, "width": 1 if quiet else 2.25},
    }


def _area(item: XyChart, index: int, colour: str, along: str) -> Trace:
    trace = _line(item, index, colour, along)
    if item.stack:
        return {
            **trace,
            "stackgroup": "all",
            **({"groupnorm": "fraction"} if item.stack == "share" else {}),
            "fillcolor": colour,
            "line": {"color": colour, "width": 0.5},
        }
    return {**trace, "fill": "tozeroy", "fillcolor": "var(--series-1-soft)"}


def _bar(item: XyChart, index: int, colour: str, along: str) -> Trace:
    places, values = ("y", "x") if item.horizontal else ("x", "y")
    trace = {"type": "bar", places: _x(along), values: {"$": index}, "marker": {"color": colour}}
    return {**trace, "orientation": "h"} if item.horizontal else trace


TRACES: Mapping[str, Draws] = {"line": _line, "area": _area, "bar": _bar}


def band_traces(item: XyChart, along: str) -> list[Trace]:
    """Each band as its upper end and, filled up to it, its lower end; they lie behind the lines."""
    found: list[Trace] = []
    for number, band in enumerate(item.bands):
        lower = 1 + len(item.y) + 2 * number
        for index in (lower + 1, lower):
            bare = {"type": "scatter", "mode": "lines", "x": _x(along), "line": {"width": 0}}
            more: Trace = {"showlegend": False}
            if index == lower:
                more = {"fill": "tonexty", "fillcolor": BAND_COLOUR}
                more |= {"name": plain(band.label)} if band.label else {"showlegend": False}
            found.append({**bare, "y": {"$": index}, "hoverinfo": "skip", **more})
    return found


def marked_traces(item: XyChart, along: str) -> list[Trace]:
    """A ring around each marked point of the first measure."""
    if not item.marked:
        return []
    ring = {"color": "var(--card)", "size": 9, "line": {"color": MARKED_COLOUR, "width": 2.5}}
    index = 1 + len(item.y) + 2 * len(item.bands)
    bare = {"type": "scatter", "mode": "markers", "x": _x(along), "y": {"$": index}}
    return [{**bare, "marker": ring, "cliponaxis": False}]


def colours(item: XyChart, frame: Frame) -> dict[int, str]:
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


def shade(traces: Sequence[Trace], frame: Frame, faded: Sequence[bool], item: XyChart) -> None:
    """Give bars below zero their own colour where asked, and draw faded rows pale."""
    for index, trace in enumerate(traces, start=1):
        if item.signed:
            up = trace["marker"]["color"]
            trace["marker"]["color"] = [
                "var(--series-2)" if (as_number(row[index]) or 0) < 0 else up for row in frame.rows
            ]
        if any(faded):
            trace["marker"]["opacity"] = [0.45 if pale else 1 for pale in faded]


def is_labelled(item: XyChart, rows: Rows, formatter: Formatter) -> bool:
    """Whether each bar has room for its value beside it."""
    frame = rows.frame
    if len(frame.fields) != 2:  # noqa: PLR2004 - x and one measure
        return False
    longest = max((len(text) for text in frame.texts(frame.fields[1].name, formatter)), default=0)
    count = len(frame.rows)
    if item.horizontal or count <= LABELLED_BARS:
        return True
    # Beside a baseline some labels stand inside their bars, which must be wide for that.
    return count <= LABELLED_SHORT_BARS and longest <= SHORT_LABEL and not rows.lines


def label_bars(trace: Trace, rows: Rows, formatter: Formatter, axis: Axis, item: XyChart) -> Axis:
    """Write each bar's value beside it; the value axis then needs neither labels nor a grid."""
    frame, lines = rows.frame, [line.value for line in rows.lines]
    values = [as_number(row[1]) for row in frame.rows]
    numbers = [*(value for value in values if value is not None), *lines, 0.0]
    low, high = min(numbers), max(numbers)
    size = high - low or 1.0
    room = size * (0.22 if item.horizontal else 0.12)
    # Where a line would run through the text above a bar, the text goes inside the bar.
    trace["textposition"] = [
        "inside"
        if value is not None and any(0 <= line - value <= LABEL_HEIGHT * size for line in lines)
        else "outside"
        for value in values
    ]
    trace["text"] = [plain(text) for text in frame.texts(frame.fields[1].name, formatter)]
    trace["insidetextanchor"] = "end"
    trace["textangle"] = 0
    trace["insidetextfont"] = {"color": "var(--on-series)"}
    trace["cliponaxis"] = False
    return Axis(axis.kind, range=[low - room if low < 0 else 0, high + room])


def _x(along: str) -> dict[str, int | bool]:
    return {"$": 0} if along == "date" else {"$index": True}
