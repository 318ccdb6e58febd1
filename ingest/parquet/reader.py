"""Parquet files through DuckDB: what fits to one file, what does not to another.

Columns are found by their names, values are cast by ingest.rows.casting; where the file has the declared types
already, nothing is cast. Each file's own footer says how many rows there must be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from pyarrow import ArrowException, parquet

from configuration.errors import PlainError
from ingest.declaration.tables import Column
from ingest.files.declared_names import check_names
from ingest.files.found_files import FoundFile
from ingest.files.input_files import FILE_COLUMN, digest_of, lake_name, unreadable
from ingest.parquet.declaration import ParquetTable
from ingest.rows.casting import TypedColumn, fitting_rows, unfitting_rows
from ingest.rows.duckdb_sql import (
    exact_path,
    identifier,
    one,
    text_list,
    text_literal,
    write_parquet,
)
from ingest.rows.exact_casts import TEXT, can_become, is_same
from ingest.rows.new_columns import added_columns

_LINE = ":row"
_READER_FILE = ":file"
_READER_ROW = "file_row_number"


@dataclass(frozen=True)
class ParquetInput:
    """One file: `names` and `types` are its columns in its own order, with their DuckDB types."""

    path: str
    location: Path
    bytes: int
    modified: int
    sha256: str
    rows: int
    names: tuple[str, ...]
    types: tuple[str, ...]


def open_parquet(
    connection: duckdb.DuckDBPyConnection, found: FoundFile, table: ParquetTable
) -> ParquetInput:
    """Look at one file's footer; raises PlainError when it cannot be this table's."""
    path, location = found.path, found.location
    try:
        status = location.stat()
        sha256 = digest_of(location, found.count)
        footer = parquet.read_metadata(location)
        names = tuple(footer.schema.to_arrow_schema().names)
        types = _types(connection, location)
    except OSError as error:
        # pyarrow's own complaints are OSErrors too, but without a number of the system.
        raise unreadable(path, error) if error.errno else _no_parquet(path) from error
    except (ArrowException, duckdb.Error) as error:
        raise _no_parquet(path) from error
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise PlainError(
            f"it has the column '{twins[0]}' twice",
            where=path,
            remedy="Give each column a name of its own.",
        )
    declared = [column.source_name for column in table.columns]
    check_names(names, declared, path, policy=table.column_policy)
    _check_types(table, dict(zip(names, types, strict=True)), path)
    if footer.num_rows == 0 and not table.allow_empty:
        raise PlainError(
            "the file has no rows",
            where=path,
            remedy="Export it again, or set allow_empty: true for this table.",
        )
    return ParquetInput(
        path,
        location,
        status.st_size,
        status.st_mtime_ns,
        sha256,
        footer.num_rows,
        names,
        types,
    )


@dataclass(frozen=True)
class FileColumn:
    """A column of the load, and what the files call it where they have it."""

    header: str
    typed: TypedColumn


def columns_of(
    inputs: Sequence[ParquetInput], table: ParquetTable, named: Mapping[str, str]
) -> list[FileColumn]:
    """What is loaded from these files: the declared columns, and those to add."""
    declared = [FileColumn(column.source_name, column.typed) for column in table.columns]
    if table.on_new_column != "add":
        return declared
    added = added_columns(_new(inputs, table), [column.name for column in table.columns], named)
    return [*declared, *(FileColumn(str(each.added_from), each) for each in added)]


def ignored_names(inputs: Sequence[ParquetInput], table: ParquetTable) -> tuple[str, ...]:
    """The columns of these files that are passed over."""
    return () if table.on_new_column == "add" else tuple(sorted(_new(inputs, table)))


def _new(inputs: Sequence[ParquetInput], table: ParquetTable) -> set[str]:
    declared = {column.source_name for column in table.columns}
    return {name for each in inputs for name in each.names} - declared


def copy_fitting(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[ParquetInput],
    columns: Sequence[FileColumn],
    target: Path,
) -> dict[str, int]:
    """Write the rows that fit to `target`; returns how many of each file."""
    layouts: dict[tuple[tuple[str, ...], tuple[str, ...]], list[ParquetInput]] = {}
    for each in inputs:
        layouts.setdefault((each.names, each.types), []).append(each)
    queries = [
        fitting_rows(_relation(group, columns), _typed(columns, group[0]), [FILE_COLUMN])
        for group in layouts.values()
    ]
    rows = write_parquet(connection, " union all ".join(queries), target)
    if len(inputs) == 1:
        return {inputs[0].path: rows}
    return _by_file(connection, f"read_parquet({text_literal(str(target))})", FILE_COLUMN)


def collect_rejected(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[ParquetInput],
    columns: Sequence[FileColumn],
) -> dict[str, int]:
    """Gather what does not fit into the temporary table `rejected`; returns how many rows of each file.

    A row's line is its number in the file, from 1.
    """
    connection.execute(
        "create or replace temp table rejected (file varchar, line bigint, column_name varchar, "
        "reason varchar, original_text varchar)"
    )
    values = ", ".join(
        f"{text_literal(column.header)}, {identifier(column.typed.name)}::varchar"
        for column in columns
    )
    for each in inputs:
        relation = _relation([each], columns, with_row=_READER_ROW not in each.names)
        connection.execute(
            f"insert into rejected select {FILE_COLUMN}, {identifier(_LINE)}, column_name, reason, "
            f"json_object({values})::varchar from ({unfitting_rows(relation, _typed(columns, each))})"
        )
    return _by_file(connection, "rejected", "file")


def example(connection: duckdb.DuckDBPyConnection) -> str:
    """One row of `rejected`, told for a person."""
    file, line, reason = one(
        connection, "select file, line, reason from rejected order by file, line limit 1"
    )
    return f"for example {file}, {f'row {line}: ' if line else ''}{reason}"


def _types(connection: duckdb.DuckDBPyConnection, location: Path) -> tuple[str, ...]:
    path = text_literal(exact_path(location.as_posix()))
    found = connection.execute(
        f"describe select * from read_parquet({path}, hive_partitioning = false)"
    ).fetchall()
    return tuple(str(row[1]) for row in found)


def _check_types(table: ParquetTable, types: dict[str, str], where: str) -> None:
    for column in table.columns:
        stored = types.get(column.source_name, TEXT)
        if table.on_type_change == "refuse" and column.source_name in types:
            _check_same(column, stored, where)
        if can_become(column.typed.type, stored):
            continue
        nested = stored.endswith("]") or stored.startswith(("STRUCT(", "MAP("))
        raise PlainError(
            f"the column '{column.source_name}' holds {'lists or blocks' if nested else stored}, "
            f"of which none is {column.typed.type.meaning}",
            where=where,
            remedy="Correct its type in the sources file, or export it as another one.",
        )


def _check_same(column: Column, stored: str, where: str) -> None:
    if not is_same(column.typed.type, stored):
        raise PlainError(
            f"the column '{column.source_name}' holds {stored}, not {column.type} as declared",
            where=where,
            remedy="Correct its type in the sources file, or write on_type_change: cast, which takes what "
            "fits exactly and rejects the other rows.",
        )


def _typed(columns: Sequence[FileColumn], each: ParquetInput) -> list[TypedColumn]:
    types = dict(zip(each.names, each.types, strict=True))
    return [
        # What is added is text already in the relation, and so is what is missing: nothing.
        column.typed
        if column.typed.added_from is not None
        else replace(column.typed, stored=types.get(column.header, TEXT))
        for column in columns
    ]


def _relation(
    inputs: Sequence[ParquetInput], columns: Sequence[FileColumn], *, with_row: bool = False
) -> str:
    """Files of one layout under the declared names, with `_file` as the lake names them."""
    first = inputs[0]
    # By place and not by name: to DuckDB, `Id` and `id` are one.
    places = {name: f"c{place}" for place, name in enumerate(first.names)}
    types = dict(zip(first.names, first.types, strict=True))
    chosen = []
    for column in columns:
        place, typed = places.get(column.header, "null"), column.typed
        if typed.added_from is not None or column.header not in places:
            place = f"{place}::varchar"
        elif types[column.header] == TEXT:
            if typed.type.duckdb != TEXT:
                place = f"nullif(trim({place}), '')"
            elif not typed.nullable:
                place = f"case when trim({place}) != '' then {place} end"
        chosen.append(f"{place} as {identifier(typed.name)}")
    names = [*places.values(), *(["file_row"] if with_row else []), "file_address"]
    row = "file_row + 1" if with_row else "null::bigint"
    paths = text_list(exact_path(each.location.as_posix()) for each in inputs)
    return (
        f"select {', '.join(chosen)}, {lake_name(inputs, 'file_address')} as {FILE_COLUMN}, "
        f"{row} as {identifier(_LINE)} "
        f"from read_parquet({paths}, filename = {text_literal(_READER_FILE)}, "
        f"hive_partitioning = false{f', {_READER_ROW} = true' if with_row else ''}) "
        f"as found({', '.join(names)})"
    )


def _by_file(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> dict[str, int]:
    found = connection.execute(f"select {column}, count(*) from {relation} group by all").fetchall()
    return {str(path): int(count) for path, count in found}


def _no_parquet(path: str) -> PlainError:
    return PlainError(
        "the file is no Parquet file, or it was cut off", where=path, remedy="Export it again."
    )
