"""`ingest/sources.yml`: the blocks that may stand in it, and how it is read.

One declaration for many readers: the loads, dbt's sources, and the JSON Schema for editors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, SecretStr, model_validator

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import Block, read_yaml, validate_yaml
from ingest.casting import TypedColumn
from ingest.column_types import column_type
from ingest.environment import Expanded, expand
from ingest.sources_values import (
    JsonPath,
    Lookback,
    Name,
    Share,
    TypeName,
    WebAddress,
    lookback_units,
)

LIST_INDEX = "_list_index"
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


def _no_twins(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} '{name}' is there twice")
        seen.add(name)


class _Table(Block):
    """What tables of every kind have."""

    name: Name
    description: str = Field("", description="Begins with 'One row per ...'.")
    key: tuple[Name, ...] = Field((), description="The columns that tell rows apart; may be none.")
    max_rejected: Share = Field(
        0.05,
        description="Largest share of a load's rows that may be rejected; above it, none is loaded.",
    )
    columns: Columns

    @model_validator(mode="after")
    def _columns_agree(self) -> _Table:
        _no_twins((column.name for column in self.columns), "column")
        _no_twins((column.source_name for column in self.columns), "the header")
        names = [column.name for column in self.columns]
        for name in self.key:
            if name not in names:
                raise ValueError(f"the key names '{name}', which is not among the columns")
        return self


class _FileTable(_Table):
    """What tables have that arrive as one file or many."""

    path: str = Field(
        min_length=1, description="A file, a folder or a glob, from the repository's root."
    )
    allow_empty: bool = Field(False, description="true: a file without rows is fine.")


class CsvTable(_FileTable):
    """A table that arrives as one CSV file or many."""


class ParquetTable(_FileTable):
    """A table that arrives as one Parquet file or many."""


class Cursor(Block):
    """How to ask an API for what is new."""

    column: Name = Field(
        description="A timestamp, date or integer column that grows with each change."
    )
    param: str = Field(min_length=1, description="The request parameter that takes it (inclusive).")
    lookback: Lookback = Field(
        "0d", description="How far before the last value to ask again, for rows that came late."
    )
    initial: str | None = Field(None, description="Where the first load begins; none: everything.")

    @property
    def lookback_units(self) -> int:
        """Seconds for times, plain units for whole numbers."""
        return lookback_units(self.lookback)


class Child(Block):
    """A list within each record, which becomes a table of its own."""

    name: Name
    description: str = ""
    path: JsonPath = Field(description="Where the list stands in the record, such as lines.")
    columns: Columns


class _RecordTable(_Table):
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

    @model_validator(mode="after")
    def _parts_agree(self) -> _RecordTable:
        for column in (*self.columns, *(each for child in self.children for each in child.columns)):
            if '"' in column.source_name or "\\" in column.source_name:
                raise ValueError(f"the header of '{column.name}' holds a quote or a backslash")
        if self.children and not self.key:
            raise ValueError("children need the key of their parent; name its columns under 'key'")
        for child in self.children:
            inherited = [*self.inherited, LIST_INDEX]
            _no_twins([*inherited, *(column.name for column in child.columns)], "column")
        return self


class RestTable(_RecordTable):
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


class JsonTable(_FileTable, _RecordTable):
    """A table that arrives as one JSON file or many."""


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


class _Source(Block):
    """What sources of every kind have."""

    name: Name
    description: str = ""
    freshness_days: float | None = Field(
        2,
        gt=0,
        description="`dbt source freshness` warns after so many days without a load; null: never.",
    )

    @model_validator(mode="after")
    def _name_is_free(self) -> _Source:
        if self.name in _RESERVED_SOURCES:
            raise ValueError(f"the name '{self.name}' is taken; choose another")
        return self


class CsvSource(_Source):
    """CSV files in a folder."""

    kind: Literal["csv"]
    tables: Annotated[tuple[CsvTable, ...], Field(min_length=1)]


class ParquetSource(_Source):
    """Parquet files in a folder."""

    kind: Literal["parquet"]
    tables: Annotated[tuple[ParquetTable, ...], Field(min_length=1)]


class JsonSource(_Source):
    """JSON files in a folder: documents, or one object per line."""

    kind: Literal["json"]
    tables: Annotated[tuple[JsonTable, ...], Field(min_length=1)]


class RestSource(_Source):
    """A JSON API over HTTP."""

    kind: Literal["rest_api"]
    base_url: WebAddress
    auth: BearerAuth | None = None
    pagination: CursorPagination | NoPagination = Field(
        NoPagination(type="none"), discriminator="type"
    )
    tables: Annotated[tuple[RestTable, ...], Field(min_length=1)]


AnySource = CsvSource | ParquetSource | JsonSource | RestSource
RecordTable = JsonTable | RestTable
Source = Annotated[AnySource, Field(discriminator="kind")]


class Demo(Block):
    """Asks `till` to make the demo shop's data where it is missing, and to serve its API meanwhile."""

    folder: str = Field("demo", description="Where the data is made, relative to the root.")


class SourcesFile(Block):
    """The whole file."""

    version: Literal[1]
    vars: dict[str, str | int | float | bool | None] = Field(
        {}, description="dbt variables of this set-up, such as reporting_currency."
    )
    demo: Demo | None = Field(
        None, description="Only in the file that describes the demo shop; remove it with the demo."
    )
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    _expanded: Expanded = PrivateAttr(default_factory=Expanded)

    @model_validator(mode="after")
    def _names_are_unique(self) -> SourcesFile:
        _no_twins((source.name for source in self.sources), "the source")
        for source in self.sources:
            _no_twins(table_names(source), f"in source '{source.name}', the table")
        return self

    def auth_variables(self, source: str) -> Sequence[str]:
        """The environment variables from which this source's credentials come."""
        positions = {each.name: index for index, each in enumerate(self.sources)}
        return tuple(self._expanded.auth_variables.get(positions[source], ()))

    def hide(self, text: str) -> str:
        """`text` without anything that came out of the environment."""
        return self._expanded.hide(text)


def table_names(source: AnySource) -> list[str]:
    """Every table that this source makes in the lake, children included."""
    names: list[str] = []
    for table in source.tables:
        names.append(table.name)
        if isinstance(table, RecordTable):
            names.extend(child.name for child in table.children)
    return names


def load_sources_file(path: Path, environ: Mapping[str, str]) -> SourcesFile:
    """Read the sources file at `path`; raises ConfigurationError with every problem at once."""
    document = read_yaml(path)
    expanded = expand(document, environ, str(path))
    try:
        sources = validate_yaml(document, SourcesFile, str(path))
    except ConfigurationError as error:
        problems = [
            PlainError(expanded.hide(each.what), where=each.where, remedy=each.remedy)
            for each in error.problems
        ]
        raise ConfigurationError(error.what, where=error.where, problems=problems) from None
    sources._expanded = expanded
    return sources


def json_schema() -> str:
    """The JSON Schema of the file, as text; committed beside it for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= SourcesFile.model_json_schema()
    return json.dumps(schema, indent=2) + "\n"
