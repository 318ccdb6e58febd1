"""Cohorts: a triangle of shares, one row per cohort, one column per period since it began.

It is drawn at build time as a table with coloured cells: its figures can be read, scrolled and printed.
"""

from __future__ import annotations

from typing import Literal, Self

from markupsafe import Markup, escape
from pydantic import Field, model_validator

from reports.charts.figure import Figure, drawn
from reports.charts.mark import Mark, Rows, Speaker
from reports.charts.rows import Source
from reports.formats import Formatter, Value
from reports.frames import Field as FrameField
from reports.frames import Frame, as_number, sort_key
from reports.language.items import Axis, ChartItem
from reports.language.named import Named, Used, named
from reports.sql import quoted

_BEFORE = 2  # columns before the first period: the cohort and its size
_STEPS = 5  # of the style sheet's colours


class CohortChart(ChartItem):
    """What is left of each cohort in each period since it began."""

    mark: Literal["cohort"]
    y: Axis = Field(description="The cohorts, from the top down.")
    x: Axis = Field(description="The periods since a cohort began: 0, 1, 2 …")
    value: Axis = Field(description="The share that is left.")
    size: str | None = Field(None, description="How many a cohort began with.")
    max: int = Field(13, ge=2, le=61, description="So many periods.")

    @model_validator(mode="after")
    def _no_grain(self) -> Self:
        if self.x.grain or self.value.grain:
            raise ValueError("only `y` can have a grain")
        return self


def _columns(item: CohortChart) -> list[Named]:
    found = [Named(("y", "field"), item.y.field), Named(("x", "field"), item.x.field, "a number")]
    found.append(Named(("value", "field"), item.value.field, "a number"))
    return [
        *found,
        *(Named(part, name, "a number") for part, name, _ in named(("size",), item.size, "")),
    ]


def _metrics(item: CohortChart) -> list[Used]:
    return []


def _rows(item: CohortChart, source: Source, formatter: Formatter) -> Rows:
    """A row per cohort: its size, and the value of each period; None where it is not there yet."""
    y, x = source.axis_sql(item.y), quoted(item.x.field)
    size = f"max({quoted(item.size)})" if item.size else "null"
    found = source.select(
        [y, x, f"max({quoted(item.value.field)})", size], group=[y, x], order=[y, x]
    )
    known: set[Value] = {row[1] for row in found if row[1] is not None}
    periods = sorted(known, key=sort_key)[: item.max]
    cells = {(row[0], row[1]): row[2] for row in found}
    sizes = {row[0]: row[3] for row in found if row[3] is not None}
    share = source.axis_field(item.value)
    count = (
        source.field(item.size, source.words["cohort_size"], None)
        if item.size
        else FrameField("size", source.words["cohort_size"], "int", "BIGINT")
    )
    fields = [
        FrameField(str(period), formatter.text(period, "int"), share.format, share.sql_type)
        for period in periods
    ]
    rows = tuple(
        (cohort, sizes.get(cohort), *[cells.get((cohort, period)) for period in periods])
        for cohort in dict.fromkeys(row[0] for row in found)
    )
    return Rows(Frame((source.axis_field(item.y), count, *fields), rows))


def _figure(item: CohortChart, rows: Rows, formatter: Formatter) -> Figure:
    """The first period, which is all of the cohort as a rule, does not stretch the colours."""
    frame = rows.frame
    texts = [frame.texts_at(index, formatter) for index in range(len(frame.fields))]
    values = [as_number(value) for row in frame.rows for value in row[_BEFORE + 1 :]]
    later = [number for number in values if number is not None]
    low, high = min(later, default=0.0), max(later, default=1.0)
    heads = [
        f'<th scope="col" class="number">{escape(field.label)}</th>' for field in frame.fields[1:]
    ]
    lines = [f'<tr><th scope="col">{escape(frame.fields[0].label)}</th>{"".join(heads)}</tr>']
    for number, row in enumerate(frame.rows):
        cells = [
            f'<th scope="row">{escape(texts[0][number])}</th>',
            f'<td class="number">{escape(texts[1][number])}</td>',
        ]
        for index in range(_BEFORE, len(frame.fields)):
            value = as_number(row[index])
            step = "" if value is None else f' class="heat-{_step(value, low, high)}"'
            cells.append(f"<td{step}>{'' if value is None else escape(texts[index][number])}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    label = escape(item.title or item.alt or item.mark)
    html = Markup(  # noqa: S704 - every value is escaped above
        f'<div class="table cohort" role="region" aria-label="{label}" tabindex="0"><table>'
        f"<thead>{lines[0]}</thead><tbody>{''.join(lines[1:])}</tbody></table></div>"
    )
    ends = tuple(formatter.text(end, frame.fields[-1].format) for end in (low, high))
    return drawn(frame, html, (ends[0], ends[1]) if later else None)


def _step(value: float, low: float, high: float) -> int:
    """Which of the five colours a value has, 0 to 4."""
    part = (value - low) / (high - low) if high > low else 0.0
    return max(0, min(_STEPS - 1, int(part * _STEPS)))


def _sentence(item: CohortChart, rows: Rows, speaker: Speaker) -> list[str]:
    frame = rows.frame
    names = frame.texts_at(0, speaker.formatter)
    told = [
        speaker.words["from_to"].format(first=names[0], last=names[-1]),
        speaker.words["points"].format(count=len(names)),
    ]
    known = [
        (number, row, index)
        for row in range(len(frame.rows))
        for index in range(_BEFORE + 1, len(frame.fields))
        if (number := as_number(frame.rows[row][index])) is not None
    ]
    for word, one in (("highest", max(known, default=None)), ("lowest", min(known, default=None))):
        if one:
            text = frame.texts_at(one[2], speaker.formatter)[one[1]]
            where = f"{names[one[1]]}, {frame.fields[one[2]].label}"
            told.append(speaker.words[word].format(value=text, where=where))
    return told


def _place(item: CohortChart, source: Source) -> str:
    return source.axis_sql(item.y)


MARK = Mark(CohortChart, _columns, _metrics, _rows, _figure, _sentence, _place)
