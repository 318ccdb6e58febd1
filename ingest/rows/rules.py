"""What a column's values must be besides their type: one of a list, within bounds, of a pattern.

The bounds and the list are cast when the sources file is read, by the very cast that reads the rows; what
no row could ever equal is told then, and not with the first load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ingest.rows.column_types import ColumnType, cast_of
from ingest.rows.duckdb_sql import identifier, text_literal

_BOUNDED = ("BIGINT", "DOUBLE", "DATE", "TIMESTAMP")
# A reason is read by people: longer lists are cut.
_LISTED = 10


@dataclass(frozen=True)
class Rules:
    """The rules of one column, as texts that its type takes; none of them holds for an empty value."""

    allowed: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class Condition:
    """One rule in SQL, never null for a value; `meaning` ends the sentence "'x' is not ..."."""

    sql: str
    meaning: str


NO_RULES = Rules()


def conditions(value: str, kind: ColumnType, rules: Rules) -> list[Condition]:
    """The rules over the SQL expression `value`, which is of `kind`."""

    def typed(text: str) -> str:
        return f"{text_literal(text)}::{kind.duckdb}"

    found = []
    if rules.allowed:
        values = ", ".join(typed(each) for each in rules.allowed)
        more = ", ..." if len(rules.allowed) > _LISTED else ""
        meaning = f"one of {', '.join(rules.allowed[:_LISTED])}{more}"
        found.append(Condition(f"{value} in ({values})", meaning))
    if rules.minimum is not None:
        found.append(Condition(f"{value} >= {typed(rules.minimum)}", f"at least {rules.minimum}"))
    if rules.maximum is not None:
        found.append(Condition(f"{value} <= {typed(rules.maximum)}", f"at most {rules.maximum}"))
    if rules.pattern is not None:
        full = f"regexp_full_match({value}, {text_literal(rules.pattern)})"
        found.append(Condition(full, f"text like {rules.pattern}"))
    return found


def has_bounds(kind: ColumnType) -> bool:
    """Whether values of `kind` can be held against a least and a largest one."""
    return kind.duckdb in _BOUNDED or kind.duckdb.startswith("DECIMAL(")


def as_cast(texts: Sequence[str], kind: ColumnType) -> list[str]:
    """`texts` as a row's values of `kind` would be; raises ValueError with the first that is none."""
    cast = cast_of("text", kind)
    steps = "".join(f", {sql} as {name}" for name, sql in cast.steps)
    with duckdb.connect(":memory:") as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = connection.execute(
            f"select {identifier('text')}, ({cast.value})::varchar from "
            f"(select *{steps} from (select unnest($1::varchar[]) as text))",
            [list(texts)],
        ).fetchall()
    for text, value in found:
        if value is None:
            raise ValueError(f"'{text}' is not {kind.meaning}")
    return [str(value) for _, value in found]


def ordered(least: str, largest: str, kind: ColumnType) -> bool:
    """Whether `least` is not above `largest`."""
    with duckdb.connect(":memory:") as connection:
        row = connection.execute(
            f"select {text_literal(least)}::{kind.duckdb} <= {text_literal(largest)}::{kind.duckdb}"
        ).fetchone()
    return bool(row and row[0])


def check_pattern(pattern: str) -> None:
    """Raise ValueError for what DuckDB cannot read as a regular expression (RE2)."""
    try:
        duckdb.execute(f"select regexp_full_match('', {text_literal(pattern)})")
    except duckdb.Error as error:
        raise ValueError(f"is no regular expression ({str(error).splitlines()[0]})") from error
