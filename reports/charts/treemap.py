"""Treemaps: parts of a whole as areas, drawn at build time as boxes that fit any width.

Boxes are laid out squarified (Bruls, Huizing and van Wijk 2000) in a field of 100 by 100 per cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup, escape
from pydantic import Field

from reports.charts.figure import Figure, LegendEntry, drawn
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.charts.xy_traces import OTHER_COLOUR
from reports.formats import Formatter
from reports.frames import Field as FrameField
from reports.frames import Frame, as_number
from reports.language.items import Axis, ChartItem, Measure, measured
from reports.language.named import Named, Used
from reports.sql import quoted

_RATIO = 2.2  # width to height of the field while boxes are laid out
_COLOURS = 6
_SMALL = 0.004  # of the field: no text fits into a smaller box

Box = tuple[float, float, float, float]


class TreemapChart(ChartItem):
    """One box for each name, as big as its value."""

    mark: Literal["treemap"]
    x: Axis = Field(description="The names.")
    value: Measure
    group: Axis | None = Field(
        None, description="Boxes of a group lie together and share a colour."
    )
    max: int = Field(30, ge=2, le=120, description="So many boxes; all others become one.")


def _columns(item: TreemapChart) -> list[Named]:
    group = [Named(("group", "field"), item.group.field)] if item.group else []
    return [Named(("x", "field"), item.x.field), *measured([(("value",), item.value)])[0], *group]


def _metrics(item: TreemapChart) -> list[Used]:
    return measured([(("value",), item.value)])[1]


def _rows(item: TreemapChart, source: Source, formatter: Formatter) -> Rows:
    """Name, value, share and group, biggest first; values of zero and below have no area."""
    keys = [item.x, *([item.group] if item.group else [])]
    source.refuse_adding_up([item.value.metric], keys)
    x, key = source.axis_sql(item.x), source.key_sql
    group = source.axis_sql(item.group) if item.group else "null"
    partition = f"partition by {key[0]}" if key else ""
    names = [*key, f"{x} as tillhouse_name", f"{group} as tillhouse_group"]
    relation = f"""(
    with added as (
        select {", ".join(names)}, {source.aggregate_sql(item.value)} as tillhouse_value
        from {quoted(source.table)} group by {", ".join([*key, x, *([group] if item.group else [])])}
    )
    select *, tillhouse_value / sum(tillhouse_value) over ({partition}) as tillhouse_share,
        row_number() over ({partition} order by tillhouse_value desc, tillhouse_name) as tillhouse_rank
    from added where tillhouse_value > 0
)"""
    kept = f"tillhouse_rank <= {item.max}"
    rank = f"case when {kept} then tillhouse_rank end"
    rows = source.select(
        [
            f"any_value(case when {kept} then tillhouse_name end)",
            "sum(tillhouse_value)",
            "sum(cast(tillhouse_share as double))",
            f"any_value(case when {kept} then tillhouse_group end)",
        ],
        group=[rank],
        order=["min(tillhouse_rank)"],
        relation=relation,
    )
    words = source.words
    found = [(words["others"] if row[0] is None else row[0], *row[1:]) for row in rows]
    share = FrameField("share", words["share"], "rate1", "DOUBLE")
    fields = (source.axis_field(item.x), source.measure_field(item.value), share)
    if item.group:
        return Rows(Frame((*fields, source.axis_field(item.group)), tuple(found)))
    return Rows(Frame(fields, tuple(row[:3] for row in found)))


def squarified(values: Sequence[float], box: Box) -> list[Box]:
    """A box within `box` for each value (descending): left, top, width and height.

    Rows are laid along the shorter side while that makes the worst box less long.
    """
    total = sum(values)
    left, top, width, height = box
    if not values or total <= 0:
        return []
    scale = width * height / total
    found: list[Box] = []
    rest = [value * scale for value in values]
    while rest:
        side = min(width, height)
        count = 1
        while count < len(rest) and _worst(rest[: count + 1], side) <= _worst(rest[:count], side):
            count += 1
        row, rest = rest[:count], rest[count:]
        deep = sum(row) / side if side else 0.0
        along = 0.0
        for area in row:
            length = area / deep if deep else 0.0
            if width >= height:
                found.append((left, top + along, deep, length))
            else:
                found.append((left + along, top, length, deep))
            along += length
        if width >= height:
            left, width = left + deep, width - deep
        else:
            top, height = top + deep, height - deep
    return found


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    if not total or not side:
        return float("inf")
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * min(row)))


def _boxes(item: TreemapChart, frame: Frame) -> tuple[list[Box], dict[str, str]]:
    """The box of each row, and the colour of each group: groups first, then what is in them."""
    values = [as_number(row[1]) or 0.0 for row in frame.rows]
    whole = (0.0, 0.0, 100.0 * _RATIO, 100.0)
    if not item.group:
        return squarified(values, whole), {}
    members: dict[str, list[int]] = {}
    for index, row in enumerate(frame.rows):
        members.setdefault("" if row[3] is None else str(row[3]), []).append(index)
    size = {name: sum(values[i] for i in inside) for name, inside in members.items()}
    ranked = sorted(members, key=lambda name: (-size[name], name))
    found: dict[int, Box] = {}
    for name, box in zip(ranked, squarified([size[one] for one in ranked], whole), strict=True):
        inner = squarified([values[i] for i in members[name]], box)
        found |= dict(zip(members[name], inner, strict=True))
    named = sorted(name for name in ranked if name)[:_COLOURS]
    colours = {name: f"var(--series-{number})" for number, name in enumerate(named, start=1)}
    return [found[index] for index in range(len(values))], colours


def _figure(item: TreemapChart, rows: Rows, formatter: Formatter) -> Figure:
    frame = rows.frame
    boxes, colours = _boxes(item, frame)
    names, texts, shares = (frame.texts_at(index, formatter) for index in (0, 1, 2))
    lines = []
    for index, (left, top, width, height) in enumerate(boxes):
        group = "" if not item.group or frame.rows[index][3] is None else str(frame.rows[index][3])
        colour = colours.get(group, OTHER_COLOUR if item.group else "var(--series-1)")
        sides = {"left": left / _RATIO, "top": top, "width": width / _RATIO, "height": height}
        place = ";".join(f"{side}:{value:.3f}%" for side, value in sides.items())
        told = escape(f"{names[index]}: {texts[index]} ({shares[index]})")
        is_big = width * height / (_RATIO * 10_000) > _SMALL
        inside = (
            f"<b>{escape(names[index])}</b><span>{escape(texts[index])}</span>" if is_big else ""
        )
        lines.append(f'<li style="{place};--colour:{colour}" title="{told}">{inside}</li>')
    label = escape(item.title or item.alt or item.mark)
    html = Markup(  # noqa: S704 - every value is escaped above
        f'<ul class="treemap" aria-label="{label}" style="height:{item.height}px">{"".join(lines)}</ul>'
    )
    figure = drawn(frame, html)
    legend = tuple(LegendEntry(name, colour) for name, colour in colours.items())
    return Figure(frame, [], figure.x, figure.y, legend=legend, html=html)


def _sentence(item: TreemapChart, rows: Rows, speaker: Speaker) -> list[str]:
    """How many boxes, and the three biggest with their shares."""
    frame = rows.frame
    names, shares = (frame.texts_at(index, speaker.formatter) for index in (0, 2))
    biggest = ", ".join(
        f"{name} {share}" for name, share in list(zip(names, shares, strict=True))[:3]
    )
    return [speaker.words["points"].format(count=len(names)), biggest]


def _place(item: TreemapChart, source: Source) -> str:
    return source.axis_sql(item.x)


MARK = Mark(TreemapChart, _columns, _metrics, _rows, _figure, _sentence, _place)
