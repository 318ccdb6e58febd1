"""Charts as figure JSON: traces, axes and legend over the rows shipped with the page.

A trace is Plotly's, with two additions that the script resolves in the browser, so that every value
is shipped once and colours follow the theme: `{"$": 2}` is the third column of the frame, and a string
`var(--x)` is a colour of the style sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from reports.charts.axes import Axis
from reports.frames import Frame, as_number

Trace = dict[str, Any]


@dataclass(frozen=True)
class LegendEntry:
    """A name with its colour, and how it is drawn: `box`, `line` or `ring`."""

    label: str
    colour: str
    shape: str = "box"


@dataclass(frozen=True)
class Figure:
    """A chart ready to be written: traces over a frame, axes, legend.

    `html` is a chart that is drawn at build time, which needs no script. `hover` says what the pointer
    finds: all of an `x`, the same with the `share` of each, a `cell`, or a `point`; `tip` are the columns
    that the box then shows, all if empty.
    """

    frame: Frame
    traces: list[Trace]
    x: Axis
    y: Axis
    colours: tuple[str, ...] = ()
    legend: tuple[LegendEntry, ...] = ()
    gradient: tuple[str, str] | None = None
    layout: dict[str, Any] = field(default_factory=dict)
    hover: str = "x"
    html: Markup = field(default_factory=Markup)
    tip: tuple[int, ...] = ()

    @property
    def first_colour(self) -> str:
        """The colour of the first measure."""
        return self.colours[0] if self.colours else "var(--series-1)"

    def as_json(self) -> dict[str, Any]:
        """The figure as the script reads it; its frame is shipped beside it."""
        found = {
            "traces": self.traces,
            "layout": self.layout,
            "x": self.x.as_json(),
            "y": self.y.as_json(),
            "hover": self.hover,
            "colours": list(self.colours),
        }
        return {**found, "tip": list(self.tip)} if self.tip else found


def drawn(frame: Frame, html: Markup, gradient: tuple[str, str] | None = None) -> Figure:
    """A chart that stands in the page as it is."""
    return Figure(frame, [], Axis("none"), Axis("none"), gradient=gradient, html=html)


def numbers_of(frame: Frame, *, stacked: bool = False) -> list[float]:
    """The numbers that a chart draws; those of each row added up where they are stacked."""
    rows = [
        [number for number in map(as_number, row[1:]) if number is not None] for row in frame.rows
    ]
    if not stacked:
        return [number for row in rows for number in row]
    ups = [sum(number for number in row if number > 0) for row in rows]
    downs = [sum(number for number in row if number < 0) for row in rows]
    return [float(total) for total in (*ups, *downs)]
