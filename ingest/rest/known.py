"""Which columns and lists of an API's table were seen before, so that a few new records may lack them."""

from __future__ import annotations

import duckdb

from ingest.incremental.read_rows import parquet_relation
from ingest.json.reader import Had
from ingest.rest.declaration import RestSource, RestTable
from ingest.results import LoadContext
from ingest.rows.duckdb_sql import identifier, number


def had_before(
    context: LoadContext,
    connection: duckdb.DuckDBPyConnection,
    source: RestSource,
    table: RestTable,
    name: str,
) -> Had:
    """Whether the table `name` (this one, or one of its lists) ever had a value of a column, or a list.

    A few new records may well lack what others have; a whole copy may not.
    """
    is_part = (table.cursor or table.parent) and not context.reload
    child = next((each for each in table.children if each.name == name), None)
    columns = {each.source_name: each.name for each in (child.columns if child else table.columns)}
    lists = {each.path: each.name for each in table.children} if child is None else {}

    def had(path: str) -> bool:
        if not is_part:
            return False
        wanted, column = (name, columns[path]) if path in columns else (lists[path], None)
        files = [
            context.lake / file.path
            for record in context.manifest.live_records(source.name, wanted)
            for file in record.files
            if column is None or column in {each.name for each in record.schema}
        ]
        if not files or column is None:
            return bool(files)
        some = f"select 1 from {parquet_relation(files)} where {identifier(column)} is not null limit 1"
        return number(connection, f"select count(*) from ({some})") > 0

    return had
