"""Files of events to records: one object, a list of them, or one object per line; many small files at once.

What a file holds is told by its content, not by its name. What is no object is a rejected row; a file of which
nothing can be read is refused, and if it was written just now, it is said to be incomplete. The next run tries
again in either case.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import duckdb

from configuration.errors import PlainError
from ingest.files.addresses import ending_of
from ingest.files.file_table import FileTask
from ingest.files.found_files import FoundFile
from ingest.files.input_files import FILE_COLUMN, unreadable
from ingest.files.known_files import Refusals
from ingest.files.unpacking import PACKINGS
from ingest.json.declaration import JsonTable
from ingest.json.files import JsonInput, add_document, add_lines, open_json
from ingest.json.reader import LINE, RECORD
from ingest.rows.duckdb_sql import exact_path, text_list, text_literal

# Files of up to so many bytes are read in one query.
_BATCH_BYTES = 32 << 20
_BATCH_FILES = 2000
_LARGE_BYTES = 32 << 20
_HEAD_BYTES = 4096
# Longer files are surely not equal by accident.
_LARGEST_EVENT_BYTES = 1 << 20
_STILL_WRITTEN_SECONDS = 120


def open_event(found: FoundFile) -> JsonInput:
    """Know one file; raises PlainError when it cannot be read.

    Two events may be equal to the letter, and both happened. So a file with a single object is known by its
    content and its own name; it may still be moved to another folder, or compressed.
    """
    opened = open_json(found)
    if opened.bytes > _LARGEST_EVENT_BYTES or not _holds_one_object(opened):
        return opened
    name = posixpath.basename(found.path)
    name = name[: len(name) - len(ending_of(name, PACKINGS) or "")]
    return replace(opened, sha256=hashlib.sha256(f"{opened.sha256} {name}".encode()).hexdigest())


def _holds_one_object(each: JsonInput) -> bool:
    try:
        text = each.location.read_bytes().removeprefix(codecs.BOM_UTF8).decode(errors="replace")
    except OSError as error:
        raise unreadable(each.path, error) from error
    return isinstance(_parsed(text), dict)


def add_events(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[JsonInput],
    table: JsonTable,
    task: FileTask,
    refusals: Refusals,
) -> dict[str, int]:
    """Put the files' objects into `records`, what is none into `broken`; returns how many each file has.

    The counts are Python's, from the files themselves.
    """
    rows: dict[str, int] = {}
    before = len(refusals.reasons)
    small = [each for each in inputs if each.bytes <= _LARGE_BYTES]
    for each in small:
        try:
            rows[each.path] = _count(each, table, task)
        except PlainError as error:
            refusals.add(each.path, error)
    if len(refusals.reasons) > before:
        return rows  # all will be read again without them
    for batch in _batches(small):
        _add(connection, batch)
        task.meter.add(rows=sum(rows[each.path] for each in batch))
    for each in inputs:
        if each.bytes > _LARGE_BYTES:
            try:
                rows[each.path] = _add_large(connection, each, table)
                task.meter.add(rows=rows[each.path])
            except PlainError as error:
                refusals.add(each.path, error)
    return rows


def _add_large(connection: duckdb.DuckDBPyConnection, each: JsonInput, table: JsonTable) -> int:
    """Read a file of many lines in pieces, or one long list."""
    connection.execute(f"create or replace temp table incoming ({RECORD} json, {LINE} bigint)")
    with each.location.open("rb") as file:
        is_list = file.read(_HEAD_BYTES).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
    rows = (add_document if is_list else add_lines)(connection, each, table)
    connection.execute(
        f"insert into records ({RECORD}, {FILE_COLUMN}, {LINE}) "
        f"select {RECORD}, {text_literal(each.path)}, {LINE} from incoming"
    )
    return rows


def _batches(inputs: Sequence[JsonInput]) -> Iterator[list[JsonInput]]:
    """Files that are read together; a large one is alone."""
    batch: list[JsonInput] = []
    size = 0
    for each in inputs:
        if batch and (size + each.bytes > _BATCH_BYTES or len(batch) == _BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each.bytes
    if batch:
        yield batch


def _count(each: JsonInput, table: JsonTable, task: FileTask) -> int:
    """How many objects, or pieces that should be some, the file has; raises PlainError when it has none."""
    try:
        text = each.location.read_bytes().removeprefix(codecs.BOM_UTF8).decode()
    except OSError as error:
        raise unreadable(each.path, error) from error
    except UnicodeDecodeError:
        raise _unready(each, "the file is not UTF-8 text, or it was cut off", task) from None
    found = _parsed(text)
    if found is not None:
        rows = len(found) if isinstance(found, list) else 1
    else:
        rows = _count_lines(each, text, task)
    if rows == 0 and not table.allow_empty:
        raise _unready(each, "the file has no events", task)
    return rows


def _count_lines(each: JsonInput, text: str, task: FileTask) -> int:
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and not any(isinstance(_parsed(line), dict) for line in lines):
        raise _unready(each, "the file is no JSON, or it was cut off", task)
    if lines and not text.endswith("\n") and _parsed(lines[-1]) is None and _is_fresh(each, task):
        raise _incomplete(each)
    return len(lines)


def _parsed(text: str) -> object:
    """What the text is as JSON; None when it is none."""
    try:
        found: object = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return found


def _unready(each: JsonInput, what: str, task: FileTask) -> PlainError:
    if _is_fresh(each, task):
        return _incomplete(each)
    return PlainError(
        what, where=each.path, remedy="Send it again, or move it out of the folder of the events."
    )


def _incomplete(each: JsonInput) -> PlainError:
    return PlainError(
        "the file seems to be written just now",
        where=each.path,
        remedy="Nothing is lost: the next run takes it when it is complete.",
    )


def _is_fresh(each: JsonInput, task: FileTask) -> bool:
    """Whether a local file was touched within the last minutes; what was fetched is complete."""
    if each.location != task.root / each.path or task.started is None:
        return False
    age = task.started - datetime.fromtimestamp(each.modified / 1e9, tz=task.started.tzinfo)
    # A clock that went back must not keep a file out for ever.
    return abs(age.total_seconds()) < _STILL_WRITTEN_SECONDS


def _add(connection: duckdb.DuckDBPyConnection, inputs: Sequence[JsonInput]) -> None:
    """Read all these files in one query, and split each by what it holds."""
    paths = {each.location.as_posix(): each.path for each in inputs}
    connection.execute("create or replace temp table event_names (location varchar, path varchar)")
    _insert_names(connection, paths)
    files = text_list(exact_path(location) for location in paths)
    connection.execute(
        "create or replace temp table event_files as "
        "select path, text, case when json_valid(text) then json_type(text) end as kind from ("
        "select event_names.path, ltrim(decode(content), chr(65279)) as text "
        f"from read_blob({files}) as found join event_names on event_names.location = found.filename)"
    )
    # One object keeps its text as it came; items of a list are written anew by the reader of JSON.
    connection.execute(
        "create or replace temp table event_pieces as "
        "select path, null::bigint as line, trim(text, chr(32) || chr(9) || chr(10) || chr(13)) as piece "
        "from event_files where kind is not null and kind != 'ARRAY' "
        "union all select path, null, unnest(json_extract(text, '$[*]'))::varchar "
        "from event_files where kind = 'ARRAY' "
        "union all select path, line, piece from ("
        "select path, generate_subscripts(lines, 1) as line, "
        "trim(unnest(lines), chr(32) || chr(9) || chr(13)) as piece from ("
        "select path, string_split(text, chr(10)) as lines from event_files where kind is null)) "
        "where piece != ''"
    )
    kinds = (
        "select *, case when json_valid(piece) then json_type(piece) end as kind from event_pieces"
    )
    connection.execute(
        f"insert into records ({RECORD}, {FILE_COLUMN}, {LINE}) "
        f"select piece::json, path, line from ({kinds}) where kind = 'OBJECT'"
    )
    connection.execute(
        "insert into broken select path, line, null, case when kind is null then 'the line is no JSON' "
        "else 'it is no object with named values' end, piece "
        f"from ({kinds}) where kind is distinct from 'OBJECT'"
    )


def _insert_names(connection: duckdb.DuckDBPyConnection, paths: Mapping[str, str]) -> None:
    connection.execute(
        f"insert into event_names select unnest({text_list(paths)}), unnest({text_list(paths.values())})"
    )
