"""Pages of the mock API as JSON text, read from the demo's Parquet files as they stood at a moment.

A file holds the last version of each row. What changed after the moment is served as it was before:
an order paid but not yet shipped, a customer's first address, a product's first price.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from configuration.errors import PlainError

LARGEST_PAGE = 1000
LONGEST_CURSOR = 200
USUAL_PAGE = 100


@dataclass(frozen=True)
class Resource:
    """What the API offers under one path: the key that orders rows of the same moment.

    `earlier_versions` selects, in the file's columns, rows as they stood at `{until}` where the
    file's version is from after it.
    """

    key: str
    earlier_versions: str = ""


RESOURCES = {
    "customers": Resource(
        key="customer_id",
        earlier_versions="""
            select * replace (_first_email as email, signed_up_at as updated_at) from customers_file
            where signed_up_at <= {until} and updated_at > {until}
        """,
    ),
    "products": Resource(
        key="product_id",
        earlier_versions="""
            select * replace (_first_unit_price as unit_price, _listed_at as updated_at)
            from products_file
            where _listed_at <= {until} and updated_at > {until}
        """,
    ),
    "orders": Resource(
        key="order_id",
        earlier_versions="""
            select * replace (
                if(_shipped_at <= {until}, 'shipped', 'paid') as status,
                if(_shipped_at <= {until}, _shipped_at, ordered_at) as updated_at
            )
            from orders_file
            where ordered_at <= {until} and updated_at > {until}
        """,
    ),
    "exchange_rates": Resource(key="rate_id"),
    "events": Resource(key="event_id"),
}

PAGE_QUERY = """
    with page as (
        select * from {name}_served
        where
            updated_at >= $updated_since
            and updated_at >= $after_moment
            and (updated_at > $after_moment or {key} > $after_key)
        order by updated_at, {key}
        limit $limit + 1
    ),

    numbered as (
        select
            *,
            row_number() over (order by updated_at, {key}) as place
        from page
    )

    select
        coalesce(
            string_agg({document}::varchar, ',' order by place) filter (where place <= $limit), ''
        ),
        max(updated_at) filter (where place = $limit),
        max({key}) filter (where place = $limit),
        count(*) > $limit
    from numbered
"""


class BadRequestError(Exception):
    """A request that cannot be answered; its text says why."""


@dataclass(frozen=True)
class PageRequest:
    """One page: at most `limit` rows changed at or after `updated_since` (UTC), after `cursor`."""

    limit: int = USUAL_PAGE
    cursor: str = ""
    updated_since: dt.datetime = dt.datetime.min  # noqa: DTZ901 - UTC, naive as in the files


class Pages:
    """The demo's resources as of `until` (UTC, without a zone); safe to ask from many threads."""

    def __init__(self, folder: Path, until: dt.datetime) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set parquet_metadata_cache = true")
        # a literal in the views: a variable would be unknown to the cursors that read them
        moment = f"timestamp '{until.isoformat(' ')}'"
        self._queries = {name: self._prepare(folder, name, moment) for name in RESOURCES}

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    def page(self, name: str, request: PageRequest) -> str:
        """Return one page as JSON text. Raises BadRequestError when the cursor is not ours."""
        after_moment, after_key = _read_cursor(name, request.cursor)
        parameters = {
            "updated_since": request.updated_since,
            "after_moment": after_moment,
            "after_key": after_key,
            "limit": request.limit,
        }
        # a cursor of its own for each request: one connection serves one thread at a time
        with self._connection.cursor() as connection:
            row = connection.execute(self._queries[name], parameters).fetchone()
        assert row is not None  # noqa: S101 - an aggregate without groups has one row
        documents, last_moment, last_key, has_more = row
        next_cursor = _write_cursor(name, last_moment, last_key) if has_more else None
        return f'{{"data":[{documents}],"next_cursor":{json.dumps(next_cursor)}}}'

    def _prepare(self, folder: Path, name: str, moment: str) -> str:
        path = folder / "webshop" / f"{name}.parquet"
        if not path.is_file():
            raise PlainError(
                "the demo's data is not there", where=str(path), remedy="Run `till demo` first."
            )
        quoted = str(path).replace("'", "''")
        execute = self._connection.execute
        execute(f"create view {name}_file as from read_parquet('{quoted}')")
        earlier = RESOURCES[name].earlier_versions or f"from {name}_file limit 0"
        execute(f"create table {name}_earlier as {earlier.format(until=moment)}")
        execute(
            f"create view {name}_served as from {name}_file where updated_at <= {moment}"
            f" union all from {name}_earlier"
        )
        return PAGE_QUERY.format(name=name, key=RESOURCES[name].key, document=self._document(name))

    def _document(self, name: str) -> str:
        """Build the SQL for one row as JSON: no hidden columns, moments in ISO 8601 with a Z."""
        columns = self._connection.execute(f"describe {name}_served").fetchall()
        fields = [
            f"'{column}': strftime({column}, '%Y-%m-%dT%H:%M:%SZ')"
            if type_name == "TIMESTAMP"
            else f"'{column}': {column}"
            for column, type_name, *_ in columns
            if not column.startswith("_")
        ]
        return f"to_json({{{', '.join(fields)}}})"


def _write_cursor(name: str, moment: dt.datetime, key: str) -> str:
    text = json.dumps([name, moment.isoformat(), key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(name: str, cursor: str) -> tuple[dt.datetime, str]:
    """Return the last row of the page before; without a cursor, a moment before all others."""
    if not cursor:
        return dt.datetime.min, ""  # noqa: DTZ901 - UTC, naive as in the files
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        resource, moment, key = json.loads(text)
        if resource == name and isinstance(key, str):
            return dt.datetime.fromisoformat(moment), key
    except (binascii.Error, ValueError, TypeError):
        pass
    raise BadRequestError("cursor is not one that this resource gave out")
