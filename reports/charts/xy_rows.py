"""The rows of lines, areas and bars: one per x, with a column per measure or per series."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from reports.charts.mark import Line, Rows
from reports.charts.rows import Source, pivot
from reports.charts.xy_model import XyChart
from reports.formats import Formatter, Value
from reports.frames import Field, Frame, as_day, as_number
from reports.language.annotations import Annotation
from reports.language.items import Axis, Series
from reports.sql import quoted


def rows_of(item: XyChart, source: Source, formatter: Formatter) -> Rows:
    """One row per x, with a field per measure or per series, and what is drawn across them."""
    faded: list[bool] = []
    if item.series:
        frame = _series_rows(item, item.series, source, formatter)
    else:
        frame, faded = _measure_rows(item, source)
    return Rows(frame, faded, _lines(item, frame, source), _notes(item, frame, source))


def _measure_rows(item: XyChart, source: Source) -> tuple[Frame, list[bool]]:
    """A field per measure, and which rows are pale."""
    is_grouped = bool(item.x.grain) or any(measure.metric for measure in item.y)
    x = source.axis_sql(item.x)
    write = source.aggregate_sql if item.x.grain else source.measure_sql
    columns = [x, *[write(measure) for measure in item.y]]
    columns += [quoted(name) for band in item.bands for name in (band.lower, band.upper)]
    if item.marked:
        chosen = f"bool_or({quoted(item.marked)})" if is_grouped else quoted(item.marked)
        columns.append(f"case when {chosen} then {columns[1]} end")
    if item.faded:
        columns.append(f"bool_or({quoted(item.faded)})" if is_grouped else quoted(item.faded))
    if is_grouped:
        source.refuse_adding_up([measure.metric for measure in item.y], [item.x])
        rows = source.select(columns, group=[x], order=["min(rowid)"])
    else:
        rows = source.select(columns)
    fields = (source.axis_field(item.x), *[source.measure_field(measure) for measure in item.y])
    fields += _extra_fields(item, fields[1], source)
    width = len(fields)
    faded = [bool(row[width]) for row in rows] if item.faded else []
    return Frame(fields, tuple(tuple(row[:width]) for row in rows)), faded


def _extra_fields(item: XyChart, first: Field, source: Source) -> tuple[Field, ...]:
    """The ends of the bands, and the first measure again where it is marked."""
    ends = [
        source.field(
            name, f"{band.label}, {source.words[end]}" if band.label else None, first.format
        )
        for band in item.bands
        for end, name in (("band_lower", band.lower), ("band_upper", band.upper))
    ]
    name = item.marked_label or source.words["marked"]
    return (*ends, *([replace(first, name=item.marked, label=name)] if item.marked else []))


def _lines(item: XyChart, frame: Frame, source: Source) -> list[Line]:
    """The values that are drawn across the chart; a target that is missing is not."""
    found = []
    if item.baseline is not None:
        found.append(Line(item.baseline, item.baseline_label))
    for line in item.reference_lines:
        value, label, kind = line.value, line.label, "value"
        if line.target:
            value = source.target_of(line.target, source.axis_sql(item.x))
            kind = "target"
            label = label or f"{source.words['target']}: {source.metrics[line.target].label}"
        elif line.mean:
            numbers = [number for row in frame.rows if (number := as_number(row[1])) is not None]
            value = sum(numbers) / len(numbers) if numbers else None
            kind, label = "mean", label or source.words["mean"]
        if value is not None:
            found.append(Line(value, label, kind))
    return found


def _notes(item: XyChart, frame: Frame, source: Source) -> list[Annotation]:
    """What happened between the first and the last day of the chart, with one of its tags."""
    days = [row[0] for row in frame.rows if isinstance(row[0], date)]
    if item.horizontal or not days or len(days) < len(frame.rows):
        return []
    first, last = as_day(min(days)), as_day(max(days))
    if item.mark == "bar" or item.x.grain:  # the last bar may stand for a month
        last = last + (last - first) / max(len(days) - 1, 1)
    return [
        note
        for note in sorted(source.annotations, key=lambda note: (note.date, note.text))
        if first <= note.date <= last
        and (item.annotations is None or set(item.annotations) & set(note.tags))
    ]


def _series_rows(item: XyChart, series: Series, source: Source, formatter: Formatter) -> Frame:
    """The biggest series as columns; all others, and rows without a name, are computed as one."""
    measure = item.y[0]
    source.refuse_adding_up([measure.metric], [item.x, Axis(field=series.field)])
    name, value = quoted(series.field), source.aggregate_sql(measure)
    ranked = source.select(
        [name], where=f"{name} is not null", group=[name], order=[f"{value} desc nulls last", name]
    )
    kept: list[Value] = [row[0] for row in ranked[: series.max]]
    x = source.axis_sql(item.x)
    relation = _ranked(name, value, series.max, source)
    shown = f"case when tillhouse_kept then {name} end"
    rows = source.select(
        [x, shown, value], group=[x, shown], order=["min(tillhouse_row)"], relation=relation
    )
    rest = any(row[1] is None for row in rows)
    return pivot(
        rows,
        [*kept, *([None] if rest else [])],
        source.axis_field(item.x),
        source.field(series.field, None, series.format),
        source.measure_field(measure),
        formatter,
        other=series.other,
    )


def _ranked(name: str, value: str, most: int, source: Source) -> str:
    """The dataset with `tillhouse_kept`: whether a row's series is among the biggest of its page."""
    table, key = quoted(source.table), source.key_sql
    partition = f"partition by {key[0]} " if key else ""
    same_key = f" and whole.{key[0]} is not distinct from ranked.{key[0]}" if key else ""
    return (
        f"(select whole.*, whole.rowid as tillhouse_row, "
        f"coalesce(ranked.tillhouse_rank <= {most}, false) as tillhouse_kept "
        f"from {table} as whole left join (select {', '.join([*key, name])}, row_number() over "
        f"({partition}order by {value} desc nulls last, {name}) as tillhouse_rank from {table} "
        f"where {name} is not null group by {', '.join([*key, name])}) as ranked "
        f"on whole.{name} = ranked.{name}{same_key})"
    )
