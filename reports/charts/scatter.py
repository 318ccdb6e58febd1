"""Scatter plots: one point per row, by two numbers; its size and colour may tell two more."""

from __future__ import annotations

import math
from datetime import date
from typing import Any, Literal

from pydantic import Field

from configuration.yaml_file import Block
from reports.charts.axes import Axis as FigureAxis
from reports.charts.axes import date_axis, plain, upright_name
from reports.charts.figure import Figure, LegendEntry, Trace
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.charts.ticks import value_ticks
from reports.charts.xy_traces import OTHER_COLOUR
from reports.formats import Formatter
from reports.frames import Frame, as_number
from reports.language.items import Axis, ChartItem
from reports.language.named import Named, Used
from reports.sql import quoted

_BIGGEST = 34  # pixels
_MOST_COLOURS = 6
_NAME, _X, _Y = 0, 1, 2
_NEAR_X, _NEAR_Y = 0.2, 0.14  # of the axes: two labels that are nearer would overlap
_MANY = 300  # points from which on they are pale, so that their crowd shows


class Point(Block):
    """A column that is told by the points."""

    field: str
    label: str | None = None


class ScatterChart(ChartItem):
    """One point per row."""

    mark: Literal["scatter"]
    name: Axis = Field(description="The column that names a point.")
    x: Axis
    y: Axis
    size: Axis | None = Field(None, description="A number that the area of a point tells.")
    colour: Point | None = Field(
        None, description="The first six values, by name, have a colour each; the rest is grey."
    )
    labelled: int = Field(
        4, ge=0, le=20, description="So many of the highest and rightmost points carry their names."
    )


def _columns(item: ScatterChart) -> list[Named]:
    found = [Named(("name", "field"), item.name.field), Named(("x", "field"), item.x.field)]
    found.append(Named(("y", "field"), item.y.field, "a number"))
    if item.size:
        found.append(Named(("size", "field"), item.size.field, "a number"))
    if item.colour:
        found.append(Named(("colour", "field"), item.colour.field))
    return found


def _metrics(item: ScatterChart) -> list[Used]:
    return []


def _rows(item: ScatterChart, source: Source, formatter: Formatter) -> Rows:
    """The name, x, y, and where asked the size and the colour of each row that has both numbers."""
    axes = [item.name, item.x, item.y, *([item.size] if item.size else [])]
    fields = [source.axis_field(axis) for axis in axes]
    names = [axis.field for axis in axes]
    if item.colour:
        fields.append(source.field(item.colour.field, item.colour.label, None))
        names.append(item.colour.field)
    both = f"{quoted(item.x.field)} is not null and {quoted(item.y.field)} is not null"
    rows = source.select([quoted(name) for name in names], where=both)
    return Rows(Frame(tuple(fields), tuple(rows)), names={"others": source.words["others"]})


def _figure(item: ScatterChart, rows: Rows, formatter: Formatter) -> Figure:
    frame = rows.frame
    x, y = _axis(frame, _X, formatter), _axis(frame, _Y, formatter)
    marker: dict[str, Any] = {
        "size": 9,
        "opacity": 0.45 if len(frame.rows) > _MANY else 0.8,
        "color": "var(--series-1)",
        "line": {"color": "var(--card)", "width": 1},
    }
    if item.size:
        sizes = [as_number(row[_Y + 1]) or 0.0 for row in frame.rows]
        most = max(sizes, default=0.0)
        marker["size"] = [max(size, 0.0) for size in sizes]
        marker |= {"sizemode": "area", "sizeref": 2 * (most or 1) / _BIGGEST**2, "sizemin": 3}
    legend: tuple[LegendEntry, ...] = ()
    if item.colour:
        texts = frame.texts_at(len(frame.fields) - 1, formatter)
        names = sorted(set(texts))
        shown, others = names[:_MOST_COLOURS], names[_MOST_COLOURS:]
        colour = {name: f"var(--series-{index})" for index, name in enumerate(shown, start=1)}
        marker["color"] = [colour.get(text, OTHER_COLOUR) for text in texts]
        legend = tuple(LegendEntry(name, one, "box") for name, one in colour.items())
        if others:
            legend = (*legend, LegendEntry(rows.names["others"], OTHER_COLOUR, "box"))
    trace: Trace = {"type": "scatter", "mode": "markers", "x": {"$": _X}, "y": {"$": _Y}}
    trace |= {"marker": marker, "cliponaxis": False}
    layout = {
        "annotations": [*_labels(item, frame, formatter), upright_name(frame.fields[_Y].label)],
        "margin": {"l": 4, "r": 18, "t": 28, "b": 4, "pad": 0},
    }
    return Figure(frame, [trace], x, y, (), legend, None, layout, "point")


