"""Maps: countries coloured by a figure, drawn at build time as SVG; nothing comes from the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from markupsafe import Markup, escape
from pydantic import Field

from reports.charts.countries import Country, countries, projected
from reports.charts.figure import Figure, LegendEntry, drawn
from reports.charts.map_classes import Scale, class_of, limits_of
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.charts.ticks import short_texts
from reports.formats import Formatter
from reports.frames import Frame, as_number
from reports.language.items import Axis, ChartItem, Measure, measured
from reports.language.named import Named, Used
from reports.sql import quoted

# As the style sheet has them for the classes h0 to h4; the first one has to differ from the land.
_COLOURS = (
    "color-mix(in srgb, var(--heat-0) 45%, var(--heat-1))",
    *(f"var(--heat-{step})" for step in range(1, 5)),
)
_NAMED = 2  # countries of a class that the legend names
# West, south, east and north of what is shown.
_AREAS = {
    "world": (-180.0, -56.0, 180.0, 78.0),
    "europe": (-24.0, 34.0, 42.0, 71.0),
    "asia": (34.0, -11.0, 150.0, 60.0),
    "africa": (-20.0, -36.0, 54.0, 38.0),
    "north_america": (-168.0, 7.0, -52.0, 72.0),
    "south_america": (-84.0, -56.0, -33.0, 14.0),
    "oceania": (110.0, -48.0, 180.0, 2.0),
}


class MapChart(ChartItem):
    """Countries in at most five steps of one colour; those without a value are grey."""

    mark: Literal["map"]
    country: Axis = Field(description="The column with the two letters of the country, ISO 3166-1.")
    name: Axis | None = Field(None, description="The column with its name.")
    value: Measure
    area: Literal[
        "world", "europe", "asia", "africa", "north_america", "south_america", "oceania", "auto"
    ] = Field("world", description="What is shown; `auto`: the part of the world that has most.")
    scale: Scale = Field(
        "linear",
        description="`log`: for figures of which one country has most; "
        "`quantile`: as many countries in each step.",
    )


def _columns(item: MapChart) -> list[Named]:
    name = [Named(("name", "field"), item.name.field)] if item.name else []
    shown = measured([(("value",), item.value)])[0]
    return [Named(("country", "field"), item.country.field), *name, *shown]


def _metrics(item: MapChart) -> list[Used]:
    return measured([(("value",), item.value)])[1]


def _rows(item: MapChart, source: Source, formatter: Formatter) -> Rows:
    """Name, value and code of each country, in the dataset's order."""
    source.refuse_adding_up([item.value.metric], [item.country])
    code = quoted(item.country.field)
    named = item.name or item.country
    rows = source.select(
        [f"min({quoted(named.field)})", source.aggregate_sql(item.value), code],
        where=f"{code} is not null",
        group=[code],
        order=["min(rowid)"],
    )
    fields = (
        source.axis_field(named),
        source.measure_field(item.value),
        source.axis_field(item.country),
    )
    return Rows(Frame(fields, tuple(rows)), names=source.words)


def _figure(item: MapChart, rows: Rows, formatter: Formatter) -> Figure:
    frame, shapes = rows.frame, countries()
    names, texts = (frame.texts_at(index, formatter) for index in (0, 1))
    codes = [str(row[2]).upper() for row in frame.rows]
    values = [as_number(row[1]) for row in frame.rows]
    view = _view(item.area if item.area != "auto" else _fullest(codes, values, shapes))
    on_map = [code in shapes and _is_in(shapes[code], view) for code in codes]
    shown = {
        index: value for index, value in enumerate(values) if value is not None and on_map[index]
    }
    limits = limits_of(list(shown.values()), item.scale)
    classes = {index: class_of(value, limits) for index, value in shown.items()}
    coloured = [
        _drawn(shapes[codes[i]], _step(one, limits), f"{names[i]}: {texts[i]}", view[2])
        for i, one in classes.items()
    ]
    seen = {codes[index] for index in shown}
    land = "".join(
        shape.path
        for code, shape in sorted(shapes.items())
        if code not in seen and _touches(shape, view)
    )
    missing = [
        f"{name} ({text})"
        for name, text, is_shown in zip(names, texts, on_map, strict=True)
        if not is_shown
    ]
    box = " ".join(f"{part:.1f}" for part in view)
    label = escape(item.title or item.alt or item.mark)
    note = escape(rows.names["not_on_map"].format(places=", ".join(missing))) if missing else ""
    html = Markup(  # noqa: S704 - every value is escaped above
        f'<svg class="map" viewBox="{box}" role="group" aria-label="{label}" '
        f'style="max-height:{item.height}px">'
        f'<path class="land" d="{land}" aria-hidden="true"/>{"".join(coloured)}</svg>'
        + (f'<p class="note">{note}</p>' if note else "")
    )
    told = short_texts(limits, frame.fields[1].format, formatter)
    members = {
        one: [names[index] for index in classes if classes[index] == one]
        for one in sorted({*classes.values()})
    }
    legend = tuple(
        LegendEntry(_class_text(one, told, inside, rows.names), _COLOURS[_step(one, limits)])
        for one, inside in members.items()
    )
    figure = drawn(frame, html)
    return Figure(frame, [], figure.x, figure.y, legend=legend, html=html)


