"""What an item names, with its place in the item: for the checks."""

from __future__ import annotations

from typing import Literal, NamedTuple

from configuration.yaml_file import Location


class Named(NamedTuple):
    """A column that an item names: where in the item, and which kind of values it must hold."""

    part: Location
    column: str
    kind: Literal["", "a number", "a date", "true or false"] = ""


class Used(NamedTuple):
    """A metric that an item uses, and where in the item."""

    part: Location
    metric: str


def named(part: Location, column: str | None, kind: Literal["", "true or false"]) -> list[Named]:
    """A column that an author may leave out."""
    return [] if column is None else [Named(part, column, kind)]
