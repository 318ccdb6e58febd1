"""Histograms: how many values fall into each class, counted here or in a mart."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block
from reports.charts.axes import Axis as FigureAxis
from reports.charts.axes import plain
from reports.charts.figure import Figure, Trace
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.charts.ticks import value_steps, value_ticks
from reports.formats import Formatter, Value
from reports.frames import Field as FrameField
from reports.frames import Frame, as_number
from reports.language.items import Axis, ChartItem
from reports.language.named import Named, Used
from reports.sql import quoted

_FROM, _TO, _COUNT = 1, 2, 3


class Counted(Block):
    """Columns of classes that are counted already: values from `lower`, below `upper`."""

    lower: str
    upper: str
    count: str


class HistogramChart(ChartItem):
    """One bar for each class of values, as wide as the class."""

    mark: Literal["histogram"]
    value: Axis | None = Field(None, description="The column whose values are counted.")
    classes: int = Field(24, ge=3, le=100, description="At most so many, of a round width.")
    counted: Counted | None = Field(None, description="Instead of `value`: one row per class.")
    label: str | None = Field(None, description="What the values are.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.value is None) == (self.counted is None):
            raise ValueError("write either `value` or `counted`")
        return self


def _columns(item: HistogramChart) -> list[Named]:
    if item.value:
        return [Named(("value", "field"), item.value.field, "a number")]
    counted = item.counted.model_dump() if item.counted else {}
    return [Named(("counted", part), name, "a number") for part, name in counted.items()]


def _metrics(item: HistogramChart) -> list[Used]:
    return []


def _rows(item: HistogramChart, source: Source, formatter: Formatter) -> Rows:
    """One row per class: its range in words, its ends, and its count."""
    if item.counted:
        ends = source.field(item.counted.lower, None, None)
        names = [item.counted.lower, item.counted.upper, item.counted.count]
        found = source.select([quoted(name) for name in names], order=[quoted(names[0])])
    else:
        ends = source.axis_field(item.value or Axis(field=""))
        found = _counted(ends.name, item.classes, source)
    words = source.words
    fields = (
        FrameField("range", item.label or words["bin"], "text", "VARCHAR"),
        FrameField("from", words["bin_from"], ends.format, "DOUBLE"),
        FrameField("to", words["bin_to"], ends.format, "DOUBLE"),
        FrameField("count", words["values"], "int", "BIGINT"),
    )
    rows = tuple(
        (" \u2013 ".join(formatter.text(end, ends.format) for end in row[:2]), *row[:3])
        for row in found
    )
    return Rows(Frame(fields, rows))


def _counted(name: str, most: int, source: Source) -> list[tuple[Value, ...]]:
    """Classes of a round width over all values, those without a value too; the last holds its end."""
    column = f"cast({quoted(name)} as double)"
    [(low, high), *_] = source.select([f"min({column})", f"max({column})"], group=["true"]) or [
        (None, None)
    ]
    first, last = as_number(low), as_number(high)
    if first is None or last is None:
        return []
    steps = value_steps(first, last, most=most + 1)
    start, width = float(steps[0]), float(steps[1] - steps[0])
    place = f"least(floor(({column} - {start!r}) / {width!r}), {len(steps) - 2})"
    rows = source.select(
        [place, "count(*)"], where=f"{column} is not null", group=[place], order=[place]
    )
    counts = {int(as_number(row[0]) or 0): row[1] for row in rows}
    return [
        (float(steps[index]), float(steps[index + 1]), counts.get(index, 0))
        for index in range(len(steps) - 1)
    ]


def _figure(item: HistogramChart, rows: Rows, formatter: Formatter) -> Figure:
    frame = rows.frame
    ends = [(as_number(row[_FROM]) or 0.0, as_number(row[_TO]) or 0.0) for row in frame.rows]
    trace: Trace = {
        "type": "bar",
        "x": [(low + high) / 2 for low, high in ends],
        "y": {"$": _COUNT},
        "width": [high - low for low, high in ends],
        "marker": {"color": "var(--series-1)", "line": {"color": "var(--card)", "width": 1}},
    }
    edges = [end for pair in ends for end in pair]
    ticks = value_ticks(edges, frame.fields[_FROM].format, formatter, zero=False)
    low, high = min(edges), max(edges)
    inside = [tick for tick in ticks if low <= float(tick.at) <= high]
    title = plain(frame.fields[0].label) if item.label else ""
    x = FigureAxis("value", inside, inside, [low, high], title=title)
    counts = [as_number(row[_COUNT]) or 0.0 for row in frame.rows]
    steps = value_ticks(counts, "int", formatter, zero=True)
    y = FigureAxis("value", steps, steps, [steps[0].at, steps[-1].at], grid=True)
    return Figure(frame, [trace], x, y, (), (), None, {"bargap": 0}, "x", tip=(_COUNT,))


def _sentence(item: HistogramChart, rows: Rows, speaker: Speaker) -> list[str]:
    """From where to where the values go, and where most of them are."""
    frame = rows.frame
    starts, ends = (frame.texts_at(index, speaker.formatter) for index in (_FROM, _TO))
    counts = [as_number(row[_COUNT]) or 0.0 for row in frame.rows]
    most = max(range(len(counts)), key=lambda index: counts[index])
    value = frame.texts_at(_COUNT, speaker.formatter)[most]
    return [
        speaker.words["from_to"].format(first=starts[0], last=ends[-1]),
        speaker.words["highest"].format(value=value, where=frame.rows[most][0]),
    ]


def _place(item: HistogramChart, source: Source) -> str:
    return "null"


MARK = Mark(HistogramChart, _columns, _metrics, _rows, _figure, _sentence, _place)
