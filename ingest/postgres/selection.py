"""The SQL that a database is asked: its own types, turned into what the lake can check without bending a value.

What the driver hands over exactly (whole numbers, times within four-digit years) comes as it is; everything
else as the text that the database itself writes, for the exact casts of ingest.rows. The driver turns
infinite times and years beyond its range into wrong ones without a word: a column that has any comes as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from configuration.errors import PlainError
from configuration.yaml_file import nearest
from ingest.declaration.tables import Column
from ingest.files.declared_names import quoted
from ingest.postgres.columns import check_types, with_new_columns
from ingest.postgres.database import SourceColumn
from ingest.postgres.declaration import PostgresTable
from ingest.postgres.request import Span
from ingest.rows.duckdb_sql import identifier, text_literal
from ingest.rows.exact_casts import TEXT, can_become

_WHOLE = ("int2", "int4", "int8", "oid")
_TEXTS = ("text", "varchar", "bpchar", "name", "char", "citext", "unknown")
_TIMES = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMP"}
# A day within, so that no time zone leads out of the years that are written with four digits.
_PLAIN_YEARS = ("0001-01-02", "9999-12-31")
_DIRECT = {**dict.fromkeys(_WHOLE, "BIGINT"), "float8": "DOUBLE", "bool": "BOOLEAN", **_TIMES}


@dataclass(frozen=True)
class Selected:
    """One declared column, how the database is asked for it, and the DuckDB type in which it comes."""

    column: Column
    sql: str
    stored: str
    server_type: str


def relation_of(table: PostgresTable) -> str:
    """The table, or the query as one."""
    if table.query is not None:
        # A line of its own, so that a comment at its end ends there. The database takes one statement
        # at a time and is asked read-only, so nothing but a SELECT can stand here.
        return f"(\n{table.query}\n) as source"
    return f"{'.'.join(identifier(part) for part in str(table.table).split('.'))} as source"


def declared_columns(
    table: PostgresTable, found: Sequence[SourceColumn], named: Mapping[str, str], where: str
) -> tuple[PostgresTable, dict[str, str], tuple[str, ...]]:
    """The table with the columns to add, the database's type of each column, and those passed over.

    Raises PlainError when the columns are not those that the table allows.
    """
    names = [each.name for each in found]
    wanted = [column.source_name for column in table.columns]
    read = names if table.on_new_column == "add" else wanted
    twins = sorted({name for name in read if names.count(name) > 1})
    if twins:
        raise PlainError(
            f"the query gives the column '{twins[0]}' twice",
            where=where,
            remedy="Give one of them another name, with 'as'.",
        )
    new = [name for name in names if name not in wanted]
    gone = [name for name in wanted if name not in names]
    if set(gone) != set(wanted):
        gone = [name for name in gone if name not in table.column_policy.optional]
    if gone:
        guess = nearest(gone[0], new)
        words = ("columns", "are") if len(gone) > 1 else ("column", "is")
        raise PlainError(
            f"the {words[0]} {quoted(gone)} {words[1]} not there",
            where=where,
            remedy=f"If '{guess}' is its new name, write header: {guess} at that column."
            if guess
            else "Correct the table's columns in the sources file; with on_missing_column: null, those that "
            "may be empty are.",
        )
    types = {each.name: each.type for each in found}
    check_types(table, types, where)
    table, passed_over = with_new_columns(table, names, named, where)
    return table, types, passed_over


def select(
    table: PostgresTable, types: Mapping[str, str], odd: Sequence[str], where: str
) -> list[Selected]:
    """How each declared column is asked for; `odd` names those with times that only text can say."""
    chosen = []
    for column in table.columns:
        name = column.source_name
        if name not in types:
            chosen.append(Selected(column, "null::text", TEXT, "text"))
            continue
        one = _selected(column, types[name], is_odd=name in odd)
        if not can_become(column.typed.type, one.stored):
            raise PlainError(
                f"the column '{name}' is {types[name]} in the database, of which none is "
                f"{column.typed.type.meaning}",
                where=where,
                remedy="Correct its type in the sources file, or cast it in a query.",
            )
        chosen.append(one)
    return chosen


def select_sql(chosen: Sequence[Selected], relation: str, condition: str) -> str:
    """The rows, under the names of the lake."""
    columns = ", ".join(f"{each.sql} as {identifier(each.column.name)}" for each in chosen)
    return f"select {columns} from {relation}{condition}"


def count_sql(
    table: PostgresTable, types: Mapping[str, str], relation: str, condition: str
) -> tuple[str, list[str]]:
    """How many rows there are, then for each column named beside it whether its times are plain ones."""
    times = [
        column.source_name
        for column in table.columns
        if types.get(column.source_name) in _TIMES and column.type != "text"
    ]
    plain = []
    for name in times:
        kind, value = types[name], f"source.{identifier(name)}"
        least, most = (f"{kind} '{day}'" for day in _PLAIN_YEARS)
        plain.append(f"coalesce(min({value}) >= {least} and max({value}) < {most}, true)")
    return f"select {', '.join(['count(*)', *plain])} from {relation}{condition}", times


def condition_of(table: PostgresTable, types: Mapping[str, str], span: Span, where: str) -> str:
    """SQL of the span of the cursor, beginning with ` where`; empty when everything is asked for."""
    if table.cursor is None or (span.start is None and span.end is None):
        return ""
    (column,) = (each for each in table.columns if each.name == table.cursor.column)
    kind = types[column.source_name]
    value = f"source.{identifier(column.source_name)}"
    bounds = [
        f"{value} {sign} {_literal(text, table.cursor_type, kind, (column.source_name, where))}"
        for sign, text in ((">=", span.start), ("<", span.end))
        if text is not None
    ]
    found = " and ".join(bounds)
    return f" where ({found} or {value} is null)" if span.with_empty else f" where {found}"


def _literal(text: str, cursor_type: str, kind: str, named: tuple[str, str]) -> str:
    """A cursor's value in the type of the database's column, so that its index serves."""
    if cursor_type == "integer" and kind in (*_WHOLE, "numeric"):
        return f"{int(text)}::{'numeric' if kind == 'numeric' else 'int8'}"
    if cursor_type != "integer" and kind in _TIMES:
        moment = datetime.fromisoformat(text).replace(tzinfo=None).isoformat(" ")
        if kind == "timestamptz":
            return f"timestamptz {text_literal(f'{moment}+00')}"
        return f"timestamp {text_literal(moment)}"
    column, where = named
    raise PlainError(
        f"the cursor's column '{column}' is {kind} in the database, which cannot be asked by {cursor_type}",
        where=where,
        remedy="Choose another cursor, or cast the column in a query.",
    )


def _selected(column: Column, kind: str, *, is_odd: bool) -> Selected:
    value = f"source.{identifier(column.source_name)}"
    if kind == "timestamptz" and column.type != "text":
        value = f"({value} at time zone 'UTC')"
    if kind == "money":
        # As text it would have the currency and the commas of the server's settings.
        return Selected(column, f"{value}::numeric::text", TEXT, kind)
    stored = TEXT if column.type == "text" or is_odd else _DIRECT.get(kind, TEXT)
    if stored == TEXT:
        return Selected(column, f"{value}::text", TEXT, kind)
    return Selected(column, f"{value}::int8" if stored == "BIGINT" else value, stored, kind)


def as_lake_column(one: Selected, *, is_needed: bool) -> str:
    """The value as the casts want it; an empty text is none where it is needed or no text is wanted."""
    name = identifier(one.column.name)
    if one.stored != TEXT or one.server_type not in _TEXTS:
        return name
    if one.column.type != "text":
        return f"nullif(trim({name}), '')"
    return f"case when trim({name}) != '' then {name} end" if is_needed else name
