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

`presets` are dates reckoned from the last day of the data, `all` is first to last. `kind: one` has a text or
null as `default`, `many` a list (empty: all). `values` are what the rows hold and what the address carries,
`texts` what readers see. A filter reaches a recipe when its field is a column of the recipe's dataset;
`"by": ["order_date"]` in a recipe lists those fields. A row whose value is missing passes no filter on it.

A recipe says how an item follows from rows; formats are names of `reports.formats`, labels are final:

    {"kind": "kpis", "dataset": d, "by": [...], "title": plain title, "time": column, "grain": "month",
     "format": "month", "metrics": [names], "compare": ["previous", "previous_year"],
     "incomplete": column or null, "sparkline": true}
    {"kind": "chart", "mark": "line" | "area" | "bar" | "heatmap" | ..., "dataset", "by", "title",
     "x": {"field", "label", "format", "grain": "month" or null}, "y": [{"field" | "metric", "label", "format",
     "emphasis"}], "series": {"field", "format", "max", "other"} or null, "stack", "horizontal", "zero",
     "signed", "faded", "baseline"}       // a heat map has "y" like "x", and "value" like one of "y"
    {"kind": "table", "dataset", "by", "title", "columns": [{"field" | "metric", "label", "format", "bar",
     "better", "total"}], "order": [["revenue", "desc"]], "limit": null}

- Rows are filtered, then grouped: a chart by x (cut to its `grain`, if any) and its series; a table with
  metrics by its fields; a table without metrics shows the rows. A `field` measure
  is a sum where rows are grouped.
- A `kpis` item shows its last period (rows grouped by `time` cut to `grain`, as without a filter) unless its
  `time` is the field of a `date_range` that is set: then the figure of the whole range, beside the range of as
  many days before it (`previous`) and the same days a year earlier (`previous_year`); the sparkline stays by
  `grain`. Rows for the comparison come from the same dataset, filtered by the other filters alone.
- A `grain` cuts a date to the first day of its week (Monday), month, quarter or year.
- While any filter of `by` is set, `title` stands in for the headline.
"""
