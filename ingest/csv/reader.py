"""One load's CSV files through DuckDB: what fits, to one Parquet file.

Everything is read as text, so that the reader only splits, and cast by ingest.rows.casting, so that nothing is
bent. A clean load is read once. What does not fit is found by ingest.csv.unfitting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from ingest.csv.dialect import Dialect
from ingest.csv.inputs import CsvInput, column_of
from ingest.csv.lake_names import name_in_lake
from ingest.csv.second_header import is_header, may_fit
from ingest.files.input_files import FILE_COLUMN
from ingest.rows.casting import TypedColumn, fitting_rows
from ingest.rows.duckdb_sql import (
    exact_path,
    identifier,
    text_list,
    text_literal,
    write_parquet,
)


def reader_options(dialect: Dialect) -> str:
    """The options of DuckDB's reader; where the escape is not the quote, a copy doubles the quotes."""
    return (
        f"auto_detect = false, header = {str(dialect.has_header).lower()}, "
        f"delim = {text_literal(dialect.delimiter)}, quote = {text_literal(dialect.quote)}, "
        f"escape = {text_literal(dialect.quote)}, filename = '{FILE_COLUMN}'"
    )


def copy_fitting(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[CsvInput],
    columns: Sequence[TypedColumn],
    target: Path,
) -> dict[str, int]:
    """Write the rows that fit to `target`; returns how many of each file.

    Lines that the reader itself refuses are left in its tables, for `collect_rejected`.
    """
    alike: dict[tuple[object, ...], list[CsvInput]] = {}
    for each in inputs:
        dialect = each.dialect
        way = (
            each.columns,
            reader_options(dialect),
            dialect.form,
            each.copy is None,
            each.head.header,
        )
        alike.setdefault(way, []).append(each)
    queries = [_fitting(group, columns) for group in alike.values()]
    rows = write_parquet(connection, " union all ".join(queries), target)
    if len(inputs) == 1:
        return {inputs[0].path: rows}
    found = connection.execute(
        f"select {FILE_COLUMN}, count(*) from read_parquet({text_literal(str(target))}) group by all"
    ).fetchall()
    return {str(path): int(count) for path, count in found}


def _fitting(group: Sequence[CsvInput], columns: Sequence[TypedColumn]) -> str:
    """SQL of the rows that fit of files that are read alike."""
    rows = relation(group, group[0].columns, columns)
    if may_fit(group[0], columns):
        rows = f"from ({rows}) where not {is_header(group[0])}"
    return fitting_rows(rows, in_form(columns, group[0].dialect), [FILE_COLUMN])


def relation(
    inputs: Sequence[CsvInput],
    names: tuple[str, ...],
    columns: Sequence[TypedColumn],
    *,
    keep_rejects: bool = True,
) -> str:
    """The files as text columns, with `_file` as the lake names them; what of `columns` is missing is empty."""
    kinds = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in names)
    paths = text_list(exact_path(_address(each)) for each in inputs)
    rejects = "store_rejects = true" if keep_rejects else "ignore_errors = true"
    return (
        f"select * replace ({name_in_lake(inputs, FILE_COLUMN)} as {FILE_COLUMN}){_others(names, columns)} "
        f"from read_csv({paths}, columns = {{{kinds}}}, {reader_options(inputs[0].dialect)}, {rejects})"
    )


def _others(names: tuple[str, ...], columns: Sequence[TypedColumn]) -> str:
    """The columns that are added, and those that these files have not."""
    chosen = ""
    for column in columns:
        if column.name not in names:
            found = column_of(names, column.added_from) if column.added_from is not None else None
            value = identifier(found) if found else "null::varchar"
            chosen += f", {value} as {identifier(column.name)}"
    return chosen


def _address(each: CsvInput) -> str:
    return each.readable.as_posix()


def in_form(columns: Sequence[TypedColumn], dialect: Dialect) -> list[TypedColumn]:
    """The columns as files of this dialect write their numbers and dates."""
    return [replace(column, form=dialect.form) for column in columns]