def _axis(frame: Frame, index: int, formatter: Formatter) -> FigureAxis:
    """An axis with room at its ends, so that no point is cut."""
    field = frame.fields[index]
    title = plain(field.label) if index == _X else ""
    days = [value for row in frame.rows if isinstance(value := row[index], date)]
    if field.is_date and days:
        axis = date_axis(min(days), max(days), formatter)
        return FigureAxis("date", axis.ticks, axis.narrow, axis.range, grid=True, title=title)
    numbers = [number for row in frame.rows if (number := as_number(row[index])) is not None]
    span = max(numbers, default=1.0) - min(numbers, default=0.0)
    is_near_zero = min(numbers, default=0.0) - span / 2 <= 0 <= max(numbers, default=0.0) + span / 2
    ticks = value_ticks(numbers, field.format, formatter, zero=is_near_zero)
    low, high = min([*numbers, float(ticks[0].at)]), max(numbers, default=float(ticks[-1].at))
    room = (high - low or 1.0) * 0.06
    ticks = [tick for tick in ticks if float(tick.at) <= high + room]
    narrow = ticks[::2] if index == _X else ticks
    above = high + room * (1 if index == _X else 2)  # a name stands above the highest point
    return FigureAxis("value", ticks, narrow, [low - room, above], grid=True, title=title)


def extremes(frame: Frame, most: int) -> list[int]:
    """The rows farthest out, at most `most`: the highest, the rightmost, in turns; none near another.

    The lowest ones of a shop stand in a crowd, where a name could not be read.
    """
    places = [(as_number(row[_X]), as_number(row[_Y])) for row in frame.rows]
    known = [(i, x, y) for i, (x, y) in enumerate(places) if x is not None and y is not None]
    if not known:
        return []
    width = (max(x for _, x, _ in known) - min(x for _, x, _ in known)) or 1.0
    height = (max(y for _, _, y in known) - min(y for _, _, y in known)) or 1.0
    turns = [
        sorted(known, key=lambda one: (-one[2], one[0])),
        sorted(known, key=lambda one: (-one[1], one[0])),
    ]
    found: list[tuple[int, float, float]] = []
    for rank in range(min(len(known), most)):
        for turn in turns:
            one = turn[rank]
            near = any(
                abs(one[1] - other[1]) < width * _NEAR_X
                and abs(one[2] - other[2]) < height * _NEAR_Y
                for other in found
            )
            if not near and len(found) < most:
                found.append(one)
    return [index for index, _, _ in found]


def _labels(item: ScatterChart, frame: Frame, formatter: Formatter) -> list[Trace]:
    """The names of the extremes, above their points; at the right edge to their left."""
    texts = frame.texts_at(_NAME, formatter)
    middle = [as_number(row[_X]) or 0.0 for row in frame.rows]
    sizes = [max(as_number(row[_Y + 1]) or 0.0, 0.0) if item.size else 0.0 for row in frame.rows]
    most = max(sizes, default=0.0) or 1.0
    radius = [max(_BIGGEST / 2 * math.sqrt(size / most), 5.0) for size in sizes]
    half = (max(middle, default=0.0) + min(middle, default=0.0)) / 2
    return [
        {
            "text": plain(texts[index]),
            "x": middle[index],
            "y": as_number(frame.rows[index][_Y]),
            "showarrow": False,
            "xanchor": "right" if middle[index] > half else "left",
            "yanchor": "bottom",
            "yshift": round(radius[index]) + 2,
            "font": {"size": 11, "color": "var(--ink)"},
            "bgcolor": "var(--card)",
            "opacity": 0.85,
        }
        for index in extremes(frame, item.labelled)
    ]


def _sentence(item: ScatterChart, rows: Rows, speaker: Speaker) -> list[str]:
    """How many points, and the ends of both axes with the names that stand there."""
    frame, words = rows.frame, speaker.words
    names = frame.texts_at(_NAME, speaker.formatter)
    told = [words["points"].format(count=len(frame.rows))]
    for index in (_X, _Y):
        texts = frame.texts_at(index, speaker.formatter)
        numbers = [as_number(row[index]) for row in frame.rows]
        known = [(number, i) for i, number in enumerate(numbers) if number is not None]
        if known:
            most, least = max(known, key=lambda one: one[0])[1], min(known)[1]
            told.append(
                f"{frame.fields[index].label}: "
                + words["highest"].format(value=texts[most], where=names[most])
                + ", "
                + words["lowest"].format(value=texts[least], where=names[least])
            )
    return told


def _place(item: ScatterChart, source: Source) -> str:
    return quoted(item.name.field)


MARK = Mark(ScatterChart, _columns, _metrics, _rows, _figure, _sentence, _place)
