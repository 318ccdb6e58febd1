"""What the items of a page share: their head, and the axes and measures of charts."""

from __future__ import annotations

from typing import Literal, NamedTuple, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block, Location
from reports.formats import FormatName
from reports.language.names import Name, Template


class Item(Block):
    """What every item has."""

    id: Name | None = Field(
        None, description="Its address in the page; made from the title if absent."
    )
    title: str = ""
    headline: Template = Field(
        "",
        description="The finding, from data; shown instead of the title when all values are there.",
    )
    subtitle: Template = ""
    when_empty: str = Field("", description="What stands here while there are no rows.")
    width: int = Field(12, ge=3, le=12, description="Columns of the page's twelve.")


class ChartItem(Item):
    """What every chart has; each mark of `reports/charts` makes its own model of it."""

    type: Literal["chart"]
    mark: str
    dataset: str
    height: int = Field(300, ge=160, le=600)
    alt: str = Field("", description="Alternative text; the figures are added to it.")


class Axis(Block):
    """A column along an axis."""

    field: str
    format: FormatName | None = None
    label: str | None = None


class Measure(Block):
    """What is drawn: a column of the dataset, or a metric computed over it."""

    field: str | None = None
    metric: str | None = None
    label: str | None = None
    format: FormatName | None = None
    emphasis: Literal["main", "quiet"] = Field(
        "main", description="`quiet` draws a thin grey line behind the others."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.field is None) == (self.metric is None):
            raise ValueError("name either a `field` or a `metric`")
        return self


class Series(Block):
    """One line, area or stack for each value of a column."""

    field: str
    max: int = Field(6, ge=1, le=6, description="The biggest ones; the rest becomes one series.")
    other: str = "Other"
    format: FormatName | None = None


class Named(NamedTuple):
    """A column that an item names: where in the item, and which kind of values it must hold."""

    part: Location
    column: str
    kind: Literal["", "a number", "a date", "true or false"] = ""


class Used(NamedTuple):
    """A metric that an item uses, and where in the item."""

    part: Location
    metric: str


def named(part: Location, column: str | None, kind: Literal["", "true or false"]) -> list[Named]:
    """A column that an author may leave out."""
    return [] if column is None else [Named(part, column, kind)]


def measured(measures: list[tuple[Location, Measure]]) -> tuple[list[Named], list[Used]]:
    """The columns and the metrics of measures, with their places."""
    columns = [Named((*part, "field"), m.field, "a number") for part, m in measures if m.field]
    metrics = [Used((*part, "metric"), m.metric) for part, m in measures if m.metric]
    return columns, metrics
