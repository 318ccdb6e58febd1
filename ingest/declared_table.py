"""A declared table with its source: how it is called, which is the same for every kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ingest.declaration.tables import RecordTableBlock, TableBlock


class _Source(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...


Source = TypeVar("Source", bound=_Source)
Table = TypeVar("Table", bound=TableBlock)


@dataclass(frozen=True)
class DeclaredTable(Generic[Source, Table]):
    """`table` of the source `of`; what a load does with it is its kind's."""

    of: Source
    table: Table

    @property
    def source(self) -> str:
        """The name of its source."""
        return self.of.name

    @property
    def kind(self) -> str:
        """The kind of its source."""
        return self.of.kind

    @property
    def names(self) -> tuple[str, ...]:
        """The table, then its children."""
        children = self.table.children if isinstance(self.table, RecordTableBlock) else ()
        return (self.table.name, *(child.name for child in children))
