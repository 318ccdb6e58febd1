"""APIs in the sources file: the tables they serve, and how one asks for them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from configuration.yaml_file import Block
from ingest.declaration.tables import Column, RecordTableBlock, SourceBlock, no_twins
from ingest.declaration.values import Name, WebAddress
from ingest.incremental.declaration import CursorBlock
from ingest.rest.auth_declaration import AnyAuth
from ingest.rest.pagination_declaration import AnyPagination, NoPagination, PageNumberPagination

# Under this name each record is given the columns that it has from its parent's row.
PARENT = "_parent"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_DATED = ("timestamp", "date")


class Cursor(CursorBlock):
    """How to ask an API for what is new."""

    param: str = Field(min_length=1, description="The request parameter that takes it (inclusive).")
    until_param: str | None = Field(
        None, min_length=1, description="The parameter that takes the end of a backfill."
    )


class Parent(Block):
    """The table whose rows say what is asked for."""

    table: Name = Field(description="A table of the same source that stands before this one.")
    column: Name = Field(description="The column that stands in `path`, in braces.")


class RestTable(RecordTableBlock):
    """A table that an API serves."""

    path: str = Field(min_length=1, description="The resource, after the source's base_url.")
    params: dict[str, str | int | float | bool] = Field({}, description="Sent with each request.")
    cursor: Cursor | None = None
    parent: Parent | None = Field(
        None, description="Ask once for each new row of another table, such as /orders/{order_id}."
    )
    pagination: AnyPagination | None = Field(
        None, discriminator="type", description="Where it differs from the source's."
    )

    @model_validator(mode="after")
    def _cursor_is_declared(self) -> RestTable:
        types = {column.name: column.type for column in self.columns}
        if self.cursor and types.get(self.cursor.column) not in (*_DATED, "integer"):
            raise ValueError(
                f"the cursor column '{self.cursor.column}' must be a declared timestamp, date or integer"
            )
        return self

    @model_validator(mode="after")
    def _path_and_parent_agree(self) -> RestTable:
        wanted = [self.parent.column] if self.parent else []
        if _PLACEHOLDER.findall(self.path) != wanted:
            raise ValueError(
                f"the path must hold {{{wanted[0]}}} once, and nothing else in braces"
                if wanted
                else "the path holds braces; name the table whose rows fill them under 'parent'"
            )
        if self.parent and self.cursor:
            raise ValueError(
                "a table with a parent has no cursor of its own; its parent's rows say what is new"
            )
        return self

    def knows(self, column: str) -> bool:
        """Whether the table has this column; those of a parent are looked at by the source."""
        return self.parent is not None or super().knows(column)

    @property
    def inherited(self) -> tuple[str, ...]:
        """The parent's columns that each child row carries: the key, and the cursor."""
        cursor = (self.cursor.column,) if self.cursor and self.cursor.column not in self.key else ()
        return (*self.key, *cursor)

    @property
    def carried(self) -> tuple[Column, ...]:
        """The columns that come from the parent's row; they stand first."""
        return tuple(each for each in self.columns if each.source_name.startswith(f"{PARENT}."))


class RestSource(SourceBlock):
    """A JSON API over HTTP."""

    kind: Literal["rest_api"]
    base_url: WebAddress
    auth: Annotated[AnyAuth, Field(discriminator="type")] | None = None
    pagination: AnyPagination = Field(NoPagination(type="none"), discriminator="type")
    allowed_hosts: tuple[str, ...] = Field(
        (),
        description="Other hosts, as host or host:port, to which links and redirects may lead.",
    )
    tables: Annotated[tuple[RestTable, ...], Field(min_length=1)]

    @field_validator("tables", mode="after")
    @classmethod
    def _children_carry_their_parent(cls, tables: tuple[RestTable, ...]) -> tuple[RestTable, ...]:
        """Give each table with a parent the columns that its rows have from there."""
        done: dict[str, RestTable] = {}
        for table in tables:
            done[table.name] = _with_parent(table, done) if table.parent else table
        return tuple(done[table.name] for table in tables)

    @model_validator(mode="after")
    def _sizes_are_known(self) -> RestSource:
        for pagination in (self.pagination, *(table.pagination for table in self.tables)):
            if not isinstance(pagination, PageNumberPagination):
                continue
            if (pagination.size is None) != (pagination.size_param is None):
                raise ValueError("size and size_param go together")
            if pagination.stop_at == "short_page" and pagination.size is None:
                raise ValueError("stop_at: short_page needs size and size_param")
        return self

    def pagination_of(self, table: RestTable) -> AnyPagination:
        """How this table's list is divided."""
        return table.pagination or self.pagination


def _with_parent(table: RestTable, before: dict[str, RestTable]) -> RestTable:
    if table.parent is None:
        return table
    parent = before.get(table.parent.table)
    if parent is None:
        raise ValueError(
            f"'{table.name}' has the parent '{table.parent.table}', which is no table before it"
        )
    if not parent.key:
        raise ValueError(f"'{parent.name}' is a parent, so it needs a key")
    names = dict.fromkeys((*parent.key, table.parent.column))
    known = {column.name: column for column in parent.columns}
    if table.parent.column not in known:
        raise ValueError(f"'{parent.name}' has no column '{table.parent.column}'")
    carried = [
        known[name].model_copy(update={"header": f"{PARENT}.{name}", "nullable": False})
        for name in names
    ]
    columns = (*carried, *table.columns)
    no_twins((column.name for column in columns), f"in '{table.name}', the column")
    for name in table.key:
        if name not in {column.name for column in columns}:
            raise ValueError(f"the key names '{name}', which is not among the columns")
    return table.model_copy(update={"columns": columns})
