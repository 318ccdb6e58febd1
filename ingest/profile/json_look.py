"""Records of JSON that nobody declared yet: nested values by dotted names, lists of records as children."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from configuration.errors import PlainError
from ingest.files.input_files import local_files, unreadable
from ingest.json.files import ENDINGS
from ingest.profile.columns import lake_names, propose_columns, propose_key
from ingest.profile.meaning import KEY_ROLES, entity_of
from ingest.profile.proposal import ProposedChild, ProposedTable
from ingest.rows.duckdb_sql import connect

_RECORDS_LOOKED_AT = 20_000
_FILES_LOOKED_AT = 50
_LISTS_OF_RECORDS = ("data", "results", "items", "records", "value", "rows", "content")
# A declared name of a nested value: letters, digits and _, joined by dots.
_PLAIN_NAME = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")

Record = Mapping[str, object]


def look_at_json(path: str, root: Path, table: str, spool: Path) -> ProposedTable:
    """Propose the table `table` for the files at `path`; raises PlainError when they cannot be read."""
    files = local_files(path, root, ENDINGS, "JSON")[:_FILES_LOOKED_AT]
    selector: str | None = None
    records: list[Record] = []
    for file in files:
        selector, found = _records_of(root / file, file)
        records += found
        if len(records) >= _RECORDS_LOOKED_AT:
            break
    return table_of_records(records[:_RECORDS_LOOKED_AT], table, path, selector, spool)


def table_of_records(
    records: Sequence[Record], table: str, path: str, selector: str | None, spool: Path
) -> ProposedTable:
    """Propose a table for `records`, which stand at `selector` in what is at `path`."""
    if not records:
        raise PlainError("there are no records to look at", where=path)
    values, lists = _flattened(records)
    connection = connect(spool)
    try:
        relation = _relation(connection, "seen", values)
        columns = propose_columns(connection, relation, list(values))
        entity = entity_of({column.role for column in columns if column.role})
        key = propose_key(connection, relation, columns, KEY_ROLES.get(entity or "", ()))
        children: list[ProposedChild] = []
        if key:
            for place, elements in lists.items():
                inner, _ = _flattened(elements)
                name = f"{table}__{lake_names([place])[0]}"[:63]
                relation = _relation(connection, f"child_{len(children)}", inner)
                found = propose_columns(connection, relation, list(inner), set(key))
                children.append(ProposedChild(name, place, found))
    finally:
        connection.close()
    options = {"data_selector": selector} if selector else {}
    return ProposedTable(table, path, columns, len(records), key, entity, options, tuple(children))


def list_in(document: object) -> tuple[str | None, list[Record]]:
    """Where in `document` the list of records stands, and the list; empty when there is none."""
    if isinstance(document, list):
        return None, [each for each in document if isinstance(each, dict)]
    found = dict(_lists_in(document, ""))
    for name in _LISTS_OF_RECORDS:
        if name in found:
            return name, found[name]
    # The longest is meant: what describes the answer is short.
    place = max(found, key=lambda each: len(found[each]), default=None)
    return place, found[place] if place is not None else []


def _lists_in(document: object, before: str) -> Iterator[tuple[str, list[Record]]]:
    if not isinstance(document, dict):
        return
    for name, value in document.items():
        if not set(name) <= _PLAIN_NAME:
            continue
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            yield before + name, value
        elif not before:
            yield from _lists_in(value, f"{name}.")


def _records_of(location: Path, where: str) -> tuple[str | None, list[Record]]:
    try:
        text = location.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(where, error) from error
    except UnicodeDecodeError:
        raise PlainError(
            "the file is not UTF-8", where=where, remedy="Export it as UTF-8."
        ) from None
    try:
        if location.suffix.lower() == ".json":
            return list_in(json.loads(text))
        lines = [line for line in text.splitlines() if line.strip()][:_RECORDS_LOOKED_AT]
        return None, [each for each in map(json.loads, lines) if isinstance(each, dict)]
    except ValueError as error:
        raise PlainError(
            f"the file is no JSON ({error})", where=where, remedy="Export it again."
        ) from None


def _flattened(
    records: Sequence[Record],
) -> tuple[dict[str, list[str | None]], dict[str, list[Record]]]:
    """Each value by its dotted name, as text, one per record; and the lists of objects, as one list each."""
    values: dict[str, list[str | None]] = {}
    lists: dict[str, list[Record]] = {}
    for number, record in enumerate(records):
        for place, value in _leaves(record, ""):
            if isinstance(value, list):
                if value and all(isinstance(each, dict) for each in value):
                    lists.setdefault(place, []).extend(value)
                continue
            column = values.setdefault(place, [])
            column += [None] * (number - len(column))
            column.append(_as_text(value))
    for column in values.values():
        column.extend([None] * (len(records) - len(column)))
    return values, lists


def _leaves(record: Record, before: str) -> Iterator[tuple[str, object]]:
    for name, value in record.items():
        if not set(name) <= _PLAIN_NAME:
            continue
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _relation(
    connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, list[str | None]]
) -> str:
    connection.register(
        name, pa.table({key: pa.array(each, pa.string()) for key, each in values.items()})
    )
    return f"select * from {name}"
