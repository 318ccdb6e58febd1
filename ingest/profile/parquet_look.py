"""Parquet files that nobody declared yet."""

from __future__ import annotations

import duckdb

from configuration.errors import PlainError
from ingest.profile.columns import lake_names, propose_columns, propose_key
from ingest.profile.found import Place, files_at
from ingest.profile.meaning import KEYS, entity_of
from ingest.profile.proposal import ProposedTable
from ingest.rows.duckdb_sql import connect, exact_path, identifier, number, text_list

_ROWS_LOOKED_AT = 500_000
_FILES_LOOKED_AT = 50


def look_at_parquet(place: Place, table: str) -> ProposedTable:
    """Propose the table `table` for the files there; raises PlainError when they cannot be read."""
    files = files_at(place, "parquet", (".parquet",))[:_FILES_LOOKED_AT]
    paths = text_list(exact_path(file.location.as_posix()) for file in files)
    connection = connect(place.spool)
    try:
        try:
            found = connection.execute(f"describe select * from read_parquet({paths})").fetchall()
        except duckdb.Error as error:
            raise PlainError(
                f"the file cannot be read ({str(error).splitlines()[0]})",
                where=place.path,
                remedy="Export it again.",
            ) from error
        headers = [str(row[0]) for row in found]
        names = dict(zip(lake_names(headers), headers, strict=True))
        texts = ", ".join(
            f"{identifier(header)}::varchar as {identifier(name)}" for name, header in names.items()
        )
        connection.execute(
            f"create table seen as select {texts} from read_parquet({paths}) limit {_ROWS_LOOKED_AT}"
        )
        relation = "select * from seen"
        columns = propose_columns(connection, relation, names, called=table)
        entity = entity_of({column.role for column in columns if column.role})
        key = propose_key(connection, relation, columns, KEYS.get(entity or "", ()))
        rows = number(connection, "select count(*) from seen")
    finally:
        connection.close()
    return ProposedTable(table, place.path, columns, key, rows_seen=rows, entity=entity)
