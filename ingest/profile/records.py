"""Records of JSON that nobody declared yet: nested values by dotted names, lists of records as children."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from configuration.errors import PlainError
from ingest.profile.columns import lake_names, propose_columns, propose_id, propose_key
from ingest.profile.meaning import KEYS, LINE, are_lines, entity_of
from ingest.profile.proposal import ProposedChild, ProposedColumn, ProposedTable
from ingest.rows.duckdb_sql import connect, identifier, number

_LISTS_OF_RECORDS = ("data", "results", "items", "records", "value", "rows", "content")
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
UPDATED = "updated_at"
_BARE = ("id", "uuid", "guid")
_RECORD = "_record"
_LONGEST_NAME = 63

Record = Mapping[str, object]


@dataclass
class _Values:
    """Each value by its dotted name, as text, one per record; and the items of each list of objects.

    `of` says for each record which one of those around it has it.
    """

    columns: dict[str, list[str | None]] = field(default_factory=dict)
    lists: dict[str, tuple[list[Record], list[int]]] = field(default_factory=dict)


def table_of_records(
    records: Sequence[Record], table: str, path: str, selector: str | None, spool: Path
) -> ProposedTable:
    """Propose a table for `records`, which stand at `selector` in what is at `path`."""
    if not records:
        raise PlainError(
            "there are no records to look at",
            where=path,
            remedy="Ask for something that has some, or export it again.",
        )
    values = _values_of(records)
    connection = connect(spool)
    try:
        headers = _headers(values, ())
        relation = _relation(connection, "seen", values, headers, range(len(records)))
        columns = propose_columns(connection, relation, headers, called=table)
        roles = {column.role for column in columns if column.role}
        look = _Look(connection, table, {each.name for each in columns if _may_be_carried(each)})
        children = [_child(look, place, *items) for place, items in values.lists.items()]
        if "order_id" not in roles and any(
            _has_lines({*roles, "order_id"}, each) for each in children
        ):
            columns = _with_bare_id(columns)
            roles = {column.role for column in columns if column.role}
        lines = next((each for each in children if _has_lines(roles, each)), None)
        entity = "order_lines" if lines else entity_of(roles)
        wanted = (("order_id",),) if lines else KEYS.get(entity or "", ())
        key = propose_key(connection, relation, columns, wanted)
        if not key and not lines:
            key = propose_id(connection, relation, columns)
    finally:
        connection.close()
    return ProposedTable(
        table,
        path,
        columns,
        key,
        rows_seen=len(records),
        entity=entity,
        options={"data_selector": selector} if selector else {},
        children=tuple(children),
        lines=lines.name if lines else None,
    )


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


def _may_be_carried(column: ProposedColumn) -> bool:
    """Whether it may turn out to be the key or the cursor, which the children carry too."""
    is_id = column.name in _BARE or column.name.endswith("_id")
    return is_id or column.role in ("order_id", "customer_id", "product_id", "event_id", UPDATED)


def _with_bare_id(columns: Sequence[ProposedColumn]) -> tuple[ProposedColumn, ...]:
    """The columns of something that has lines: what is called an id there is the order's."""
    return tuple(
        replace(column, role="order_id") if column.role is None and column.name in _BARE else column
        for column in columns
    )


def _has_lines(roles: set[str], child: ProposedChild) -> bool:
    """Whether a list is what was bought with the orders around it."""
    of_items = {column.role for column in child.columns if column.role}
    return {"order_id", "ordered_at"} <= roles and are_lines(of_items)


@dataclass(frozen=True)
class _Look:
    """What is looked at: `taken` are names that no column of a child may have."""

    connection: duckdb.DuckDBPyConnection
    table: str
    taken: set[str]


def _child(look: _Look, place: str, items: Sequence[Record], of: Sequence[int]) -> ProposedChild:
    name = f"{look.table}__{lake_names([place])[0]}"[:_LONGEST_NAME]
    values = _values_of(items)
    headers = _headers(values, look.taken)
    relation = _relation(look.connection, name, values, headers, of)
    columns = propose_columns(look.connection, relation, headers, called=LINE)
    line_id = next((each for each in columns if each.role == "order_line_id"), None)
    key: tuple[str, ...] = ()
    if line_id is not None:
        header = identifier(line_id.name)
        distinct = (
            f"select distinct {_RECORD}, {header} from ({relation}) where trim({header}) != ''"
        )
        if number(look.connection, f"select count(*) from ({distinct})") == len(items):
            key = (line_id.name,)
    return ProposedChild(name, place, columns, key)


def _lists_in(document: object, before: str) -> Iterator[tuple[str, list[Record]]]:
    if not isinstance(document, dict):
        return
    for name, value in document.items():
        if not _is_path(name):
            continue
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            yield before + name, value
        elif not before:
            yield from _lists_in(value, f"{name}.")


def _values_of(records: Sequence[Record]) -> _Values:
    found = _Values()
    for index, record in enumerate(records):
        for place, value in _leaves(record, ""):
            if isinstance(value, list):
                if _is_path(place) and value and all(isinstance(each, dict) for each in value):
                    items, of = found.lists.setdefault(place, ([], []))
                    items += value
                    of += [index] * len(value)
                continue
            column = found.columns.setdefault(place, [])
            column += [None] * (index - len(column))
            column.append(_as_text(value))
    for column in found.columns.values():
        column.extend([None] * (len(records) - len(column)))
    # A name that is now a value and now a list is read as the list that it is somewhere.
    for place in found.lists:
        found.columns.pop(place, None)
    return found


def _leaves(record: Record, before: str) -> Iterator[tuple[str, object]]:
    for name, value in record.items():
        if not _is_name(name):
            continue
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def _is_path(name: str) -> bool:
    """Whether the sources file can name a list so."""
    return bool(_PATH.fullmatch(name))


def _is_name(name: str) -> bool:
    """Whether the sources file can name a value so: dots lead into nested values."""
    return name.isprintable() and bool(name.strip()) and not set(name) & set('."\\')


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _headers(values: _Values, taken: Collection[str]) -> dict[str, str]:
    """The values' names in the records, by their names in the lake."""
    return dict(zip(lake_names(list(values.columns), taken), values.columns, strict=True))


def _relation(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    values: _Values,
    headers: Mapping[str, str],
    of: Sequence[int],
) -> str:
    columns = {
        key: pa.array(values.columns[header], pa.string()) for key, header in headers.items()
    }
    connection.register(name, pa.table({**columns, _RECORD: pa.array(of, pa.int64())}))
    return f"select * from {identifier(name)}"
