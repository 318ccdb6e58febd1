"""The rows of a table item: those of its dataset, or groups of them where it shows metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reports.charts.rows import Source
from reports.formats import Value
from reports.frames import Frame, order_entry
from reports.language.items import Measure
from reports.language.tables import Column, Table
from reports.sql import quoted


@dataclass(frozen=True)
class TableRows:
    """What a table shows: a column each, and beside them which rows are pale, and what links go by.

    `totals` are those of metrics, computed over all rows, by the place of their column.
    """

    columns: tuple[Column, ...]
    frame: Frame
    pale: tuple[bool, ...] = ()
    keys: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    totals: Mapping[int, Value] = field(default_factory=dict)


def table_rows(item: Table, source: Source, whole: Frame) -> TableRows:
    """The rows of `item`; `whole` are those of its dataset. Columns without any value may be left out."""
    linked = sorted({c.link.key for c in item.columns if c.link and c.link.key})
    if item.is_grouped:
        found, keys = _grouped(item, source, linked)
    else:
        found = whole.select([(c.name, c.label, c.format) for c in item.columns])
        keys = {name: whole.column(name) for name in linked}
    kept = [
        index
        for index, column in enumerate(item.columns)
        if not column.optional or any(row[index] is not None for row in found.rows)
    ] or list(range(len(item.columns)))
    frame = Frame(
        tuple(found.fields[index] for index in kept),
        tuple(tuple(row[index] for index in kept) for row in found.rows),
    )
    columns = tuple(item.columns[index] for index in kept)
    pale = tuple(bool(value) for value in whole.column(item.faded)) if item.faded else ()
    return TableRows(columns, frame, pale, keys, _totals(columns, source))


def _grouped(
    item: Table, source: Source, linked: Sequence[str]
) -> tuple[Frame, dict[str, Sequence[Value]]]:
    """One row for each combination of the fields, with the metrics over its rows."""
    names = [column.name for column in item.columns if column.field]
    group = [quoted(name) for name in names]
    source.refuse_adding_up_by([column.metric for column in item.columns], names)
    shown = [source.metrics.sql(c.metric) if c.metric else quoted(c.name) for c in item.columns]
    order = []
    for entry in item.order:
        name, descending = order_entry(entry)
        place = next(i for i, column in enumerate(item.columns) if column.name == name)
        order.append(f"{shown[place]} {'desc' if descending else 'asc'} nulls last")
    rows = source.select(
        [*shown, *[f"min({quoted(name)})" for name in linked]],
        group=group,
        order=[*order, *[f"{name} nulls last" for name in group]],
    )
    fields = [
        source.measure_field(Measure(metric=c.metric, label=c.label, format=c.format))
        if c.metric
        else source.field(c.name, c.label, c.format)
        for c in item.columns
    ]
    width = len(fields)
    keys: dict[str, Sequence[Value]] = {
        name: [row[width + i] for row in rows] for i, name in enumerate(linked)
    }
    return Frame(tuple(fields), tuple(row[:width] for row in rows)), keys


def _totals(columns: Sequence[Column], source: Source) -> dict[int, Value]:
    """The metrics of the last row: computed over all rows, for a mean of ratios would be wrong."""
    wanted = [
        (i, column.metric) for i, column in enumerate(columns) if column.total and column.metric
    ]
    if not wanted:
        return {}
    rows = source.select([source.metrics.sql(name) for _, name in wanted], group=["true"])
    return {index: rows[0][place] if rows else None for place, (index, _) in enumerate(wanted)}
