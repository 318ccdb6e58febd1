"""Histograms: how many values fall into each class, counted here or in a mart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block
from reports.charts.across import across
from reports.charts.axes import Axis as FigureAxis
from reports.charts.axes import plain
from reports.charts.figure import Figure, Trace
from reports.charts.mark import Line, Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.charts.ticks import Tick, value_steps, value_ticks
from reports.formats import FormatName, Formatter, Value
from reports.frames import Field as FrameField
from reports.frames import Frame, as_number
from reports.language.items import Axis, ChartItem
from reports.language.named import Named, Used
from reports.sql import quoted

_FROM, _TO, _COUNT = 1, 2, 3
_MOST_NUMBERS = 12  # classes of one number each that have room for all of them


class Counted(Block):
    """Columns of classes that are counted already: values from `lower`, below `upper`.

    Where one of them is missing, the class is open on that side.
    """

    lower: str
    upper: str
    count: str


class Landmark(Block):
    """A value that the classes are looked at from, such as the median."""

    field: str = Field(description="The column that has it in the dataset's first row.")
    label: str
    format: FormatName | None = None


class HistogramChart(ChartItem):
    """One bar for each class of values, as wide as the class."""

    mark: Literal["histogram"]
    value: Axis | None = Field(None, description="The column whose values are counted.")
    classes: int = Field(24, ge=3, le=100, description="At most so many, of a round width.")
    counted: Counted | None = Field(None, description="Instead of `value`: one row per class.")
    label: str | None = Field(None, description="What the values are.")
    lines: list[Landmark] = Field([], max_length=3, description="Upright lines at these values.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.value is None) == (self.counted is None):
            raise ValueError("write either `value` or `counted`")
        return self


def _columns(item: HistogramChart) -> list[Named]:
    found = [
        Named(("lines", index, "field"), line.field, "a number")
        for index, line in enumerate(item.lines)
    ]
    if item.value:
        return [Named(("value", "field"), item.value.field, "a number"), *found]
    counted = item.counted.model_dump() if item.counted else {}
    return [*(Named(("counted", part), name, "a number") for part, name in counted.items()), *found]


def _metrics(item: HistogramChart) -> list[Used]:
    return []


def _rows(item: HistogramChart, source: Source, formatter: Formatter) -> Rows:
    """One row per class: its range in words, its ends, and its count."""
    if item.counted:
        ends = source.field(item.counted.lower, None, None)
        names = [item.counted.lower, item.counted.upper, item.counted.count]
        lower = f"{quoted(names[0])} nulls first"
        found = source.select([quoted(name) for name in names], order=[lower])
    else:
        ends = source.axis_field(item.value or Axis(field=""))
        found = _counted(ends.name, item.classes, source)
    words = source.words
    fields = (
        FrameField("range", item.label or words["bin"], "text", "VARCHAR"),
        FrameField("from", words["bin_from"], ends.format, ends.sql_type),
        FrameField("to", words["bin_to"], ends.format, ends.sql_type),
        FrameField("count", words["values"], "int", "BIGINT"),
    )
    rows = tuple((_class_name(row[0], row[1], ends, formatter, words), *row[:3]) for row in found)
    return Rows(Frame(fields, rows), lines=_landmarks(item, source, formatter))


def _class_name(
    low: Value, high: Value, ends: FrameField, formatter: Formatter, words: Mapping[str, str]
) -> str:
    """A class in words: whole numbers by their first and last, one that is open by its only end."""
    if low is None or high is None:
        name, end = ("bin_below", high) if low is None else ("bin_above", low)
        return words[name].format(value=formatter.text(end, ends.format))
    if _is_whole(ends) and isinstance(low, int) and isinstance(high, int):
        high -= 1
        if high == low:
            return formatter.text(low, ends.format)
    return f"{formatter.text(low, ends.format)} \u2013 {formatter.text(high, ends.format)}"


def _is_whole(ends: FrameField) -> bool:
    return "INT" in ends.sql_type


def _landmarks(item: HistogramChart, source: Source, formatter: Formatter) -> list[Line]:
    """The lines, each named with its value."""
    rows = source.select([quoted(line.field) for line in item.lines])[:1] if item.lines else []
    found = []
    for line, value in zip(item.lines, rows[0] if rows else [], strict=False):
        number = as_number(value)
        if number is not None:
            text = formatter.text(value, source.field(line.field, None, line.format).format)
            found.append(Line(number, f"{line.label} {text}"))
    return found


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
    """Bars over the values; a class that is open is as wide as the others, and pale."""
    frame = rows.frame
    ends = _drawn_ends(rows)
    is_open = [row[_FROM] is None or row[_TO] is None for row in frame.rows]
    trace: Trace = {
        "type": "bar",
        "x": [(low + high) / 2 for low, high in ends],
        "y": {"$": _COUNT},
        "width": [high - low for low, high in ends],
        "marker": {"color": "var(--series-1)", "line": {"color": "var(--card)", "width": 1}},
    }
    if any(is_open):
        trace["marker"]["opacity"] = [0.45 if one else 1 for one in is_open]
    x = _value_axis(item, rows, ends, formatter)
    counts = [as_number(row[_COUNT]) or 0.0 for row in frame.rows]
    steps = value_ticks(counts, "int", formatter, zero=True)
    y = FigureAxis("value", steps, steps, [steps[0].at, steps[-1].at], grid=True)
    shown = [line for line in rows.lines if ends[0][0] <= line.value <= ends[-1][1]]
    layout = {"bargap": 0, **across(Rows(frame, lines=shown), "value", x.range, vertical=True)}
    names = [
        _open_name(row, pair)
        for row, pair, one in zip(frame.rows, ends, is_open, strict=True)
        if one
    ]
    layout["annotations"] = [*layout.get("annotations", []), *names]
    return Figure(frame, [trace], x, y, (), (), None, layout, "x", tip=(_COUNT,))


def _value_axis(
    item: HistogramChart, rows: Rows, ends: Sequence[tuple[float, float]], formatter: Formatter
) -> FigureAxis:
    """The axis of the values: round ones, or each number where bars stand at one number each."""
    frame = rows.frame
    shown = frame.fields[_FROM]
    found = [as_number(end) for row in frame.rows for end in row[_FROM:_COUNT]]
    known = [end for end in found if end is not None]
    low, high = ends[0][0], ends[-1][1]
    if _is_of_single_numbers(rows) and len(ends) <= _MOST_NUMBERS:
        numbers = range(int(min(known)), int(max(known)))
        ticks = [Tick(number, formatter.text(number, shown.format)) for number in numbers]
    else:
        ticks = value_ticks([low, high], shown.format, formatter, zero=False)
    first, last = min(known, default=low), max(known, default=high)
    inside = [tick for tick in ticks if first <= float(tick.at) <= last]
    title = plain(frame.fields[0].label) if item.label else ""
    return FigureAxis("value", inside, inside, [low, high], title=title)


def _is_of_single_numbers(rows: Rows) -> bool:
    """Whether each class is of one whole number."""
    pairs = [(as_number(row[_FROM]), as_number(row[_TO])) for row in rows.frame.rows]
    closed = [(low, high) for low, high in pairs if low is not None and high is not None]
    return _is_whole(rows.frame.fields[_FROM]) and all(high - low == 1 for low, high in closed)


def _drawn_ends(rows: Rows) -> list[tuple[float, float]]:
    """Where each class is drawn: an open one is as wide as its neighbours."""
    ends = [(as_number(row[_FROM]), as_number(row[_TO])) for row in rows.frame.rows]
    widths = [high - low for low, high in ends if low is not None and high is not None]
    width = min(widths, default=1.0)
    # A bar of one whole number stands at it, not beside it.
    back = 0.5 if _is_of_single_numbers(rows) else 0.0
    found = []
    for low, high in ends:
        start = low if low is not None else (high or 0.0) - width
        end = high if high is not None else start + width
        found.append((start - back, end - back))
    return found


def _open_name(row: Sequence[Value], ends: tuple[float, float]) -> Trace:
    """The name of an open class above its bar."""
    is_last = row[_TO] is None
    place = {"x": ends[1] if is_last else ends[0], "y": as_number(row[_COUNT]) or 0.0}
    look = {"showarrow": False, "font": {"size": 11, "color": "var(--ink-2)"}}
    side = {"xanchor": "right" if is_last else "left", "yanchor": "bottom"}
    return {"text": plain(str(row[0])), **place, **look, **side}


def _sentence(item: HistogramChart, rows: Rows, speaker: Speaker) -> list[str]:
    """From where to where the values go, and where most of them are."""
    frame = rows.frame
    starts, ends = (frame.texts_at(index, speaker.formatter) for index in (_FROM, _TO))
    counts = [as_number(row[_COUNT]) or 0.0 for row in frame.rows]
    most = max(range(len(counts)), key=lambda index: counts[index])
    value = frame.texts_at(_COUNT, speaker.formatter)[most]
    # An open class has one end.
    first = ends[0] if frame.rows[0][_FROM] is None else starts[0]
    last = starts[-1] if frame.rows[-1][_TO] is None else ends[-1]
    return [
        speaker.words["from_to"].format(first=first, last=last),
        speaker.words["highest"].format(value=value, where=frame.rows[most][0]),
        *(line.label for line in rows.lines),
    ]


def _place(item: HistogramChart, source: Source) -> str:
    return "null"


MARK = Mark(HistogramChart, _columns, _metrics, _rows, _figure, _sentence, _place)
