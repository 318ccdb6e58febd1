"""A CSV file, or a folder of them, that nobody declared yet."""

from __future__ import annotations

from configuration.errors import PlainError
from ingest.csv.header import read_head
from ingest.profile.columns import propose_columns, propose_key
from ingest.profile.found import Place, files_at
from ingest.profile.meaning import KEYS, entity_of
from ingest.profile.proposal import ProposedTable
from ingest.rows.duckdb_sql import connect, exact_path, number, text_list

_ROWS_LOOKED_AT = 500_000
_FILES_LOOKED_AT = 50


def look_at_csv(place: Place, table: str) -> ProposedTable:
    """Propose the table `table` for the files there; raises PlainError when they cannot be read."""
    files = files_at(place, "csv", (".csv",))
    header = read_head(files[0].location, files[0].path).header
    for file in files[1:]:
        if sorted(read_head(file.location, file.path).header) != sorted(header):
            raise PlainError(
                f"its columns are not those of {files[0].path}",
                where=file.path,
                remedy="Files of one table have the same columns; add the others as a table of their own.",
            )
    # The newest names last: an export changes over time, and both ends are looked at.
    some = files if len(files) <= _FILES_LOOKED_AT else [*files[:25], *files[-25:]]
    connection = connect(place.spool)
    try:
        paths = text_list(exact_path(file.location.as_posix()) for file in some)
        connection.execute(
            f"create table seen as select * from read_csv({paths}, all_varchar = true, "
            "delim = ',', quote = '\"', escape = '\"', header = true, union_by_name = true, "
            f"ignore_errors = true, null_padding = false) limit {_ROWS_LOOKED_AT}"
        )
        columns = propose_columns(connection, "select * from seen", header, called=table)
        roles = {column.role for column in columns if column.role}
        entity = entity_of(roles)
        key = propose_key(connection, "select * from seen", columns, KEYS.get(entity or "", ()))
        rows = number(connection, "select count(*) from seen")
    finally:
        connection.close()
    return ProposedTable(table, place.path, columns, key, rows_seen=rows, entity=entity)
