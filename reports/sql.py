"""What a query of an author reads, found with DuckDB's own parser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

PERSONAL_COLUMNS = frozenset({"customer_name", "email"})
# Functions in FROM that make rows out of nothing; all others read files or the catalogue.
_HARMLESS_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "repeat"})


class QueryError(Exception):
    """A query that cannot be used, in one sentence; the caller knows in which file it stands."""


@dataclass(frozen=True)
class Reads:
    """The tables and columns that a query names."""

    tables: tuple[str, ...]
    columns: frozenset[str]


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """`text` as an SQL literal. DuckDB imports pandas, half a second, to look at a parameter."""
    return "'" + text.replace("'", "''") + "'"


def serialized(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    """The syntax tree of SELECT statements, with `error` where DuckDB cannot parse them."""
    if "\0" in sql:
        return {"error": True, "error_message": "there is a character of code 0 in the query"}
    row = connection.execute(f"select json_serialize_sql({text_literal(sql)})").fetchone()
    parsed: dict[str, Any] = json.loads(row[0]) if row else {}
    return parsed


def reads_of(connection: duckdb.DuckDBPyConnection, sql: str) -> Reads:
    """What the single SELECT `sql` reads; raises QueryError for anything else."""
    parsed = serialized(connection, sql)
    if parsed.get("error"):
        raise QueryError(_parser_message(parsed, sql))
    if len(parsed["statements"]) != 1:
        raise QueryError("write one SELECT, not several statements")
    tree = parsed["statements"][0]
    for function in _table_functions(tree):
        if function not in _HARMLESS_TABLE_FUNCTIONS:
            raise QueryError(f"a page reads marts only, not {function}(...)")
    tables = set(_tables(tree, frozenset()))
    columns = {name for node in _nodes(tree) for name in node.get("column_names", ())}
    return Reads(tuple(sorted(tables)), frozenset(str(name) for name in columns))


def sorts_itself(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether a SELECT ends with an ORDER BY of its own."""
    parsed = serialized(connection, sql)
    statements = parsed.get("statements") or [{}]
    modifiers = statements[0].get("node", {}).get("modifiers", [])
    return any(modifier.get("type") == "ORDER_MODIFIER" for modifier in modifiers)


def first_line(error: duckdb.Error) -> str:
    """DuckDB's message as one sentence, without its kind and the extract of the query."""
    message = re.split(r"\n\s*LINE |\n\s*Candidate functions:", str(error))[0]
    _, _, told = message.partition(" Error: ")
    return " ".join((told or message).split())


def _parser_message(parsed: dict[str, Any], sql: str) -> str:
    message = str(parsed.get("error_message", "this is not SQL"))
    if "Only SELECT" in message:
        return "write one SELECT; nothing else is allowed here"
    position = str(parsed.get("position", ""))
    if position.isdigit():
        line = sql.count("\n", 0, int(position)) + 1
        return f"{message} (line {line} of the query)"
    return message


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for child in tree:
            yield from _nodes(child)


def _tables(tree: Any, named_here: frozenset[str]) -> Iterator[str]:
    """The tables below `tree` that are not common table expressions of it, whose names may hide marts.

    DuckDB's own list of them binds the query, which cannot be done before the marts are there.
    """
    if isinstance(tree, list):
        for child in tree:
            yield from _tables(child, named_here)
    if not isinstance(tree, dict):
        return
    if tree.get("type") == "BASE_TABLE" and tree["table_name"].lower() not in named_here:
        yield str(tree["table_name"])
    if tree.get("cte_name"):  # a recursive one sees itself
        named_here |= {str(tree["cte_name"]).lower()}
    for entry in tree.get("cte_map", {}).get("map", ()):
        yield from _tables(entry["value"], named_here)
        named_here |= {str(entry["key"]).lower()}
    for key, child in tree.items():
        if key != "cte_map":
            yield from _tables(child, named_here)


def _table_functions(tree: Any) -> Iterator[str]:
    for node in _nodes(tree):
        if node.get("type") == "TABLE_FUNCTION":
            yield str(node.get("function", {}).get("function_name", "a table function")).lower()
