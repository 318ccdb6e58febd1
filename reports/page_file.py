"""The YAML of a report page and of the site: what an author may write, and what it means.

One page is one file in `reports/pages/`; `reports/site.yml` holds what all pages share. The JSON
Schemas beside them are generated from these models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from babel import Locale, UnknownLocaleError
from pydantic import Field, field_validator, model_validator

from configuration.yaml_file import Block
from reports.formats import FormatName

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Better = Literal["up", "down", "neutral"]
Grain = Literal["day", "week", "month", "quarter", "year", "30 days"]
Template = Annotated[
    str,
    Field(
        description="Text; `{dataset.column:format}` puts in a value of the dataset's first row. A part in "
        "double square brackets is left out when one of its values is missing."
    ),
]


class Dataset(Block):
    """Rows that items draw: a query over the marts, run once per page."""

    sql: str = Field(description="One SELECT over the marts, in DuckDB's SQL.")
    order: list[str] = Field(
        min_length=1,
        description="Columns to sort by, each with `desc` where wanted. Ties follow all columns.",
    )
    limit: int | None = Field(None, ge=1, description="Keep this many rows, after sorting.")
    personal_data: bool = Field(
        False, description="Must be true for a query that shows customers' names or e-mails."
    )


class Metric(Block):
    """A figure: an aggregate over the rows of a dataset, with its name, format and definition."""

    label: str
    sql: str = Field(
        description="An aggregate such as `sum(net_revenue)`; `{other_metric}` puts in another."
    )
    format: FormatName = "num0"
    better: Better = Field("up", description="Which direction is good news.")
    additive: bool = Field(
        True, description="False where rows cannot be added up, as with distinct customers."
    )
    description: str = ""


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


class Kpis(Item):
    """A row of figures with change and sparkline."""

    type: Literal["kpis"]
    dataset: str
    time: str = Field(
        description="The date column; the last one in the dataset is the period shown."
    )
    grain: Grain = "month"
    metrics: list[str] = Field(min_length=1, max_length=8)
    compare: list[Literal["previous", "previous_year"]] = Field(["previous", "previous_year"])
    incomplete: str | None = Field(
        None, description="Boolean column: a period in which it is true is compared with nothing."
    )
    sparkline: bool = True
    format: FormatName | None = Field(None, description="How the periods are written.")


class XyChart(Item):
    """Lines, areas or bars over an axis."""

    type: Literal["chart"]
    mark: Literal["line", "area", "bar"]
    dataset: str
    x: Axis
    y: list[Measure] = Field(min_length=1, max_length=6)
    series: Series | None = None
    stack: bool = False
    horizontal: bool = Field(False, description="Bars only: lying, with the value beside each.")
    zero: bool = Field(True, description="The value axis starts at zero (bars always do).")
    faded: str | None = Field(
        None, description="Boolean column: rows drawn pale, such as a running month."
    )
    signed: bool = Field(False, description="Bars below zero take a second colour.")
    baseline: float | None = Field(None, description="A reference line at this value.")
    baseline_label: str = ""
    height: int = Field(300, ge=160, le=600)
    alt: str = Field("", description="Alternative text; the figures are added to it.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.series and len(self.y) > 1:
            raise ValueError("`series` goes with one measure in `y`")
        if self.horizontal and self.mark != "bar":
            raise ValueError("only bars can be horizontal")
        return self


class HeatmapChart(Item):
    """One coloured cell for each pair of x and y."""

    type: Literal["chart"]
    mark: Literal["heatmap"]
    dataset: str
    x: Axis
    y: Axis
    value: Measure
    height: int = Field(300, ge=160, le=600)
    alt: str = ""


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


class Text(Item):
    """Markdown, or a list of sentences; one whose value is missing is left out."""

    type: Literal["text"]
    text: Template = ""
    sentences: list[Template] = Field([])

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if bool(self.text) == bool(self.sentences):
            raise ValueError("write either `text` or `sentences`")
        return self


Chart = Annotated[XyChart | HeatmapChart, Field(discriminator="mark")]
AnyItem = Annotated[Kpis | Chart | Table | Text, Field(discriminator="type")]


class Section(Block):
    """A heading with its items."""

    title: str = ""
    intro: Template = ""
    items: list[AnyItem] = Field(min_length=1)


class PageFile(Block):
    """One report page."""

    title: str
    description: str = Field(description="One sentence: which question the page answers.")
    position: int = Field(100, description="Order in the navigation; ties by title.")
    period: Template = Field("", description="Which time the page is about, in words.")
    datasets: dict[Name, Dataset] = Field(min_length=1)
    metrics: dict[Name, Metric] = Field({})
    sections: list[Section] = Field(min_length=1)


class Owner(Block):
    """Who answers for the pages; dbt's exposures name them."""

    name: str
    email: str | None = None


class SiteFile(Block):
    """What all pages share."""

    title: str
    description: str = ""
    locale: str = Field("en_GB", description="Language and number format, as Babel names them.")
    currency: str | None = Field(
        None, pattern=r"^[A-Z]{3}$", description="Absent: the reporting currency of the release."
    )
    theme: Literal["auto", "light", "dark"] = "auto"
    owner: Owner = Owner(name="The owner of the shop")
    metrics: dict[Name, Metric] = Field({})

    @field_validator("locale")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            return str(Locale.parse(name.replace("-", "_")))
        except (ValueError, UnknownLocaleError):
            raise ValueError("no such locale; write one such as en_GB, de_DE or es") from None


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas that editors use, by file name in `reports/`."""
    return {
        "report.schema.json": PageFile.model_json_schema(),
        "site.schema.json": SiteFile.model_json_schema(),
    }
