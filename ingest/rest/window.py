"""The days of a backfill: what an API gives beside them was not asked for, and is not read."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb

from ingest.json.paths import json_path
from ingest.json.reader import RECORD
from ingest.rest.declaration import RestTable
from ingest.results import Window
from ingest.rows.column_types import cast_of, column_type
from ingest.rows.duckdb_sql import identifier, number, text_literal


def leave_out_others(
    connection: duckdb.DuckDBPyConnection, table: RestTable, window: Window
) -> int:
    """Take from `records` what is surely outside of `window`; returns how many that were.

    What has no readable time stays, to be rejected with its reason.
    """
    if table.cursor is None:
        return 0
    name = table.cursor.column
    column = next(each for each in table.columns if each.name == name)
    cast = cast_of(name, column_type(column.type))
    text = f"nullif(trim(json_extract_string({RECORD}, '{json_path(column.source_name)}')), '')"
    relation = f"select *, {text} as {identifier(name)} from records"
    steps = "".join(f", {sql} as {step}" for step, sql in cast.steps)
    outside = []
    if window.start:
        outside.append(f"{cast.value} < {_day(window.start)}")
    if window.end:
        outside.append(f"{cast.value} >= {_day(window.end + timedelta(days=1))}")
    if not outside:
        return 0
    before = number(connection, "select count(*) from records")
    connection.execute(
        "create or replace temp table records as select * exclude (is_outside, "
        f"{', '.join([identifier(name), *(step for step, _ in cast.steps)])}) from (select *, "
        f"coalesce({' or '.join(outside)}, false) as is_outside from (select *{steps} from ({relation}))) "
        "where not is_outside"
    )
    return before - number(connection, "select count(*) from records")


def _day(day: date) -> str:
    return f"{text_literal(day.isoformat())}::timestamp"
