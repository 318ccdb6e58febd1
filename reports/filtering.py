"""What a page ships so that its script can filter it: datasets, metrics and what to draw anew.

A page with `filters:` calls three functions of the script in `data/<page>.js`, before its
`TILLHOUSE.add(itemId, {...})`, which stay as they are and hold what stands there while no filter is set.

`TILLHOUSE.dataset(name, {...})`, once for each filterable dataset that an item with a recipe uses. Columns
by name, all of the same length, in the dataset's order; `null` where a value is missing:

    {"rows": 3, "columns": {
        "order_date":  {"type": "date", "values": [20454, 20454, 20455]},   // days since 1970-01-01
        "country":     {"type": "text", "names": ["DE", "FR"], "values": [0, 1, null]},  // places in names
        "net_revenue": {"type": "number", "values": [12.5, 3, null]},
        "is_partial":  {"type": "boolean", "values": [false, false, true]}}}

`TILLHOUSE.metrics({...})`, once: every metric that a recipe uses, and those that it is made of:

    {"revenue": {"label": "Revenue", "format": "currency0", "better": "up", "target": null, "tree":
        {"op": "sum", "column": "net_revenue"}},
     "average": {..., "tree": {"op": "/", "args": [{"op": "metric", "name": "revenue"},
        {"op": "nullif", "args": [{"op": "metric", "name": "orders"}, {"op": "number", "value": 0}]}]}}}

A node is one of: `{"op": "sum" | "min" | "max", "column": c, "where"?: {"column": c, "equals": literal}}`;
`{"op": "count", "where"?}` (rows), `{"op": "count", "column": c, "where"?}` (values that are not missing);
`{"op": "+" | "-" | "*" | "/", "args": [a, b]}`, `{"op": "negate", "args": [a]}`; `{"op": "nullif", "args":
[a, b]}`, `{"op": "coalesce", "args": [...]}`; `{"op": "number", "value": 0.5}`; `{"op": "metric", "name": m}`.
As in SQL: a sum, min or max over no values is missing, a count is 0; a missing operand makes the result
missing (not in coalesce), and so does a division by zero.

`TILLHOUSE.filters({...})`, once:

    {"filters": [
        {"field": "order_date", "kind": "date_range", "label": "Period", "default": "12m",
         "presets": [{"name": "30d", "label": "Last 30 days", "from": "2026-10-22", "to": "2026-11-20"}, ...],
         "first": "2024-01-01", "last": "2026-11-20"},
        {"field": "country", "kind": "many", "label": "Country", "default": [],
         "values": ["DE", "FR"], "texts": ["Germany", "France"]}],
     "compare": {"choices": ["previous", "previous_year", "none"], "default": "previous"},
     "items": {"figures": {recipe}, ...},      // touched by at least one filter
     "untouched": ["weekdays"]}                // drawn for everything; to be said in small print

`presets` are dates reckoned from the last day of the data, `all` is first to last. Where every day is the
first of a month, the range has `"grain": "month"`, and all its ends are those of whole months.
`kind: one` has a text or null as `default`, `many` a list (empty: all). `values` are what the rows hold
and what the address carries, `texts` what readers see. A filter reaches a recipe when its field is a
column of the recipe's dataset; `"by": ["order_date"]` in a recipe lists those fields. A row whose value
is missing passes no filter on it.

A recipe says how an item follows from rows; formats are names of `reports.formats`, labels are final:

    {"kind": "kpis", "dataset": d, "by": [...], "title": plain title, "time": column, "grain": "month",
     "format": "month", "metrics": [names], "compare": ["previous", "previous_year"],
     "incomplete": column or null, "sparkline": true}
    {"kind": "chart", "mark": "line" | "area" | "bar" | "heatmap" | ..., "dataset", "by", "title",
     "x": {"field", "label", "format", "grain": "month" or null}, "y": [{"field" | "metric", "label", "format",
     "emphasis"}], "series": {"field", "format", "max", "other"} or null, "stack", "horizontal", "zero",
     "signed", "faded", "baseline"}       // lines across a chart are shapes of its figure, by name;
                                          // a heat map has "y" like "x", and "value" like one of "y"
    {"kind": "table", "dataset", "by", "title", "columns": [{"field" | "metric", "label", "format", "bar",
     "better", "total"}], "order": [["revenue", "desc"]], "limit": null}

- Rows are filtered, then grouped: a chart by x (cut to its `grain`, if any) and its series; a table with
  metrics by its fields; a table without metrics shows the rows. A `field` measure
  is a sum where rows are grouped.
- A `kpis` item without a `time` (null) shows the figures of all rows that are left. Another one shows its
  last period (rows grouped by `time` cut to `grain`, as without a filter) unless its `time` is the field
  of a `date_range` that is set: then the figure of the whole range, beside the range of as many days
  before it (`previous`) and the same days a year earlier (`previous_year`); the sparkline stays by
  `grain`. Rows for the comparison come from the same dataset, filtered by the other filters alone.
- A `grain` cuts a date to the first day of its week (Monday), month, quarter or year.
- While any filter of `by` is set, `title` stands in for the headline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from configuration.errors import PlainError
from configuration.yaml_file import Location
from reports.charts.registry import mark_of
from reports.context import Context
from reports.formats import Value
from reports.frames import Field, Frame, as_day, as_json, label_of, order_entry
from reports.kpis import period_format
from reports.language.datasets import MOST_ROWS_TO_FILTER
from reports.language.filters import Filter
from reports.language.items import ChartItem, Measure
from reports.language.kpis import Kpis
from reports.language.named import Used
from reports.language.page import AnyItem, columns_of, dataset_of, metrics_of
from reports.language.tables import Table
from reports.metric_trees import NoTreeError, columns_in, tree_of
from reports.pages import Page, unknown
from reports.ranges import range_of, whole_months

EPOCH = date(1970, 1, 1)
_WANTED = {"date_range": "a date", "one": "a text", "many": "a text"}

Fields = Mapping[str, tuple[Field, ...]]


@dataclass(frozen=True)
class Filtering:
    """What a page ships beside its items; empty where the page has no filters."""

    datasets: Mapping[str, Mapping[str, object]]
    metrics: Mapping[str, object]
    filters: Mapping[str, object]


NOTHING = Filtering({}, {}, {})


# ---- checks -------------------------------------------------------------------------------------


def filter_problems(
    connection: duckdb.DuckDBPyConnection, page: Page, fields: Fields
) -> Iterator[PlainError]:
    """What is wrong with the filters of a page, and which items they cannot reach."""
    reachable = {
        name: known for name, known in fields.items() if page.spec.datasets[name].filterable
    }
    for index, one in enumerate(page.spec.filters):
        yield from _field_problems(page, ("filters", index, "field"), one, fields, reachable)
    for location, item in page.items():
        dataset = dataset_of(item)
        if dataset in reachable and filters_of(page, reachable[dataset]):
            yield from _item_problems(connection, page, location, item)


def filters_of(page: Page, known: Sequence[Field]) -> list[str]:
    """The fields of the page's filters that a dataset has."""
    names = [field.name for field in known]
    return [one.field for one in page.spec.filters if one.field in names]


