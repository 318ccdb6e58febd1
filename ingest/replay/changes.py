"""Rejected changes of a followed table, tried again: each takes its old place in the order of the log.

A change carries where in the server's log it stands, so the current table, which goes by that, is the same
as if it had been loaded at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from ingest.postgres_cdc.declaration import CHANGE_NAMES, PostgresCdcTable
from ingest.postgres_cdc.table import shapes
from ingest.replay.flat import (
    KEPT,
    KEPT_SQL,
    columns_in,
    make_fitting,
    objects_in,
    value_of,
)
from ingest.rows.casting import TypedColumn, fitting_rows
from ingest.rows.duckdb_sql import identifier


def fit_changes(
    connection: duckdb.DuckDBPyConnection, table: PostgresCdcTable, named: Mapping[str, str]
) -> tuple[TypedColumn, ...]:
    """Fill the temporary table `fitting` from `open_rows`; returns its columns."""
    objects = objects_in("original_text")
    columns = columns_in(connection, table, objects, named, CHANGE_NAMES)
    carried = tuple(column for column, _ in table.added)
    chosen = [f"{value_of(header)} as {identifier(column.name)}" for header, column in columns]
    chosen += [
        f"{value_of(each.name)}::{each.type.duckdb} as {identifier(each.name)}" for each in carried
    ]
    rows = f"select * from (select {', '.join([*chosen, *KEPT_SQL])} from ({objects}))"
    typed = tuple(column for _, column in columns)
    queries = [
        fitting_rows(relation, shaped, [*CHANGE_NAMES, *KEPT])
        for relation, shaped in shapes(rows, typed, table.key)
    ]
    make_fitting(connection, (*typed, *carried), queries)
    return (*typed, *carried)
