"""The pages in the spool to `records`, set-wise: which of them count, and what comes from a parent's row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from ingest.json.paths import json_path
from ingest.json.reader import RECORD, check_objects, make_room
from ingest.rest.declaration import PARENT, RestTable
from ingest.rest.fetch import Fetched, no_list, page_records
from ingest.rows.duckdb_sql import number, text_literal


def read_pages(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    table: RestTable,
    fetched: Sequence[Fetched],
    where: str,
) -> int:
    """Split the pages into `records`; returns their number. Raises PlainError for a page without a list."""
    make_room(connection)
    if not any(folder.glob("*.json")):
        return 0
    pages = f"read_text({text_literal((folder / '*.json').as_posix())})"
    kind = f"json_type(content::json, '{json_path(table.data_selector or '')}')"
    if number(connection, f"select count(*) from {pages} where {kind} is distinct from 'ARRAY'"):
        raise no_list(table, where)
    connection.execute(
        "create or replace temp table asked (number bigint, path varchar, parent varchar)"
    )
    connection.execute(
        "insert into asked select unnest(?), unnest(?), unnest(?)",
        [
            [each.resource.number for each in fetched],
            [each.resource.path for each in fetched],
            [each.resource.parent for each in fetched],
        ],
    )
    list_number = r"regexp_extract(filename, '(\d+)-\d+-\d+-\d+\.json$', 1)::bigint"
    # Put in front as text: nothing of the record itself is written anew.
    rest = "case when record::varchar = '{}' then '}' else ',' || substr(record::varchar, 2) end"
    whole = f"""('{{"{PARENT}":' || parent || {rest})::json"""
    connection.execute(
        f"insert into records select case when parent is null or json_type(record) != 'OBJECT' "
        f"then record else {whole} end as {RECORD}, path, null from asked join ("
        f"select {list_number} as number, unnest({page_records(table)}) as record from {pages}"
        ") using (number)"
    )
    check_objects(connection, "records", where, "Correct data_selector in the sources file.")
    return number(connection, "select count(*) from records")
