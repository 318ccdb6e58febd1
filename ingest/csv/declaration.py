"""CSV files in the sources file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ingest.csv.dialect_declaration import FOUND_OUT, DialectBlock
from ingest.declaration.tables import FileSourceBlock, FileTableBlock


class CsvTable(FileTableBlock):
    """A table that arrives as one CSV file or many."""

    dialect: DialectBlock = Field(
        FOUND_OUT, description="How the files are written; what is not said is found in each file."
    )


class CsvSource(FileSourceBlock):
    """CSV files in a folder."""

    kind: Literal["csv"]
    tables: Annotated[tuple[CsvTable, ...], Field(min_length=1)]
