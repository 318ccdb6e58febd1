"""CSV files in the sources file."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ingest.csv.dialect_declaration import FOUND_OUT, DialectBlock
from ingest.declaration.tables import FileSourceBlock, FileTableBlock, Senseless


class CsvTable(FileTableBlock):
    """A table that arrives as one CSV file or many."""

    senseless: ClassVar[Senseless] = {
        "on_type_change: refuse": "what is in a CSV file is text and has no type that could change, so "
        "there is nothing to refuse; leave it out",
    }

    dialect: DialectBlock = Field(
        FOUND_OUT, description="How the files are written; what is not said is found in each file."
    )


class CsvSource(FileSourceBlock):
    """CSV files in a folder."""

    kind: Literal["csv"]
    tables: Annotated[tuple[CsvTable, ...], Field(min_length=1)]
