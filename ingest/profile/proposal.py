"""What is proposed for data that nobody declared yet: values, to be changed before they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Entity = Literal["order_lines", "customers", "products", "events"]
GRAIN: Mapping[Entity, str] = {
    "order_lines": "line of an order",
    "customers": "customer",
    "products": "product",
    "events": "event",
}


@dataclass(frozen=True)
class ProposedColumn:
    """One column: `header` as the source has it, `name` for the lake, `role` in the canonical table.

    `is_zoned` says of times whether they carry their own offset, so that the lake has them in UTC;
    `is_fractional` says of ids that a spreadsheet made fractions of them: 12708.0.
    """

    name: str
    header: str
    type: str
    nullable: bool
    role: str | None = None
    examples: tuple[str, ...] = ()
    is_zoned: bool = False
    is_fractional: bool = False


@dataclass(frozen=True)
class ProposedChild:
    """A list within each record, which becomes a table of its own."""

    name: str
    path: str
    columns: tuple[ProposedColumn, ...]


@dataclass(frozen=True)
class ProposedTable:
    """One table; `entity` is the canonical table that it gives rows to, None where that is not seen.

    `options` are further keys of its block in the sources file, such as a dialect or a cursor.
    """

    name: str
    path: str
    columns: tuple[ProposedColumn, ...]
    rows_seen: int
    key: tuple[str, ...] = ()
    entity: Entity | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    children: tuple[ProposedChild, ...] = ()

    def with_role(self, role: str) -> ProposedColumn | None:
        """The column that plays `role`."""
        return next((column for column in self.columns if column.role == role), None)


@dataclass(frozen=True)
class ProposedSource:
    """One source; `options` are further keys of its block, such as base_url."""

    name: str
    kind: str
    tables: tuple[ProposedTable, ...]
    options: Mapping[str, object] = field(default_factory=dict)
