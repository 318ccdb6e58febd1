"""JSON files in the sources file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ingest.declaration.tables import FileSourceBlock, FileTableBlock, RecordTableBlock


class JsonTable(FileTableBlock, RecordTableBlock):
    """A table that arrives as one JSON file or many."""


class JsonSource(FileSourceBlock):
    """JSON files in a folder: documents, or one object per line."""

    kind: Literal["json"]
    tables: Annotated[tuple[JsonTable, ...], Field(min_length=1)]
