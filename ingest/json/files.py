"""JSON files to records: documents with a list, or one object per line; and a count of their own.

A broken line is one rejected row. A broken document says nothing sure about any of its rows, so it is refused.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from configuration.errors import PlainError
from ingest.files.found_files import FoundFile
from ingest.files.input_files import FILE_COLUMN, digest_of, unreadable
from ingest.json.declaration import JsonTable
from ingest.json.paths import json_path
from ingest.json.reader import LINE, RECORD, check_declared
from ingest.rows.duckdb_sql import exact_path, one, text_literal

ENDINGS = (".json", ".jsonl", ".ndjson")
_LINES = (".jsonl", ".ndjson")
# Python's reader takes about ten times a document's size in memory; longer ones DuckDB counts.
_SMALL_BYTES = 16 << 20
_BATCH_BYTES = 8 << 20


@dataclass(frozen=True)
class JsonInput:
    """One file."""

    path: str
    location: Path
    bytes: int
    modified: int
    sha256: str


def open_json(found: FoundFile) -> JsonInput:
    """Know one file's content; raises PlainError when it cannot be read."""
    path, location = found.path, found.location
    try:
        status = location.stat()
        sha256 = digest_of(location, found.count)
    except OSError as error:
        raise unreadable(path, error) from error
    return JsonInput(path, location, status.st_size, status.st_mtime_ns, sha256)


def add_records(connection: duckdb.DuckDBPyConnection, each: JsonInput, table: JsonTable) -> int:
    """Put the file's records into `records`, what is none into `broken`; returns how many it has.

    The count comes from the file itself, not from what was put there.
    """
    connection.execute(f"create or replace temp table incoming ({RECORD} json, {LINE} bigint)")
    if each.location.suffix.lower() in _LINES:
        rows = add_lines(connection, each, table)
    else:
        rows = add_document(connection, each, table)
    if rows == 0 and not table.allow_empty:
        raise PlainError(
            "the file has no rows",
            where=each.path,
            remedy="Export it again, or set allow_empty: true for this table.",
        )
    # In each file by itself, so that it does not matter which files come together.
    lists = [child.path for child in table.children]
    policy = table.column_policy
    check_declared(connection, "incoming", table.columns, lists, each.path, policy)
    connection.execute(
        f"insert into records ({RECORD}, {FILE_COLUMN}, {LINE}) "
        f"select {RECORD}, {text_literal(each.path)}, {LINE} from incoming"
    )
    return rows


def add_lines(connection: duckdb.DuckDBPyConnection, each: JsonInput, table: JsonTable) -> int:
    """Put the lines that are objects into `incoming`, the others into `broken`; returns how many lines."""
    if table.data_selector:
        raise PlainError(
            "a file with one object per line has no list, but the table has a data_selector",
            where=each.path,
            remedy="Remove data_selector, or give documents (.json) a table of their own.",
        )
    rows = 0
    for batch in _batches(each):
        rows += batch.num_rows
        connection.register("batch", batch)
        kinds = "select *, case when json_valid(text) then json_type(text) end as kind from batch"
        connection.execute(
            f"insert into incoming select text::json, line from ({kinds}) where kind = 'OBJECT'"
        )
        connection.execute(
            f"insert into broken select {text_literal(each.path)}, line, null, "
            "case when kind is null then 'the line is no JSON' "
            "else 'the line is no object with named values' end, text "
            f"from ({kinds}) where kind is distinct from 'OBJECT'"
        )
        connection.unregister("batch")
    return rows


def _batches(each: JsonInput) -> Iterator[pa.Table]:
    """The lines with content, with their numbers; read in pieces, so that a file may be of any length."""
    numbers: list[int] = []
    texts: list[str] = []
    size = 0
    with each.location.open("rb") as file:
        for line_number, line in enumerate(file, start=1):
            content = line.removeprefix(codecs.BOM_UTF8) if line_number == 1 else line
            if content.isspace() or not content:
                continue
            numbers.append(line_number)
            texts.append(_decoded(content, each.path, line_number).strip())
            size += len(content)
            if size > _BATCH_BYTES:
                yield pa.table({"line": numbers, "text": texts})
                numbers, texts, size = [], [], 0
    if numbers:
        yield pa.table({"line": numbers, "text": texts})


def add_document(connection: duckdb.DuckDBPyConnection, each: JsonInput, table: JsonTable) -> int:
    """Put the objects of its list into `incoming`, what is none into `broken`; returns how many items."""
    rows = _count_by_python(each, table) if each.bytes <= _SMALL_BYTES else None
    selector = json_path(table.data_selector or "")
    content = f"json_extract(ltrim(content, chr(65279))::json, '{selector}')"
    file = f"read_text({text_literal(exact_path(each.location.as_posix()))})"
    try:
        kind, length = one(
            connection,
            f"select json_type({content}), json_array_length({content}) from {file}",
        )
        if kind != "ARRAY":
            raise _no_list(each, table)
        connection.execute(
            f"create or replace temp table found as "
            f"select unnest(json_extract({content}, '$[*]')) as {RECORD} from {file}"
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise _no_json(each, str(error).splitlines()[0]) from error
    connection.execute(
        f"insert into incoming select {RECORD}, null from found "
        f"where json_type({RECORD}) = 'OBJECT'"
    )
    connection.execute(
        f"insert into broken select {text_literal(each.path)}, null, null, "
        f"'the record is no object with named values', {RECORD}::varchar from found "
        f"where json_type({RECORD}) is distinct from 'OBJECT'"
    )
    return int(str(length)) if rows is None else rows


def _count_by_python(each: JsonInput, table: JsonTable) -> int:
    text = _decoded(each.location.read_bytes().removeprefix(codecs.BOM_UTF8), each.path, None)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise _no_json(each, f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    for step in table.data_selector.split(".") if table.data_selector else ():
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise _no_list(each, table)
    return len(found)


def _decoded(content: bytes, where: str, line_number: int | None) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        what = f"line {line_number}" if line_number else "the file"
        raise PlainError(
            f"{what} is not UTF-8 text", where=where, remedy="Save it again as UTF-8."
        ) from error


def _no_json(each: JsonInput, reason: str) -> PlainError:
    return PlainError(
        f"the file is no JSON, or it was cut off ({reason})",
        where=each.path,
        remedy="Export it again; a file with one object per line must end in .jsonl or .ndjson.",
    )


def _no_list(each: JsonInput, table: JsonTable) -> PlainError:
    return PlainError(
        f"the file has no list at '{table.data_selector or 'its top level'}'",
        where=each.path,
        remedy="Correct data_selector in the sources file.",
    )


def rows_by_file(
    connection: duckdb.DuckDBPyConnection, relation: str, column: str = FILE_COLUMN
) -> dict[str, int]:
    """How many rows of `relation` each file has."""
    found = connection.execute(f"select {column}, count(*) from {relation} group by all").fetchall()
    return {str(path): int(count) for path, count in found}
