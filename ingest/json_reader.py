"""Pages of JSON to typed rows, set-wise in DuckDB: records, their child lists, and what does not fit.

Numbers are read as JSON readers read them, as doubles; an API that wants money exact sends it as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from configuration.yaml_file import nearest
from ingest.casting import TypedColumn, fitting_rows, unfitting_rows
from ingest.csv_reader import FILE_COLUMN
from ingest.duckdb_sql import identifier, number, one, text_list, text_literal, write_parquet
from ingest.sources_file import LIST_INDEX, Child, Column, RestTable

_RECORD = "_record"


@dataclass(frozen=True)
class ReadTable:
    """A table's finished files in the spool, and its counts."""

    name: str
    columns: tuple[TypedColumn, ...]
    rows_file: Path
    rejected_file: Path
    rows_read: int
    rows_loaded: int
    rows_rejected: int


def read_records(
    connection: duckdb.DuckDBPyConnection, pages: Path, table: RestTable, where: str
) -> int:
    """Split the pages into the temporary table `records`; returns how many there are."""
    selector = _path(table.data_selector or "")
    files = text_literal((pages / "*.json").as_posix())
    content = f"json_extract(content::json, '{selector}')"
    lists, documents = one(
        connection,
        f"select count(*) filter (json_type({content}) = 'ARRAY'), count(*) from read_text({files})",
    )
    if lists != documents:
        raise PlainError(
            f"the answer has no list at '{table.data_selector or 'its top level'}'",
            where=where,
            remedy="Correct data_selector in the sources file.",
        )
    connection.execute(
        f"create temp table records as select unnest(json_extract(content::json, '{selector}[*]')) "
        f"as {_RECORD} from read_text({files})"
    )
    odd = number(connection, f"select count(*) from records where json_type({_RECORD}) != 'OBJECT'")
    if odd:
        raise PlainError(
            f"{odd} of the records are no objects with named values",
            where=where,
            remedy="Correct data_selector in the sources file.",
        )
    return number(connection, "select count(*) from records")


def check_names(
    connection: duckdb.DuckDBPyConnection, table: RestTable, where: str
) -> tuple[str, ...]:
    """Raise PlainError when a declared column is in no record; returns the names that are not declared."""
    found = {
        str(name)
        for (name,) in connection.execute(
            f"select distinct unnest(json_keys({_RECORD})) from records"
        ).fetchall()
    }
    declared = [column.source_name.split(".")[0] for column in table.columns]
    gone = [name for name in declared if name not in found]
    new = sorted(found - set(declared) - {child.path.split(".")[0] for child in table.children})
    if found and gone:
        names = ", ".join(f"'{name}'" for name in gone)
        guess = nearest(gone[0], new)
        raise PlainError(
            f"no record has {names}, which the table declares",
            where=where,
            remedy=f"If '{guess}' is its new name, write header: {guess} at that column."
            if guess
            else "Correct the table's columns in the sources file.",
        )
    return tuple(new)


def read_parent(connection: duckdb.DuckDBPyConnection, table: RestTable, folder: Path) -> ReadTable:
    """Write the records that fit, and those that do not; leaves the fitting ones in `fitting`."""
    needed = {*table.key, *((table.cursor.column,) if table.cursor else ())}
    typed = tuple(
        replace(column.typed, nullable=column.nullable and column.name not in needed)
        for column in table.columns
    )
    relation = _texts("records", table.columns, [])
    connection.execute(f"create temp table fitting as {fitting_rows(relation, typed, [_RECORD])}")
    names = [column.name for column in typed]
    return _write(connection, table.name, typed, names, "fitting", relation, table.path, folder)


def read_child(
    connection: duckdb.DuckDBPyConnection, table: RestTable, child: Child, folder: Path
) -> ReadTable:
    """Write the rows of one list within the records that fitted, with their parent's key."""
    where = f"{table.name}.{child.path}"
    kind = f"json_type({_RECORD}, '{_path(child.path)}')"
    odd = number(
        connection,
        f"select count(*) from fitting where {kind} is not null and {kind} not in ('ARRAY', 'NULL')",
    )
    if odd:
        raise PlainError(
            f"in {odd} records this is no list",
            where=where,
            remedy="Correct the path of this child in the sources file.",
        )
    inherited = [column.typed for column in table.columns if column.name in table.inherited]
    carried = [*(column.name for column in inherited), LIST_INDEX]
    parent = ", ".join(identifier(column.name) for column in inherited)
    items = f"json_extract({_RECORD}, '{_path(child.path)}[*]')"
    connection.execute(
        f"create or replace temp table items as select {parent}, unnest(items) as {_RECORD}, "
        f"generate_subscripts(items, 1) - 1 as {LIST_INDEX} "
        f"from (select {parent}, {items} as items from fitting)"
    )
    typed = tuple(column.typed for column in child.columns)
    relation = _texts("items", child.columns, carried)
    connection.execute(
        f"create or replace temp table fitting_items as {fitting_rows(relation, typed, carried)}"
    )
    index = TypedColumn(LIST_INDEX, Column(name="index", type="integer").typed.type)
    columns = (*inherited, *typed, index)
    names = [column.name for column in columns]
    return _write(
        connection,
        child.name,
        columns,
        names,
        "fitting_items",
        relation,
        table.path,
        folder,
        checked=typed,
    )


def _write(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: tuple[TypedColumn, ...],
    names: Sequence[str],
    fitting: str,
    relation: str,
    resource: str,
    folder: Path,
    checked: tuple[TypedColumn, ...] | None = None,
) -> ReadTable:
    rows_file, rejected_file = folder / f"{name}.parquet", folder / f"{name}.rejected.parquet"
    chosen = ", ".join(identifier(each) for each in names)
    loaded = write_parquet(
        connection,
        f"select {chosen}, {text_literal(resource)} as {FILE_COLUMN} from {fitting}",
        rows_file,
    )
    rejected = write_parquet(
        connection,
        f"select {text_literal(resource)} as file, null::bigint as line, column_name, reason, "
        f"{_RECORD}::varchar as original_text from ({unfitting_rows(relation, checked or columns)})",
        rejected_file,
    )
    read = number(connection, f"select count(*) from ({relation})")
    return ReadTable(name, columns, rows_file, rejected_file, read, loaded, rejected)


def _texts(relation: str, columns: Sequence[Column], keep: Sequence[str]) -> str:
    """The records of `relation` as text columns. An empty text is a value only where text is wanted."""
    paths = text_list(_path(column.source_name) for column in columns)
    chosen = [
        f"{_value(position, column)} as {identifier(column.name)}"
        for position, column in enumerate(columns, start=1)
    ]
    kept = [identifier(name) for name in [*keep, _RECORD]]
    return (
        f"select {', '.join([*chosen, *kept])} from "
        f"(select *, json_extract_string({_RECORD}, {paths}) as _values from {relation})"
    )


def _value(position: int, column: Column) -> str:
    value = f"_values[{position}]"
    return value if column.type == "text" else f"nullif(trim({value}), '')"


def _path(dotted: str) -> str:
    """`a.b` as a JSON path, each step quoted; checked by the sources file to hold no quotes."""
    return "$" + "".join(f'."{step}"' for step in dotted.split(".") if step)
