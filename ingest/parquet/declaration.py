"""Parquet files in the sources file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ingest.declaration.tables import FileSourceBlock, FileTableBlock


class ParquetTable(FileTableBlock):
    """A table that arrives as one Parquet file or many."""


class ParquetSource(FileSourceBlock):
    """Parquet files in a folder."""

    kind: Literal["parquet"]
    tables: Annotated[tuple[ParquetTable, ...], Field(min_length=1)]
