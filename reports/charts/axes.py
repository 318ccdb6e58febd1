"""The axes of charts: dates, numbers, or places counted from 0, and where they carry labels."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from reports.charts.ticks import Tick, date_ticks
from reports.formats import Formatter, Value
from reports.frames import Field

WIDE_TICKS, NARROW_TICKS = 9, 5
LONGEST_LABEL = 28
MOST_NARROW_NUMBERS = 7


@dataclass(frozen=True)
class Axis:
    """An axis; `narrow` are the ticks of a small screen."""

    kind: str
    ticks: Sequence[Tick] = ()
    narrow: Sequence[Tick] = ()
    range: Sequence[float | str] = ()
    grid: bool = False
    title: str = ""

    def as_json(self) -> dict[str, Any]:
        """The axis as the script reads it."""
        narrow = [] if list(self.narrow) == list(self.ticks) else self.narrow
        found = {
            "kind": self.kind,
            "ticks": [[tick.at, tick.text] for tick in self.ticks],
            "narrow": [[tick.at, tick.text] for tick in narrow],
            "range": list(self.range),
            "grid": self.grid,
            "title": self.title,
        }
        return {key: value for key, value in found.items() if value not in ([], False, "")}


@lru_cache(maxsize=256)  # the days of the pages of a template are often the same
def date_axis(first: date, last: date, formatter: Formatter) -> Axis:
    """An axis on which days lie as far apart as they are."""
    return Axis(
        "date",
        date_ticks(first, last, formatter, most=WIDE_TICKS),
        date_ticks(first, last, formatter, most=NARROW_TICKS),
        [first.isoformat(), last.isoformat()],
    )


def place_axis(
    values: Sequence[Value], field: Field, formatter: Formatter, *, reverse: bool = False
) -> Axis:
    """An axis of counted places, one per value: what bars and cells stand on."""
    return _place_axis(tuple(values), field, formatter, reverse)


@lru_cache(maxsize=256)  # and so are their months
def _place_axis(
    values: tuple[Value, ...], field: Field, formatter: Formatter, reverse: bool
) -> Axis:
    ends = [len(values) - 0.5, -0.5] if reverse else [-0.5, len(values) - 0.5]
    dates = [value for value in values if isinstance(value, date)]
    if dates and len(dates) == len(values):
        place = {value.isoformat(): index for index, value in enumerate(dates)}
        wide, narrow = (
            [
                Tick(_nearest_place(place, tick), tick.text)
                for tick in date_ticks(min(dates), max(dates), formatter, most=most)
            ]
            for most in (WIDE_TICKS, NARROW_TICKS)
        )
        return Axis("index", wide, narrow, ends)
    texts = [plain(formatter.text(value, field.format)) for value in values]
    ticks = [Tick(index, text) for index, text in enumerate(texts)]
    # Numbers (months, hours) can be counted on from a neighbour; names cannot be left out.
    thin = field.is_number and not reverse and len(ticks) > MOST_NARROW_NUMBERS
    narrow = ticks[:: -(-len(ticks) // NARROW_TICKS)] if thin else ticks
    # A name says what it is by itself; of a number the axis has to.
    is_named = field.is_quantity and not reverse
    return Axis("index", ticks, narrow, ends, title=plain(field.label) if is_named else "")


def name_axis(fields: Sequence[Field], *, upward: bool = False) -> Axis:
    """An axis of the names of `fields`, from the top down or the other way."""
    ticks = [Tick(index, plain(field.label)) for index, field in enumerate(fields)]
    ends = [-0.5, len(fields) - 0.5] if upward else [len(fields) - 0.5, -0.5]
    return Axis("index", ticks, ticks, ends)


def upright_name(label: str) -> dict[str, Any]:
    """The name of the upright axis, above it: turned text is hard to read."""
    text = {
        "text": f"↑ {plain(label)}",
        "showarrow": False,
        "font": {"color": "var(--ink-2)"},
    }
    place = {"xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": 1}
    return {**text, **place, "yanchor": "bottom"}


def plain(text: str) -> str:
    """Text for Plotly, which reads a little HTML: escaped, and cut where it would not fit."""
    short = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1].rstrip() + "…"
    return html.escape(short, quote=False)


def _nearest_place(place: Mapping[str, int], tick: Tick) -> int:
    """The first row on or after a tick's date (weeks do not begin with months)."""
    return next(index for day, index in sorted(place.items()) if day >= str(tick.at))
