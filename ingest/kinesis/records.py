"""The spool's records as rows: one per JSON object, also where a record holds several, one per line."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingest.files.input_files import FILE_COLUMN
from ingest.json.reader import LINE, RECORD, make_room
from ingest.kinesis.declaration import ADDED_COLUMNS, SEQUENCE
from ingest.rows.duckdb_sql import identifier, number, text_literal

_ADDED = ", ".join(identifier(column.name) for column in ADDED_COLUMNS)


def input_path(stream: str, shard: str) -> str:
    """How load records and rows call a shard."""
    return f"{stream}/{shard}"


def split_records(connection: duckdb.DuckDBPyConnection, folder: Path, stream: str) -> int:
    """Fill `records` and `broken` from the spool; returns how many of the stream's records stand in them."""
    make_room(connection, ADDED_COLUMNS)
    if not any(folder.glob("*.parquet")):
        return 0
    files = f"read_parquet({text_literal((folder / '*.parquet').as_posix())}, hive_partitioning = false)"
    connection.execute(
        "create or replace temp view fetched as "
        f"select *, {text_literal(f'{stream}/')} || _shard_id as path from {files}"
    )
    connection.execute(_PIECES)
    connection.execute(
        f"insert into records ({RECORD}, {FILE_COLUMN}, {LINE}, {_ADDED}) "
        f"select piece::json, path, line, {_ADDED} from pieces where kind = 'OBJECT'"
    )
    connection.execute(
        f"insert into broken (file, line, reason, original_text, {_ADDED}) "
        f"select path, line, reason, piece, {_ADDED} from pieces where kind is distinct from 'OBJECT'"
    )
    return number(
        connection,
        f"select count(*) from (select _shard_id, {SEQUENCE} from records "
        f"union select _shard_id, {SEQUENCE} from broken)",
    )


# A record is one object, or lines of which at least one is an object, or one broken piece.
_PIECES = rf"""
create or replace temp table pieces as
with whole as (
    select
        *,
        case when json_valid(text) then json_type(text) end as kind
    from fetched
),

lines as (
    select
        path,
        {_ADDED},
        unnest(string_split(text, chr(10))) as piece,
        generate_subscripts(string_split(text, chr(10)), 1) as line
    from whole
    where kind is null and contains(text, chr(10))
),

filled_lines as (
    select
        * replace (trim(piece, chr(9) || chr(13) || ' ') as piece)
    from lines
    where not regexp_full_match(piece, '\s*')
),

known_lines as (
    select
        *,
        case when json_valid(piece) then json_type(piece) end as kind
    from filled_lines
),

with_an_object as (
    select distinct _shard_id, {SEQUENCE}
    from known_lines
    where kind = 'OBJECT'
)

select
    path, {_ADDED}, line, piece, kind,
    case
        when kind is null then 'the line is no JSON'
        else 'the line is no object with named values'
    end as reason
from known_lines
semi join with_an_object using (_shard_id, {SEQUENCE})
union all
select
    path, {_ADDED}, null as line, coalesce(text, base64) as piece, kind,
    case
        when problem is not null then problem
        when regexp_full_match(text, '\s*') then 'the record is empty'
        when kind is null then 'the record is no JSON'
        else 'the record is no object with named values'
    end as reason
from whole
anti join with_an_object using (_shard_id, {SEQUENCE})
"""