def _step(number: int, limits: Sequence[float]) -> int:
    """The colour of a class: few classes are spread over all five."""
    last = len(_COLOURS) - 1
    return round(number * last / len(limits)) if limits else last


def _class_text(
    number: int, limits: Sequence[str], inside: Sequence[str], words: Mapping[str, str]
) -> str:
    """What a class stands for, in words and figures: `€2K to €5K: Spain, France`."""
    told = (
        ", ".join(inside) if len(inside) <= _NAMED else words["countries"].format(count=len(inside))
    )
    if not limits:
        return told
    if number == 0:
        between = words["less_than"].format(high=limits[0])
    elif number == len(limits):
        between = words["at_least"].format(low=limits[-1])
    else:
        between = words["between"].format(low=limits[number - 1], high=limits[number])
    return f"{between}: {told}"


def _view(area: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of a part of the world."""
    west, south, east, north = _AREAS[area]
    sides = [projected(side, 0)[0] for side in (west, east)]
    if area != "world":  # farther from the equator the same degrees are narrower
        sides = [
            projected(side, latitude)[0] for side in (west, east) for latitude in (south, north)
        ]
    top, bottom = projected(0, north)[1], projected(0, south)[1]
    return (min(sides), top, max(sides) - min(sides), bottom - top)


def _fullest(
    codes: Sequence[str], values: Sequence[float | None], shapes: Mapping[str, Country]
) -> str:
    """The part of the world with the greatest sum of values."""
    sums = {}
    for area in _AREAS:
        view = _view(area)
        sums[area] = sum(
            abs(value)
            for code, value in zip(codes, values, strict=True)
            if value is not None and code in shapes and _is_in(shapes[code], view)
        )
    parts = [area for area in _AREAS if area != "world"]
    return max(parts, key=lambda area: sums[area]) if any(sums.values()) else "world"


def _drawn(shape: Country, step: int, told: str, width: float) -> str:
    told = escape(told)
    inside = f'class="h{step}" tabindex="0" role="img" aria-label="{told}"><title>{told}</title>'
    if shape.path:
        return f'<path d="{shape.path}" {inside}</path>'
    x, y = shape.middle
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width / 160:.2f}" {inside}</circle>'


def _touches(shape: Country, view: Sequence[float]) -> bool:
    left, top, right, bottom = shape.box
    return (
        right >= view[0]
        and left <= view[0] + view[2]
        and bottom >= view[1]
        and top <= view[1] + view[3]
    )


def _is_in(shape: Country, view: Sequence[float]) -> bool:
    x, y = shape.middle
    return view[0] <= x <= view[0] + view[2] and view[1] <= y <= view[1] + view[3]


def _sentence(item: MapChart, rows: Rows, speaker: Speaker) -> list[str]:
    """How many countries, and the three with most."""
    frame = rows.frame
    names, texts = (frame.texts_at(index, speaker.formatter) for index in (0, 1))
    ranked = sorted(
        (index for index, row in enumerate(frame.rows) if row[1] is not None),
        key=lambda index: (-(as_number(frame.rows[index][1]) or 0.0), names[index]),
    )
    told = ", ".join(f"{names[index]} {texts[index]}" for index in ranked[:3])
    return [speaker.words["points"].format(count=len(names)), told]


def _place(item: MapChart, source: Source) -> str:
    return quoted((item.name or item.country).field)


MARK = Mark(MapChart, _columns, _metrics, _rows, _figure, _sentence, _place)
