"""What is proposed for data that nobody declared yet: values, to be changed before they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Entity = Literal["order_lines", "customers", "products", "events", "exchange_rates"]
GRAIN: Mapping[Entity, str] = {
    "order_lines": "line of an order",
    "customers": "customer",
    "products": "product",
    "events": "event",
    "exchange_rates": "day and currency",
}


@dataclass(frozen=True)
class ProposedColumn:
    """One column: `header` as the source has it, `name` for the lake, `role` in the canonical table.

    `commonest` is the value that most rows have. `is_zoned` says of times whether they carry their own
    offset, so that the lake has them in UTC; `is_fractional` says of ids that a spreadsheet made
    fractions of them: 12708.0.
    """

    name: str
    header: str
    type: str
    nullable: bool = True
    role: str | None = None
    examples: tuple[str, ...] = ()
    commonest: str = ""
    is_zoned: bool = False
    is_fractional: bool = False


@dataclass(frozen=True)
class Columns:
    """Something with columns, one of which may play a role."""

    name: str
    path: str
    columns: tuple[ProposedColumn, ...]
    key: tuple[str, ...] = ()

    def with_role(self, role: str) -> ProposedColumn | None:
        """The column that plays `role`."""
        return next((column for column in self.columns if column.role == role), None)


@dataclass(frozen=True)
class ProposedChild(Columns):
    """A list within each record, which becomes a table of its own.

    `key` tells its items apart within their record; empty: their places do.
    """


@dataclass(frozen=True)
class ProposedTable(Columns):
    """One table; `entity` is the canonical table that it gives rows to, None where that is not seen.

    `lines` names the child whose items are the lines of an order, where they are not the rows themselves.
    `version` is SQL that grows with each version of a row, and that its children carry too. `options` are
    further keys of its block in the sources file, such as a cursor; `notes` are sentences for whoever asked.
    """

    rows_seen: int = 0
    entity: Entity | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    children: tuple[ProposedChild, ...] = ()
    lines: str | None = None
    version: str = "_load_id"
    notes: tuple[str, ...] = ()

    @property
    def line_list(self) -> ProposedChild | None:
        """The child whose items are the lines of an order."""
        return next((child for child in self.children if child.name == self.lines), None)

    @property
    def of_lines(self) -> Columns:
        """What has the columns of an order's line: the child, or the table itself."""
        return self.line_list or self


@dataclass(frozen=True)
class ProposedSource:
    """One source; `options` are further keys of its block, such as base_url."""

    name: str
    kind: str
    tables: tuple[ProposedTable, ...]
    options: Mapping[str, object] = field(default_factory=dict)
