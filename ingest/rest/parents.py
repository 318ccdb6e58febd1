"""Whose lists a table with a parent asks for: those of the parent's rows that are new since it last did.

The state is in the manifest. `cursor_after` of its records is the parent's load up to which all rows were
asked for; a load that broke off keeps the former one, and its inputs say who was asked already. A list
that is asked for again replaces what came of it before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import duckdb

from configuration.errors import PlainError
from ingest.lake.compactions import stored_rows
from ingest.lake.manifest import Record, microseconds
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.fetch import Resource
from ingest.rest.known import rows_by_schema
from ingest.rest.request import cursor_kind
from ingest.results import LoadContext, Window
from ingest.rows.duckdb_sql import identifier, text_list, text_literal


@dataclass(frozen=True)
class Family:
    """The lists to ask for; `reached` is the parent's load after which all rows were asked for, as text.

    `before` is where that stood, `unaskable` the values that make no address. `is_whole` says that the
    lists are all there are, so that nothing else of the table counts any more.
    """

    lists: tuple[Resource, ...]
    before: str | None
    reached: str | None
    newest: str | None
    unaskable: int
    is_whole: bool


def family_of(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: RestSource,
    table: RestTable,
) -> Family:
    """Decide it from what is in the lake; raises PlainError when two parents have the same address."""
    parent = next(
        each for each in source.tables if table.parent and each.name == table.parent.table
    )
    before = context.manifest.cursor(source.name, table.name)
    records = context.manifest.live_records(source.name, parent.name)
    newest = records[-1].load_id if records else None
    window = context.window if parent.cursor else None
    mark = None if context.reload or window else before
    rows = _new_rows(context, source, parent, records, mark, window)
    found = _asked_from(connection, source, table, rows) if rows else []
    covered = {} if context.reload or window else _covered(context, source, table)
    lists: list[Resource] = []
    unaskable = 0
    for value, values, load in found:
        if value.strip(".") == "":
            unaskable += 1  # it would lead to another address
            continue
        path = table.path.replace(f"{{{_column(table)}}}", quote(value, safe=""))
        if load > covered.get(path, -1):
            lists.append(Resource(len(lists), path, values))
    reached = before if window else newest
    is_whole = context.reload and not window
    return Family(tuple(lists), before, reached, newest, unaskable, is_whole)


def _column(table: RestTable) -> str:
    return table.parent.column if table.parent else ""


def _new_rows(
    context: LoadContext,
    source: RestSource,
    parent: RestTable,
    live: Iterable[Record],
    mark: str | None,
    window: Window | None,
) -> str:
    """SQL of the parent's rows that count, each with the first load since `mark` that has it; or nothing."""
    columns = ", ".join(identifier(column.name) for column in parent.columns)
    since = microseconds(mark) if mark else 0
    counting = context.manifest.live_inputs(source.name, parent.name)
    paths: dict[str, list[str]] = {}
    for each in counting:
        paths.setdefault(each.load_id, []).append(each.input.path)
    new = [
        f"select {_columns(parent, record)}, {microseconds(record.load_id)} as load "
        f"from {stored_rows(context.lake, [record])} "
        f"where _file in (select unnest({text_list(paths[record.load_id])}))"
        for record in live
        if record.files and microseconds(record.load_id) > since
    ]
    if not new:
        return ""
    came = " union all ".join(new)
    conditions = []
    if parent.cursor and window:
        conditions += _within(identifier(parent.cursor.column), window)
    if conditions:
        came = f"select * from ({came}) where {' and '.join(conditions)}"
    former = [
        record
        for record in context.manifest.of_table(source.name, parent.name)
        if microseconds(record.load_id) <= since and _has_all(parent, record)
    ]
    if not former:
        return f"select {columns}, min(load) as load from ({came}) group by {columns}"
    recent = ""
    if parent.cursor and cursor_kind(parent):
        column = identifier(parent.cursor.column)
        recent = f" where {column} >= (select min({column}) from ({came}))"
    known = "".join(
        f" union all select {columns}, 0 as load from {rows}{recent}"
        for rows in rows_by_schema(context.lake, former)
    )
    return (
        f"select {columns}, min(load) as load from ({came}{known}) "
        f"group by {columns} having min(load) > 0"
    )


def _columns(parent: RestTable, record: Record) -> str:
    """The parent's columns in the files of `record`; one that was declared later is empty there."""
    there = {column.name for column in record.schema}
    names = [(column.name, identifier(column.name)) for column in parent.columns]
    return ", ".join(name if plain in there else f"null as {name}" for plain, name in names)


def _has_all(parent: RestTable, record: Record) -> bool:
    """Whether its rows can be compared with today's."""
    there = {(column.name, column.type) for column in record.schema}
    return there >= {(column.name, column.typed.type.duckdb) for column in parent.columns}


def _within(column: str, window: Window) -> list[str]:
    conditions = []
    if window.start:
        conditions.append(f"{column} >= {text_literal(window.start.isoformat())}::date")
    if window.end:
        conditions.append(f"{column} < {text_literal(window.end.isoformat())}::date + 1")
    return conditions


def _asked_from(
    connection: duckdb.DuckDBPyConnection, source: RestSource, table: RestTable, rows: str
) -> list[tuple[str, str, int]]:
    """For each value of the placeholder: itself, what its records carry (JSON), its newest load."""
    pairs = ", ".join(
        f"{text_literal(column.name)}, {identifier(column.name)}::varchar"
        for column in table.carried
    )
    column = f"{identifier(_column(table))}::varchar"
    found = connection.execute(
        f"select {column} as value, min(carried), max(load), count(distinct carried) from "
        f"(select *, json_object({pairs})::varchar as carried from ({rows})) "
        f"where {column} is not null group by value order by value"
    ).fetchall()
    for value, _, _, different in found:
        if different > 1:
            raise PlainError(
                f"{different} rows of '{table.parent.table if table.parent else ''}' with different "
                f"keys have the same {_column(table)} '{value}'",
                where=f"{source.name}.{table.name}",
                remedy="Name a column under parent that tells them apart.",
            )
    return [(str(value), str(carried), int(load)) for value, carried, load, _ in found]


def _covered(context: LoadContext, source: RestSource, table: RestTable) -> dict[str, int]:
    """Up to which of the parent's loads each list was asked for, as far as loads that broke off came."""
    covered: dict[str, int] = {}
    for record in context.manifest.of_table(source.name, table.name):
        if record.window_end is None:
            continue
        for each in record.inputs:
            load = microseconds(record.window_end)
            covered[each.path] = max(load, covered.get(each.path, 0))
    return covered
