"""The rejected rows that a replay may try: of inputs that count today, and not loaded by a replay before.

A rejected row is known by its load, its table and its place in that load's file of rejected rows: such a
file is written once and never changed, and a table has at most one in each load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.lake.manifest import Manifest
from ingest.rows.duckdb_sql import number, text_list, text_literal, write_parquet

# Which row of `open_rows` a row that is tried came from.
ROW_ID = ":id"


@dataclass(frozen=True)
class OpenTable:
    """A table with its place among those of the load: the ids of its rows tell them from the others'."""

    source: str
    name: str


def collect_open_rows(
    connection: duckdb.DuckDBPyConnection,
    lake: Path,
    manifest: Manifest,
    tables: Sequence[OpenTable],
) -> int:
    """Make the temporary table `open_rows`; returns how many there are. `carried` is a child's parent's key."""
    connection.execute(
        "create temp table open_rows (id bigint, table_name varchar, load_id varchar, place bigint, "
        "file varchar, line bigint, original_text varchar, carried varchar)"
    )
    for table in tables:
        live = [
            (each.load_id, each.input.path)
            for each in manifest.live_inputs(table.source, table.name)
        ]
        records = manifest.of_table(table.source, table.name)
        files = [file.path for record in records for file in record.rejected_files if file.rows]
        taken = [file.path for record in records for file in record.replayed_files]
        for path in (*files, *taken):
            if not (lake / path).is_file():
                raise PlainError(
                    "a load record names this file, and it is gone",
                    where=str(lake / path),
                    remedy="Restore it from a backup.",
                )
        if files:
            connection.execute(_open_rows(lake, table.name, live, files, taken))
    return number(connection, "select count(*) from open_rows")


def _open_rows(
    lake: Path,
    table: str,
    live: Sequence[tuple[str, str]],
    files: Sequence[str],
    taken: Sequence[str],
) -> str:
    loads, paths = text_list(each[0] for each in live), text_list(each[1] for each in live)
    gone = ""
    if taken:
        gone = (
            f"where (load_id, place) not in (select (load_id, place) from {_parquet(lake, taken)})"
        )
    return (
        "insert into open_rows "
        "select (select count(*) from open_rows) + row_number() over (order by load_id, place), "
        f"{text_literal(table)}, load_id, place, file, line, original_text, carried from ("
        "select load_id, file_row_number as place, file, line, original_text, carried "
        f"from (from {_parquet(lake, files)} union all by name select null::varchar as carried where false)"
        f") semi join (select unnest({loads}::varchar[]) as load_id, unnest({paths}::varchar[]) as file) "
        f"using (load_id, file) {gone}"
    )


def _parquet(lake: Path, paths: Sequence[str]) -> str:
    addresses = text_list((lake / path).as_posix() for path in paths)
    return (
        f"read_parquet({addresses}, hive_partitioning = false, union_by_name = true, "
        "file_row_number = true)"
    )


def write_replayed(
    connection: duckdb.DuckDBPyConnection, table: str, replayed_at: str, target: Path
) -> int:
    """Write which rows of `table` are in the temporary table `taken`: the mark that they are loaded now."""
    return write_parquet(
        connection,
        f"select load_id, place, file, line, {text_literal(replayed_at)}::timestamp as replayed_at "
        f"from open_rows semi join taken using (id) where table_name = {text_literal(table)} "
        "order by load_id, place",
        target,
    )
