"""Spreadsheets in the sources file."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ingest.declaration.tables import FileSourceBlock, FileTableBlock, Senseless

SheetName = Annotated[str, Field(min_length=1)]
SheetNumber = Annotated[int, Field(ge=1)]


class ExcelTable(FileTableBlock):
    """A table that arrives as one workbook or many."""

    senseless: ClassVar[Senseless] = {
        "on_type_change: refuse": "in a workbook each cell has a type of its own and the column has none, "
        "so there is no change to refuse; leave it out",
    }

    sheet: SheetName | SheetNumber | None = Field(
        None,
        description="The sheet's name, or its number from 1; none: the one that has the columns.",
    )
    header_row: int | None = Field(
        None,
        ge=1,
        description="The row with the names of the columns; none: the first that has them all.",
    )
    footer_rows: int = Field(
        0, ge=0, description="So many rows at the end, such as totals, are no rows of the table."
    )


class ExcelSource(FileSourceBlock):
    """Spreadsheets in a folder: .xlsx, .xlsm, .xlsb, .xls, .ods."""

    kind: Literal["excel"]
    tables: Annotated[tuple[ExcelTable, ...], Field(min_length=1)]
