"""Metrics as expression trees: what the page's script can compute over filtered rows.

A tree is compiled from a metric's SQL, read by DuckDB's own parser (`json_serialize_sql`). Its nodes are
described in `reports.filtering`. What has no tree cannot be filtered.
"""

from __future__ import annotations

import re
from typing import Any

import duckdb

from reports.language.metrics import Metric
from reports.sql import serialized

Tree = dict[str, Any]
_REFERENCE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_METRIC = "tillhouse_metric"
_COMPUTED = ("+", "-", "*", "/", "nullif")
_COMPARISON = "COMPARE_EQUAL"


class NoTreeError(Exception):
    """Why a metric cannot be computed in the page, as the end of a sentence."""


def tree_of(connection: duckdb.DuckDBPyConnection, metric: Metric) -> Tree:
    """The tree of a metric; raises NoTreeError for what the script does not compute."""
    if not metric.additive:
        raise NoTreeError("it cannot be added up")
    sql = _REFERENCE.sub(lambda match: f"{_METRIC}('{match[1]}')", metric.sql)
    parsed: Tree = serialized(connection, f"select {sql}")
    if parsed.get("error"):
        raise NoTreeError("it is no SQL expression")
    selected = parsed["statements"][0]["node"].get("select_list", [])
    if len(selected) != 1:
        raise NoTreeError("it is no single expression")
    return _node(selected[0])


def _node(node: Tree) -> Tree:
    kind = node.get("class")
    if kind == "CONSTANT":
        return {"op": "number", "value": _number(node)}
    if kind == "OPERATOR" and node["type"] == "OPERATOR_COALESCE":
        return {"op": "coalesce", "args": [_node(child) for child in node["children"]]}
    if kind == "FUNCTION":
        return _function(node)
    if kind == "COLUMN_REF":
        raise NoTreeError(f"'{node['column_names'][-1]}' stands in it without sum, min or max")
    if kind == "CAST" and node.get("cast_type", {}).get("id") in ("DOUBLE", "DECIMAL"):
        return _node(node["child"])
    raise NoTreeError("it uses more than sum, count, min, max, + - * /, nullif and coalesce")


def _function(node: Tree) -> Tree:
    name, children = node["function_name"], node["children"]
    if name == _METRIC:
        return {"op": "metric", "name": _literal(children[0])}
    if node.get("distinct"):
        raise NoTreeError("different values cannot be added up")
    if name in ("count_star", "count", "sum", "min", "max"):
        return _aggregate(node)
    if name not in _COMPUTED:
        raise NoTreeError(f"{name}() is not computed in the page")
    args = [_node(child) for child in children]
    if name in ("+", "-") and len(args) == 1:
        return args[0] if name == "+" else {"op": "negate", "args": args}
    if len(args) == 2:  # noqa: PLR2004 - two sides
        return {"op": name, "args": args}
    raise NoTreeError(f"{name} takes two values")


def _aggregate(node: Tree) -> Tree:
    name = node["function_name"]
    found: Tree = {"op": "count" if name.startswith("count") else name}
    if name != "count_star":
        (child,) = node["children"]
        found["column"] = _column(child)
    if node.get("order_bys", {}).get("orders"):
        raise NoTreeError(f"{name}() with an order is not computed in the page")
    condition = node.get("filter")
    if condition:
        if condition.get("type") != _COMPARISON:
            raise NoTreeError("its filter is more than `column = value`")
        found["where"] = {
            "column": _column(condition["left"]),
            "equals": _literal(condition["right"]),
        }
    return found


def _column(node: Tree) -> str:
    if node.get("class") != "COLUMN_REF":
        raise NoTreeError("it aggregates more than a column; compute that column in the dataset")
    return str(node["column_names"][-1])


def _literal(node: Tree) -> str | int | float | bool:
    value = node.get("value", {}).get("value")
    if node.get("class") != "CONSTANT" or value is None:
        raise NoTreeError("its filter is more than `column = value`")
    return value if isinstance(value, (str, bool)) else _number(node)


def _number(node: Tree) -> int | float:
    held = node["value"]
    value = held.get("value")
    if held.get("is_null") or isinstance(value, (str, bool)) or not isinstance(value, (int, float)):
        raise NoTreeError("it holds a value that is no number")
    scale = (held["type"].get("type_info") or {}).get("scale", 0)
    return value / 10**scale if scale else value


def columns_in(tree: Tree) -> set[str]:
    """The columns of the dataset that a tree reads, without those of other metrics."""
    found = {tree["column"]} if "column" in tree else set()
    if "where" in tree:
        found.add(tree["where"]["column"])
    for child in tree.get("args", ()):
        found |= columns_in(child)
    return found