def _field_problems(
    page: Page, place: Location, one: Filter, fields: Fields, reachable: Fields
) -> Iterator[PlainError]:
    found = {
        name: field
        for name, known in reachable.items()
        for field in known
        if field.name == one.field
    }
    holders = [name for name, known in fields.items() if one.field in [f.name for f in known]]
    if not found and len(fields) < len(page.spec.datasets):
        return  # it may be in a dataset that is broken, which is told already
    if not found and holders:
        yield page.problem(
            place,
            f"no filterable dataset has the column '{one.field}'",
            f"Write `filterable: true` in the dataset '{holders[0]}'.",
        )
    elif not found:
        what, remedy = unknown(
            "column", one.field, [f.name for known in fields.values() for f in known]
        )
        yield page.problem(place, f"{what} in a dataset of this page", remedy)
    for name, field in found.items():
        kind = "DATE" if one.kind == "date_range" else "VARCHAR"
        if field.sql_type != kind:
            yield page.problem(
                place,
                f"'{one.field}' in dataset '{name}' is not {_WANTED[one.kind]} but {field.sql_type}",
            )


def _item_problems(
    connection: duckdb.DuckDBPyConnection, page: Page, location: Location, item: AnyItem
) -> Iterator[PlainError]:
    remedy = "Add it to a mart per value, or leave the filter out: a dataset of its own without `filterable`."
    if isinstance(item, ChartItem) and not mark_of(item).can_be_filtered(item):
        yield page.problem((*location, "mark"), f"this {item.mark} cannot be filtered", remedy)
    for part, name in metrics_of(item):
        for below in sorted(page.metrics.below(name)):
            try:
                tree_of(connection, page.metrics[below])
            except NoTreeError as reason:
                which = f"metric '{name}'" if below == name else f"metric '{below}' in '{name}'"
                yield page.problem(location + part, f"{which} cannot be filtered: {reason}", remedy)


