"""Records of JSON to typed rows, set-wise in DuckDB: records, their child lists, and what does not fit.

Numbers are read as JSON readers read them, as doubles; an API that wants money exact sends it as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from configuration.yaml_file import nearest
from ingest.declaration.tables import LIST_INDEX, PAYLOAD, Child, Column, RecordTableBlock
from ingest.files.input_files import FILE_COLUMN
from ingest.json.paths import json_path, json_pointer
from ingest.rows.casting import TypedColumn, fitting_rows, unfitting_rows
from ingest.rows.duckdb_sql import identifier, number, text_list, text_literal, write_parquet
from ingest.rows.new_columns import ColumnPolicy, added_columns
from ingest.rows.read_table import ReadTable

RECORD = "_record"
LINE = "_line"
# Whether a column or list (as the source calls it) was there in earlier loads, so that it may be missing now.
Had = Callable[[str], bool]


def never(name: str) -> bool:
    """No earlier load is known."""
    del name
    return False


# What each record carries through every step: itself, its input, and its line there, where it has one.
_ORIGIN = (FILE_COLUMN, LINE, RECORD)


def make_room(connection: duckdb.DuckDBPyConnection, added: Sequence[TypedColumn] = ()) -> None:
    """Make the temporary tables that the readers fill: `records`, and `broken` for what is none.

    `added` are the columns that the table adds by itself.
    """
    connection.execute(
        f"create or replace temp table records ({RECORD} json, {FILE_COLUMN} varchar, {LINE} bigint)"
    )
    connection.execute(
        "create or replace temp table broken (file varchar, line bigint, column_name varchar, "
        "reason varchar, original_text varchar)"
    )
    for table in ("records", "broken"):
        for column in added:
            connection.execute(
                f"alter table {table} add column {identifier(column.name)} {column.type.duckdb}"
            )


def check_objects(
    connection: duckdb.DuckDBPyConnection, relation: str, where: str, remedy: str
) -> None:
    """Raise PlainError when one of the records is no object."""
    odd = number(
        connection,
        f"select count(*) from {relation} where json_type({RECORD}) is distinct from 'OBJECT'",
    )
    if odd:
        raise PlainError(
            f"{odd} of the records are no objects with named values", where=where, remedy=remedy
        )


def check_declared(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    lists: Sequence[str],
    where: str,
    policy: ColumnPolicy,
    had: Had = never,
) -> tuple[str, ...]:
    """The names that no column or list declares.

    Raises PlainError when a declared one is in no record though it must be, or an undeclared one must not be.
    """
    found = {
        str(name)
        for (name,) in connection.execute(
            f"select distinct unnest(json_keys({RECORD})) from {relation}"
        ).fetchall()
    }
    declared = [*(each.source_name for each in columns), *lists]
    wanted = [path.split(".")[0] for path in declared]
    is_other = not found & set(wanted) and not policy.may_lack_all
    gone = [
        name
        for path, name in zip(declared, wanted, strict=True)
        if name not in found and (is_other or (path not in policy.optional and not had(path)))
    ]
    new = sorted(found - set(wanted))
    if found and gone:
        names = ", ".join(f"'{name}'" for name in gone)
        guess = nearest(gone[0], new)
        key = "path" if gone[0] in {path.split(".")[0] for path in lists} else "header"
        raise PlainError(
            f"no record has {names}, which the table declares",
            where=where,
            remedy=f"If '{guess}' is its new name, write {key}: {guess} there."
            if guess
            else "Correct the table's columns in the sources file; with on_missing_column: null, those "
            "that may be empty are.",
        )
    if new and policy.on_new == "refuse":
        raise PlainError(
            f"the records have {', '.join(repr(name) for name in new)}, not declared for the table",
            where=where,
            remedy="Add it to the table's columns in the sources file, or write on_new_column: add (it is "
            "loaded as text) or ignore.",
        )
    return tuple(new)


def read_parent(
    connection: duckdb.DuckDBPyConnection,
    table: RecordTableBlock,
    folder: Path,
    where: str,
    named: Mapping[str, str],
    policy: ColumnPolicy | None = None,
    had: Had = never,
) -> ReadTable:
    """Write the records that fit, and those that do not; leaves the fitting ones in `fitting`.

    `named` are the names that former loads gave to columns that are not declared; `policy` is the table's
    unless another is given. Columns that the table adds by itself stand in `records` and `broken` too, and
    pass through.
    """
    lists = [child.path for child in table.children]
    policy = policy or table.column_policy
    # Events of different kinds come together, and not each has every value.
    undeclared = (
        ()
        if table.keeps_payload
        else check_declared(connection, "records", table.columns, lists, where, policy, had)
    )
    added = tuple(column for column, _ in table.added)
    passed = [column.name for column in added]
    needed = set(table.inherited)
    typed = tuple(
        replace(column.typed, nullable=column.nullable and column.name not in needed)
        for column in table.columns
    )
    if policy.on_new == "add":
        typed += added_columns(undeclared, [column.name for column in table.columns], named)
        undeclared = ()
    relation = _texts("records", table.columns, passed, needed, typed[len(table.columns) :])
    connection.execute(
        "create or replace temp table fitting as "
        f"{fitting_rows(relation, typed, [*passed, *_ORIGIN])}"
    )
    if not table.keeps_payload:
        target = _Target(table.name, (*typed, *added), folder, undeclared, passed)
        return _write(connection, target, "fitting", relation, typed, "broken")
    columns = (*typed, *added, TypedColumn(PAYLOAD, Column(name="payload").typed.type))
    target = _Target(table.name, columns, folder, undeclared, passed)
    whole = f"(select *, {RECORD}::varchar as {identifier(PAYLOAD)} from fitting)"
    return _write(connection, target, whole, relation, typed, "broken")


def read_child(
    connection: duckdb.DuckDBPyConnection,
    table: RecordTableBlock,
    child: Child,
    folder: Path,
    where: str,
    had: Had = never,
) -> ReadTable:
    """Write the rows of one list within the records that fitted, with their parent's key."""
    unroll(connection, child, [column.name for column in inherited_columns(table)], where)
    # Columns are added to records only, not to what is nested in them.
    policy = ColumnPolicy(
        "refuse" if table.on_new_column == "refuse" else "ignore",
        frozenset(
            column.source_name
            for column in child.columns
            if column.nullable and table.on_missing_column != "refuse"
        ),
    )
    undeclared = check_declared(connection, "items", child.columns, [], where, policy, had)
    return read_items(connection, table, child, folder, undeclared)


