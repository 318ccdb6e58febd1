"""Boxes and violins: how the values of each group spread, from raw rows or from ready quantiles."""

from __future__ import annotations

import itertools
import math
from typing import Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block
from reports.charts.axes import Axis as FigureAxis
from reports.charts.axes import place_axis
from reports.charts.figure import Figure, Trace, numbers_of
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.charts.ticks import log_ticks, value_ticks
from reports.formats import Formatter
from reports.frames import Field as FrameField
from reports.frames import Frame, as_number
from reports.language.items import Axis, ChartItem
from reports.language.named import Named, Used
from reports.sql import quoted

_PARTS = ("lowerfence", "q1", "median", "q3", "upperfence")
_WORDS = ("lower_whisker", "lower_quartile", "median", "upper_quartile", "upper_whisker")
_MEDIAN = 3  # its place in the frame
MOST_NARROW_LOG = 4  # ticks of a small screen
STEPS = 48  # places at which the density of a violin is computed
_WIDEST = 0.42  # of the room that a group has, on either side


class Quantiles(Block):
    """Columns with the five numbers of a box, where they are computed already."""

    lowerfence: str
    q1: str
    median: str
    q3: str
    upperfence: str

    def names(self) -> list[str]:
        """The columns from the lowest to the highest."""
        return [self.lowerfence, self.q1, self.median, self.q3, self.upperfence]


