"""What the items of a page share: their head, and the axes and measures of charts."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from configuration.yaml_file import Block, Location
from reports.formats import FormatName
from reports.language.links import Link
from reports.language.named import Named, Used
from reports.language.names import Name, Template


class Print(Block):
    """How an item lies on paper."""

    break_before: bool = Field(False, description="It begins a new sheet.")


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
    print: Print | None = None


class ChartItem(Item):
    """What every chart has; each mark of `reports/charts` makes its own model of it."""

    type: Literal["chart"]
    mark: str
    dataset: str
    height: int = Field(300, ge=160, le=600)
    alt: str = Field("", description="Alternative text; the figures are added to it.")
    link: Link | None = None


class Axis(Block):
    """A column along an axis."""

    field: str
    format: FormatName | None = None
    label: str | None = None
    grain: Literal["week", "month", "quarter", "year"] | None = Field(
        None, description="Dates are cut to the first day of this; the rows of each are added up."
    )


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


def along(part: Location, axis: Axis) -> list[Named]:
    """The column of an axis; one that is cut to a grain holds dates."""
    return [Named((*part, "field"), axis.field, "a date" if axis.grain else "")]


def measured(measures: list[tuple[Location, Measure]]) -> tuple[list[Named], list[Used]]:
    """The columns and the metrics of measures, with their places."""
    columns = [Named((*part, "field"), m.field, "a number") for part, m in measures if m.field]
    metrics = [Used((*part, "metric"), m.metric) for part, m in measures if m.metric]
    return columns, metrics
