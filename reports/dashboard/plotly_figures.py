"""A chart's figure as Streamlit's Plotly draws it: columns put in, colours resolved, texts under the pointer.

The figure itself (traces, axes, ticks, labels) is that of the static page; this is to Streamlit what
assets/script/charts.js is to the page.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from reports.charts.axes import Axis
from reports.charts.figure import Figure
from reports.dashboard.look import coloured
from reports.formats import Formatter
from reports.frames import Frame, as_json, as_number

CONFIG = {
    "displayModeBar": False,
    "showSendToCloud": False,
    "doubleClick": False,
    "scrollZoom": False,
}
_HALF = 6  # of twelve columns: a chart below has fewer labels


def plotly_figure(
    figure: Figure, formatter: Formatter, named: Mapping[str, str], *, width: int, height: int
) -> dict[str, Any]:
    """The figure with its data as Plotly's JSON; `named` are the tokens of the scheme."""
    is_narrow = width < _HALF
    is_closest = figure.hover in ("cell", "point")
    layout: dict[str, Any] = {
        "height": height,
        "margin": {"l": 4, "r": 14, "t": 8, "b": 4, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": named["font"], "size": 12, "color": named["ink"]},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest" if is_closest else "y" if figure.y.kind == "index" else "x",
        "hoverlabel": {
            "bgcolor": named["tip"],
            "bordercolor": named["tip"],
            "font": {"color": named["tip-ink"], "family": named["font"], "size": 13},
            "align": "left",
        },
        "bargap": 0.28,
        "xaxis": _axis(figure.x, named, is_narrow, vertical=False),
        "yaxis": _axis(figure.y, named, is_narrow, vertical=True),
        **_resolved(figure.layout, figure.frame, named),
    }
    texts = hover_texts(figure, formatter)
    told: set[int] = set()
    traces = [_trace(trace, figure, texts, named, told, formatter) for trace in figure.traces]
    return {"data": traces, "layout": layout}


def hover_texts(figure: Figure, formatter: Formatter) -> list[str]:
    """What stands under the pointer for each row: its name, then its values as the table writes them."""
    frame = figure.frame
    shown = list(figure.tip) or list(range(1, len(frame.fields)))
    columns = [frame.texts_at(index, formatter) for index in range(len(frame.fields))]
    found = []
    for place, row in enumerate(frame.rows):
        known = [index for index in shown if row[index] is not None]
        total = sum(as_number(row[index]) or 0.0 for index in known)
        lines = [f"<b>{_plain(columns[0][place])}</b>"]
        for index in known:
            part = ""
            if figure.hover == "share" and total:
                part = f" ({formatter.text((as_number(row[index]) or 0.0) / total, 'rate0')})"
            label = _plain(frame.fields[index].label)
            lines.append(f"{label} <b>{_plain(columns[index][place])}{_plain(part)}</b>")
        found.append("<br>".join(lines))
    return found


def _trace(
    trace: Mapping[str, Any],
    figure: Figure,
    texts: list[str],
    named: Mapping[str, str],
    told: set[int],
    formatter: Formatter,
) -> dict[str, Any]:
    """A trace with its columns. In each row the first trace with a value tells the whole row, once."""
    made: dict[str, Any] = {"hoverinfo": "skip", **_resolved(trace, figure.frame, named)}
    used = sorted({place for place in _columns_in(trace) if place})
    if figure.hover == "cell":
        made |= {"hoverinfo": "text", "hovertext": _cell_texts(figure, formatter)}
    elif trace.get("hoverinfo") != "skip" and trace["type"] != "box" and (used or not told):
        rows = figure.frame.rows
        mine = []
        for place, text in enumerate(texts):
            has_value = any(rows[place][index] is not None for index in used) or not used
            is_mine = has_value and place not in told
            told |= {place} if is_mine else set()
            mine.append(text if is_mine else "")
        made |= {"hoverinfo": "text", "hovertext": mine}
    return made


def _cell_texts(figure: Figure, formatter: Formatter) -> list[list[str]]:
    """The texts of a heat map: one row of cells for each measure, one cell for each row."""
    frame = figure.frame
    heads = frame.texts_at(0, formatter)
    return [
        [
            f"<b>{_plain(head)}</b><br>{_plain(frame.fields[index].label)} <b>{_plain(text)}</b>"
            for head, text in zip(heads, frame.texts_at(index, formatter), strict=True)
        ]
        for index in range(1, len(frame.fields))
    ]


def _columns_in(value: Any) -> Iterable[int]:
    if isinstance(value, Mapping):
        if "$" in value:
            yield value["$"]
        for part in value.values():
            yield from _columns_in(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _columns_in(part)


def _resolved(value: Any, frame: Frame, named: Mapping[str, str]) -> Any:
    """`value` with columns for `{"$": n}`, counted places for `{"$index": true}`, colours for `var(--x)`."""
    if isinstance(value, str):
        return coloured(value, named) if value.startswith("var(") else value
    if isinstance(value, Mapping):
        if "$" in value:
            return [as_json(row[value["$"]]) for row in frame.rows]
        if "$index" in value:
            return list(range(len(frame.rows)))
        return {key: _resolved(part, frame, named) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_resolved(part, frame, named) for part in value]
    return value


def _axis(
    axis: Axis, named: Mapping[str, str], is_narrow: bool, *, vertical: bool
) -> dict[str, Any]:
    ticks = list((is_narrow and axis.narrow) or axis.ticks)
    found: dict[str, Any] = {
        "type": "date" if axis.kind == "date" else "linear",
        "tickmode": "array",
        "tickvals": [tick.at for tick in ticks],
        "ticktext": [tick.text for tick in ticks],
        "tickfont": {"size": 12, "color": named["ink-2"]},
        "showgrid": axis.grid,
        "gridcolor": named["grid"],
        "zeroline": axis.kind == "value",
        "zerolinecolor": named["axis"],
        "zerolinewidth": 1,
        "showline": False,
        "ticks": "",
        "automargin": True if vertical else "height",
        "fixedrange": True,
        "ticklabelstandoff": 4,
        "ticklabeloverflow": "allow",
    }
    if axis.kind == "index" and any("<br>" in tick.text for tick in ticks):
        found["tickangle"] = 0
    if axis.title:
        font = {"size": 12, "color": named["ink-2"]}
        found["title"] = {"text": axis.title, "font": font, "standoff": 6}
    if axis.range:
        found["range"] = list(axis.range)
    return found


def _plain(text: str) -> str:
    """Text for Plotly, which reads a little HTML."""
    return html.escape(text, quote=False)