def inherited_columns(table: RecordTableBlock) -> list[TypedColumn]:
    """The parent's columns that each child row carries."""
    return [column.typed for column in table.columns if column.name in table.inherited]


def read_items(
    connection: duckdb.DuckDBPyConnection,
    table: RecordTableBlock,
    child: Child,
    folder: Path,
    undeclared: tuple[str, ...] = (),
) -> ReadTable:
    """Write the rows in `items` that fit, and those that do not; leaves the fitting ones in `fitting_items`."""
    inherited = inherited_columns(table)
    carried = [*(column.name for column in inherited), LIST_INDEX]
    typed = tuple(column.typed for column in child.columns)
    relation = _texts("items", child.columns, carried)
    connection.execute(
        f"create or replace temp table fitting_items as {fitting_rows(relation, typed, [*carried, *_ORIGIN])}"
    )
    index = TypedColumn(LIST_INDEX, Column(name="index", type="integer").typed.type)
    columns = (*inherited, *typed, index)
    target = _Target(child.name, columns, folder, undeclared, carried=tuple(carried))
    return _write(connection, target, "fitting_items", relation, typed)


def unroll(
    connection: duckdb.DuckDBPyConnection, child: Child, carried: Sequence[str], where: str
) -> None:
    """Make the temporary table `items`: one row per item of the list, with its place and its parent's key."""
    remedy = "Correct the path of this child in the sources file."
    kind = f"json_type({RECORD}, '{json_path(child.path)}')"
    odd = number(
        connection,
        f"select count(*) from fitting where {kind} is not null and {kind} not in ('ARRAY', 'NULL')",
    )
    if odd:
        raise PlainError(f"in {odd} records this is no list", where=where, remedy=remedy)
    parent = ", ".join(identifier(name) for name in [*carried, FILE_COLUMN, LINE])
    items = f"json_extract({RECORD}, '{json_path(child.path)}[*]')"
    connection.execute(
        f"create or replace temp table items as select {parent}, unnest(items) as {RECORD}, "
        f"generate_subscripts(items, 1) - 1 as {LIST_INDEX} "
        f"from (select {parent}, {items} as items from fitting)"
    )
    check_objects(connection, "items", where, remedy)


