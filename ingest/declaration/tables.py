"""What tables and sources of every kind may say of themselves.

Each kind adds its own: ingest/<kind>/declaration.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from configuration.yaml_file import Block
from ingest.declaration.values import JsonPath, Name, Tolerance, TypeName, Value
from ingest.rows.casting import TypedColumn
from ingest.rows.column_types import ColumnType, column_type
from ingest.rows.new_columns import ColumnPolicy
from ingest.rows.rules import Rules, as_cast, check_pattern, has_bounds, ordered

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
    allowed: Annotated[tuple[Value, ...], Field(min_length=1)] | None = Field(
        None, description="The values that it may have; a row with another is rejected."
    )
    min: Value | None = Field(None, description="The least value (numbers, dates, timestamps).")
    max: Value | None = Field(None, description="The largest value (numbers, dates, timestamps).")
    pattern: str | None = Field(
        None, description="A regular expression (RE2) that the whole of a text must match."
    )

    @field_validator("allowed")
    @classmethod
    def _allowed_are_of_type(
        cls, values: tuple[Value, ...] | None, info: ValidationInfo
    ) -> tuple[Value, ...] | None:
        if values is None or "type" not in info.data:
            return values
        return tuple(_cast_values(values, column_type(info.data["type"])))

    @field_validator("min", "max")
    @classmethod
    def _bound_is_of_type(cls, value: Value | None, info: ValidationInfo) -> Value | None:
        if value is None or "type" not in info.data:
            return value
        kind = column_type(info.data["type"])
        if not has_bounds(kind):
            raise ValueError(f"needs a number, a date or a timestamp; this column is {kind.name}")
        bound = _cast_values([value], kind)[0]
        least = info.data.get("min")
        if info.field_name == "max" and least is not None and not ordered(str(least), bound, kind):
            raise ValueError(f"is below min ({least})")
        return bound

    @field_validator("pattern")
    @classmethod
    def _pattern_is_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "type" in info.data:
            if info.data["type"] != "text":
                raise ValueError(f"needs text; this column is {info.data['type']}")
            check_pattern(value)
        return value

    @property
    def source_name(self) -> str:
        """What the source calls it."""
        return self.header or self.name

    @property
    def typed(self) -> TypedColumn:
        """The column as the casts want it."""
        rules = Rules(
            allowed=tuple(str(value) for value in self.allowed or ()),
            minimum=None if self.min is None else str(self.min),
            maximum=None if self.max is None else str(self.max),
            pattern=self.pattern,
        )
        return TypedColumn(self.name, column_type(self.type), self.nullable, rules=rules)


def _cast_values(values: Iterable[Value], kind: ColumnType) -> list[str]:
    """The values as text that the type takes; raises ValueError with the first that is none."""
    given = list(values)
    if kind.name == "text":
        for value in given:
            if not isinstance(value, str):
                # YAML has no longer what was typed: 007 is 7, 1.10 is 1.1.
                raise ValueError(f"{value!r} is no text here; put it into quotes")
        return [str(value) for value in given]
    return as_cast([_number_text(value) for value in given], kind)


def _number_text(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return repr(int(value)) if isinstance(value, int) else repr(float(value))


NewColumn = Literal["add", "ignore", "refuse"]
# In YAML null is no text, and means the same here.
MissingColumn = Literal["refuse", "null"] | None
# The settings (as `name: value`) that say nothing to tables of a kind, and why.
Senseless = Mapping[str, str]
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

    senseless: ClassVar[Senseless] = {}

    name: Name
    description: str = Field("", description="Begins with 'One row per ...'.")
    key: tuple[Name, ...] = Field((), description="The columns that tell rows apart; may be none.")
    max_rejected: Tolerance = Field(
        0.05,
        description="How many rows of a load may be rejected; above it, none is loaded. With a point a "
        "share (0.05, 1.0: all), without one a count (20; 1 is one row).",
    )
    on_new_column: NewColumn = Field(
        "refuse",
        description="A column that is not declared: add (as text), ignore (and say so), or refuse.",
    )
    on_missing_column: MissingColumn = Field(
        "refuse",
        description="A declared column that is not there: refuse, or null (leave it empty).",
    )
    on_type_change: Literal["cast", "refuse"] = Field(
        "cast",
        description="A column that is stored in another type than the declared one: cast what fits "
        "exactly and reject the other rows, or refuse the file.",
    )
    columns: Columns

    @field_validator("on_new_column", "on_missing_column", "on_type_change")
    @classmethod
    def _makes_sense(cls, value: str | None, info: ValidationInfo) -> str | None:
        why = cls.senseless.get(f"{info.field_name}: {value or 'null'}")
        if why is not None:
            raise ValueError(why)
        return value

    @property
    def added(self) -> tuple[tuple[TypedColumn, str], ...]:
        """What each row carries besides the declared columns, and what that means."""
        return ()

    @property
    def column_policy(self) -> ColumnPolicy:
        """What may be missing or new in an input of this table; what must not be empty must be there."""
        if self.on_missing_column == "refuse":
            return ColumnPolicy(self.on_new_column)
        optional = {
            column.source_name
            for column in self.columns
            if column.nullable and column.name not in self.key
        }
        return ColumnPolicy(self.on_new_column, frozenset(optional))

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

    senseless: ClassVar[Senseless] = {
        "on_type_change: refuse": "in JSON each value has a type of its own and the column has none, so "
        "there is no change to refuse; leave it out",
    }

    data_selector: JsonPath | None = Field(
        None,
        description="Where in the JSON the list of records stands; none: it is the whole.",
    )
    children: tuple[Child, ...] = ()
    on_new_column: NewColumn = Field(
        "ignore",
        description="A name that is not declared, at the top of a record: add (as text), ignore (and "
        "say so), or refuse.",
    )

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
