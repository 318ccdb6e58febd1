"""Heat maps: one coloured cell for each pair of x and y."""

from __future__ import annotations

from typing import Any, Literal

from reports.charts.axes import name_axis, place_axis, upright_name
from reports.charts.figure import Figure, numbers_of
from reports.charts.mark import (
    Mark,
    Rows,
    Speaker,
    axis_recipe,
    measure_recipe,
    range_sentence,
)
from reports.charts.rows import Source, grouped, pivot
from reports.formats import Formatter, Value
from reports.frames import sort_key
from reports.language.items import Axis, ChartItem, Measure, along, measured
from reports.language.named import Named, Used

UPWARD = "upward"  # among the words of the rows: the name of an axis of numbers
ABOVE = {"margin": {"l": 4, "r": 14, "t": 28, "b": 4, "pad": 0}}  # room for that name


class HeatmapChart(ChartItem):
    """One coloured cell for each pair of x and y."""

    mark: Literal["heatmap"]
    x: Axis
    y: Axis
    value: Measure


def _columns(item: HeatmapChart) -> list[Named]:
    shown, _ = measured([(("value",), item.value)])
    return [*shown, *along(("x",), item.x), *along(("y",), item.y)]


def _metrics(item: HeatmapChart) -> list[Used]:
    return measured([(("value",), item.value)])[1]


def _rows(item: HeatmapChart, source: Source, formatter: Formatter) -> Rows:
    """One row per x, one column per y, in the order in which the dataset has them."""
    found = grouped(source, item.x, item.y, item.value)
    # Rows of y stand in their own order (Monday first), not in that of their first appearance.
    names: list[Value] = list({row[1] for row in found if row[1] is not None})
    names.sort(key=sort_key)
    x, y = source.axis_field(item.x), source.axis_field(item.y)
    frame = pivot(found, names, x, y, source.measure_field(item.value), formatter)
    return Rows(frame, names={UPWARD: y.label} if y.is_quantity else {})


def _figure(item: HeatmapChart, rows: Rows, formatter: Formatter) -> Figure:
    """Rows of the frame are x, its fields after the first are y: names from the top down, numbers upward."""
    frame = rows.frame
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
    numbers = numbers_of(frame)
    gradient = None
    if numbers:
        low, high = (formatter.text(end(numbers), names[0].format) for end in (min, max))
        gradient = (low, high)
    x = place_axis(frame.column(frame.fields[0].name), frame.fields[0], formatter)
    upward = rows.names.get(UPWARD)
    y = name_axis(names, upward=upward is not None)
    layout = ABOVE | {"annotations": [upright_name(upward)]} if upward else {}
    return Figure(frame, [trace], x, y, (), (), gradient, layout, "cell")


def _sentence(item: HeatmapChart, rows: Rows, speaker: Speaker) -> list[str]:
    return range_sentence(item, rows, speaker)


def _place(item: HeatmapChart, source: Source) -> str:
    return source.axis_sql(item.x)


def _recipe(item: HeatmapChart, source: Source) -> dict[str, Any]:
    return {
        "x": axis_recipe(item.x, source),
        "y": axis_recipe(item.y, source),
        "value": measure_recipe(item.value, source),
    }


MARK = Mark(HeatmapChart, _columns, _metrics, _rows, _figure, _sentence, _place, _recipe)