# ---- what is shipped ----------------------------------------------------------------------------


def filtering(context: Context, ids: Mapping[Location, str]) -> Filtering:
    """What a page ships; `ids` are its items by their places in the YAML, empty ones left out."""
    page = context.page
    if not page.spec.filters:
        return NOTHING
    recipes: dict[str, dict[str, Any]] = {}
    untouched: list[str] = []
    used: dict[str, set[str]] = {}
    metrics: dict[str, None] = {}
    for location, item in page.items():
        dataset = dataset_of(item)
        if location not in ids or dataset is None:
            continue
        by = filters_of(page, context.frames[dataset].fields)
        if not by or not page.spec.datasets[dataset].filterable:
            untouched.append(ids[location])
            continue
        recipes[ids[location]] = _recipe(item, dataset, by, location, context)
        needed = metrics_of(item)
        metrics |= {name: None for one in needed for name in page.metrics.below(one.metric)}
        used.setdefault(dataset, set()).update(by, _columns(item, needed, context))
    return Filtering(
        {name: _dataset(context, name, used[name]) for name in page.spec.datasets if name in used},
        {name: _metric(name, context) for name in page.metrics if name in metrics},
        {
            "filters": [_filter(one, context) for one in page.spec.filters],
            "compare": _compare(context),
            "items": recipes,
            "untouched": untouched,
        },
    )


def _columns(item: AnyItem, needed: Sequence[Used], context: Context) -> set[str]:
    """The columns that an item needs to be drawn anew."""
    found = {named.column for named in columns_of(item)}
    metrics = context.page.metrics
    for one in needed:
        for name in metrics.below(one.metric):
            found |= columns_in(tree_of(context.connection, metrics[name]))
        target = metrics[one.metric].target
        if isinstance(target, str) and isinstance(item, Kpis):
            found.add(target)
    return found


def _metric(name: str, context: Context) -> dict[str, object]:
    metric = context.page.metrics[name]
    return {
        "label": metric.label,
        "format": metric.format,
        "better": metric.better,
        "target": metric.target,
        "tree": tree_of(context.connection, metric),
    }


def _dataset(context: Context, name: str, columns: set[str]) -> dict[str, object]:
    frame = context.frames[name]
    if len(frame.rows) > MOST_ROWS_TO_FILTER:
        raise context.page.problem(
            ("datasets", name, "filterable"),
            f"dataset '{name}' has {len(frame.rows)} rows, too many to go with a page",
            f"Group them in its SQL: {MOST_ROWS_TO_FILTER} rows are the most.",
        )
    shipped = [field for field in frame.fields if field.name in columns]
    return {
        "rows": len(frame.rows),
        "columns": {field.name: column_as_json(field, frame) for field in shipped},
    }


def column_as_json(field: Field, frame: Frame) -> dict[str, object]:
    """A column of a dataset as the script reads it."""
    values = frame.column(field.name)
    if field.is_number:
        return {"type": "number", "values": [as_json(value) for value in values]}
    if field.sql_type == "BOOLEAN":
        return {"type": "boolean", "values": values}
    if field.sql_type.startswith(("DATE", "TIMESTAMP")):
        days = [(as_day(day) - EPOCH).days if isinstance(day, date) else None for day in values]
        return {"type": "date", "values": days}
    names = sorted({str(value) for value in values if value is not None})
    place = {name: index for index, name in enumerate(names)}
    found = [None if value is None else place[str(value)] for value in values]
    return {"type": "text", "names": names, "values": found}


