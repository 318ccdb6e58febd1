"""The rows that a load of files left out, as the lake keeps them: whose they are, where they stood, and why."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingest.rows.duckdb_sql import text_literal, write_parquet


def write_rejected(
    connection: duckdb.DuckDBPyConnection,
    owner: tuple[str, str, str],
    target: Path,
    relation: str = "rejected",
    *,
    carried: bool = False,
) -> int:
    """Write the rows gathered in `relation`; `owner` is source, table and load id.

    `carried`: the relation also has a column of this name: as JSON, what the row is tried again with and its
    text does not say, such as what a child's row has from its parent, or the cells of a sheet.
    """
    source, table, load_id = (text_literal(each) for each in owner)
    return write_parquet(
        connection,
        f"select {source} as source_name, {table} as table_name, {load_id} as load_id, file, line, "
        f"column_name, reason, original_text, {'carried, ' if carried else ''}"
        f"null::timestamp as replayed_at from {relation} order by file, line",
        target,
    )
