"""What a `postgres_cdc` source may say of itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ingest.declaration.values import Name
from ingest.postgres.declaration import DatabaseBlock, DatabaseTableBlock
from ingest.rows.casting import TypedColumn
from ingest.rows.column_types import column_type

OPERATION = "_operation"
LSN = "_lsn"
POSITION = "_position"
COMMITTED_AT = "_committed_at"
UNCHANGED = "_unchanged"
CHANGE_NAMES = (OPERATION, LSN, POSITION, COMMITTED_AT, UNCHANGED)

# Name, type in the lake, and meaning of what each change carries beside the declared columns.
_CHANGE_COLUMNS = (
    (OPERATION, "text", "What happened: snapshot, insert, update, delete or truncate."),
    (LSN, "text", "Where in the server's log the transaction was committed; sorts as text."),
    (POSITION, "integer", "The order of the changes of one transaction; 0 in a snapshot."),
    (COMMITTED_AT, "timestamp", "When the transaction was committed, UTC."),
    (
        UNCHANGED,
        "text",
        "Columns, with commas between, whose long value stayed and was not sent.",
    ),
)


class PostgresCdcTable(DatabaseTableBlock):
    """A table whose changes are followed."""

    key: tuple[Name, ...] = Field(
        min_length=1,
        description="The columns that tell rows apart: those of the table's replica identity.",
    )
    table: str | None = Field(
        None,
        min_length=1,
        description="The table in the database, as schema.table; none: public, and the same name.",
    )

    @property
    def schema_and_name(self) -> tuple[str, str]:
        """Its schema and its name in the database, exactly."""
        schema, dot, name = (self.table or self.name).partition(".")
        return (schema, name) if dot else ("public", schema)

    @property
    def path(self) -> str:
        """How the lake calls it."""
        return ".".join(self.schema_and_name)

    @property
    def added(self) -> tuple[tuple[TypedColumn, str], ...]:
        """What each row of the change log has beside the declared columns."""
        return tuple(
            (TypedColumn(name, column_type(kind)), meaning)
            for name, kind, meaning in _CHANGE_COLUMNS
        )


class PostgresCdcSource(DatabaseBlock):
    """A PostgreSQL database whose tables are followed through logical replication."""

    kind: Literal["postgres_cdc"]
    slot: Name | None = Field(
        None, description="The replication slot, for this lake alone; none: till_<source>."
    )
    publication: Name | None = Field(
        None, description="The publication of the tables; none: till_<source>."
    )
    tables: Annotated[tuple[PostgresCdcTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _tables_differ(self) -> PostgresCdcSource:
        seen: set[str] = set()
        for table in self.tables:
            if table.path in seen:
                raise ValueError(f"two tables follow {table.path}")
            seen.add(table.path)
        return self

    @property
    def slot_name(self) -> str:
        """The slot as the server knows it."""
        return self.slot or f"till_{self.name}"[:63]

    @property
    def publication_name(self) -> str:
        """The publication as the server knows it."""
        return self.publication or f"till_{self.name}"[:63]