def _filter(one: Filter, context: Context) -> dict[str, object]:
    known = [
        (name, frame.fields[frame.index(one.field)])
        for name, frame in context.frames.items()
        if context.page.spec.datasets[name].filterable
        and one.field in [field.name for field in frame.fields]
    ]
    values: set[Value] = {
        value
        for name, _ in known
        for value in context.frames[name].column(one.field)
        if value is not None
    }
    label = one.label or (known[0][1].label if known else label_of(one.field))
    found: dict[str, object] = {"field": one.field, "kind": one.kind, "label": label}
    if one.kind == "date_range":
        return {**found, **_range(one, values, context)}
    names = sorted(str(value) for value in values)
    default: object = one.default
    if one.kind == "many":
        default = [one.default] if isinstance(one.default, str) else one.default or []
    chosen = default if isinstance(default, list) else [default] if default else []
    for value in chosen:
        if values and value not in names:
            place = ("filters", context.page.spec.filters.index(one), "default")
            what, remedy = unknown("value", str(value), names)
            raise context.page.problem(place, f"filter '{one.field}': {what}", remedy)
    return {**found, "default": default, "values": names, "texts": names}


def _range(one: Filter, values: set[Value], context: Context) -> dict[str, object]:
    days = sorted(as_day(value) for value in values if isinstance(value, date))
    if not days:
        return {"default": "all", "presets": [], "first": None, "last": None}
    first, last = days[0], days[-1]
    # Rows of whole months cannot be cut: ranges over them are whole months, up to the last one's end.
    are_months = len(set(days)) > 1 and all(day.day == 1 for day in days)
    if are_months:
        first, last = whole_months(first, last)
    presets = []
    for name in one.shown_presets:
        start, end = range_of(name, first, last)
        if are_months:
            start, end = whole_months(start, end)
        presets.append(
            {
                "name": name,
                "label": _preset_label(name, context.words),
                "from": start.isoformat(),
                "to": end.isoformat(),
            }
        )
    return {
        **({"grain": "month"} if are_months else {}),
        "default": one.default or "all",
        "presets": presets,
        "first": first.isoformat(),
        "last": last.isoformat(),
    }


def _preset_label(name: str, words: Mapping[str, str]) -> str:
    if name[:-1].isdigit():
        return words["preset_days" if name[-1] == "d" else "preset_months"].format(count=name[:-1])
    return words[f"preset_{name}"]


def _compare(context: Context) -> dict[str, object]:
    choices = context.compared(None)
    return {"choices": [*choices, "none"], "default": choices[0] if choices else "none"}


# ---- recipes ------------------------------------------------------------------------------------


def _recipe(
    item: AnyItem, dataset: str, by: Sequence[str], location: Location, context: Context
) -> dict[str, Any]:
    head = {
        "kind": item.type,
        "dataset": dataset,
        "by": list(by),
        "title": context.title(item.title),
    }
    source = context.source(dataset, location)
    if isinstance(item, Kpis):
        return {
            **head,
            "time": item.time,
            "grain": item.grain,
            "format": period_format(item),
            "metrics": list(dict.fromkeys(item.metrics)),
            "compare": context.compared(item.compare),
            "incomplete": item.incomplete,
            "sparkline": item.sparkline,
        }
    if isinstance(item, Table):
        columns = []
        for column in item.columns:
            shown = (
                source.measure_field(
                    Measure(metric=column.metric, label=column.label, format=column.format)
                )
                if column.metric
                else source.field(column.name, column.label, column.format)
            )
            columns.append(
                {
                    "metric" if column.metric else "field": column.name,
                    "label": shown.label,
                    "format": shown.format,
                    "bar": column.bar,
                    "better": column.better,
                    "total": column.total,
                }
            )
        order = [[name, "desc" if down else "asc"] for name, down in map(order_entry, item.order)]
        return {**head, "columns": columns, "order": order, "limit": None}
    if isinstance(item, ChartItem):
        recipe = mark_of(item).recipe
        return {**head, "mark": item.mark, **(recipe(item, source) if recipe else {})}
    return head
