"""What tables and sources of every kind may say of themselves.

Each kind adds its own: ingest/<kind>/declaration.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from configuration.yaml_file import Block
from ingest.declaration.values import JsonPath, Name, Share, TypeName
from ingest.rows.casting import TypedColumn
from ingest.rows.column_types import column_type

LIST_INDEX = "_list_index"
# Names of declared columns begin with a letter, so none can clash.
PAYLOAD = "_payload"
# dbt has a source of this name for the load manifest.
_RESERVED_SOURCES = ("till",)


class Column(Block):
    """One column of a table."""

    name: Name = Field(description="Its name in the lake.")
    type: TypeName = "text"
    description: str = Field("", description="What it means, with unit and time zone.")
    header: str | None = Field(
        None, min_length=1, description="Its name in the file or the JSON object, where it differs."
    )
    nullable: bool = Field(True, description="false: a row without it is rejected.")

    @property
    def source_name(self) -> str:
        """What the source calls it."""
        return self.header or self.name

    @property
    def typed(self) -> TypedColumn:
        """The column as the casts want it."""
        return TypedColumn(self.name, column_type(self.type), self.nullable)


Columns = Annotated[tuple[Column, ...], Field(min_length=1)]


def no_twins(names: Iterable[str], what: str) -> None:
    """Raise ValueError when a name is there twice; `what` is what the names are of."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} '{name}' is there twice")
        seen.add(name)


class TableBlock(Block):
    """What tables of every kind have."""

    name: Name
    description: str = Field("", description="Begins with 'One row per ...'.")
    key: tuple[Name, ...] = Field((), description="The columns that tell rows apart; may be none.")
    max_rejected: Share = Field(
        0.05,
        description="Largest share of a load's rows that may be rejected; above it, none is loaded.",
    )
    columns: Columns

    @property
    def added(self) -> tuple[tuple[TypedColumn, str], ...]:
        """What each row carries besides the declared columns, and what that means."""
        return ()

    @model_validator(mode="after")
    def _columns_agree(self) -> TableBlock:
        no_twins((column.name for column in self.columns), "column")
        no_twins((column.source_name for column in self.columns), "the header")
        for name in self.key:
            if not self.knows(name):
                raise ValueError(f"the key names '{name}', which is not among the columns")
        return self

    def knows(self, column: str) -> bool:
        """Whether the table has this column."""
        return any(each.name == column for each in self.columns)


class FileTableBlock(TableBlock):
    """What tables have that arrive as one file or many."""

    path: str = Field(
        min_length=1,
        description="A file, a folder or a glob, from the repository's root; or an address: "
        "https://..., s3://bucket/prefix/.",
    )
    allow_empty: bool = Field(False, description="true: a file without rows is fine.")


class Child(Block):
    """A list within each record, which becomes a table of its own."""

    name: Name
    description: str = ""
    path: JsonPath = Field(description="Where the list stands in the record, such as lines.")
    columns: Columns


class RecordTableBlock(TableBlock):
    """What tables have whose rows are JSON objects."""

    data_selector: JsonPath | None = Field(
        None,
        description="Where in the JSON the list of records stands; none: it is the whole.",
    )
    children: tuple[Child, ...] = ()

    @property
    def inherited(self) -> tuple[str, ...]:
        """The parent's columns that each child row carries."""
        return self.key

    @property
    def keeps_payload(self) -> bool:
        """Whether each row keeps the whole record that it came from, in the column `_payload`."""
        return False

    @model_validator(mode="after")
    def _parts_agree(self) -> RecordTableBlock:
        for column in (*self.columns, *(each for child in self.children for each in child.columns)):
            if '"' in column.source_name or "\\" in column.source_name:
                raise ValueError(f"the header of '{column.name}' holds a quote or a backslash")
        if self.children and not self.key:
            raise ValueError("children need the key of their parent; name its columns under 'key'")
        for child in self.children:
            inherited = [*self.inherited, LIST_INDEX]
            no_twins([*inherited, *(column.name for column in child.columns)], "column")
        return self


class SourceBlock(Block):
    """What sources of every kind have."""

    name: Name
    description: str = ""
    freshness_days: float | None = Field(
        2,
        gt=0,
        description="`dbt source freshness` warns after so many days without a load; null: never.",
    )

    @model_validator(mode="after")
    def _name_is_free(self) -> SourceBlock:
        if self.name in _RESERVED_SOURCES:
            raise ValueError(f"the name '{self.name}' is taken; choose another")
        return self


class FileAuth(Block):
    """Sent as `Authorization: Bearer <token>` to the web addresses of a source."""

    type: Literal["bearer"]
    token: SecretStr = Field(min_length=1, description="Always ${NAME}, never the token itself.")


class FileSourceBlock(SourceBlock):
    """What sources have whose tables arrive as files."""

    auth: FileAuth | None = Field(None, description="For files at http(s) addresses.")
