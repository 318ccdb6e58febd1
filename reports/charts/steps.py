"""Waterfalls and funnels: few bars in the order of the dataset, each of which follows from the one before."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from reports.charts.axes import Axis as FigureAxis
from reports.charts.axes import place_axis, plain
from reports.charts.figure import Figure, LegendEntry, Trace
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.charts.ticks import Tick, value_ticks
from reports.charts.xy_traces import OTHER_COLOUR
from reports.formats import Formatter
from reports.frames import Field as FrameField
from reports.frames import Frame, as_number
from reports.language.items import Axis, ChartItem, Measure, measured
from reports.language.named import Named, Used, named
from reports.sql import quoted

_LONG_NAME, _LONG_NARROW_NAME, _MOST_NAMES = 12, 8, 8


class WaterfallChart(ChartItem):
    """How one figure becomes another: what is added and what is taken away."""

    mark: Literal["waterfall"]
    x: Axis
    value: Measure
    total: str | None = Field(
        None, description="Boolean column: rows that are a sum of their own, drawn from zero."
    )


class FunnelChart(ChartItem):
    """How many are left at each step."""

    mark: Literal["funnel"]
    x: Axis = Field(description="The steps, in the order of the dataset.")
    value: Measure


def _columns(item: WaterfallChart | FunnelChart) -> list[Named]:
    found = [Named(("x", "field"), item.x.field), *measured([(("value",), item.value)])[0]]
    total = item.total if isinstance(item, WaterfallChart) else None
    return [*found, *named(("total",), total, "true or false")]


def _metrics(item: WaterfallChart | FunnelChart) -> list[Used]:
    return measured([(("value",), item.value)])[1]


def _added(item: WaterfallChart | FunnelChart, source: Source, total: str) -> list[tuple[Any, ...]]:
    x = source.axis_sql(item.x)
    source.refuse_adding_up([item.value.metric], [item.x])
    columns = [x, source.aggregate_sql(item.value), total]
    return source.select(columns, group=[x], order=["min(rowid)"])


# ---- waterfall ----------------------------------------------------------------------------------


def _waterfall_rows(item: WaterfallChart, source: Source, formatter: Formatter) -> Rows:
    """Name, value, and what there is afterwards; rows that are a total are marked as faded."""
    total = f"bool_or({quoted(item.total)})" if item.total else "false"
    found, running = [], None
    totals = []
    for name, value, is_total in _added(item, source, total):
        step = value if value is not None else 0
        running = step if is_total or running is None else running + step
        found.append((name, value, running))
        totals.append(bool(is_total))
    shown = source.measure_field(item.value)
    after = FrameField("running", source.words["running"], shown.format, shown.sql_type)
    return Rows(
        Frame((source.axis_field(item.x), shown, after), tuple(found)),
        totals=totals,
        names=source.words,
    )


def _waterfall(item: WaterfallChart, rows: Rows, formatter: Formatter) -> Figure:
    frame = rows.frame
    steps = [as_number(row[1]) or 0.0 for row in frame.rows]
    after = [as_number(row[2]) or 0.0 for row in frame.rows]
    before = [
        0.0 if total else end - step
        for total, step, end in zip(rows.totals, steps, after, strict=True)
    ]
    colours = [
        OTHER_COLOUR if total else "var(--series-1)" if step >= 0 else "var(--series-2)"
        for total, step in zip(rows.totals, steps, strict=True)
    ]
    trace: Trace = {
        "type": "bar",
        "x": {"$index": True},
        "y": steps,
        "base": before,
        "marker": {"color": colours},
        "text": [plain(text) for text in frame.texts_at(1, formatter)],
        "textposition": "outside",
        "textangle": 0,
        "cliponaxis": False,
    }
    links = [
        {"type": "line", "x0": place + 0.36, "x1": place + 0.64, "y0": end, "y1": end}
        for place, end in enumerate(after[:-1])
    ]
    thin = {"color": "var(--axis)", "width": 1}
    ticks = value_ticks([*before, *after], frame.fields[1].format, formatter, zero=True)
    low, high = float(ticks[0].at), float(ticks[-1].at)
    y = FigureAxis("value", ticks, ticks, [low, high + (high - low) * 0.06], grid=True)
    layout = {"shapes": [{**link, "line": thin} for link in links]}
    legend = [LegendEntry(label, colour) for label, colour in _meanings(colours).items()]
    # The words come with the rows: a figure has none of its own.
    named_legend = tuple(
        LegendEntry(rows.names.get(one.label, one.label), one.colour) for one in legend
    )
    return Figure(frame, [trace], _broken(frame, formatter), y, (), named_legend, None, layout)


def _meanings(colours: list[str]) -> dict[str, str]:
    known = {"up": "var(--series-1)", "down": "var(--series-2)", "total": OTHER_COLOUR}
    return {name: colour for name, colour in known.items() if colour in colours}


def _broken(frame: Frame, formatter: Formatter) -> FigureAxis:
    """Names below bars, with a new line at a space where they are long."""
    axis = place_axis(frame.column(frame.fields[0].name), frame.fields[0], formatter)
    ticks, narrow = (
        [Tick(tick.at, _in_lines(tick.text, longest)) for tick in axis.ticks]
        for longest in (_LONG_NAME, _LONG_NARROW_NAME)
    )
    narrow = narrow if len(narrow) <= _MOST_NAMES else narrow[::2]
    return FigureAxis("index", ticks, narrow, axis.range)


def _in_lines(text: str, longest: int) -> str:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + len(word) < longest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "<br>".join(lines)


def _steps_sentence(item: ChartItem, rows: Rows, speaker: Speaker) -> list[str]:
    """Each step with its value, which is what the chart is about."""
    frame = rows.frame
    names, texts = (frame.texts_at(index, speaker.formatter) for index in (0, 1))
    return [", ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))]


# ---- funnel -------------------------------------------------------------------------------------


def _funnel_rows(item: FunnelChart, source: Source, formatter: Formatter) -> Rows:
    """Step, value, its share of the first step, and of the one before."""
    found: list[tuple[Any, ...]] = []
    first: float | None = None
    previous: float | None = None
    for name, value, _ in _added(item, source, "false"):
        number = as_number(value)
        first = number if first is None else first
        of_first = number / first if number is not None and first else None
        of_previous = number / previous if number is not None and previous else None
        found.append((name, value, of_first, of_previous))
        previous = number
    fields = (
        source.axis_field(item.x),
        source.measure_field(item.value),
        FrameField("share_of_first", source.words["share_of_first"], "rate1", "DOUBLE"),
        FrameField("share_of_previous", source.words["share_of_previous"], "rate1", "DOUBLE"),
    )
    return Rows(Frame(fields, tuple(found)))


def _funnel(item: FunnelChart, rows: Rows, formatter: Formatter) -> Figure:
    """Lying bars; the value and its share of the first step stand beside them."""
    frame = rows.frame
    values = [as_number(row[1]) or 0.0 for row in frame.rows]
    most = max(values, default=1.0) or 1.0
    texts = frame.texts_at(1, formatter)
    shares = [formatter.text(row[2], "rate0") for row in frame.rows]
    trace: Trace = {
        "type": "bar",
        "orientation": "h",
        "y": {"$index": True},
        "x": {"$": 1},
        "marker": {"color": "var(--series-1)"},
        "text": [
            plain(f"{text} · {share}" if place else text)
            for place, (text, share) in enumerate(zip(texts, shares, strict=True))
        ],
        "textposition": "outside",
        "cliponaxis": False,
    }
    y = place_axis(frame.column(frame.fields[0].name), frame.fields[0], formatter, reverse=True)
    x = FigureAxis("value", range=[0, most * 1.32])
    return Figure(frame, [trace], x, y)


def _place(item: WaterfallChart | FunnelChart, source: Source) -> str:
    return source.axis_sql(item.x)


WATERFALL = Mark(
    WaterfallChart, _columns, _metrics, _waterfall_rows, _waterfall, _steps_sentence, _place
)
FUNNEL = Mark(FunnelChart, _columns, _metrics, _funnel_rows, _funnel, _steps_sentence, _place)
