"""What tells the records of a list apart while its pages are read: their keys, else all that they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ingest.rest.declaration import RestTable

Identity = object


def identity_of(table: RestTable) -> Callable[[Any], Identity]:
    """A function that gives what is the same in two readings of one record."""
    paths = [path.split(".") for path in key_paths(table)]

    def identity(record: Any) -> Identity:
        values = [_at(record, path) for path in paths]
        return record if not values or None in values else values

    return identity


def key_paths(table: RestTable) -> list[str]:
    """Where in a record its key stands; without what comes from a parent's row."""
    carried = {column.name for column in table.carried}
    return [
        column.source_name
        for column in table.columns
        if column.name in table.key and column.name not in carried
    ]


def came_first(before: Sequence[Identity], now: Sequence[Identity]) -> int | None:
    """How many records came to the beginning of a page since it was read; None when it changed otherwise."""
    if len(now) < len(before):
        return None
    for new in range(len(now)):
        rest = now[new:]
        if list(rest) == list(before[: len(rest)]):
            return new
    return None


def _at(record: Any, path: Sequence[str]) -> Any:
    for step in path:
        record = record.get(step) if isinstance(record, dict) else None
    return record
