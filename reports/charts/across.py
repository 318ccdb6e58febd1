"""What lies across a chart: lines to compare with, labelled where they are, and notes at their days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from reports.charts.axes import plain
from reports.frames import as_day

if TYPE_CHECKING:
    from reports.charts.figure import Trace
    from reports.charts.mark import Line, Rows

NEAR = 0.08  # of the value axis: names of lines so close would meet
ROW = 16  # pixels of one name above another


def across(
    rows: Rows, kind: str, span: Sequence[float | str], *, vertical: bool = False
) -> dict[str, Any]:
    """The part of a layout that draws the lines and the notes of `rows`.

    `kind` is that of the x axis, `span` are the ends of the value axis; `vertical` lines stand upright.
    """
    shapes = [reference_line(line.value, vertical, line.kind) for line in rows.lines]
    names = line_names(rows.lines, span, vertical=vertical)
    lines, marks = _notes(rows, kind)
    found: dict[str, Any] = {}
    if shapes or lines:
        found["shapes"] = [*shapes, *lines]
    if names or marks:
        found["annotations"] = [*names, *marks]
    top = max(20 if marks else 0, 4 + ROW * len(names) if vertical else 0)
    if top:
        found["margin"] = {"l": 4, "r": 14, "t": top, "b": 4, "pad": 0}
    return found


def reference_line(value: float, vertical: bool, kind: str = "value") -> dict[str, Any]:
    """A dotted line at a value of the value axis; by its kind the script draws it anew under filters."""
    near, far = ("x", "y") if vertical else ("y", "x")
    return {
        "type": "line",
        "name": kind,
        f"{far}ref": "paper",
        f"{far}0": 0,
        f"{far}1": 1,
        f"{near}0": value,
        f"{near}1": value,
        # Upright ones run through bars.
        "line": {"color": "var(--ink)" if vertical else "var(--ink-2)", "width": 1, "dash": "dot"},
    }


def line_names(
    lines: Sequence[Line], span: Sequence[float | str], *, vertical: bool = False
) -> list[Trace]:
    """The name of each line at its end; `span` are the ends of the value axis.

    Above a lying line, on the left, of two close ones the upper on the right. Upright lines have theirs
    above the chart, one above the other, towards the middle.
    """
    named = sorted((line for line in lines if line.label), key=lambda line: line.value)
    low, high = (float(end) for end in span) if span else (0.0, 0.0)
    found: list[Trace] = []
    is_right = False
    for index, line in enumerate(named):
        text = {"name": line.kind, "text": plain(line.label), "showarrow": False}
        text |= {"font": {"size": 11, "color": "var(--ink-2)"}, "bgcolor": "var(--card)"}
        if vertical:
            side = "left" if line.value <= (low + high) / 2 else "right"
            place = {"x": line.value, "yref": "paper", "y": 1, "xanchor": side}
            shift = ROW * (len(named) - 1 - index) if side == "left" else ROW * index
            found.append({**text, **place, "yanchor": "bottom", "yshift": shift})
            continue
        is_close = index > 0 and line.value - named[index - 1].value <= NEAR * (high - low)
        is_right = is_close and not is_right
        place = {"xref": "paper", "x": int(is_right), "y": line.value, "yanchor": "bottom"}
        found.append({**text, **place, "xanchor": "right" if is_right else "left"})
    return found


def _notes(rows: Rows, kind: str) -> tuple[list[Trace], list[Trace]]:
    """A thin upright line at each note's day with its number above; the texts stand below the chart."""
    days = [as_day(row[0]) for row in rows.frame.rows if isinstance(row[0], date)]
    lines: list[Trace] = []
    marks: list[Trace] = []
    for number, note in enumerate(rows.notes, start=1):
        place: str | int = note.date.isoformat()
        if kind != "date":  # the bar that holds the day
            place = max(
                (index for index, day in enumerate(days) if day <= note.date),
                key=lambda index: days[index],
            )
        line = {"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1}
        lines.append({**line, "line": {"color": "var(--axis)", "width": 1, "dash": "dash"}})
        text = {"text": str(number), "showarrow": False, "font": {"size": 11}}
        marks.append({**text, "x": place, "yref": "paper", "y": 1, "yanchor": "bottom"})
    return lines, marks
