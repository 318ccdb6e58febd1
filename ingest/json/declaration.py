"""JSON files in the sources file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ingest.declaration.tables import FileSourceBlock, FileTableBlock, NewColumn, RecordTableBlock


class JsonTable(FileTableBlock, RecordTableBlock):
    """A table that arrives as one JSON file or many."""

    # Else that of files in general would hold.
    on_new_column: NewColumn = Field(
        "ignore", description=RecordTableBlock.model_fields["on_new_column"].description
    )


class JsonSource(FileSourceBlock):
    """JSON files in a folder: documents, or one object per line."""

    kind: Literal["json"]
    tables: Annotated[tuple[JsonTable, ...], Field(min_length=1)]
