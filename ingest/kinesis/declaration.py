"""Streams in the sources file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ingest.declaration.tables import MissingColumn, RecordTableBlock, Senseless, SourceBlock
from ingest.declaration.values import Tolerance, WebAddress
from ingest.rows.casting import TypedColumn
from ingest.rows.column_types import column_type

# What each row carries besides the declared columns: where it stood in the stream, and when it came there.
SEQUENCE = "_sequence_number"
_ADDED = (
    ("_shard_id", "text", "The shard of the stream that held the record."),
    (
        SEQUENCE,
        "text",
        "The record's place in its shard: longer, or later in the alphabet, is later.",
    ),
    ("_partition_key", "text", "The key by which the producer chose the shard."),
    ("_arrived_at", "timestamp", "When the stream took the record in, UTC."),
)
ADDED_COLUMNS = tuple(TypedColumn(name, column_type(kind)) for name, kind, _ in _ADDED)


class KinesisTable(RecordTableBlock):
    """The table that a stream becomes."""

    senseless: ClassVar[Senseless] = {
        **RecordTableBlock.senseless,
        "on_new_column: refuse": "a stream forgets what is not read in time, so a new name must not stop "
        "it; write add or ignore",
        "on_missing_column: refuse": "a stream's few new records may all lack a name that others have; "
        "leave it out, and write nullable: false at a column that each must have",
    }

    on_missing_column: MissingColumn = Field("null", description="Always null: it is empty then.")
    max_rejected: Tolerance = Field(
        1.0,
        description="How many rows of a load may be rejected; above it, none is loaded. With a point a "
        "share (0.05, 1.0: all), without one a count. By default a stream goes on, whatever is in it.",
    )

    @model_validator(mode="after")
    def _records_are_rows(self) -> KinesisTable:
        if self.data_selector:
            raise ValueError("a record of a stream is a row, so it has no data_selector")
        if self.children:
            # One record with something else in the list's place would stop the stream for ever.
            raise ValueError(
                "a stream has no children; declare the list as a text column and unnest it in staging"
            )
        return self

    @property
    def added(self) -> tuple[tuple[TypedColumn, str], ...]:
        """Where each row stood in the stream."""
        meanings = (meaning for _, _, meaning in _ADDED)
        return tuple(zip(ADDED_COLUMNS, meanings, strict=True))


class KinesisSource(SourceBlock):
    """A stream of Amazon Kinesis, whose records are JSON."""

    kind: Literal["kinesis"]
    stream: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$", description="The name of the stream.")
    region: str = Field(pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$", description="Such as eu-west-1.")
    endpoint_url: WebAddress | None = Field(
        None, description="Only where the stream is not at Amazon's own address."
    )
    initial: Literal["oldest", "latest"] | datetime = Field(
        "oldest",
        description="Where the first load begins: with the oldest record that the stream still has, "
        "with what comes from then on (latest), or with what came since a time (UTC).",
    )
    tables: Annotated[tuple[KinesisTable, ...], Field(min_length=1, max_length=1)]

    @field_validator("initial", mode="before")
    @classmethod
    def _is_no_number(cls, value: object) -> object:
        if isinstance(value, bool | int | float):
            raise ValueError("must be oldest, latest, or a time such as 2024-03-09 14:05:00")
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        return value

    @field_validator("initial")
    @classmethod
    def _is_utc(cls, value: str | datetime) -> str | datetime:
        if isinstance(value, str):
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
