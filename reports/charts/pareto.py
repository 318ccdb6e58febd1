"""Pareto charts: the biggest first, and how much they bring together; limits of classes A, B and C.

Bars and line share one axis, that of the shares: bars are parts of all, the line is their sum so far.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from reports.charts.across import reference_line
from reports.charts.axes import Axis as FigureAxis
from reports.charts.axes import place_axis
from reports.charts.figure import Figure, LegendEntry, Trace
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.charts.ticks import value_ticks
from reports.charts.xy_traces import OTHER_COLOUR
from reports.formats import Formatter
from reports.frames import Field as FrameField
from reports.frames import Frame
from reports.language.items import Axis, ChartItem, Measure, measured
from reports.language.named import Named, Used
from reports.sql import quoted

_SHARE, _SO_FAR, _CLASS = 2, 3, 4
_COLOURS = {"A": "var(--series-1)", "B": "var(--series-2)", "C": OTHER_COLOUR}
_FEW = 20  # bars with a point of the line above each
_SLACK = 1e-12  # sums of shares are doubles


class ParetoChart(ChartItem):
    """Bars from the biggest to the smallest, and the line of what they bring together."""

    mark: Literal["pareto"]
    x: Axis
    value: Measure
    max: int = Field(60, ge=2, le=200, description="So many bars; all others become the last one.")
    limits: tuple[float, float] = Field(
        (0.8, 0.95), description="Up to the first share it is class A, up to the second B, then C."
    )

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if not 0 < self.limits[0] < self.limits[1] <= 1:
            raise ValueError("`limits` are two shares between 0 and 1 that ascend")
        return self


def _columns(item: ParetoChart) -> list[Named]:
    return [Named(("x", "field"), item.x.field), *measured([(("value",), item.value)])[0]]


def _metrics(item: ParetoChart) -> list[Used]:
    return measured([(("value",), item.value)])[1]


def _rows(item: ParetoChart, source: Source, formatter: Formatter) -> Rows:
    """Name, value, share, share so far and class, biggest first; values of zero and below are left out.

    A name is of class A while what comes before it brings less than the limit.
    """
    source.refuse_adding_up([item.value.metric], [item.x])
    x, key = source.axis_sql(item.x), source.key_sql
    names = [
        *key,
        f"{x} as tillhouse_name",
        f"{source.aggregate_sql(item.value)} as tillhouse_value",
    ]
    partition = f"partition by {key[0]}" if key else ""
    order = f"{partition} order by tillhouse_value desc, tillhouse_name"
    relation = f"""(
    with added as (
        select {", ".join(names)} from {quoted(source.table)} group by {", ".join([*key, x])}
    ),
    ranked as (
        select *, row_number() over ({order}) as tillhouse_rank,
            sum(tillhouse_value) over ({partition}) as tillhouse_total
        from added where tillhouse_value > 0
    )
    select *, sum(tillhouse_value) over ({partition} order by tillhouse_rank) as tillhouse_so_far
    from ranked
)"""
    kept = f"tillhouse_rank <= {item.max}"
    first, second = item.limits
    # Money is added up before it is divided: sums of doubles depend on who was quicker.
    before = f"(tillhouse_so_far - tillhouse_value) / tillhouse_total + {_SLACK}"
    rows = source.select(
        [
            f"case when {kept} then tillhouse_name end",
            "sum(tillhouse_value)",
            "cast(sum(tillhouse_value) / max(tillhouse_total) as double)",
            "least(cast(max(tillhouse_so_far) / max(tillhouse_total) as double), 1)",
            f"case when {kept} then case when {before} < {first} then 'A' "
            f"when {before} < {second} then 'B' else 'C' end end",
        ],
        group=[f"case when {kept} then tillhouse_rank end", "1", "5"]
        if not key
        else [f"case when {kept} then tillhouse_rank end", "2", "6"],
        order=["min(tillhouse_rank)"],
        relation=relation,
    )
    words, name = source.words, source.axis_field(item.x)
    if any(row[0] is None for row in rows):  # the last name is a text, whatever the others are
        name = replace(name, sql_type="VARCHAR")
    fields = (
        name,
        source.measure_field(item.value),
        FrameField("share", words["share"], "rate1", "DOUBLE"),
        FrameField("cumulative_share", words["cumulative_share"], "rate1", "DOUBLE"),
        FrameField("abc_class", words["abc_class"], "text", "VARCHAR"),
    )
    return Rows(
        Frame(
            fields, tuple((words["others"] if row[0] is None else row[0], *row[1:]) for row in rows)
        )
    )


def _figure(item: ParetoChart, rows: Rows, formatter: Formatter) -> Figure:
    frame = rows.frame
    colours = [_COLOURS.get(str(row[_CLASS]), "var(--axis)") for row in frame.rows]
    bars: Trace = {
        "type": "bar",
        "x": {"$index": True},
        "y": {"$": _SHARE},
        "marker": {"color": colours},
    }
    line: Trace = {
        "type": "scatter",
        "mode": "lines+markers" if len(frame.rows) <= _FEW else "lines",
        "x": {"$index": True},
        "y": {"$": _SO_FAR},
        "line": {"color": "var(--ink-2)", "width": 2},
        "marker": {"color": "var(--ink-2)", "size": 4},
    }
    ticks = value_ticks([0.0, 1.0], "rate0", formatter, zero=True)
    y = FigureAxis("value", ticks, ticks, [0, 1.02], grid=True)
    places = place_axis(frame.column(frame.fields[0].name), frame.fields[0], formatter)
    wide = places.ticks if len(frame.rows) <= 10 else ()  # noqa: PLR2004 - more would be turned
    x = FigureAxis("index", wide, (), places.range)
    shown = {str(row[_CLASS]) for row in frame.rows}
    legend = [
        LegendEntry(f"{frame.fields[_CLASS].label} {name}", colour)
        for name, colour in _COLOURS.items()
        if name in shown
    ]
    legend.append(LegendEntry(frame.fields[_SO_FAR].label, "var(--ink-2)", "line"))
    text = {"showarrow": False, "xref": "paper", "x": 0, "xanchor": "left", "font": {"size": 11}}
    layout = {
        "shapes": [reference_line(limit, vertical=False) for limit in item.limits],
        "annotations": [
            {**text, "text": formatter.text(limit, "rate0"), "y": limit, "yanchor": "top"}
            for limit in item.limits
        ],
    }
    return Figure(frame, [bars, line], x, y, (), tuple(legend), None, layout)


def _sentence(item: ParetoChart, rows: Rows, speaker: Speaker) -> list[str]:
    """How many bring the first limit, and the biggest."""
    frame = rows.frame
    texts = frame.texts_at(1, speaker.formatter)
    count = sum(1 for row in frame.rows if row[_CLASS] == "A")
    upto = frame.texts_at(_SO_FAR, speaker.formatter)[max(count - 1, 0)]
    return [
        speaker.words["reaches"].format(count=count, share=upto),
        speaker.words["highest"].format(
            value=texts[0], where=frame.texts_at(0, speaker.formatter)[0]
        ),
    ]


def _place(item: ParetoChart, source: Source) -> str:
    return source.axis_sql(item.x)


MARK = Mark(ParetoChart, _columns, _metrics, _rows, _figure, _sentence, _place)
