"""Maps: countries coloured by a figure, drawn at build time as SVG; nothing comes from the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup, escape
from pydantic import Field

from reports.charts.countries import Country, countries, projected
from reports.charts.figure import Figure, drawn
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.formats import Formatter
from reports.frames import Frame, as_number
from reports.language.items import Axis, ChartItem, Measure, measured
from reports.language.named import Named, Used
from reports.sql import quoted

_STEPS = 5
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
    """Countries in five steps of one colour; those without a value are grey."""

    mark: Literal["map"]
    country: Axis = Field(description="The column with the two letters of the country, ISO 3166-1.")
    name: Axis | None = Field(None, description="The column with its name.")
    value: Measure
    area: Literal[
        "world", "europe", "asia", "africa", "north_america", "south_america", "oceania"
    ] = "world"
    scale: Literal["linear", "log"] = Field(
        "linear", description="`log`: for figures of which one country has most."
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
    numbers = [as_number(row[1]) for row in frame.rows]
    known = [number for number in numbers if number is not None]
    west, south, east, north = _AREAS[item.area]
    left, right = projected(west, 0)[0], projected(east, 0)[0]
    if item.area != "world":  # farther from the equator the same degrees are narrower
        edge = [
            projected(side, latitude)[0] for side in (west, east) for latitude in (south, north)
        ]
        left, right = min(edge), max(edge)
    top, bottom = projected(0, north)[1], projected(0, south)[1]
    view = (left, top, right - left, bottom - top)
    coloured: list[str] = []
    missing: list[str] = []
    seen: set[str] = set()
    for index, row in enumerate(frame.rows):
        code, number = str(row[2]).upper(), numbers[index]
        shape = shapes.get(code)
        told = f"{names[index]}: {texts[index]}"
        if shape is None or not _is_in(shape, view):
            missing.append(f"{names[index]} ({texts[index]})")
        elif number is not None:
            seen.add(code)
            step = _step(number, known, is_log=item.scale == "log")
            coloured.append(_drawn(shape, f"h{step}", told, view[2]))
    land = "".join(shape.path for code, shape in sorted(shapes.items()) if code not in seen)
    box = " ".join(f"{part:.1f}" for part in view)
    label = escape(item.title or item.alt or item.mark)
    note = escape(rows.names["not_on_map"].format(places=", ".join(missing))) if missing else ""
    html = Markup(  # noqa: S704 - every value is escaped above
        f'<svg class="map" viewBox="{box}" role="group" aria-label="{label}" '
        f'style="max-height:{item.height}px">'
        f'<path class="land" d="{land}" aria-hidden="true"/>{"".join(coloured)}</svg>'
        + (f'<p class="note">{note}</p>' if note else "")
    )
    ends = (
        [formatter.text(end(known), frame.fields[1].format) for end in (min, max)] if known else []
    )
    return drawn(frame, html, (ends[0], ends[1]) if ends else None)


def _drawn(shape: Country, step: str, told: str, width: float) -> str:
    inside = f'class="{step}" tabindex="0" role="img" aria-label="{escape(told)}"><title>{escape(told)}</title>'
    if shape.path:
        return f'<path d="{shape.path}" {inside}</path>'
    x, y = shape.middle
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width / 160:.2f}" {inside}</circle>'


def _is_in(shape: Country, view: Sequence[float]) -> bool:
    x, y = shape.middle
    return view[0] <= x <= view[0] + view[2] and view[1] <= y <= view[1] + view[3]


def _step(value: float, known: Sequence[float], *, is_log: bool) -> int:
    """Which of the five colours a value has, 0 to 4."""
    low, high = min(known), max(known)
    if is_log and low > 0:
        value, low, high = math.log(value), math.log(low), math.log(high)
    part = (value - low) / (high - low) if high > low else 1.0
    return max(0, min(_STEPS - 1, int(part * _STEPS)))


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
