"""Tables, as an author writes them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block
from reports.formats import FormatName
from reports.language.items import Item
from reports.language.links import Link, link_column
from reports.language.named import Named, Used, named
from reports.language.names import Better


class Column(Block):
    """A column of a table."""

    field: str | None = None
    metric: str | None = Field(None, description="Computed over the rows that share the fields.")
    label: str | None = None
    format: FormatName | None = None
    bar: bool = Field(False, description="A bar in the cell, on the scale of the column.")
    better: Better = Field("neutral", description="Colours positive and negative values.")
    optional: bool = Field(False, description="Left out while no row has a value in it.")
    total: bool = Field(False, description="Add up this column in the last row.")
    link: Link | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.field is None) == (self.metric is None):
            raise ValueError("name either a `field` or a `metric`")
        return self

    @property
    def name(self) -> str:
        """The field or the metric."""
        return self.field or self.metric or ""


class Table(Item):
    """A table that sorts."""

    type: Literal["table"]
    dataset: str
    columns: list[Column] = Field(min_length=1)
    order: list[str] = Field(
        [], description="Of a table with metrics: columns to sort by, with `desc` where wanted."
    )
    faded: str | None = Field(
        None, description="Boolean column: rows written pale, such as a running month."
    )

    @property
    def is_grouped(self) -> bool:
        """Whether rows are grouped by their fields, because there are metrics over them."""
        return any(column.metric for column in self.columns)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [column.name for column in self.columns]
        if self.order and not self.is_grouped:
            raise ValueError("`order` goes with metrics; other tables have that of their dataset")
        for entry in self.order:
            if entry.split(" ")[0] not in names:
                raise ValueError(f"`order` names '{entry}', which is none of the columns")
        if self.faded and self.is_grouped:
            raise ValueError("`faded` does not go with metrics")
        return self


def table_columns(item: Table) -> list[Named]:
    """The columns that the item names."""
    found: list[Named] = []
    for index, column in enumerate(item.columns):
        if column.field:
            found.append(Named(("columns", index, "field"), column.field))
        found += link_column(("columns", index), column.link)
    return [*found, *named(("faded",), item.faded, "true or false")]


def table_metrics(item: Table) -> list[Used]:
    """The metrics that the item computes."""
    return [
        Used(("columns", index, "metric"), column.metric)
        for index, column in enumerate(item.columns)
        if column.metric
    ]