@dataclass(frozen=True)
class _Target:
    """Which table is written, with which columns, and where."""

    name: str
    columns: tuple[TypedColumn, ...]
    folder: Path
    undeclared: tuple[str, ...]
    passed: Sequence[str] = ()  # columns that rejected rows carry too
    carried: tuple[str, ...] = ()
    """What a child's row has from its parent; its own text does not say it."""


def _write(
    connection: duckdb.DuckDBPyConnection,
    target: _Target,
    fitting: str,
    relation: str,
    checked: tuple[TypedColumn, ...],
    broken: str = "",
) -> ReadTable:
    """Write the rows in `fitting`, and those of `relation` whose `checked` columns do not fit.

    `broken` is the temporary table of what was no record at all.
    """
    rows_file = target.folder / f"{target.name}.parquet"
    rejected_file = target.folder / f"{target.name}.rejected.parquet"
    chosen = ", ".join(identifier(column.name) for column in target.columns)
    loaded = write_parquet(connection, f"select {chosen}, {FILE_COLUMN} from {fitting}", rows_file)
    passed = "".join(f"{identifier(name)}, " for name in target.passed)
    unfit = (
        f"select {FILE_COLUMN} as file, {LINE} as line, {passed}column_name, reason, "
        f"{RECORD}::varchar as original_text, {_as_json(target.carried)} as carried "
        f"from ({unfitting_rows(relation, checked)})"
    )
    read = number(connection, f"select count(*) from ({relation})")
    if broken:
        unfit += f" union all by name select * from {broken}"
        read += number(connection, f"select count(*) from {broken}")
    rejected = write_parquet(connection, unfit, rejected_file)
    return ReadTable(
        target.name,
        target.columns,
        rows_file,
        rejected_file,
        read,
        loaded,
        rejected,
        target.undeclared,
    )


def _as_json(names: Sequence[str]) -> str:
    """The columns called `names` as one JSON object of texts; null where there are none."""
    values = ", ".join(f"{text_literal(name)}, {identifier(name)}::varchar" for name in names)
    return f"json_object({values})::varchar" if names else "null::varchar"


def _texts(
    relation: str,
    columns: Sequence[Column],
    keep: Sequence[str],
    needed: Set[str] = frozenset(),
    added: Sequence[TypedColumn] = (),
) -> str:
    """The records of `relation` as text columns; an empty text is none where `needed` or no text is wanted."""
    paths = text_list(json_path(column.source_name) for column in columns)
    chosen = [
        f"{_value(position, column, column.name in needed)} as {identifier(column.name)}"
        for position, column in enumerate(columns, start=1)
    ]
    chosen += [
        f"json_extract_string({RECORD}, {text_literal(json_pointer(str(column.added_from)))}) "
        f"as {identifier(column.name)}"
        for column in added
    ]
    kept = [identifier(name) for name in [*keep, *_ORIGIN]]
    return (
        f"select {', '.join([*chosen, *kept])} from "
        f"(select *, json_extract_string({RECORD}, {paths}) as _values from {relation})"
    )


def _value(position: int, column: Column, is_needed: bool) -> str:
    value = f"_values[{position}]"
    if column.type != "text":
        return f"nullif(trim({value}), '')"
    if is_needed or not column.nullable:
        return f"case when trim({value}) != '' then {value} end"
    return value
