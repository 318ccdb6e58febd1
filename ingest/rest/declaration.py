"""APIs in the sources file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from configuration.yaml_file import Block
from ingest.declaration.tables import RecordTableBlock, SourceBlock
from ingest.declaration.values import JsonPath, WebAddress
from ingest.incremental.declaration import CursorBlock


class Cursor(CursorBlock):
    """How to ask an API for what is new."""

    param: str = Field(min_length=1, description="The request parameter that takes it (inclusive).")


class RestTable(RecordTableBlock):
    """A table that an API serves."""

    path: str = Field(min_length=1, description="The resource, after the source's base_url.")
    params: dict[str, str | int | float | bool] = Field({}, description="Sent with each request.")
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _cursor_is_declared(self) -> RestTable:
        types = {column.name: column.type for column in self.columns}
        if self.cursor and types.get(self.cursor.column) not in ("timestamp", "date", "integer"):
            raise ValueError(
                f"the cursor column '{self.cursor.column}' must be a declared timestamp, date or integer"
            )
        return self

    @property
    def inherited(self) -> tuple[str, ...]:
        """The parent's columns that each child row carries: the key, and the cursor."""
        cursor = (self.cursor.column,) if self.cursor and self.cursor.column not in self.key else ()
        return (*self.key, *cursor)


class BearerAuth(Block):
    """`Authorization: Bearer <token>`."""

    type: Literal["bearer"]
    token: SecretStr = Field(min_length=1, description="Always ${NAME}, never the token itself.")


class CursorPagination(Block):
    """The response says which cursor to send for the next page."""

    type: Literal["cursor"]
    cursor_path: JsonPath = Field(description="Where in the response the next cursor stands.")
    cursor_param: str = Field(min_length=1, description="The request parameter that takes it.")


class NoPagination(Block):
    """One response holds everything."""

    type: Literal["none"]


class RestSource(SourceBlock):
    """A JSON API over HTTP."""

    kind: Literal["rest_api"]
    base_url: WebAddress
    auth: BearerAuth | None = None
    pagination: CursorPagination | NoPagination = Field(
        NoPagination(type="none"), discriminator="type"
    )
    tables: Annotated[tuple[RestTable, ...], Field(min_length=1)]