class BoxChart(ChartItem):
    """One box for each group: its quartiles, and whiskers to the last value within 1.5 of their distance."""

    mark: Literal["box"]
    x: Axis = Field(description="The groups, at most 30.")
    value: Axis | None = Field(None, description="The column whose values are summed up.")
    quantiles: Quantiles | None = Field(None, description="Instead of `value`: one row per group.")
    scale: Literal["linear", "log"] = Field(
        "linear", description="`log` for values over decades; it needs all of them above zero."
    )
    horizontal: bool = Field(False, description="Lying, with the names of the groups beside them.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.value is None) == (self.quantiles is None):
            raise ValueError("write either `value` or `quantiles`")
        return self


class ViolinChart(ChartItem):
    """One violin for each group: the density of its values around its quartiles."""

    mark: Literal["violin"]
    x: Axis
    value: Axis
    horizontal: bool = Field(False, description="Lying, with the names of the groups beside them.")


def _columns(item: BoxChart | ViolinChart) -> list[Named]:
    found = [Named(("x", "field"), item.x.field)]
    if item.value:
        found.append(Named(("value", "field"), item.value.field, "a number"))
    if isinstance(item, BoxChart) and item.quantiles:
        found += [
            Named(("quantiles", part), name, "a number")
            for part, name in zip(_PARTS, item.quantiles.names(), strict=True)
        ]
    return found


def _metrics(item: ChartItem) -> list[Used]:
    return []


# ---- rows ---------------------------------------------------------------------------------------


def _rows(item: BoxChart, source: Source, formatter: Formatter) -> Rows:
    """One row per group: its five numbers, and how many values they are of."""
    if item.value:
        return Rows(_spread(item.x, item.value, source))
    names = item.quantiles.names() if item.quantiles else []
    rows = source.select([source.axis_sql(item.x), *map(quoted, names)])
    fields = [
        source.field(name, source.words[word], None)
        for name, word in zip(names, _WORDS, strict=True)
    ]
    return Rows(Frame((source.axis_field(item.x), *fields), tuple(rows)))


def _spread(x: Axis, value: Axis, source: Source) -> Frame:
    """The five numbers by DuckDB's `quantile_cont`; whiskers after Tukey (1977)."""
    group = source.axis_sql(x)
    number = f"cast({quoted(value.field)} as double)"
    partition = ", ".join([*source.key_sql, group])
    quartiles = ", ".join(
        f"quantile_cont({number}, {share}) over (partition by {partition}) as tillhouse_{name}"
        for name, share in (("q1", 0.25), ("q2", 0.5), ("q3", 0.75))
    )
    relation = (
        f"(select *, rowid as tillhouse_row, {quartiles} from {quoted(source.table)} "
        f"where {quoted(value.field)} is not null)"
    )
    reach = "1.5 * (tillhouse_q3 - tillhouse_q1)"
    rows = source.select(
        [
            group,
            f"min({number}) filter ({number} >= tillhouse_q1 - {reach})",
            "any_value(tillhouse_q1)",
            "any_value(tillhouse_q2)",
            "any_value(tillhouse_q3)",
            f"max({number}) filter ({number} <= tillhouse_q3 + {reach})",
            "count(*)",
        ],
        group=[group],
        order=["min(tillhouse_row)"],
        relation=relation,
    )
    shown = source.axis_field(value)
    fields = [
        FrameField(part, source.words[word], shown.format, "DOUBLE")
        for part, word in zip(_PARTS, _WORDS, strict=True)
    ]
    count = FrameField("count", source.words["values"], "int", "BIGINT")
    return Frame((source.axis_field(x), *fields, count), tuple(rows))


def _violin_rows(item: ViolinChart, source: Source, formatter: Formatter) -> Rows:
    """The same, with the outline of each group: places from its lowest to its highest value."""
    return Rows(_spread(item.x, item.value, source), shapes=_densities(item, source))


def _densities(item: ViolinChart, source: Source) -> list[list[tuple[float, float]]]:
    """Pairs of value and density by group: Gaussian kernels, Silverman's width (1986, 3.31).

    Values are counted in 256 classes first, so that many rows cost no more than few.
    """
    group = source.axis_sql(item.x)
    number = f"cast({quoted(item.value.field)} as double)"
    keys = ", ".join([*source.key_sql, f"{group} as tillhouse_group"])
    names = ", ".join([*source.key_sql, "tillhouse_group"])
    relation = f"""(
    with raw as (
        select {keys}, {number} as v, rowid as r
        from {quoted(source.table)} where {quoted(item.value.field)} is not null
    ),
    sized as (
        select {names}, min(r) as first_row, min(v) as low, max(v) as high, count(*) as n,
            0.9 * coalesce(nullif(least(stddev_samp(v),
                (quantile_cont(v, 0.75) - quantile_cont(v, 0.25)) / 1.34), 0),
                nullif(stddev_samp(v), 0), 1) * pow(count(*), -0.2) as width
        from raw group by {names}
    ),
    counted as (
        select {names}, low + (floor(least((v - low) / nullif(high - low, 0) * 256, 255)) + 0.5)
            * (high - low) / 256 as place, count(*) as times
        from raw join sized using ({names}) group by all
    ),
    grid as (
        select {names}, first_row, n, width, low + (high - low) * step / {STEPS - 1} as spot
        from sized, range({STEPS}) as steps(step)
    )
    select {names}, first_row, spot,
        sum(times * exp(-0.5 * pow((spot - coalesce(place, spot)) / width, 2)))
            / (any_value(n) * any_value(width)) as density
    from grid join counted using ({names})
    group by {names}, first_row, spot
)"""
    rows = source.select(
        ["first_row", "spot", "density"], order=["first_row", "spot"], relation=relation
    )
    return [
        [(as_number(at) or 0.0, as_number(density) or 0.0) for _, at, density in found]
        for _, found in itertools.groupby(rows, key=lambda row: row[0])
    ]


# ---- figure -------------------------------------------------------------------------------------


def _axes(
    item: BoxChart | ViolinChart, rows: Rows, formatter: Formatter
) -> tuple[FigureAxis, FigureAxis]:
    """The axes of a figure, x first; lying groups are read from the top down."""
    frame = rows.frame
    kept = Frame(
        frame.fields[: len(_PARTS) + 1], tuple(row[: len(_PARTS) + 1] for row in frame.rows)
    )
    values = numbers_of(kept) + [at for shape in rows.shapes for at, _ in shape]
    chosen = frame.fields[_MEDIAN].format
    names = frame.column(frame.fields[0].name)
    groups = place_axis(names, frame.fields[0], formatter, reverse=item.horizontal)
    if isinstance(item, BoxChart) and item.scale == "log" and min(values, default=0) > 0:
        ticks, (low, high) = log_ticks(values, chosen, formatter)
        ends: list[float | str] = [round(math.log10(low), 6), round(math.log10(high), 6)]
        narrow = ticks[::2] if len(ticks) > MOST_NARROW_LOG else ticks
        along = FigureAxis("log", ticks, narrow, ends, grid=True)
    else:
        ticks = value_ticks(values, chosen, formatter, zero=False)
        along = FigureAxis("value", ticks, ticks, [ticks[0].at, ticks[-1].at], grid=True)
    return (along, groups) if item.horizontal else (groups, along)


def _figure(item: BoxChart, rows: Rows, formatter: Formatter) -> Figure:
    numbers = {part: {"$": index} for index, part in enumerate(_PARTS, start=1)}
    place = "y" if item.horizontal else "x"
    trace: Trace = {"type": "box", place: {"$index": True}, **numbers, "hoveron": "boxes"}
    if item.horizontal:
        trace["orientation"] = "h"
    trace |= {
        "line": {"color": "var(--series-1)", "width": 1.75},
        "fillcolor": "var(--series-1-soft)",
        "whiskerwidth": 0.4,
    }
    x, y = _axes(item, rows, formatter)
    return Figure(rows.frame, [trace], x, y, (), (), None, {"boxgap": 0.4}, "x")


def _violin(item: ViolinChart, rows: Rows, formatter: Formatter) -> Figure:
    """Outlines as wide as their densities, all on one scale, with the quartiles inside."""
    most = max((density for shape in rows.shapes for _, density in shape), default=1.0) or 1.0
    traces: list[Trace] = []
    along, up = ("y", "x") if item.horizontal else ("x", "y")
    for place, shape in enumerate(rows.shapes):
        sides = [(round(place + density / most * _WIDEST, 4), at) for at, density in shape]
        back = [(round(2 * place - across, 4), at) for across, at in reversed(sides)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                along: [across for across, _ in [*sides, *back, *sides[:1]]],
                up: [float(f"{at:.6g}") for _, at in [*sides, *back, *sides[:1]]],
                "fill": "toself",
                "fillcolor": "var(--series-1-soft)",
                "line": {"color": "var(--series-1)", "width": 1.25},
                "hoverinfo": "skip",
            }
        )
    for place, row in enumerate(rows.frame.rows):
        ends = [as_number(row[_MEDIAN - 1]), as_number(row[_MEDIAN + 1])]
        bar = {"type": "scatter", "mode": "lines", along: [place, place], up: ends}
        traces.append(
            {**bar, "line": {"color": "var(--series-1)", "width": 5}, "hoverinfo": "skip"}
        )
    dot = {"color": "var(--card)", "size": 9, "line": {"color": "var(--series-1)", "width": 2}}
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            along: {"$index": True},
            up: {"$": _MEDIAN},
            "marker": dot,
        }
    )
    x, y = _axes(item, rows, formatter)
    return Figure(rows.frame, traces, x, y, (), (), None, {}, "x")


def _sentence(item: ChartItem, rows: Rows, speaker: Speaker) -> list[str]:
    """Which group has the highest median, and which the lowest."""
    frame = rows.frame
    names, texts = (frame.texts_at(index, speaker.formatter) for index in (0, _MEDIAN))
    known = [
        (n, i) for i, row in enumerate(frame.rows) if (n := as_number(row[_MEDIAN])) is not None
    ]
    told = [speaker.words["points"].format(count=len(frame.rows))]
    if known:
        most, least = max(known, key=lambda one: one[0])[1], min(known)[1]
        high = speaker.words["highest"].format(value=texts[most], where=names[most])
        low = speaker.words["lowest"].format(value=texts[least], where=names[least])
        told.append(f"{speaker.words['median']}: {high}, {low}")
    return told


def _place(item: BoxChart | ViolinChart, source: Source) -> str:
    return source.axis_sql(item.x)


BOX = Mark(BoxChart, _columns, _metrics, _rows, _figure, _sentence, _place)
VIOLIN = Mark(ViolinChart, _columns, _metrics, _violin_rows, _violin, _sentence, _place)
