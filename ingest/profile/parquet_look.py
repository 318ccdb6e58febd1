"""Parquet files that nobody declared yet."""

from __future__ import annotations

from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.files.input_files import local_files
from ingest.profile.columns import propose_columns, propose_key
from ingest.profile.meaning import KEY_ROLES, entity_of
from ingest.profile.proposal import ProposedTable
from ingest.rows.duckdb_sql import connect, exact_path, identifier, number, text_list

_ROWS_LOOKED_AT = 500_000
_FILES_LOOKED_AT = 50


def look_at_parquet(path: str, root: Path, table: str, spool: Path) -> ProposedTable:
    """Propose the table `table` for the files at `path`; raises PlainError when they cannot be read."""
    files = local_files(path, root, (".parquet",), "Parquet")[:_FILES_LOOKED_AT]
    paths = text_list(exact_path((root / file).as_posix()) for file in files)
    connection = connect(spool)
    try:
        try:
            found = connection.execute(f"describe select * from read_parquet({paths})").fetchall()
        except duckdb.Error as error:
            raise PlainError(
                f"the file cannot be read ({str(error).splitlines()[0]})",
                where=path,
                remedy="Export it again.",
            ) from error
        headers = [str(row[0]) for row in found]
        texts = ", ".join(f"{identifier(name)}::varchar as {identifier(name)}" for name in headers)
        connection.execute(
            f"create table seen as select {texts} from read_parquet({paths}) limit {_ROWS_LOOKED_AT}"
        )
        relation = "select * from seen"
        columns = propose_columns(connection, relation, headers)
        entity = entity_of({column.role for column in columns if column.role})
        key = propose_key(connection, relation, columns, KEY_ROLES.get(entity or "", ()))
        rows = number(connection, "select count(*) from seen")
    finally:
        connection.close()
    return ProposedTable(table, path, columns, rows, key, entity)
