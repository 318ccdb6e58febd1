"""Tables, as an author writes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from configuration.yaml_file import Block
from reports.formats import FormatName
from reports.language.items import Item, Named, named
from reports.language.names import Better


class Column(Block):
    """A column of a table."""

    field: str
    label: str | None = None
    format: FormatName | None = None
    bar: bool = Field(False, description="A bar in the cell, on the scale of the column.")
    better: Better = Field("neutral", description="Colours positive and negative values.")
    optional: bool = Field(False, description="Left out while no row has a value in it.")
    total: bool = Field(False, description="Add up this column in the last row.")


class Table(Item):
    """A table that sorts."""

    type: Literal["table"]
    dataset: str
    columns: list[Column] = Field(min_length=1)
    faded: str | None = Field(
        None, description="Boolean column: rows written pale, such as a running month."
    )


def table_columns(item: Table) -> list[Named]:
    """The columns that the item names."""
    shown = [Named(("columns", i, "field"), column.field) for i, column in enumerate(item.columns)]
    return [*shown, *named(("faded",), item.faded, "true or false")]
