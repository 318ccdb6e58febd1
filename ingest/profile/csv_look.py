"""A CSV file, or a folder of them, that nobody declared yet."""

from __future__ import annotations

from pathlib import Path

from configuration.errors import PlainError
from ingest.csv.header import read_head
from ingest.files.input_files import local_files
from ingest.profile.columns import propose_columns, propose_key
from ingest.profile.meaning import KEY_ROLES, entity_of
from ingest.profile.proposal import ProposedTable
from ingest.rows.duckdb_sql import connect, exact_path, number, text_list

_ROWS_LOOKED_AT = 500_000
_FILES_LOOKED_AT = 50


def look_at_csv(path: str, root: Path, table: str, spool: Path) -> ProposedTable:
    """Propose the table `table` for the files at `path`; raises PlainError when they cannot be read."""
    files = local_files(path, root, (".csv",), "CSV")
    heads = {file: read_head(root / file, file) for file in files}
    header = heads[files[0]].header
    for file, head in heads.items():
        if sorted(head.header) != sorted(header):
            raise PlainError(
                f"its columns are not those of {files[0]}",
                where=file,
                remedy="Files of one table have the same columns; add the others as a table of their own.",
            )
    # The newest names last: an export changes over time, and both ends are looked at.
    some = files if len(files) <= _FILES_LOOKED_AT else [*files[:25], *files[-25:]]
    connection = connect(spool)
    try:
        paths = text_list(exact_path((root / file).as_posix()) for file in some)
        connection.execute(
            f"create table seen as select * from read_csv({paths}, all_varchar = true, "
            "delim = ',', quote = '\"', escape = '\"', header = true, union_by_name = true, "
            f"ignore_errors = true, null_padding = false) limit {_ROWS_LOOKED_AT}"
        )
        columns = propose_columns(connection, "select * from seen", header)
        roles = {column.role for column in columns if column.role}
        entity = entity_of(roles)
        key = propose_key(
            connection, "select * from seen", columns, KEY_ROLES.get(entity or "", ())
        )
        rows = number(connection, "select count(*) from seen")
    finally:
        connection.close()
    return ProposedTable(table, path, columns, rows, key, entity)
