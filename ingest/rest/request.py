"""What a load asks an API for, and what its answer replaces: a value, decided before any request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.incremental.cursor import request_from
from ingest.lake.manifest import Manifest, Superseded
from ingest.rest.declaration import RestSource, RestTable


@dataclass(frozen=True)
class RestRequest:
    """`since` is what is asked from (None: everything), `reached` how far the last load came.

    `replaces` says for the table and each of its children which loads no longer count after this one.
    """

    since: str | None
    reached: str | None
    replaces: Mapping[str, tuple[Superseded, ...]]


def rest_request(
    manifest: Manifest, source: RestSource, table: RestTable, *, reload: bool
) -> RestRequest:
    """Decide it from what is in the lake; a reload begins where the first load did."""
    if table.cursor is None:
        return RestRequest(None, None, _former(manifest, source, table))
    if reload:
        return RestRequest(table.cursor.initial, None, _former(manifest, source, table))
    reached = manifest.cursor(source.name, table.name)
    return RestRequest(request_from(table.cursor, cursor_kind(table), reached), reached, {})


def cursor_kind(table: RestTable) -> str:
    """The declared type of the cursor's column; empty without a cursor."""
    if table.cursor is None:
        return ""
    return next(each.type for each in table.columns if each.name == table.cursor.column)


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
