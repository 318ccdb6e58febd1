"""Rejected rows of a flat table as text columns again: CSV records, or JSON objects with a value per header.

Whatever cannot be read so stays rejected; it is never guessed at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.csv.declaration import CsvTable
from ingest.csv.dialect import Dialect, recorded_dialect
from ingest.csv.dialect_detection import read_head
from ingest.csv.header import check_header
from ingest.csv.inputs import column_of, columns_of, new_headers
from ingest.declaration.tables import TableBlock
from ingest.files.input_files import FILE_COLUMN
from ingest.json.paths import json_pointer
from ingest.lake.manifest import LiveInput
from ingest.replay.open_rows import ROW_ID
from ingest.rows.casting import TypedColumn, fitting_rows
from ingest.rows.duckdb_sql import identifier, text_literal
from ingest.rows.exact_casts import TEXT
from ingest.rows.new_columns import added_columns
from ingest.rows.text_forms import TextForm

Tell = Callable[[str], None]


def fit_csv(
    connection: duckdb.DuckDBPyConnection,
    table: CsvTable,
    live: Sequence[LiveInput],
    root: Path,
    spool: Path,
    named: Mapping[str, str],
    tell: Tell,
) -> tuple[TypedColumn, ...]:
    """Fill the temporary table `fitting` from `open_rows`; returns its columns."""
    alike = _alike(connection, table, live, root, tell)
    typed = tuple(column.typed for column in table.columns)
    if table.on_new_column == "add":
        new = {each for header, _ in alike for each in new_headers(columns_of(header, table))}
        typed += added_columns(new, [column.name for column in typed], named)
    queries = []
    for place, ((header, dialect), inputs) in enumerate(alike.items()):
        path = spool / f"{place}.replay.csv"
        _write_records(connection, inputs, dialect, path)
        relation = _csv_relation(path, header, columns_of(header, table), typed, dialect)
        in_form = [replace(column, form=dialect.form) for column in typed]
        queries.append(fitting_rows(relation, in_form, KEPT))
    make_fitting(connection, typed, queries)
    return typed


def fit_objects(
    connection: duckdb.DuckDBPyConnection,
    table: TableBlock,
    named: Mapping[str, str],
    *,
    kept_in: str = "original_text",
) -> tuple[TypedColumn, ...]:
    """The same for rows that were kept as JSON objects: each value as text, under its header."""
    objects = objects_in(kept_in)
    columns = columns_in(connection, table, objects, named)
    typed = tuple(column for _, column in columns)
    chosen = []
    for header, column in columns:
        value = value_of(header)
        if column.type.duckdb != TEXT:
            value = f"nullif(trim({value}), '')"
        elif not column.nullable:
            value = f"case when trim({value}) != '' then {value} end"
        chosen.append(f"{value} as {identifier(column.name)}")
    relation = f"select {', '.join(chosen)}, {', '.join(KEPT_SQL)} from ({objects})"
    make_fitting(connection, typed, [fitting_rows(relation, typed, KEPT)])
    return typed


KEPT = (FILE_COLUMN, ROW_ID)
KEPT_SQL = tuple(identifier(name) for name in KEPT)


def objects_in(column: str) -> str:
    """SQL of the open rows of which `column` is a JSON object: that, as `_object`, and what is kept."""
    return (
        f"select id as {identifier(ROW_ID)}, file as {FILE_COLUMN}, {column}::json as _object "
        f"from (select *, case when json_valid({column}) then json_type({column}) end as kind "
        "from open_rows) where kind = 'OBJECT'"
    )


def columns_in(
    connection: duckdb.DuckDBPyConnection,
    table: TableBlock,
    objects: str,
    named: Mapping[str, str],
    but: Collection[str] = (),
) -> list[tuple[str, TypedColumn]]:
    """The declared columns and those to add, each with its name in the objects; `but` are names of ours."""
    columns = [(column.source_name, column.typed) for column in table.columns]
    if table.on_new_column == "add":
        found = connection.execute(f"select distinct unnest(json_keys(_object)) from ({objects})")
        new = {str(name) for (name,) in found.fetchall()} - {header for header, _ in columns}
        declared = [column.name for column in table.columns]
        added = added_columns(new - set(but), declared, named)
        columns += [(str(column.added_from), column) for column in added]
    return columns


def value_of(header: str) -> str:
    """SQL of the value that `_object` has under `header`, as text."""
    return f"json_extract_string(_object, {text_literal(json_pointer(header))})"


def make_fitting(
    connection: duckdb.DuckDBPyConnection, typed: Sequence[TypedColumn], queries: Sequence[str]
) -> None:
    """Make the temporary tables `fitting`, of the rows of `queries`, and `taken`, of their ids."""
    columns = ", ".join(f"{identifier(each.name)} {each.type.duckdb}" for each in typed)
    connection.execute(
        f"create temp table fitting ({columns}, {FILE_COLUMN} varchar, {identifier(ROW_ID)} bigint)"
    )
    for query in queries:
        connection.execute(f"insert into fitting {query}")
    connection.execute(f"create temp table taken as select {identifier(ROW_ID)} as id from fitting")


def _alike(
    connection: duckdb.DuckDBPyConnection,
    table: CsvTable,
    live: Sequence[LiveInput],
    root: Path,
    tell: Tell,
) -> dict[tuple[tuple[str, ...], Dialect], list[LiveInput]]:
    """The inputs with open rows by their header and dialect, where these are known and still fit."""
    wanted = set(connection.execute("select distinct load_id, file from open_rows").fetchall())
    declared = [column.source_name for column in table.columns]
    found: dict[tuple[tuple[str, ...], Dialect], list[LiveInput]] = {}
    for each in live:
        if (each.load_id, each.input.path) not in wanted:
            continue
        try:
            header = each.input.header or _header_of_file(root, each, table)
            check_header(header, declared, each.input.path, table.column_policy)
            dialect = _dialect_of(each, table)
        except PlainError as error:
            tell(f"its rejected rows were not tried: {error}")
            continue
        found.setdefault((header, dialect), []).append(each)
    return found


def _dialect_of(each: LiveInput, table: CsvTable) -> Dialect:
    """As the file was read, with the forms of values that are pinned by now."""
    dialect = recorded_dialect(each.input.dialect)
    if dialect.escape != dialect.quote:
        raise PlainError(
            f"its quotes are escaped with '{dialect.escape}', so a rejected row cannot be read alone",
            where=each.input.path,
            remedy="Load the whole file again with --reload.",
        )
    pinned, form = table.dialect, dialect.form
    form = TextForm(
        decimal=form.decimal if pinned.decimal is None else pinned.decimal,
        thousands=form.thousands if pinned.thousands is None else pinned.thousands,
        date_formats=pinned.date_format or form.date_formats,
        timestamp_formats=pinned.timestamp_format or form.timestamp_formats,
    )
    return replace(dialect, form=form)


def _header_of_file(root: Path, each: LiveInput, table: CsvTable) -> tuple[str, ...]:
    """For records from before the header was kept: it is in the file, if that is still the same."""
    location = root / each.input.path
    try:
        with location.open("rb") as file:
            is_same = hashlib.file_digest(file, "sha256").hexdigest() == each.input.sha256
    except OSError:
        is_same = False
    if not is_same:
        raise PlainError(
            "the file is not there any more as it was loaded, and its header was not kept",
            where=each.input.path,
            remedy="Put it back as it was, or load the mended file.",
        )
    head, _ = read_head(location, table.columns, table.dialect, each.input.path)
    return head.header


def _write_records(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[LiveInput],
    dialect: Dialect,
    path: Path,
) -> None:
    """The records of these inputs as a CSV file whose first column is their id.

    A record with an odd number of quotes would swallow the next one, so it stays out.
    """
    loads, files = [each.load_id for each in inputs], [each.input.path for each in inputs]
    quote = text_literal(dialect.quote)
    quotes = f"length(original_text) - length(replace(original_text, {quote}, ''))"
    records = connection.execute(
        f"select id || {text_literal(dialect.delimiter)} || original_text from open_rows "
        "semi join (select unnest($1::varchar[]) as load_id, unnest($2::varchar[]) as file) "
        "using (load_id, file) "
        f"where ({quotes}) % 2 = 0 order by id",
        [loads, files],
    )
    with path.open("w", encoding="utf-8", newline="") as target:
        while batch := records.fetchmany(10_000):
            target.writelines(f"{text}\n" for (text,) in batch)


def _csv_relation(
    path: Path,
    header: tuple[str, ...],
    names: tuple[str, ...],
    typed: Sequence[TypedColumn],
    dialect: Dialect,
) -> str:
    """The records as text columns; a header that came again among the rows is never a row."""
    kinds = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in (ROW_ID, *names))
    is_header = " and ".join(
        f"coalesce(found.{identifier(name)} = {text_literal(each)}, false)"
        for name, each in zip(names, header, strict=True)
    )
    chosen = []
    for column in typed:
        name = column.name if column.name in names else None
        if column.added_from is not None:
            name = column_of(names, column.added_from)
        value = f"found.{identifier(name)}" if name else "null::varchar"
        chosen.append(f"{value} as {identifier(column.name)}")
    return (
        f"select {', '.join(chosen)}, open_rows.file as {FILE_COLUMN}, "
        f"open_rows.id as {identifier(ROW_ID)} "
        f"from read_csv({text_literal(path.as_posix())}, columns = {{{kinds}}}, auto_detect = false, "
        f"header = false, delim = {text_literal(dialect.delimiter)}, "
        f"quote = {text_literal(dialect.quote)}, escape = {text_literal(dialect.quote)}, "
        "ignore_errors = true) as found "
        f"join open_rows on open_rows.id = found.{identifier(ROW_ID)}::bigint where not ({is_header})"
    )
