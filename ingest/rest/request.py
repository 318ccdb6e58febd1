"""What a load asks an API for, and what its answer replaces: a value, decided before any request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from configuration.errors import PlainError
from ingest.incremental.cursor import request_from
from ingest.lake.manifest import Manifest, Superseded
from ingest.rest.declaration import Cursor, RestSource, RestTable
from ingest.results import Window


@dataclass(frozen=True)
class RestRequest:
    """`since` is what is asked from (None: everything), `reached` how far the last load came.

    `until` is where a backfill ends, itself not included. `replaces` says for the table and each of its
    children which loads no longer count after this one. Of a `window` only its days are loaded, and the
    cursor stays where it is.
    """

    since: str | None
    reached: str | None
    replaces: Mapping[str, tuple[Superseded, ...]] = field(default_factory=dict)
    until: str | None = None
    window: Window | None = None

    def params(self, cursor: Cursor | None) -> dict[str, str]:
        """The parameters that ask for it."""
        if cursor is None:
            return {}
        asked = {cursor.param: self.since, cursor.until_param: self.until}
        return {name: value for name, value in asked.items() if name and value is not None}


def rest_request(
    manifest: Manifest,
    source: RestSource,
    table: RestTable,
    *,
    reload: bool,
    window: Window | None = None,
) -> RestRequest:
    """Decide it from what is in the lake; a reload begins where the first load did.

    A window of days asks for these, whatever the cursor stands at; raises PlainError where the cursor
    is no time. Without a cursor each load is everything, so a window changes nothing.
    """
    if table.cursor is None:
        return RestRequest(None, None, _former(manifest, source, table))
    reached = manifest.cursor(source.name, table.name)
    if window is not None:
        return _windowed(source, table, table.cursor, reached, window)
    if reload:
        return RestRequest(table.cursor.initial, None, _former(manifest, source, table))
    return RestRequest(request_from(table.cursor, cursor_kind(table), reached), reached)


def cursor_kind(table: RestTable) -> str:
    """The declared type of the cursor's column; empty without a cursor."""
    if table.cursor is None:
        return ""
    return next(each.type for each in table.columns if each.name == table.cursor.column)


def _windowed(
    source: RestSource, table: RestTable, cursor: Cursor, reached: str | None, window: Window
) -> RestRequest:
    kind = cursor_kind(table)
    if kind == "integer":
        raise PlainError(
            f"its cursor '{cursor.column}' is a number, which has no days",
            where=f"{source.name}.{table.name}",
            remedy="Leave out --from and --to, or reload the table.",
        )
    since = _moment(window.start, kind) if window.start else cursor.initial
    # One day on, so that the last day is whole whether or not the API includes the end.
    until = _moment(window.end + timedelta(days=1), kind) if window.end else None
    return RestRequest(since, reached, until=until, window=window)


def _moment(day: date, kind: str) -> str:
    return day.isoformat() if kind == "date" else f"{day.isoformat()}T00:00:00Z"


def _former(
    manifest: Manifest, source: RestSource, table: RestTable
) -> dict[str, tuple[Superseded, ...]]:
    """The loads that a whole new copy of the table, with its children, replaces."""
    return {
        name: tuple(
            Superseded(each.load_id, each.input.path)
            for each in manifest.live_inputs(source.name, name)
        )
        for name in (table.name, *(child.name for child in table.children))
    }
